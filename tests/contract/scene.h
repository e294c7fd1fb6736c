/* SPDX-License-Identifier: Apache-2.0 */
/* Fixture of the tests of backends: a procfs with this process only, and a recording. */
#ifndef TESTS_CONTRACT_SCENE_H
#define TESTS_CONTRACT_SCENE_H

#include <stdint.h>

#define SCENE_NAME     "alloc_failure" /* of this process */
#define SCENE_RECORDED "recorded 0"    /* of the first process in the recording, which has port 80 */

enum {
	SCENE_PROCESSES = 12, /* of the recording */
	SCENE_SOCKETS = 8,    /* of each */
};

struct scene {
	int listener;
	uint16_t port;
	char recording[64]; /* a file */
	char procfs[64];    /* shows only this process, so that a read costs the same on a busy host */
};

/* Fails the test on an error. */
void scene_make(struct scene *scene);
void scene_remove(struct scene *scene);

#endif
