/* SPDX-License-Identifier: Apache-2.0 */
/* Causes of a BPF program that does not load, the most certain first. */
#include "exporter/platform/linux/bpf/refusal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "exporter/platform/linux/host/capability.h"
#include "exporter/platform/linux/procfs/file.h"
#include "exporter/platform/linux/procfs/parse.h"

#define LOCKDOWN "/sys/kernel/security/lockdown"
/* The verifier's last line but the one that has the reason, in kernel/bpf/verifier.c (print_verification_stats()). */
#define VERIFIER_STATISTICS "\nprocessed "
/* The first release with iterators over tasks and their files. */
enum { FIRST_MAJOR = 5, FIRST_MINOR = 8 };

static _Thread_local struct bpf_words *listener;

/* Appends to the words. The start of what does not fit is dropped. */
static void keep_end(struct bpf_words *words, const char *more)
{
	size_t had = strlen(words->text), added = strlen(more), most = sizeof(words->text) - 1;

	if (added > most) {
		more += added - most;
		added = most;
	}
	if (had > most - added) {
		memmove(words->text, words->text + had - (most - added), most - added);
		had = most - added;
	}
	memcpy(words->text + had, more, added + 1);
}

static int listen_to(enum libbpf_print_level level, const char *format, va_list arguments) PRINTF_LIKE(2, 0);
static int listen_to(enum libbpf_print_level level, const char *format, va_list arguments)
{
	char *words;

	if (!listener || level == LIBBPF_DEBUG || vasprintf(&words, format, arguments) < 0)
		return 0;
	keep_end(listener, words);
	free(words);
	return 0;
}

void bpf_words_begin(struct bpf_words *words)
{
	words->text[0] = '\0';
	listener = words;
	libbpf_set_print(listen_to);
}

void bpf_words_end(void)
{
	listener = NULL;
}

static int read_btf(void)
{
	int fd = open(KERNEL_BTF, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static bool is_confidential(void)
{
	char modes[64];
	long length = read_file_at(AT_FDCWD, LOCKDOWN, modes, sizeof(modes) - 1);

	if (length < 0)
		return false; /* no such file without lockdown, or without a mounted securityfs */
	modes[length] = '\0';
	return strstr(modes, "[confidentiality]");
}

/* Returns true if the exporter is not in the initial user namespace (user_namespaces(7)). */
static bool is_rootless(void)
{
	char link[sizeof("user:[18446744073709551615]")];
	uint64_t id;
	long length = read_link_at(AT_FDCWD, "/proc/self/ns/user", link, sizeof(link));

	return length > 0 && parse_ns_link(link, (size_t)length, "user", &id) && id != INITIAL_USER_NAMESPACE;
}

static bool may_load(void)
{
	return has_capability(CAP_SYS_ADMIN) || (has_capability(CAP_BPF) && has_capability(CAP_PERFMON));
}

/* Reads the first two numbers of a release such as "6.1.0-56-amd64". They are 0 if it has another form. */
static void read_version(const char *release, unsigned version[2])
{
	char *end;

	version[0] = (unsigned)strtoul(release, &end, 10);
	version[1] = *end == '.' ? (unsigned)strtoul(end + 1, NULL, 10) : 0;
}

void bpf_refusal_gather(struct bpf_refusal *refusal, int result, const char *last_words)
{
	struct utsname system;

	*refusal = (struct bpf_refusal){
	        .result = result,
	        .may_load = !is_rootless() && may_load(),
	        .is_rootless = is_rootless(),
	        .btf = read_btf(),
	        .is_confidential = is_confidential(),
	        .last_words = last_words,
	};
	if (uname(&system) == 0)
		read_version(system.release, refusal->version);
}

static bool is_too_old(const unsigned version[2])
{
	return version[0] != 0 && (version[0] < FIRST_MAJOR || (version[0] == FIRST_MAJOR && version[1] < FIRST_MINOR));
}

/* Returns the line with the verifier's reason, which its statistics follow, or NULL if it did not speak. */
static const char *verifier_reason(const char *words, int *length)
{
	const char *end = NULL, *start;

	for (const char *next = words; (next = strstr(next, VERIFIER_STATISTICS)) != NULL; next++)
		end = next;
	if (!end)
		return NULL;
	for (start = end; start > words && start[-1] != '\n'; start--)
		;
	*length = (int)(end - start);
	return start;
}

static void describe_refused_call(const struct bpf_refusal *refusal, char *cause, size_t size)
{
	const char *remedy = "it needs CAP_BPF and CAP_PERFMON";

	if (refusal->may_load)
		remedy = "a seccomp filter or a security module refuses bpf(2)";
	else if (refusal->is_rootless)
		remedy = "it needs CAP_BPF and CAP_PERFMON in the host's user namespace, not in a container's own";
	snprintf(cause, size, "%s (%s)", strerror(-refusal->result), remedy);
}

/* Describes a cause in the kernel. Returns false if none is known. */
static bool find_cause_in_kernel(const struct bpf_refusal *refusal, char *cause, size_t size)
{
	const char *reason;
	int length;

	if (refusal->result == -ENOMEM)
		snprintf(cause, size, "%s", strerror(ENOMEM));
	else if (is_too_old(refusal->version))
		snprintf(cause, size, "it needs Linux %d.%d or later, and this is %u.%u", FIRST_MAJOR, FIRST_MINOR,
		         refusal->version[0], refusal->version[1]);
	else if (refusal->btf != 0)
		snprintf(cause, size, "the kernel's type information \"%s\" cannot be read: %s", KERNEL_BTF,
		         strerror(-refusal->btf));
	else if (refusal->is_confidential)
		snprintf(cause, size, "the kernel is locked down (lockdown=confidentiality)");
	else if ((reason = verifier_reason(refusal->last_words, &length)) != NULL)
		snprintf(cause, size, "the kernel's verifier refuses it: %.*s", length, reason);
	else
		return false;
	return true;
}

/* A missing capability comes before all that it may hide. */
static void find_cause(const struct bpf_refusal *refusal, char *cause, size_t size)
{
	const bool denied = refusal->result == -EPERM || refusal->result == -EACCES;

	if ((!denied || refusal->may_load) && find_cause_in_kernel(refusal, cause, size))
		return;
	if (denied)
		describe_refused_call(refusal, cause, size);
	else
		snprintf(cause, size, "%s", strerror(-refusal->result));
}

void bpf_refusal_describe(const struct bpf_refusal *refusal, struct platform_error *error)
{
	const size_t length = strlen(strcpy(error->text, "cannot load the BPF program: "));

	find_cause(refusal, error->text + length, sizeof(error->text) - length);
}
