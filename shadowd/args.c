// SPDX-License-Identifier: MIT

#include "args.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static size_t measure(char *const strings[], uint32_t *count)
{
	size_t bytes = 0;

	for (*count = 0; strings[*count]; ++*count)
		bytes += strlen(strings[*count]) + 1;
	return bytes;
}

static char *append(char *at, char *const strings[])
{
	for (; *strings; strings++)
		at = stpcpy(at, *strings) + 1;
	return at;
}

int args_serialise(const char *path, char *const argv[], char *const envp[],
		   const struct crtos_args *signals, void **buffer, size_t *size)
{
	struct crtos_args header = { .ignored = signals->ignored, .blocked = signals->blocked };
	size_t bytes = strlen(path) + 1;
	char *at;

	bytes += measure(argv, &header.argc);
	bytes += measure(envp, &header.envc);
	if (bytes > CRTOS_ARGS_MAX - sizeof(header))
		return -E2BIG;
	header.bytes = bytes;

	at = malloc(sizeof(header) + bytes);
	if (!at)
		return -ENOMEM;
	*buffer = at;
	*size = sizeof(header) + bytes;
	at = mempcpy(at, &header, sizeof(header));
	at = stpcpy(at, path) + 1;
	at = append(at, argv);
	append(at, envp);
	return 0;
}

/*
 * The kernel does the copy, so that a bad address is an error and no fault. Reading from ourselves rather
 * than writing: it is the destination that lies in the mirror, and the local side of this call is touched
 * as any system call touches a buffer.
 */
long args_copy(uint64_t to, uint64_t room, const void *buffer, size_t size)
{
	struct iovec local = { .iov_base = (void *)(uintptr_t)to, .iov_len = size };
	struct iovec remote = { .iov_base = (void *)buffer, .iov_len = size };
	ssize_t copied;

	if (room < size)
		return size;
	copied = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
	if (copied < 0)
		return -errno;
	return (size_t)copied == size ? copied : -EFAULT;
}
