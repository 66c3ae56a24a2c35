// SPDX-License-Identifier: MIT
/*
 * The first generation ends a connection by its descriptor, ours by its index. A table of indices, without
 * a lock: the module gives an index to one caller at a time.
 */

#include <stdatomic.h>

#include "compat.h"

#define SENDERS 256

/* Descriptor + 1, or 0. */
static _Atomic int made_from[SENDERS];

void compat_sender_made(unsigned int index, int fd)
{
	if (index >= SENDERS)
		return;
	/* An older entry of the same number is of a descriptor that was closed since, or hidden by this one. */
	while (compat_sender_take(fd) >= 0)
		;
	made_from[index] = fd + 1;
}

int compat_sender_take(int fd)
{
	int index, expected;

	for (index = 0; index < SENDERS; index++) {
		expected = fd + 1;
		if (atomic_compare_exchange_strong(&made_from[index], &expected, 0))
			return index;
	}
	return -1;
}
