// SPDX-License-Identifier: MIT

#include "files.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Filled from the front, each place once, by an exchange: no lock, which a fork might find taken. */
static struct program_file *files[FILES_MAX];

const struct program_file *files_get(uint32_t number)
{
	return number - 1 < FILES_MAX ? __atomic_load_n(&files[number - 1], __ATOMIC_ACQUIRE) :
					NULL;
}

static struct program_file *describe(int fd)
{
	char link[32], path[PATH_MAX];
	struct program_file *file;
	struct stat st;
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, sizeof(path) - 1);
	if (length <= 0 || fstat(fd, &st))
		return NULL;
	path[length] = '\0';
	file = malloc(sizeof(*file) + length + 1);
	if (!file)
		return NULL;
	file->dev = st.st_dev;
	file->ino = st.st_ino;
	memcpy(file->path, path, length + 1);
	return file;
}

static bool same(const struct program_file *a, const struct program_file *b)
{
	return a->dev == b->dev && a->ino == b->ino && !strcmp(a->path, b->path);
}

long files_number(int fd)
{
	struct program_file *file = describe(fd), *there;
	uint32_t i;

	for (i = 0; file && i < FILES_MAX; i++) {
		there = NULL;
		if (__atomic_compare_exchange_n(&files[i], &there, file, false, __ATOMIC_ACQ_REL,
						__ATOMIC_ACQUIRE))
			return i + 1;
		if (same(there, file)) {
			free(file);
			return i + 1;
		}
	}
	free(file);
	return 0;
}

int files_open(uint32_t number, uint64_t *bytes)
{
	const struct program_file *file = files_get(number);
	struct stat st;
	int fd;

	if (!file)
		return -1;
	/* What has taken its place since then may be anything. */
	fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_dev != file->dev ||
	    st.st_ino != file->ino) {
		close(fd);
		return -1;
	}
	*bytes = st.st_size;
	return fd;
}
