/* SPDX-License-Identifier: Apache-2.0 */
/* Event log of Windows: the place of the log's lines while the program runs as a service, which has no standard error.
 */
#ifndef EXPORTER_PLATFORM_WINDOWS_HOST_EVENT_LOG_H
#define EXPORTER_PLATFORM_WINDOWS_HOST_EVENT_LOG_H

#include <stdbool.h>
#include <stddef.h>

/* The name of the service, and of the source of its events */
#define SERVICE_NAME L"tcp_exporter"

/* Writes a line of the log. Its start is its priority ("<4>", as in a journal), which becomes the type of the event.
 * Returns false if Windows refuses. */
bool event_log_write(const char *line, size_t length);

/* Registers and removes the source of the events. Without it the event viewer shows the text after a remark that its
 * description is missing, so that errors have no further consequence. */
void event_log_register(void);
void event_log_unregister(void);

#endif
