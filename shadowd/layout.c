// SPDX-License-Identifier: MIT

#include "layout.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/personality.h>
#include <sys/resource.h>

#include <crtos/scf.h>

/* mmap_base lies below the largest stack there may be; "unlimited" counts as five sixths of everything. */
#define STACK_SAFE (1ull << 40)
#define STACK_USUAL (8ull << 20)

bool layout_prepare(uint64_t *stack)
{
	int persona = personality(0xffffffff);
	struct rlimit limit;

	if (persona != -1 && (persona & (ADDR_COMPAT_LAYOUT | ADDR_LIMIT_3GB | ADDR_LIMIT_32BIT)))
		personality(persona & ~(ADDR_COMPAT_LAYOUT | ADDR_LIMIT_3GB | ADDR_LIMIT_32BIT));
	if (getrlimit(RLIMIT_STACK, &limit) || limit.rlim_cur <= STACK_SAFE)
		return false;
	*stack = limit.rlim_cur;
	limit.rlim_cur = STACK_USUAL;
	return !setrlimit(RLIMIT_STACK, &limit);
}

int layout_check(uint64_t *start)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512];
	int ret = 0;

	if (!maps)
		return -errno;
	/* In ascending order: the first line decides. */
	if (!fgets(line, sizeof(line), maps) || sscanf(line, "%" SCNx64, start) != 1)
		ret = -EIO;
	else if (*start < CRTOS_USER_END)
		ret = -EEXIST;
	fclose(maps);
	return ret;
}
