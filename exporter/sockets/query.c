/* SPDX-License-Identifier: Apache-2.0 */
/* Query of /sockets: reads its parameters, and compares them with rows. */
#include "exporter/sockets/query.h"

#include <string.h>

#include "exporter/number.h"

void socket_query_init(struct socket_query *query)
{
	*query = (struct socket_query){.local_port = SOCKET_ANY_PORT, .remote_port = SOCKET_ANY_PORT};
}

static bool read_state(const char *value, unsigned *states)
{
	enum socket_state state = state_from_name(value, strlen(value));

	if (state == STATE_COUNT)
		return false;
	*states |= STATE_BIT(state);
	return true;
}

/* Reads a port label. It is empty if the exporter's flags remove the label. */
static bool read_port(const char *value, uint32_t *port)
{
	size_t number;

	if (*value == '\0' || strcmp(value, "ephemeral") == 0) {
		*port = *value == '\0' ? PORT_ABSENT : PORT_EPHEMERAL;
		return true;
	}
	if (!number_parse(value, 0, UINT16_MAX, &number))
		return false;
	*port = (uint32_t)number;
	return true;
}

void socket_query_add(struct socket_query *query, const char *name, const char *value)
{
	bool good = true;

	if (value == NULL)
		value = "";
	if (strcmp(name, "process") == 0)
		query->process = value;
	else if (strcmp(name, "state") == 0)
		good = read_state(value, &query->states);
	else if (strcmp(name, "local_port") == 0)
		good = read_port(value, &query->local_port);
	else if (strcmp(name, "remote_port") == 0)
		good = read_port(value, &query->remote_port);
	if (!good && query->bad == NULL)
		query->bad = name;
}

static bool is_process(const struct socket_query *query, const struct identities *identities, uint32_t identity)
{
	struct census_text name = identities->items[identity].name;

	return query->process == NULL || (strlen(query->process) == name.length &&
	                                  memcmp(query->process, identity_text(identities, name), name.length) == 0);
}

bool socket_query_selects(const struct socket_query *query, const struct identities *identities,
                          const struct snapshot_socket *socket, const struct census_row *row)
{
	return (query->states == 0 || query->states & STATE_BIT(socket->state)) &&
	       (query->local_port == SOCKET_ANY_PORT || query->local_port == row->local_port) &&
	       (query->remote_port == SOCKET_ANY_PORT || query->remote_port == row->remote_port) &&
	       is_process(query, identities, row->identity);
}
