/* SPDX-License-Identifier: MIT */
/*
 * Priority inheritance: who holds a lock runs at least at the priority of the first of those who wait for
 * it, and so along a chain of locks whose holders wait themselves. What a lock is, and where its state is
 * kept for programs, is for others to say (futex_pi.c, mutex.c).
 *
 * A thread's `priority` is its own and changed only by thread_set_policy(); `inherited` follows from the
 * locks in its pi_owned, `effective` is the higher of the two.
 *
 * All is done at once, with interrupts off. A thread waits for one lock at a time and no thread, by a
 * chain, for itself; so an operation takes a time of the order of the number of threads.
 */
#ifndef RTOS_PI_H
#define RTOS_PI_H

#include "list.h"
#include "types.h"

struct thread;

struct pi_lock {
	struct thread *owner;		/* NULL: none, and nobody waits */
	struct list waiters;		/* by thread.pi_link, in the order of `effective`, then of arrival */
	struct list owned;		/* in the owner's pi_owned */
	/* The last waiter gave up. Interrupt context; may free the lock. NULL: nothing is to be done. */
	void (*emptied)(struct pi_lock *lock);
};

void pi_lock_init(struct pi_lock *lock, void (*emptied)(struct pi_lock *lock));
/* Of a lock that has no owner. */
void pi_own(struct pi_lock *lock, struct thread *owner);
/* Of a lock for which nobody waits: it has no owner afterwards. */
void pi_disown(struct pi_lock *lock);

/*
 * Has `thread` wait; it blocks, or is blocked, by thread_block(), and stops waiting when it is woken. The
 * lock has an owner. -EDEADLK: that one waits, maybe by a chain, for `thread`; or the chain is longer
 * than Linux follows any.
 */
int pi_wait(struct pi_lock *lock, struct thread *thread);
/* The first waiter, or NULL. */
struct thread *pi_first(const struct pi_lock *lock);
/* Makes the first waiter, which must exist, the owner; it is still to be woken. */
struct thread *pi_hand_over(struct pi_lock *lock);

/* --- for the scheduler -------------------------------------------------------------------------- */

/* `thread` waits for a lock and will not: it is woken, by a time-out, a signal or its death. */
void pi_give_up(struct thread *thread);
/* `thread`, which waits for a lock, has another effective priority. */
void pi_reorder(struct thread *thread);

#endif
