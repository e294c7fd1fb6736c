/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seccomp filter (seccomp(2)). The tables list the system calls that strace(1) shows in both backends and all modes,
 * and the variants of these calls that the C library uses on other machines.
 *
 * A call that is not listed fails with EPERM, and the kernel logs it. A newer C library then uses another call, or the
 * scrape fails with that error. A call that only foreign code can make kills the process.
 */
#include "exporter/platform/privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/netlink.h>
#include <seccomp.h>

#include "exporter/platform/linux/host/capability.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

const bool privilege_has_seccomp = true;

static const int plain[] = {
        /* Reading files and folders, and writing to what is open: connections, the log. */
        SCMP_SYS(read), SCMP_SYS(pread64), SCMP_SYS(readv), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(close),
        SCMP_SYS(lseek), SCMP_SYS(_llseek), SCMP_SYS(fstat), SCMP_SYS(fstat64), SCMP_SYS(newfstatat),
        SCMP_SYS(fstatat64), SCMP_SYS(statx), SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getdents64),
        /* Sockets: accepted connections, and netlink. No other socket can be created. */
        SCMP_SYS(accept4), SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(recv), SCMP_SYS(sendto), SCMP_SYS(sendmsg),
        SCMP_SYS(send), SCMP_SYS(shutdown), SCMP_SYS(bind), SCMP_SYS(getsockname), SCMP_SYS(getpeername),
        SCMP_SYS(getsockopt), SCMP_SYS(setsockopt), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait),
        SCMP_SYS(epoll_pwait2), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(ppoll_time64),
        /* Memory */
        SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise),
        /* Threads, signals, time */
        SCMP_SYS(futex), SCMP_SYS(futex_time64), SCMP_SYS(sched_yield), SCMP_SYS(rt_sigprocmask),
        SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigtimedwait), SCMP_SYS(rt_sigtimedwait_time64), SCMP_SYS(restart_syscall),
        SCMP_SYS(nanosleep), SCMP_SYS(clock_nanosleep), SCMP_SYS(clock_nanosleep_time64), SCMP_SYS(clock_gettime),
        SCMP_SYS(clock_gettime64), SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(exit), SCMP_SYS(exit_group),
        /* The first calls of a thread that was started just before the filter. */
        SCMP_SYS(rseq), SCMP_SYS(set_robust_list),
        /* Identity of the process */
        SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid),
        SCMP_SYS(getrusage), SCMP_SYS(getrlimit), SCMP_SYS(ugetrlimit), SCMP_SYS(capget), SCMP_SYS(getrandom),
        SCMP_SYS(sysinfo)};

/* Look-up of users' names at daemons, by the C library's modules (nss(5)). */
static const int for_users[] = {SCMP_SYS(connect),        SCMP_SYS(access),        SCMP_SYS(faccessat),
                                SCMP_SYS(faccessat2),     SCMP_SYS(epoll_create1), SCMP_SYS(timerfd_create),
                                SCMP_SYS(timerfd_settime)};

static const int deadly[] = {SCMP_SYS(execve),
                             SCMP_SYS(execveat),
                             SCMP_SYS(fork),
                             SCMP_SYS(vfork),
                             SCMP_SYS(ptrace),
                             SCMP_SYS(process_vm_readv),
                             SCMP_SYS(process_vm_writev),
                             SCMP_SYS(pidfd_getfd),
                             SCMP_SYS(mount),
                             SCMP_SYS(umount2),
                             SCMP_SYS(move_mount),
                             SCMP_SYS(open_tree),
                             SCMP_SYS(fsopen),
                             SCMP_SYS(pivot_root),
                             SCMP_SYS(chroot),
                             SCMP_SYS(unshare),
                             SCMP_SYS(init_module),
                             SCMP_SYS(finit_module),
                             SCMP_SYS(delete_module),
                             SCMP_SYS(kexec_load),
                             SCMP_SYS(kexec_file_load),
                             SCMP_SYS(reboot),
                             SCMP_SYS(open_by_handle_at),
                             SCMP_SYS(userfaultfd),
                             SCMP_SYS(perf_event_open),
                             SCMP_SYS(io_uring_setup),
                             SCMP_SYS(keyctl),
                             SCMP_SYS(add_key),
                             SCMP_SYS(request_key)};

/* A call that is allowed if the bits of one argument in `mask` equal `value`. */
struct narrow {
	int call;
	unsigned argument;
	unsigned needs; /* CALLS_ bits, all needed; 0: always allowed */
	uint64_t mask, value;
};

/* The bits of an int argument that the kernel reads. */
#define INT    UINT32_MAX
#define WHOLE  UINT64_MAX
#define WRITES ((uint64_t)(O_ACCMODE | O_CREAT | O_TRUNC))

static const struct narrow narrow[] = {
        {SCMP_SYS(openat), 2, 0, WRITES, O_RDONLY},
        {SCMP_SYS(open), 1, 0, WRITES, O_RDONLY},
        {SCMP_SYS(mmap), 2, 0, PROT_EXEC, 0},
        {SCMP_SYS(mmap2), 2, 0, PROT_EXEC, 0},
        {SCMP_SYS(mprotect), 2, 0, PROT_EXEC, 0},
        {SCMP_SYS(socketpair), 0, 0, INT, AF_UNIX},
        {SCMP_SYS(fcntl), 1, 0, INT, F_GETFL},
        {SCMP_SYS(fcntl), 1, 0, INT, F_SETFL},
        {SCMP_SYS(fcntl), 1, 0, INT, F_GETFD},
        {SCMP_SYS(fcntl), 1, 0, INT, F_SETFD},
        {SCMP_SYS(fcntl64), 1, 0, INT, F_GETFL},
        {SCMP_SYS(fcntl64), 1, 0, INT, F_SETFL},
        {SCMP_SYS(fcntl64), 1, 0, INT, F_GETFD},
        {SCMP_SYS(fcntl64), 1, 0, INT, F_SETFD},
        {SCMP_SYS(prctl), 0, 0, INT, PR_SET_NAME},
        {SCMP_SYS(prlimit64), 2, 0, WHOLE, 0}, /* reads a limit, sets none */
        {SCMP_SYS(bpf), 0, CALLS_BPF_ITERATOR, INT, BPF_ITER_CREATE},
        {SCMP_SYS(bpf), 0, CALLS_BPF_LOOKUP, INT, BPF_MAP_LOOKUP_ELEM},
        {SCMP_SYS(setns), 1, CALLS_SETNS, INT, CLONE_NEWNET},
        {SCMP_SYS(socket), 0, CALLS_USERS, INT, AF_UNIX},
};

static int add_all(scmp_filter_ctx filter, uint32_t action, const int *calls, size_t count)
{
	int result = 0;

	for (size_t i = 0; i < count && result == 0; i++)
		result = seccomp_rule_add(filter, action, calls[i], 0);
	return result;
}

static int add_narrow(scmp_filter_ctx filter, unsigned calls)
{
	int result = 0;

	for (size_t i = 0; i < COUNT(narrow) && result == 0; i++) {
		const struct narrow *rule = &narrow[i];

		if ((rule->needs & calls) == rule->needs)
			result =
			        seccomp_rule_add(filter, SCMP_ACT_ALLOW, rule->call, 1,
			                         SCMP_CMP(rule->argument, SCMP_CMP_MASKED_EQ, rule->mask, rule->value));
	}
	return result;
}

static struct scmp_arg_cmp equals(unsigned argument, scmp_datum_t value)
{
	return (struct scmp_arg_cmp){.arg = argument, .op = SCMP_CMP_EQ, .datum_a = value};
}

/* Adds the calls with two checked arguments, or with a value that is known only at run time. */
static int add_others(scmp_filter_ctx filter)
{
	int result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2, equals(0, AF_NETLINK),
	                              equals(2, NETLINK_SOCK_DIAG));

	if (result == 0) /* abort() */
		result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
		                          equals(0, (scmp_datum_t)getpid()));
	return result;
}

/* Applies the filter to all threads, and logs refusals. Speculative store bypass stays allowed, because the program
 * runs no foreign code. OPTIMIZE makes the filter a binary tree. */
static int set_attributes(scmp_filter_ctx filter)
{
	int result = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);

	if (result == 0)
		result = seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);
	if (result == 0)
		result = seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
	if (result == 0)
		result = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	return result;
}

static int fill(scmp_filter_ctx filter, unsigned calls)
{
	int result = set_attributes(filter);

	if (result == 0)
		result = add_all(filter, SCMP_ACT_ALLOW, plain, COUNT(plain));
	if (result == 0 && (calls & CALLS_USERS))
		result = add_all(filter, SCMP_ACT_ALLOW, for_users, COUNT(for_users));
	if (result == 0)
		result = add_narrow(filter, calls);
	if (result == 0)
		result = add_others(filter);
	if (result == 0)
		result = add_all(filter, SCMP_ACT_KILL_PROCESS, deadly, COUNT(deadly));
	return result;
}

int privilege_install_seccomp(const struct platform_rights *rights, struct platform_error *error)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int result = filter ? fill(filter, rights->calls) : -ENOMEM;

	if (result == 0)
		result = seccomp_load(filter);
	seccomp_release(filter);
	if (result != 0)
		platform_error_set(error,
		                   "cannot install the seccomp filter: %s (--no-security.seccomp starts without it)",
		                   strerror(-result));
	return result;
}
