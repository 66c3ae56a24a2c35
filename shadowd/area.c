// SPDX-License-Identifier: MIT
/*
 * Files that the program maps shared: the shadow has them mapped at the same addresses, in the place of the
 * mirror, and lends the RTOS the pages.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "private_fd.h"
#include "raw.h"
#include "shadow.h"

/* There has been one, so there may be some. */
static bool mapped;

static bool in_range(uint64_t address, uint64_t bytes)
{
	return bytes && address >= CRTOS_USER_START && address < CRTOS_USER_END &&
	       bytes <= CRTOS_USER_END - address;
}

static long map_at(uint64_t address, uint64_t bytes, uint64_t prot, int fd, uint64_t offset)
{
	long ret = raw_syscall6(__NR_mmap, address, bytes, prot, MAP_SHARED | MAP_FIXED, fd,
				offset);

	return ret < 0 ? ret : 0;
}

static long show_mirror(uint64_t address, uint64_t bytes)
{
	return map_at(address, bytes, PROT_READ | PROT_WRITE, shadow.mirror_dev, address);
}

long shadow_show_mirror(uint64_t address, uint64_t bytes)
{
	if (!in_range(address, bytes))
		return -EINVAL;
	/* The RTOS may have written where Linux does not know it. */
	raw_syscall3(__NR_madvise, address, bytes, MADV_POPULATE_WRITE);
	return show_mirror(address, bytes);
}

static long move(uint64_t from, uint64_t old_bytes, uint64_t bytes, uint64_t to)
{
	long ret;

	if (!in_range(from, old_bytes) || !in_range(to ? to : from, bytes))
		return -EINVAL;
	if (to) {
		ret = raw_syscall6(__NR_mremap, from, old_bytes, bytes,
				   MREMAP_MAYMOVE | MREMAP_FIXED, to, 0);
		return ret < 0 ? ret : show_mirror(from, old_bytes);
	}
	if (bytes <= old_bytes)
		return -EINVAL;
	raw_syscall3(__NR_munmap, from + old_bytes, bytes - old_bytes, 0);
	ret = raw_syscall4(__NR_mremap, from, old_bytes, bytes, 0);
	if (ret < 0)
		show_mirror(from + old_bytes, bytes - old_bytes);
	return ret < 0 ? ret : 0;
}

long shadow_area(const uint64_t args[6])
{
	const uint64_t *a = args + 1;

	if (!in_range(a[0], a[1]))
		return -EINVAL;
	switch (args[0]) {
	case __NR_mmap:
		if (is_private_fd(a[3], shadow.dev))
			return -EBADF;
		mapped = true;
		return map_at(a[0], a[1], a[2], a[3], a[4]);
	case __NR_mprotect:
	case __NR_msync:
	case __NR_madvise:
		return raw_syscall3(args[0], a[0], a[1], a[2]);
	case __NR_mremap:
		return move(a[0], a[1], a[2], a[3]);
	}
	return -ENOSYS;
}

/* In a child of fork, which has the files, but not the mirror. 0 or -errno. */
int shadow_map_mirror(void)
{
	uint64_t from = CRTOS_USER_START, start, end;
	FILE *maps = NULL;
	int ret = 0;

	if (mapped) {
		maps = fopen("/proc/self/maps", "re");
		if (!maps)
			return -errno;
	}
	while (maps && !ret && fscanf(maps, "%" SCNx64 "-%" SCNx64 "%*[^\n]", &start, &end) == 2) {
		if (start >= CRTOS_USER_END)
			break;
		if (start > from)
			ret = crtos_mirror_map(shadow.mirror_dev, from, start);
		from = end;
	}
	if (maps)
		fclose(maps);
	if (!ret && from < CRTOS_USER_END)
		ret = crtos_mirror_map(shadow.mirror_dev, from, CRTOS_USER_END);
	return ret;
}
