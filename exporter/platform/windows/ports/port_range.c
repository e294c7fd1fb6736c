/* SPDX-License-Identifier: Apache-2.0 */
/* Dynamic port range: a thread reads it, because a command needs a tenth of a second. */
#include "exporter/platform/windows/ports/port_range.h"

#include <windows.h>

#include <process.h>
#include <stdlib.h>

#include "exporter/platform/platform.h"
#include "exporter/platform/windows/ports/netsh.h"
#include "exporter/platform/windows/ports/netsh_text.h"

enum {
	DEFAULT_LOW = 49152,
	DEFAULT_HIGH = 65535,
	FIRST_WAIT_MS = 5000,
};
/* Installers and administrators change the range now and then. */
#define AGE_MAX_NS (600 * UINT64_C(1000000000))

struct port_range_reader {
	SRWLOCK lock;
	struct port_range range; /* needs `lock` */
	uint64_t began_ns;       /* of the last read */
	HANDLE thread;           /* of the last read */
	HANDLE stop;
	char bytes[NETSH_BYTES_MAX]; /* used by the thread */
};

static bool read_range(struct port_range_reader *reader, const wchar_t *command, uint16_t *low, uint16_t *high)
{
	size_t length;

	return netsh_run(command, reader->stop, reader->bytes, &length) &&
	       netsh_parse_range(reader->bytes, length, low, high);
}

/* Reads all of it. Returns false if Windows does not report the range of IPv4. */
static bool read_all(struct port_range_reader *reader, struct port_range *range)
{
	uint16_t v6_low, v6_high;
	size_t length;

	if (!read_range(reader, L"interface ipv4 show dynamicport tcp", &range->low, &range->high))
		return false;
	if (read_range(reader, L"interface ipv6 show dynamicport tcp", &v6_low, &v6_high))
		port_range_merge(range, v6_low, v6_high);
	if (netsh_run(L"interface ipv4 show excludedportrange protocol=tcp", reader->stop, reader->bytes, &length))
		netsh_parse_excluded(reader->bytes, length, &range->excluded);
	return true;
}

static unsigned __stdcall read_in_thread(void *data)
{
	struct port_range_reader *reader = data;
	struct port_range range = {.low = DEFAULT_LOW, .high = DEFAULT_HIGH};

	if (!read_all(reader, &range))
		return 0;
	AcquireSRWLockExclusive(&reader->lock);
	reader->range = range;
	ReleaseSRWLockExclusive(&reader->lock);
	return 0;
}

static bool is_running(const struct port_range_reader *reader)
{
	return WaitForSingleObject(reader->thread, 0) == WAIT_TIMEOUT;
}

/* Starts a read. The one before has ended. */
static void start(struct port_range_reader *reader)
{
	HANDLE thread = (HANDLE)_beginthreadex(NULL, 0, read_in_thread, reader, 0, NULL);

	if (thread == NULL)
		return;
	if (reader->thread != NULL)
		CloseHandle(reader->thread);
	reader->thread = thread;
	reader->began_ns = platform_now_ns();
}

struct port_range_reader *port_range_reader_new(void)
{
	struct port_range_reader *reader = calloc(1, sizeof(*reader));

	if (reader == NULL)
		return NULL;
	InitializeSRWLock(&reader->lock);
	reader->range = (struct port_range){.low = DEFAULT_LOW, .high = DEFAULT_HIGH};
	reader->stop = CreateEventW(NULL, TRUE, FALSE, NULL);
	if (reader->stop != NULL)
		start(reader);
	if (reader->thread == NULL) {
		port_range_reader_free(reader);
		return NULL;
	}
	WaitForSingleObject(reader->thread, FIRST_WAIT_MS);
	return reader;
}

void port_range_reader_free(struct port_range_reader *reader)
{
	if (reader == NULL)
		return;
	if (reader->thread != NULL) {
		SetEvent(reader->stop);
		WaitForSingleObject(reader->thread, INFINITE);
		CloseHandle(reader->thread);
	}
	if (reader->stop != NULL)
		CloseHandle(reader->stop);
	free(reader);
}

void port_range_get(struct port_range_reader *reader, struct port_range *range)
{
	if (platform_now_ns() - reader->began_ns > AGE_MAX_NS && !is_running(reader))
		start(reader);
	AcquireSRWLockShared(&reader->lock);
	*range = reader->range;
	ReleaseSRWLockShared(&reader->lock);
}
