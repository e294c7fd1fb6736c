/* SPDX-License-Identifier: Apache-2.0 */
/* Compiler attributes, under names that say what they promise. */
#ifndef METRICS_COMPILER_H
#define METRICS_COMPILER_H

#if defined(__GNUC__) || defined(__clang__)
/* Refuses callers that ignore the result (with -Werror=unused-result). */
#define MUST_CHECK __attribute__((warn_unused_result))
/* Checks the arguments against the printf format in parameter number `string`. The format is the C standard's, which
 * GCC does not call "printf" on every system. */
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
