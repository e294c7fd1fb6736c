/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pure parsers of procfs texts: (bytes, length) -> values. The bytes need no terminator, and can have any value. A
 * parser returns false if the text has another form. Its results are then unchanged. Formats: proc(5), namespaces(7),
 * ip(7) and Documentation/networking/ip-sysctl.rst.
 */
#ifndef EXPORTER_PLATFORM_LINUX_PROCFS_PARSE_H
#define EXPORTER_PLATFORM_LINUX_PROCFS_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "metrics/snapshot.h"

/* The inode number of the initial PID namespace (PROC_PID_INIT_INO in include/linux/proc_ns.h). */
#define INITIAL_PID_NAMESPACE UINT64_C(0xEFFFFFFC)
/* The inode number of the initial user namespace (PROC_USER_INIT_INO). */
#define INITIAL_USER_NAMESPACE UINT64_C(0xEFFFFFFD)
/* The inode number of the initial time namespace (PROC_TIME_INIT_INO). */
#define INITIAL_TIME_NAMESPACE UINT64_C(0xEFFFFFFA)

/* proc_stat.flags of a kernel thread, which has no files (include/linux/sched.h). */
#define PF_KTHREAD 0x00200000u

struct proc_stat {
	uint64_t start;   /* clock ticks after boot (field 22) */
	uint32_t flags;   /* PF_* of include/linux/sched.h (field 9) */
	uint32_t threads; /* (field 20) */
	char state;       /* 'R', 'S', 'Z', ... (field 3) */
};

/* Parses a directory name of procfs. Returns false if it is no process id. */
bool parse_pid(const char *name, uint32_t *pid);
/* Parses /proc/PID/stat. The comm in it can hold any byte, parentheses and newlines too. */
bool parse_stat(const char *bytes, size_t length, struct proc_stat *stat);
/* Parses a /proc/PID/fd link: "socket:[123]". */
bool parse_socket_link(const char *bytes, size_t length, uint32_t *inode);
/* Parses a /proc/PID/ns link: "net:[4026531840]" with kind "net". */
bool parse_ns_link(const char *bytes, size_t length, const char *kind, uint64_t *id);
/* Parses "NSpid:" of /proc/PID/status: the process id in its innermost PID namespace. */
bool parse_status_innermost_pid(const char *bytes, size_t length, uint32_t *pid);
/* Parses "NSpid:" and also counts the PID namespaces in the line: procfs's own and the namespaces below it. */
bool parse_status_pids(const char *bytes, size_t length, uint32_t *innermost, uint32_t *count);
/* Parses "Uid:" of /proc/PID/status: the real user id. */
bool parse_status_uid(const char *bytes, size_t length, uint32_t *uid);
/* Parses net.ipv4.ip_local_port_range: "32768\t60999". */
bool parse_port_range(const char *bytes, size_t length, uint16_t *low, uint16_t *high);
/* Parses net.ipv4.ip_local_reserved_ports ("8080,9148-9150"), and adds to `ports`. */
bool parse_reserved_ports(const char *bytes, size_t length, struct port_set *ports);

/*
 * Counts of /proc/net/sockstat with protocol "TCP:", or /proc/net/sockstat6 with "TCP6:" (sockstat_seq_show() in
 * net/ipv4/proc.c). `in_use` counts the sockets in the hash tables without SYN_RECV and TIME_WAIT. `time_wait` counts
 * both families, and is 0 for "TCP6:".
 */
struct sockstat {
	uint64_t in_use, time_wait;
};
bool parse_sockstat(const char *bytes, size_t length, const char *protocol, struct sockstat *sockstat);

/* Parses /proc/net/snmp (snmp_seq_show() in net/ipv4/proc.c): the TCP connections that were opened from either side. */
bool parse_snmp_opened(const char *bytes, size_t length, uint64_t *opened);

/*
 * A text in /proc/PID/cgroup (cgroups(7)): a part of `bytes`, or length 0 if it is missing. The systemd unit is the
 * innermost unit in the path below the slices (systemd.slice(5)): a user's service is below the user's manager. A
 * container's id is the last run of 64 hexadecimal digits in the path, by the naming of Docker, containerd, CRI-O and
 * Podman. conmon's cgroup has the id of the container that it watches, but conmon is not in the container.
 */
struct parsed_text {
	const char *bytes;
	size_t length;
};
struct parsed_text parse_cgroup_unit(const char *bytes, size_t length);
struct parsed_text parse_cgroup_container(const char *bytes, size_t length);

/* Turns the NUL-separated arguments of /proc/PID/cmdline into one line, in place. Each NUL between arguments becomes a
 * space, and the last NULs are dropped. Returns the new length. */
size_t parse_cmdline(char *bytes, size_t length);

/* Returns the length of a /proc/PID/exe link's path, without the " (deleted)" of an unlinked executable. */
size_t parse_exe_link(const char *bytes, size_t length);

#endif
