/* SPDX-License-Identifier: MIT */
/*
 * Descriptors of the shadow that the program must not see: a pair of neighbouring numbers, the first one even,
 * so that one comparison tells both. Both are always in use, or the program's next descriptor could be one of them.
 */
#ifndef SHADOWD_PRIVATE_FD_H
#define SHADOWD_PRIVATE_FD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

/*
 * Makes a pair of copies, close on exec, of two descriptors. They come to where a pair was, `old`; with -1, or where the
 * hard limit of descriptors has been lowered, they come behind what the program may have, or if that cannot be, to the
 * highest free pair. What `old` was is closed. The caller is the process's only thread. The pair's first number, or
 * -errno.
 */
int private_fd(int fd, int beside, int old);

/*
 * Lets descriptors come to be up to the number `end`, though the program may have fewer, as far as the hard limit allows;
 * *limit is what its limit is, to be set again. How many there can be now, or -errno.
 */
int private_fd_room(int end, struct rlimit *limit);

/* `dev`: the pair's first number. */
static inline bool is_private_fd(uint32_t fd, int dev)
{
	return (fd & ~1u) == (uint32_t)dev;
}

#endif
