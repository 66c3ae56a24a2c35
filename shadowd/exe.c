// SPDX-License-Identifier: MIT
/* What /proc/self/exe is to the program: to Linux it is the shadow. */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "args.h"
#include "raw.h"
#include "shadow.h"

static char exe[PATH_MAX];

/* Of the calls that may be done on it: which argument is the path, and which, if any, is written to. */
static const struct call {
	unsigned int nr;
	int path;
	int out;
} calls[] = {
	{ __NR_open, 0, -1 },	    { __NR_openat, 1, -1 },	{ __NR_access, 0, -1 },
	{ __NR_faccessat, 1, -1 },  { __NR_faccessat2, 1, -1 }, { __NR_stat, 0, 1 },
	{ __NR_newfstatat, 1, 2 },  { __NR_statx, 1, 4 },	{ __NR_readlink, 0, 1 },
	{ __NR_readlinkat, 1, 2 },
};

long shadow_set_exe(int fd)
{
	char link[32];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, exe, sizeof(exe) - 1);
	exe[length < 0 ? 0 : length] = '\0';
	return 0;
}

/* As readlink() gives it: cut, and without a NUL. */
static long tell(uint64_t to, uint64_t room)
{
	size_t length = strlen(exe);

	if ((int)room <= 0)
		return -EINVAL;
	if (length > room)
		length = room;
	return args_copy(to, length, exe, length);
}

long shadow_on_exe(const uint64_t args[6])
{
	const uint64_t *a = args + 1;
	uint64_t changed[5];
	unsigned int i;

	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		const struct call *call = &calls[i];

		if (call->nr != args[0])
			continue;
		if (!exe[0])
			return -ENOENT;
		if (call->out >= 0 &&
		    (a[call->out] < CRTOS_USER_START || a[call->out] >= CRTOS_USER_END))
			return -EFAULT;
		if (call->nr == __NR_readlink || call->nr == __NR_readlinkat)
			return tell(a[call->out], a[call->out + 1]);
		memcpy(changed, a, sizeof(changed));
		changed[call->path] = (uintptr_t)exe;
		return raw_syscall6(call->nr, changed[0], changed[1], changed[2], changed[3],
				    changed[4], 0);
	}
	return -ENOSYS;
}
