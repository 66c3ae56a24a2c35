/* SPDX-License-Identifier: MIT */
/*
 * Descriptors of the shadow that the program must not see: a pair of neighbouring numbers, the first one even,
 * so that one comparison tells both.
 */
#ifndef SHADOWD_PRIVATE_FD_H
#define SHADOWD_PRIVATE_FD_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Moves a descriptor to the highest free pair, not above 1023 so that the descriptor table stays small. Close
 * on exec. The new number, or -errno.
 */
int private_fd(int fd);

/* `dev`: the pair's first number. */
static inline bool is_private_fd(uint32_t fd, int dev)
{
	return (fd & ~1u) == (uint32_t)dev;
}

#endif
