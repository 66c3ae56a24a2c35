// SPDX-License-Identifier: MIT
/* A session's real-time process, seen from its shadow. */

#include <sys/mman.h>

#include "call.h"
#include "crtos.h"

PUBLIC int crtos_proc_create(int dev, struct crtos_proc_create *create)
{
	return device_call(dev, CRTOS_IOC_PROC_CREATE, create);
}

PUBLIC int crtos_proc_start(int dev)
{
	return device_call(dev, CRTOS_IOC_PROC_START, NULL);
}

PUBLIC int crtos_proc_fork(int dev, uint32_t token)
{
	struct crtos_proc_fork argument = { .token = token };

	return device_call(dev, CRTOS_IOC_PROC_FORK, &argument);
}

PUBLIC int crtos_scf_map(int dev, struct crtos_scf_header **scf)
{
	int saved = errno, ret;
	void *map = mmap(NULL, CRTOS_SCF_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, dev,
			 CRTOS_MMAP_SCF);

	if (map == MAP_FAILED) {
		ret = -errno;
		errno = saved;
		return ret;
	}
	ret = crtos_scf_validate(map);
	if (ret) {
		crtos_scf_unmap(map);
		return ret;
	}
	*scf = map;
	return 0;
}

PUBLIC int crtos_scf_unmap(struct crtos_scf_header *scf)
{
	int saved = errno;
	int ret = munmap(scf, CRTOS_SCF_SIZE) ? -errno : 0;

	errno = saved;
	return ret;
}

static int mirror_range_valid(uint64_t start, uint64_t end)
{
	return start >= CRTOS_USER_START && end <= CRTOS_USER_END && start < end;
}

PUBLIC int crtos_mirror_map(int dev, uint64_t start, uint64_t end)
{
	int saved = errno, ret = 0;
	void *map;

	if (!mirror_range_valid(start, end))
		return -EINVAL;
	map = mmap((void *)(uintptr_t)start, end - start, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_FIXED_NOREPLACE, dev, (off_t)start);
	if (map == MAP_FAILED) {
		ret = -errno;
	} else if ((uintptr_t)map != start) {
		/* A kernel before 4.17 takes the flag for a hint. */
		munmap(map, end - start);
		ret = -EEXIST;
	}
	errno = saved;
	return ret;
}

PUBLIC int crtos_mirror_unmap(uint64_t start, uint64_t end)
{
	int saved = errno, ret;

	if (!mirror_range_valid(start, end))
		return -EINVAL;
	ret = munmap((void *)(uintptr_t)start, end - start) ? -errno : 0;
	errno = saved;
	return ret;
}

PUBLIC int crtos_thread_attach(int dev, unsigned int slot, const void *handler, unsigned int *index)
{
	struct crtos_thread_attach argument = { .slot = slot, .handler = (uintptr_t)handler };
	int ret = device_call(dev, CRTOS_IOC_THREAD_ATTACH, &argument);

	if (ret >= 0)
		*index = argument.index;
	return ret;
}

PUBLIC int crtos_thread_detach(int dev)
{
	return device_call(dev, CRTOS_IOC_THREAD_DETACH, NULL);
}

PUBLIC int crtos_thread_wait(int dev)
{
	return device_call(dev, CRTOS_IOC_THREAD_WAIT, NULL);
}

PUBLIC int crtos_zap(int dev)
{
	return device_call(dev, CRTOS_IOC_ZAP, NULL);
}

PUBLIC int crtos_lend(int dev)
{
	return device_call(dev, CRTOS_IOC_LEND, NULL);
}

PUBLIC int crtos_kick(int dev)
{
	return device_call(dev, CRTOS_IOC_KICK, NULL);
}
