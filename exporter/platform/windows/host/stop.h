/* SPDX-License-Identifier: Apache-2.0 */
/* The word that the program is to end. */
#ifndef EXPORTER_PLATFORM_WINDOWS_HOST_STOP_H
#define EXPORTER_PLATFORM_WINDOWS_HOST_STOP_H

/* Ends host_wait_for_stop(), now or when it is called; `why`, of which the first counts, is what it returns.
 * Any thread. */
void stop_ask(const char *why);

#endif
