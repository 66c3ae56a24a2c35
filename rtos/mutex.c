// SPDX-License-Identifier: MIT
#include <linux/errno.h>

#include "log.h"
#include "mutex.h"
#include "thread.h"

void mutex_init(struct mutex *mutex)
{
	pi_lock_init(&mutex->lock, NULL);
}

int mutex_lock(struct mutex *mutex)
{
	for (;;) {
		if (!mutex->lock.owner) {
			pi_own(&mutex->lock, current);
			return 0;
		}
		if (current->killed)
			return -EINTR;
		/* Who holds one waits for nothing that another thread of the program could keep. */
		BUG_ON(pi_wait(&mutex->lock, current));
		thread_block(TIME_NEVER);
		if (mutex->lock.owner == current)
			return 0;
	}
}

void mutex_unlock(struct mutex *mutex)
{
	if (pi_first(&mutex->lock))
		thread_wake(pi_hand_over(&mutex->lock), 0);
	else
		pi_disown(&mutex->lock);
}
