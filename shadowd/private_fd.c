// SPDX-License-Identifier: MIT

#include "private_fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

/* The descriptor table is as long as the highest number: it stays small, for fork copies it. */
#define HIGHEST 4096

static bool is_free(int fd)
{
	return fcntl(fd, F_GETFD) < 0;
}

int private_fd_room(int end, struct rlimit *limit)
{
	struct rlimit room;

	if (getrlimit(RLIMIT_NOFILE, limit))
		return -errno;
	room = *limit;
	if (room.rlim_cur < (rlim_t)end)
		room.rlim_cur = (rlim_t)end;
	if (room.rlim_max < room.rlim_cur)
		room.rlim_max = room.rlim_cur;
	if (setrlimit(RLIMIT_NOFILE, &room)) {
		room.rlim_cur = room.rlim_max = limit->rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &room))
			return -errno;
	}
	return room.rlim_cur < HIGHEST ? (int)room.rlim_cur : HIGHEST;
}

static int fill(int at, int fd, int beside)
{
	/* In this order: both may be what is at `at` now. */
	if (dup3(beside, at + 1, O_CLOEXEC) < 0 || (fd != at && dup3(fd, at, O_CLOEXEC) < 0))
		return -errno;
	return 0;
}

static bool pair_is_free(int at)
{
	return is_free(at) && is_free(at + 1);
}

/* Where the pair comes to, with numbers below @end; -1: nowhere. */
static int find_pair(int at, int old, int end)
{
	if (at + 2 <= end && (at == old || pair_is_free(at)))
		return at;
	for (at = (end - 2) & ~1; at >= 0 && !pair_is_free(at);)
		at -= 2;
	return at;
}

int private_fd(int fd, int beside, int old)
{
	struct rlimit limit;
	int at = old, end, ret;

	if (old < 0) {
		if (getrlimit(RLIMIT_NOFILE, &limit))
			return -errno;
		at = limit.rlim_cur < HIGHEST - 2 ? (int)(limit.rlim_cur + 1) & ~1 : HIGHEST - 2;
	}
	end = private_fd_room(at + 2, &limit);
	if (end < 0)
		return end;
	at = find_pair(at, old, end);
	ret = at < 0 ? -EMFILE : fill(at, fd, beside);
	setrlimit(RLIMIT_NOFILE, &limit);
	if (ret)
		return ret;
	if (old >= 0 && old != at) {
		close(old);
		close(old + 1);
	}
	return at;
}
