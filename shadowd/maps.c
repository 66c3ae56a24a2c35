// SPDX-License-Identifier: MIT
/* What Linux knows of the program's memory by way of the shadow: /proc/PID. */

#include <errno.h>
#include <fcntl.h>
#include <linux/prctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

#include <crtos/core.h>

#include "files.h"
#include "raw.h"
#include "shadow.h"

/* As many as the RTOS may send: its own limit, and a few. */
#define AREAS_MAX 8192u

static const char *area_name(const struct crtos_area *area, const struct program_file *file)
{
	if (file)
		return file->path;
	if (area->flags & CRTOS_AREA_HEAP)
		return "[heap]";
	return area->flags & CRTOS_AREA_STACK ? "[stack]" : "";
}

/* The name begins in column 73. */
static void print_area(FILE *to, const struct crtos_area *area)
{
	const struct program_file *file = files_get(area->file);
	const char *name = area_name(area, file), *at;
	int length = fprintf(to, "%08llx-%08llx %c%c%c%c %08llx %02x:%02x %ju ", area->start,
			     area->end, area->flags & CRTOS_AREA_READ ? 'r' : '-',
			     area->flags & CRTOS_AREA_WRITE ? 'w' : '-',
			     area->flags & CRTOS_AREA_EXEC ? 'x' : '-',
			     area->flags & CRTOS_AREA_SHARED ? 's' : 'p',
			     file ? area->offset : 0ull, file ? major(file->dev) : 0,
			     file ? minor(file->dev) : 0, file ? (uintmax_t)file->ino : 0);

	if (*name)
		fprintf(to, "%*s", length < 73 ? 73 - length : 0, "");
	for (at = name; *at; at++) {
		if (*at == '\n')
			fputs("\\012", to);
		else
			putc(*at, to);
	}
	putc('\n', to);
}

static int print_areas(int fd, const struct crtos_area *areas, uint64_t count)
{
	int copy = dup(fd), ret;
	FILE *to = copy < 0 ? NULL : fdopen(copy, "w");
	uint64_t i;

	if (!to) {
		ret = -errno;
		if (copy >= 0)
			close(copy);
		return ret;
	}
	for (i = 0; i < count; i++)
		print_area(to, &areas[i]);
	return fclose(to) ? -errno : 0;
}

/* For reading from the start, as the program wishes to have it. */
static long reopen(int fd, uint64_t flags)
{
	char path[32];
	int ret;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ret = open(path, O_RDONLY | (flags & (O_CLOEXEC | O_NONBLOCK)));
	return ret < 0 ? -errno : ret;
}

long shadow_maps(uint64_t at, uint64_t count, uint64_t flags)
{
	const size_t bytes = count * sizeof(struct crtos_area);
	struct iovec from = { .iov_base = (void *)(uintptr_t)at, .iov_len = bytes }, to = from;
	struct crtos_area *areas;
	long ret = -EFAULT;
	int fd;

	if (count > AREAS_MAX || at < CRTOS_USER_START || at > CRTOS_USER_END - bytes)
		return -EFAULT;
	areas = to.iov_base = malloc(bytes + 1);
	if (!areas)
		return -ENOMEM;
	if (process_vm_readv(getpid(), &to, 1, &from, 1, 0) != (ssize_t)bytes)
		goto free;
	fd = memfd_create("maps", MFD_CLOEXEC);
	ret = fd < 0 ? -errno : print_areas(fd, areas, count);
	if (!ret)
		ret = reopen(fd, flags);
	if (fd >= 0)
		close(fd);
free:
	free(areas);
	return ret;
}

/* --- arguments, environment, auxiliary vector -------------------------------------------------------- */

/* Those that stay as they are, from /proc/self/stat. */
static int read_layout(struct prctl_mm_map *map)
{
	FILE *stat = fopen("/proc/self/stat", "re");
	char text[2048], *at;
	int found = 0;

	if (!stat)
		return -errno;
	at = fgets(text, sizeof(text), stat) ? strrchr(text, ')') : NULL;
	fclose(stat);
	if (at)
		found = sscanf(at,
			       ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d"
			       " %*d %*u %*u %*d %*u %llu %llu %llu %*u %*u %*u %*u %*u %*u %*u %*u %*u"
			       " %*d %*d %*u %*u %*u %*u %*d %llu %llu %llu",
			       &map->start_code, &map->end_code, &map->start_stack,
			       &map->start_data, &map->end_data, &map->start_brk);
	return found == 6 ? 0 : -EIO;
}

/* Arguments and environment in memory of our own: Linux shows no other than anonymous memory as such. */
static char *strings;
static size_t strings_bytes;

static char *copy_strings(uint64_t at, size_t bytes)
{
	struct iovec from = { .iov_base = (void *)(uintptr_t)at, .iov_len = bytes }, to = from;

	to.iov_base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (to.iov_base == MAP_FAILED)
		return NULL;
	if (process_vm_readv(getpid(), &to, 1, &from, 1, 0) == (ssize_t)bytes)
		return to.iov_base;
	munmap(to.iov_base, bytes);
	return NULL;
}

/* The C library moves the break under a lock of its own; in exec no thread but this one works. */
static long set_map(char *arguments, const uint64_t args[6])
{
	struct prctl_mm_map map = {
		.arg_start = (uintptr_t)arguments,
		.arg_end = (uintptr_t)arguments + (args[1] - args[0]),
		.env_start = (uintptr_t)arguments + (args[1] - args[0]),
		.env_end = (uintptr_t)arguments + (args[2] - args[0]),
		.auxv = (void *)(uintptr_t)args[3],
		.auxv_size = args[4],
		.exe_fd = -1,
	};
	int ret = read_layout(&map);

	if (ret)
		return ret;
	map.brk = raw_syscall3(__NR_brk, 0, 0, 0);
	return raw_syscall6(__NR_prctl, PR_SET_MM, PR_SET_MM_MAP, (uintptr_t)&map, sizeof(map), 0,
			    0);
}

long shadow_set_mm(const uint64_t args[6])
{
	const uint64_t bytes = args[2] - args[0];
	char *copy;
	long ret;

	if (args[0] > args[1] || args[1] > args[2] || bytes > CRTOS_ARGS_MAX ||
	    args[0] < CRTOS_USER_START || args[2] > CRTOS_USER_END || args[3] < CRTOS_USER_START ||
	    args[3] >= CRTOS_USER_END)
		return -EINVAL;
	copy = copy_strings(args[0], bytes);
	ret = copy ? set_map(copy, args) : -ENOMEM;
	if (ret) {
		if (copy)
			munmap(copy, bytes);
		return ret;
	}
	if (strings)
		munmap(strings, strings_bytes);
	strings = copy;
	strings_bytes = bytes;
	return 0;
}
