/* SPDX-License-Identifier: Apache-2.0 */
/* Labels: the names of the optional ones. */
#include "metrics/census/labels.h"

static const char *const names[LABEL_COUNT] = {
        [LABEL_PID] = "pid",
        [LABEL_USER] = "user",
        [LABEL_EXE] = "exe",
        [LABEL_UNIT] = "unit",
        [LABEL_CONTAINER] = "container",
        [LABEL_NETNS] = "netns",
        [LABEL_FAMILY] = "family",
        [LABEL_LOCAL_ADDRESS] = "local_address",
};

const char *census_label_name(enum census_label label)
{
	return names[label];
}
