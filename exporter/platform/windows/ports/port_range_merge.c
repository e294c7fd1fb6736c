/* SPDX-License-Identifier: Apache-2.0 */
/* Dynamic port range of two families. */
#include "exporter/platform/windows/ports/port_range.h"

static void exclude(struct port_set *ports, uint32_t first, uint32_t end)
{
	for (uint32_t port = first; port < end; port++)
		port_set_add(ports, (uint16_t)port);
}

void port_range_merge(struct port_range *v4, uint16_t v6_low, uint16_t v6_high)
{
	/* One of the two loops is empty, or both are. */
	exclude(&v4->excluded, v4->high + 1u, v6_low);
	exclude(&v4->excluded, v6_high + 1u, v4->low);
	if (v6_low < v4->low)
		v4->low = v6_low;
	if (v6_high > v4->high)
		v4->high = v6_high;
}
