// SPDX-License-Identifier: MIT
#include <linux/errno.h>

#include "log.h"
#include "pi.h"
#include "thread.h"

#define CHAIN_MAX	1024	/* as Linux's kernel.max_lock_depth */

static struct thread *waiter(struct list *link)
{
	return list_entry(link, struct thread, pi_link);
}

struct thread *pi_first(const struct pi_lock *lock)
{
	return list_empty(&lock->waiters) ? NULL : waiter(lock->waiters.next);
}

static void enqueue(struct pi_lock *lock, struct thread *t)
{
	struct list *p;

	list_for_each(p, &lock->waiters) {
		if (waiter(p)->effective < t->effective)
			break;
	}
	list_append(p, &t->pi_link);
}

/* What the locks of t give it. */
static int inheritance(const struct thread *t)
{
	const struct thread *first;
	struct list *p;
	int highest = 0;

	list_for_each(p, &t->pi_owned) {
		first = pi_first(list_entry(p, struct pi_lock, owned));
		if (first)
			highest = max(highest, first->effective);
	}
	return highest;
}

/* Something changed among those who wait for locks of t: t and, while that matters, whom t waits for. */
static void propagate(struct thread *t)
{
	struct pi_lock *lock;
	int before, now;

	for (;;) {
		now = inheritance(t);
		if (now == t->inherited)
			return;
		before = t->effective;
		thread_inherit(t, now);
		lock = t->pi_waits;
		if (t->effective == before || !lock)
			return;
		list_remove(&t->pi_link);
		enqueue(lock, t);
		t = lock->owner;
	}
}

void pi_lock_init(struct pi_lock *lock, void (*emptied)(struct pi_lock *lock))
{
	lock->owner = NULL;
	list_init(&lock->waiters);
	list_init(&lock->owned);
	lock->emptied = emptied;
}

void pi_own(struct pi_lock *lock, struct thread *owner)
{
	BUG_ON(lock->owner);
	lock->owner = owner;
	list_append(&owner->pi_owned, &lock->owned);
}

void pi_disown(struct pi_lock *lock)
{
	BUG_ON(!list_empty(&lock->waiters));
	list_remove(&lock->owned);
	lock->owner = NULL;
}

int pi_wait(struct pi_lock *lock, struct thread *thread)
{
	const struct thread *t = lock->owner;
	unsigned int length = 0;

	BUG_ON(thread->pi_waits);
	for (;;) {
		if (t == thread || ++length > CHAIN_MAX)
			return -EDEADLK;
		if (!t->pi_waits)
			break;
		t = t->pi_waits->owner;
	}
	thread->pi_waits = lock;
	enqueue(lock, thread);
	propagate(lock->owner);
	return 0;
}

struct thread *pi_hand_over(struct pi_lock *lock)
{
	struct thread *from = lock->owner, *to = pi_first(lock);

	list_remove(&to->pi_link);
	to->pi_waits = NULL;
	list_remove(&lock->owned);
	lock->owner = NULL;
	pi_own(lock, to);
	propagate(from);
	propagate(to);
	return to;
}

void pi_give_up(struct thread *thread)
{
	struct pi_lock *lock = thread->pi_waits;

	list_remove(&thread->pi_link);
	thread->pi_waits = NULL;
	propagate(lock->owner);
	if (list_empty(&lock->waiters) && lock->emptied)
		lock->emptied(lock);
}

void pi_reorder(struct thread *thread)
{
	struct pi_lock *lock = thread->pi_waits;

	list_remove(&thread->pi_link);
	enqueue(lock, thread);
	propagate(lock->owner);
}
