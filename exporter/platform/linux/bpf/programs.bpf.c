/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* The BPF programs, in one object: the linker for several cannot do without a kernel's functions in each. */
#include "exporter/platform/linux/bpf/connections.h"
#include "exporter/platform/linux/bpf/files.h"

/* bpf_probe_read_kernel() and others are for programs under the GPL alone. */
char LICENSE[] SEC("license") = "GPL";
