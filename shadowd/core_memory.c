// SPDX-License-Identifier: MIT
/*
 * An area that is a copy of a file becomes a private mapping of it, in which only those pages are written that are not as
 * in the file: Linux tells the files by their names, and leaves out of the core file what it would leave out for
 * a program of its own. All other memory becomes anonymous, and pages of zeros stay holes. Each area is made
 * elsewhere, and moved over the mirror when it is complete.
 */

#include "core.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "files.h"
#include "shadow.h"

#define PAGE 4096u
#define CHUNK (16 * PAGE)

static char contents[CHUNK], original[CHUNK];
static uint64_t left; /* bytes that may still be copied */

static int protection(const struct crtos_area *area)
{
	return (area->flags & CRTOS_AREA_READ ? PROT_READ : 0) |
	       (area->flags & CRTOS_AREA_WRITE ? PROT_WRITE : 0) |
	       (area->flags & CRTOS_AREA_EXEC ? PROT_EXEC : 0);
}

/* By the kernel, since the mirror may have holes. The bytes that could be read. */
static size_t read_program(uint64_t at, size_t bytes)
{
	struct iovec from = { .iov_base = (void *)(uintptr_t)at, .iov_len = bytes };
	struct iovec to = { .iov_base = contents, .iov_len = bytes };
	ssize_t got = process_vm_readv(getpid(), &to, 1, &from, 1, 0);

	return got < 0 ? 0 : got;
}

/* What is there without our copying: a file's contents, or zeros. */
static void read_original(int fd, uint64_t offset, size_t bytes)
{
	ssize_t got = fd < 0 ? 0 : pread(fd, original, bytes, (off_t)offset);

	memset(original + (got < 0 ? 0 : got), 0, bytes - (got < 0 ? 0 : got));
}

static void copy_pages(char *to, uint64_t from, uint64_t bytes, int fd, uint64_t offset)
{
	uint64_t done;
	size_t size, got, page;

	for (done = 0; done < bytes && left; done += size) {
		size = bytes - done < CHUNK ? bytes - done : CHUNK;
		got = read_program(from + done, size);
		read_original(fd, offset + done, size);
		for (page = 0; page + PAGE <= got && left; page += PAGE) {
			if (!memcmp(contents + page, original + page, PAGE))
				continue;
			memcpy(to + done + page, contents + page, PAGE);
			left -= left < PAGE ? left : PAGE;
		}
		/* Behind a page that cannot be read it goes on. */
		if (got < size)
			size = (got / PAGE + 1) * PAGE;
	}
}

/* A part of an area, of a file or of none. What there is no memory for is left out. */
static void make(const struct crtos_area *area, uint64_t start, uint64_t end, int fd)
{
	const uint64_t bytes = end - start, offset = area->offset + (start - area->start);
	const int prot = protection(area);
	char *made;

	if (start >= end)
		return;
	made = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_NORESERVE | (fd < 0 ? MAP_ANONYMOUS : 0), fd,
		    fd < 0 ? 0 : (off_t)offset);
	if (made == MAP_FAILED) {
		munmap((void *)(uintptr_t)start, bytes);
		return;
	}
	if (prot) {
		madvise(made, bytes, MADV_NOHUGEPAGE);
		copy_pages(made, start, bytes, fd, offset);
	}
	mprotect(made, bytes, prot);
	if (mremap(made, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)(uintptr_t)start) ==
	    MAP_FAILED)
		munmap(made, bytes);
}

/* Behind a file's end a mapping of it cannot be touched. */
static void make_area(const struct crtos_area *area)
{
	uint64_t size = 0, end = area->start;
	int fd = files_open(area->file, &size);

	if (fd >= 0 && size > area->offset)
		end += (size - area->offset + PAGE - 1) / PAGE * PAGE;
	if (end > area->end)
		end = area->end;
	make(area, area->start, end, fd);
	make(area, end, area->end, -1);
	if (fd >= 0)
		close(fd);
}

/* The shadow's own memory is none of the program's. */
static void leave_out_own(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	uint64_t start, end;
	char line[8192];

	while (maps && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%" SCNx64 "-%" SCNx64, &start, &end) == 2 &&
		    start >= CRTOS_USER_END && start < end)
			madvise((void *)(uintptr_t)start, end - start, MADV_DONTDUMP);
	}
	if (maps)
		fclose(maps);
}

void core_memory(const struct crtos_area *areas, uint32_t count, uint64_t limit)
{
	uint64_t behind = CRTOS_USER_START;
	uint32_t i;

	left = limit;
	for (i = 0; i < count; i++) {
		make_area(&areas[i]);
		if (behind < areas[i].start)
			crtos_mirror_unmap(behind, areas[i].start);
		behind = areas[i].end;
	}
	if (behind < CRTOS_USER_END)
		crtos_mirror_unmap(behind, CRTOS_USER_END);
	leave_out_own();
}
