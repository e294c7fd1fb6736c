/* SPDX-License-Identifier: Apache-2.0 */
/* Process information: its decoder. */
#include "exporter/platform/windows/tables/process_information.h"

#include <errno.h>
#include <string.h>

#include "exporter/platform/windows/utf16.h"

/* A file name has at most 255 units. Longer names are cut. */
enum { NAME_UNITS = 256 };

/* Returns the number of units of the name, which lies within the bytes, or 0. */
static size_t copy_name(uint16_t units[NAME_UNITS], const struct process_information *process, const char *bytes,
                        size_t length, uint64_t address)
{
	size_t size = process->name_bytes & ~(size_t)1;
	uint64_t offset = process->name - address;

	if (size > NAME_UNITS * sizeof(*units))
		size = NAME_UNITS * sizeof(*units);
	if (process->name < address || offset > length || size > length - offset)
		return 0;
	memcpy(units, bytes + offset, size);
	return size / sizeof(*units);
}

static int add(struct process_table *table, const struct process_information *process, const char *bytes, size_t length,
               uint64_t address)
{
	uint16_t units[NAME_UNITS];
	char name[UTF16_AS_UTF8_MAX(NAME_UNITS)];
	size_t count = copy_name(units, process, bytes, length, address);

	return process_table_add(table, (uint32_t)process->pid, process->created, name,
	                         utf16_to_utf8(name, units, count));
}

int process_information_decode(struct process_table *table, const void *bytes, size_t length, uint64_t address)
{
	struct process_information process = {0};
	size_t at = 0;
	int result = 0;

	do {
		if (process.next > length - at || length - at - process.next < sizeof(process))
			return -EINVAL;
		at += process.next;
		memcpy(&process, (const char *)bytes + at, sizeof(process));
		result = add(table, &process, bytes, length, address);
	} while (result == 0 && process.next != 0);
	return result;
}
