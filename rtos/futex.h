/* SPDX-License-Identifier: MIT */
/*
 * Futexes. A waiter is known by its process and the address of its word: processes share no memory, and no
 * page is at two addresses. Waiters of one word are woken in the order of their priority, then of their
 * arrival.
 */
#ifndef RTOS_FUTEX_H
#define RTOS_FUTEX_H

#include "types.h"

/* Wakes up to `count` waiters of the word at addr in the current process; their number, or -EFAULT. */
int futex_wake_addr(u64 addr, int count);
/* The robust list of `current`, which ends. */
void futex_exit_robust(void);

#endif
