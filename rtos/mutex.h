/* SPDX-License-Identifier: MIT */
/*
 * A sleeping lock for what spans preempt_point() or thread_block(), with priority inheritance. Not for
 * interrupt context.
 */
#ifndef RTOS_MUTEX_H
#define RTOS_MUTEX_H

#include "pi.h"

struct mutex {
	struct pi_lock lock;
};

void mutex_init(struct mutex *mutex);
/* 0, or -EINTR when `current` is killed: then the mutex is not held. */
int mutex_lock(struct mutex *mutex);
/* Hands it to the waiter of the highest priority. */
void mutex_unlock(struct mutex *mutex);

#endif
