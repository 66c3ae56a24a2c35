// SPDX-License-Identifier: MIT
/* The descriptor of /dev/crtos that all calls of the process go through. */

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "compat.h"
#include "../crtos.h"

/* Out of the way of programs that count on low numbers. */
#define OUT_OF_THE_WAY 960

/*
 * The descriptor in the lower half; the upper half counts, for a descriptor that was closed may come again
 * with the same number.
 */
static _Atomic uint64_t published = (uint32_t)-1;
/* Written before anything is published, and always the same. */
static _Atomic dev_t device;
static _Atomic unsigned int device_features;

static int descriptor(uint64_t version)
{
	return (int)(uint32_t)version;
}

static uint64_t next_version(uint64_t version, int fd)
{
	return ((version >> 32) + 1) << 32 | (uint32_t)fd;
}

/* A program may close all descriptors, or have put something else in this one's place. */
static bool is_device(int fd)
{
	struct stat st;

	return fd >= 0 && !fstat(fd, &st) && S_ISCHR(st.st_mode) && st.st_rdev == device;
}

static int move_out_of_the_way(int fd)
{
	int moved = fcntl(fd, F_DUPFD_CLOEXEC, OUT_OF_THE_WAY);

	if (moved < 0)
		return fd;
	crtos_close(fd);
	return moved;
}

static int open_device(void)
{
	struct crtos_check check;
	struct stat st;
	int fd = crtos_open();
	int ret;

	if (fd < 0)
		return fd;
	fd = move_out_of_the_way(fd);
	ret = crtos_check(fd, &check);
	if (!ret && fstat(fd, &st))
		ret = -errno;
	if (ret) {
		crtos_close(fd);
		return ret;
	}
	device = st.st_rdev;
	device_features = check.features;
	return fd;
}

int compat_session_get(struct compat_session *session)
{
	uint64_t version = published;
	int fd;

	while (!is_device(descriptor(version))) {
		fd = open_device();
		if (fd < 0)
			return fd;
		/* On failure `version` becomes what another thread, or a signal handler, has published. */
		if (atomic_compare_exchange_strong(&published, &version, next_version(version, fd)))
			version = next_version(version, fd);
		else
			crtos_close(fd);
	}
	session->dev = descriptor(version);
	session->features = device_features;
	session->version = version;
	return 0;
}

/*
 * A number that looks valid may for a moment be that of a thread which is about to publish its own, and
 * to close it when another one was faster: then the version tells.
 */
bool compat_session_valid(const struct compat_session *session)
{
	return published == session->version && is_device(session->dev);
}
