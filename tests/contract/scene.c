/* SPDX-License-Identifier: Apache-2.0 */
/* The scene: a listener, a procfs with one process in it, and a recorded snapshot. */
#include "tests/contract/scene.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* Listens in a new network namespace if that is allowed. The namespace has no other sockets. */
static void listen_somewhere(struct scene *scene)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY)};
	socklen_t length = sizeof(address);

	if (unshare(CLONE_NEWNET) < 0)
		print_message("in the host's network namespace: %s\n", strerror(errno));
	scene->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(scene->listener >= 0);
	assert_int_equal(bind(scene->listener, (struct sockaddr *)&address, length), 0);
	assert_int_equal(listen(scene->listener, 1), 0);
	assert_int_equal(getsockname(scene->listener, (struct sockaddr *)&address, &length), 0);
	scene->port = ntohs(address.sin_port);
}

static void link_procfs(const struct scene *scene, const char *name)
{
	char target[128], path[128];

	snprintf(target, sizeof(target), "/proc/%s", name);
	snprintf(path, sizeof(path), "%s/%s", scene->procfs, name);
	assert_int_equal(symlink(target, path), 0);
}

static void unlink_procfs(const struct scene *scene, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", scene->procfs, name);
	assert_int_equal(unlink(path), 0);
}

static void for_each_procfs_name(const struct scene *scene, void (*act)(const struct scene *, const char *))
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", getpid());
	act(scene, pid);
	act(scene, "sys");
	act(scene, "thread-self");
}

static void make_procfs(struct scene *scene)
{
	snprintf(scene->procfs, sizeof(scene->procfs), "/tmp/procfs.XXXXXX");
	assert_non_null(mkdtemp(scene->procfs));
	for_each_procfs_name(scene, link_procfs);
}

/* Writes many names and addresses, so that every table grows more than once. */
static void write_recording(struct scene *scene)
{
	FILE *file;
	int fd;

	snprintf(scene->recording, sizeof(scene->recording), "/tmp/recording.XXXXXX");
	fd = mkstemp(scene->recording);
	assert_true(fd >= 0);
	file = fdopen(fd, "w");
	assert_non_null(file);
	fputs("tcp_exporter-snapshot 1\nfacts queues accept_queues close_wait_age\n"
	      "states established time_wait close_wait listen\nnetns 4026531840 32768 60999\n",
	      file);
	for (int i = 0; i < SCENE_PROCESSES; i++)
		fprintf(file, "process %d %d name=recorded%%20%d user=u%d exe=/bin/%d unit=%d.service\n", i + 2, i, i,
		        i, i, i);
	for (int i = 0; i < SCENE_PROCESSES * SCENE_SOCKETS; i++)
		fprintf(file, "socket %s %d 0 192.0.2.%d:%d 198.51.100.1:%d queues=1,0\n",
		        i % 2 ? "close_wait" : "established", i / SCENE_SOCKETS, i % 250,
		        i % SCENE_SOCKETS ? 40000 + i : 80, i % SCENE_SOCKETS ? 443 : 50000 + i);
	fputs("end\n", file);
	assert_int_equal(ferror(file), 0);
	assert_int_equal(fclose(file), 0);
}

void scene_make(struct scene *scene)
{
	assert_int_equal(prctl(PR_SET_NAME, SCENE_NAME), 0);
	listen_somewhere(scene);
	make_procfs(scene);
	write_recording(scene);
}

void scene_remove(struct scene *scene)
{
	close(scene->listener);
	for_each_procfs_name(scene, unlink_procfs);
	assert_int_equal(rmdir(scene->procfs), 0);
	assert_int_equal(unlink(scene->recording), 0);
}
