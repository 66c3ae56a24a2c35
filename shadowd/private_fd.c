// SPDX-License-Identifier: MIT

#include "private_fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

static bool is_free(int fd)
{
	return fcntl(fd, F_GETFD) < 0;
}

int private_fd(int fd)
{
	struct rlimit limit;
	int at = 1022;

	if (!getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur <= (rlim_t)at + 1)
		at = ((int)limit.rlim_cur - 2) & ~1;
	for (; at >= 0; at -= 2) {
		if (!is_free(at) || !is_free(at + 1))
			continue;
		if (dup3(fd, at, O_CLOEXEC) < 0)
			return -errno;
		close(fd);
		return at;
	}
	return -EMFILE;
}
