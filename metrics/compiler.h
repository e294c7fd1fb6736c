/* SPDX-License-Identifier: Apache-2.0 */
/* The compiler attributes this code relies on, by names that say what they promise. */
#ifndef METRICS_COMPILER_H
#define METRICS_COMPILER_H

#if defined(__GNUC__) || defined(__clang__)
/* A caller that ignores the result does not compile (with -Werror=unused-result). */
#define MUST_CHECK __attribute__((warn_unused_result))
/* Arguments are checked against the printf format in parameter number `string`: the C standard's, which to GCC
 * is not "printf" on every system. */
#ifdef __clang__
#define PRINTF_LIKE(string, first) __attribute__((format(printf, string, first)))
#else
#define PRINTF_LIKE(string, first) __attribute__((format(gnu_printf, string, first)))
#endif
#else
#define MUST_CHECK
#define PRINTF_LIKE(string, first)
#endif

#endif
