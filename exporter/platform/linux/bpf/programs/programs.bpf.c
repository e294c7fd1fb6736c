/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* The BPF programs, compiled as one: libbpf's linker does not take two objects that call the same kernel function. */
#include "exporter/platform/linux/bpf/programs/closed.h"
#include "exporter/platform/linux/bpf/programs/files.h"
#include "exporter/platform/linux/bpf/programs/tables.h"

/* bpf_probe_read_kernel() and others are for programs under the GPL alone. */
char LICENSE[] SEC("license") = "GPL";
