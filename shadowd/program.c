// SPDX-License-Identifier: MIT

#include "program.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* 0 or an errno, as execve() would give. */
static int check_executable(const char *path)
{
	struct stat status;

	if (stat(path, &status))
		return errno;
	if (!S_ISREG(status.st_mode))
		return EACCES;
	if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS))
		return errno;
	return 0;
}

/* A file that cannot be read may be executable all the same: the RTOS will tell. */
static int check_format(const char *path)
{
	Elf64_Ehdr header;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t bytes;

	if (fd < 0)
		return 0;
	bytes = pread(fd, &header, sizeof(header), 0);
	close(fd);
	if (bytes < 2)
		return ENOEXEC;
	if (!memcmp(&header, "#!", 2))
		return 0;
	if (bytes < (ssize_t)sizeof(header) || memcmp(header.e_ident, ELFMAG, SELFMAG) ||
	    header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != EM_X86_64 ||
	    (header.e_type != ET_EXEC && header.e_type != ET_DYN))
		return ENOEXEC;
	return 0;
}

/* The first executable of that name in PATH; EACCES if all there are cannot be executed. */
static int search(const char *name, char **found)
{
	const char *at = getenv("PATH"), *end;
	int error = ENOENT;

	if (!at)
		at = "/bin:/usr/bin";
	for (;; at = end + 1) {
		int length, ret;

		end = strchrnul(at, ':');
		length = (int)(end - at);
		/* An empty element is the current directory. */
		if (asprintf(found, "%.*s%s%s", length, at, length ? "/" : "./", name) < 0)
			return ENOMEM;
		ret = check_executable(*found);
		if (!ret)
			return 0;
		free(*found);
		if (ret == EACCES)
			error = EACCES;
		if (!*end)
			return error;
	}
}

char *program_find(const char *name)
{
	char *path = NULL;
	int error;

	if (!*name) {
		error = ENOENT;
	} else if (strchr(name, '/')) {
		path = strdup(name);
		error = path ? check_executable(path) : ENOMEM;
	} else {
		error = search(name, &path);
		if (error)
			path = NULL;
	}
	if (!error)
		error = check_format(path);
	if (error) {
		free(path);
		errno = error;
		return NULL;
	}
	return path;
}
