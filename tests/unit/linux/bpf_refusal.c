/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the causes that are found for BPF programs that do not load, and of the words of libbpf. */
#include "exporter/platform/linux/bpf/refusal.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <bpf/libbpf.h>
#include <cmocka.h>

#define VERIFIER                                                                                                       \
	"1282: (7b) *(u64 *)(r6 +16) = r9\n"                                                                           \
	"R6 unbounded memory access, make sure to bounds check any such access\n"                                      \
	"processed 1472 insns (limit 1000000) max_states_per_insn 4\n"                                                 \
	"-- END PROG LOAD LOG --\nlibbpf: prog 'files': failed to load: -13\n"

static const struct example {
	struct bpf_refusal refusal;
	const char *cause;
} examples[] = {
        {{-EPERM, false, false, {6, 1}, 0, false, ""}, "Operation not permitted (it needs CAP_BPF and CAP_PERFMON)"},
        {{-EACCES, false, false, {6, 1}, 0, false, ""}, "Permission denied (it needs CAP_BPF and CAP_PERFMON)"},
        {{-EPERM, false, false, {6, 1}, -ENOENT, true, ""},
         "Operation not permitted (it needs CAP_BPF and CAP_PERFMON)"},
        {{-EPERM, false, true, {6, 1}, 0, false, ""},
         "Operation not permitted (it needs CAP_BPF and CAP_PERFMON in the host's user namespace, not in a container's "
         "own)"},
        {{-EPERM, true, false, {6, 1}, 0, false, ""},
         "Operation not permitted (a seccomp filter or a security module refuses bpf(2))"},
        {{-EACCES, true, false, {6, 1}, 0, false, VERIFIER},
         "the kernel's verifier refuses it: R6 unbounded memory access, make sure to bounds check any such access"},
        {{-EINVAL, true, false, {5, 7}, -ENOENT, false, ""}, "it needs Linux 5.8 or later, and this is 5.7"},
        {{-EINVAL, true, false, {4, 19}, 0, false, ""}, "it needs Linux 5.8 or later, and this is 4.19"},
        {{-ESRCH, true, false, {5, 8}, -ENOENT, false, ""},
         "the kernel's type information \"/sys/kernel/btf/vmlinux\" cannot be read: No such file or directory"},
        {{-EINVAL, true, false, {6, 1}, 0, true, VERIFIER}, "the kernel is locked down (lockdown=confidentiality)"},
        {{-ENOMEM, true, false, {6, 1}, 0, true, VERIFIER}, "Cannot allocate memory"},
        {{-EINVAL, true, false, {6, 1}, 0, false, "libbpf: something else\n"}, "Invalid argument"},
        {{-EINVAL, true, false, {0, 0}, 0, false, "\nprocessed 1 insns\n"}, "the kernel's verifier refuses it: "},
};

static void causes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		struct platform_error error = {{0}}, expected = {{0}};

		platform_error_set(&expected, "cannot load the BPF program: %s", examples[i].cause);
		bpf_refusal_describe(&examples[i].refusal, &error);
		assert_string_equal(error.text, expected.text);
	}
}

/* Makes libbpf print a message, the same each time. Without the name it would contain an address. */
static void make_libbpf_print(void)
{
	static const char junk[64] = "junk";
	const struct bpf_object_open_opts options = {.sz = sizeof(options), .object_name = "junk"};

	assert_null(bpf_object__open_mem(junk, sizeof(junk), &options));
}

static void last_words(void **state)
{
	struct bpf_words words = {"old"};
	char once[sizeof(words.text)];

	(void)state;
	bpf_words_begin(&words);
	make_libbpf_print();
	assert_int_equal(strncmp(words.text, "libbpf: ", strlen("libbpf: ")), 0);
	strcpy(once, words.text);
	for (size_t i = 0; i < sizeof(words.text); i++)
		make_libbpf_print();
	assert_int_equal(strlen(words.text), sizeof(words.text) - 1);
	assert_string_equal(words.text + strlen(words.text) - strlen(once), once);
	bpf_words_end();
	words.text[0] = '\0';
	make_libbpf_print();
	assert_string_equal(words.text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(causes), cmocka_unit_test(last_words)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
