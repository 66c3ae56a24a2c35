/* SPDX-License-Identifier: MIT */
/* A sleeping lock for what spans preempt_point() or thread_block(). Not for interrupt context. */
#ifndef RTOS_MUTEX_H
#define RTOS_MUTEX_H

#include "list.h"
#include "types.h"

struct thread;

struct mutex {
	struct thread *owner;
	struct list waiters;		/* by thread.futex_link */
};

void mutex_init(struct mutex *mutex);
/* 0, or -EINTR when `current` is killed: then the mutex is not held. */
int mutex_lock(struct mutex *mutex);
/* Hands it to the waiter of the highest priority. */
void mutex_unlock(struct mutex *mutex);

#endif
