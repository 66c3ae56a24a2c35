// SPDX-License-Identifier: MIT
#include <linux/errno.h>

#include "mutex.h"
#include "thread.h"

void mutex_init(struct mutex *mutex)
{
	mutex->owner = NULL;
	list_init(&mutex->waiters);
}

int mutex_lock(struct mutex *mutex)
{
	if (!mutex->owner) {
		mutex->owner = current;
		return 0;
	}
	list_append(&mutex->waiters, &current->futex_link);
	while (mutex->owner != current) {
		thread_block(TIME_NEVER);
		if (current->killed && mutex->owner != current) {
			list_remove(&current->futex_link);
			return -EINTR;
		}
	}
	return 0;
}

void mutex_unlock(struct mutex *mutex)
{
	struct thread *next = NULL;
	struct list *p;

	list_for_each(p, &mutex->waiters) {
		struct thread *t = list_entry(p, struct thread, futex_link);

		if (!next || t->priority > next->priority)
			next = t;
	}
	mutex->owner = next;
	if (!next)
		return;
	list_remove(&next->futex_link);
	thread_wake(next, 0);
}
