/* SPDX-License-Identifier: Apache-2.0 */
/* What the front asks of the configuration, and others need not know. */
#ifndef EXPORTER_WEB_INTERNAL_H
#define EXPORTER_WEB_INTERNAL_H

#include "exporter/web/state.h"
#include "exporter/web/web.h"

/* The state that is in force now, after a look at the files. A reference is the caller's. */
struct web_state *web_current(struct web *web);

#endif
