/* SPDX-License-Identifier: Apache-2.0 */
/* Choices of flags: each function returns the word of an index, or NULL past the last. A function of lacks returns the
 * LACKS_ bits of systems on which the word does not work. */
#ifndef EXPORTER_CLI_OPTION_CHOICES_H
#define EXPORTER_CLI_OPTION_CHOICES_H

#include <stddef.h>

const char *choice_backend_names(size_t index);
const char *choice_local_port_names(size_t index);
const char *choice_remote_port_names(size_t index);
const char *choice_label_names(size_t index);
const char *choice_naming_names(size_t index);
unsigned choice_label_lack(size_t index);
unsigned choice_naming_lack(size_t index);
const char *choice_netns_names(size_t index);
const char *choice_log_format_names(size_t index);
const char *choice_table_format_names(size_t index);
const char *choice_state_names(size_t index);
const char *choice_service_names(size_t index);

#endif
