// SPDX-License-Identifier: MIT
/* sources: rtos/sched.c rtos/pi.c rtos/futex.c rtos/futex_pi.c */
/* cflags: -Irtos -DUNIT_TEST -Dsched_yield=rtos_sched_yield */
/*
 * Threads that lock, wait, time out, signal and kill each other at random, the same way each time. After every
 * step what inheritance means is looked at as a whole, from scratch.
 */
#include "rtos_pi_sim.h"

#define THREADS	12
#define LOCKS	5
#define STEPS	150
#define SEEDS	60
#define COND	WORD(15)
#define L(n)	WORD(n)

static u64 random_state;
static int holder[LOCKS];	/* thread + 1; what programs think */
static unsigned int seen[8];

enum {
	GOT,
	TIMED_OUT,
	DEADLOCK,
	INHERITED,
	MOVED,
	KILLED,
	SIGNALLED,
	RAISED,
};

static unsigned int any(unsigned int n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (random_state >> 11) % n;
}

static bool alive(unsigned int n)
{
	return T(n)->state != THREAD_DEAD;
}

/* --- what must hold ------------------------------------------------------------------------------------ */

static void look_at_lock(const struct pi_lock *lock, const struct thread *owner, int *highest)
{
	int last = PRIORITY_MAX;
	struct list *p;

	assert_ptr_equal(lock->owner, owner);
	list_for_each(p, &lock->waiters) {
		const struct thread *t = list_entry(p, struct thread, pi_link);

		assert_ptr_equal(t->pi_waits, lock);
		assert_int_equal(t->state, THREAD_BLOCKED);
		assert_true(t->effective <= last);
		last = t->effective;
		*highest = max(*highest, t->effective);
	}
}

static void look_at_thread(const struct thread *t)
{
	int highest = 0;
	struct list *p;

	list_for_each(p, &t->pi_owned)
		look_at_lock(list_entry(p, struct pi_lock, owned), t, &highest);
	assert_int_equal(t->inherited, highest);
	assert_int_equal(t->effective, max(t->priority, highest));
	/* The one that runs is the one that should. */
	if (t->state == THREAD_READY)
		assert_true(t->effective <= current->effective);
}

static void look(void)
{
	unsigned int i;

	for (i = 0; i < THREADS; i++) {
		if (alive(i))
			look_at_thread(T(i));
	}
}

/* --- steps ------------------------------------------------------------------------------------------------ */

static unsigned int self(void)
{
	return sim_self() - sim;
}

static void hold(unsigned int n)
{
	int before = holder[n];

	if (before) {
		assert_true(!alive(before - 1) || T(before - 1)->killed);
		seen[INHERITED]++;
	}
	seen[GOT]++;
	holder[n] = self() + 1;
	assert_int_equal(word(L(n)) & FUTEX_TID_MASK, current->tid);
}

static void let_go(unsigned int n)
{
	holder[n] = 0;
	unlock(L(n));
}

static void let_all_go(void)
{
	unsigned int n;

	for (n = 0; n < LOCKS; n++) {
		if (holder[n] == (int)self() + 1)
			let_go(n);
	}
}

static void take(unsigned int n)
{
	s64 ret;

	if (holder[n] == (int)self() + 1) {
		let_go(n);
		return;
	}
	ret = lock_for(L(n), any(2) ? any(6) * MS : 0);
	switch (ret) {
	case 0:
		hold(n);
		break;
	case -ETIMEDOUT:
		seen[TIMED_OUT]++;
		break;
	case -EDEADLK:
		seen[DEADLOCK]++;
		let_all_go();
		break;
	case -ESRCH:
		/* It died and nobody waited. */
		assert_false(alive((word(L(n)) & FUTEX_TID_MASK) - 200));
		put_user32(L(n), 0);
		break;
	default:
		fail_msg("lock: %ld", (long)ret);
	}
}

/* For lock 0. */
static void wait_for_cond(void)
{
	s64 ret;

	if (holder[0] == (int)self() + 1)
		let_go(0);
	ret = futex(COND, FUTEX_WAIT_REQUEUE_PI_PRIVATE, 0, at(fake_now + any(8) * MS), L(0), 0);
	if (!ret)
		hold(0);
	else
		assert_true(ret == -ETIMEDOUT || ret == -EAGAIN);
}

static void broadcast(void)
{
	s64 ret = futex(COND, FUTEX_CMP_REQUEUE_PI_PRIVATE, 1, any(4), L(0), 0);

	/* Who waits may hold what the owner of the lock waits for. */
	assert_true(ret >= 0 || ret == -EDEADLK || ret == -ESRCH);
	if (ret > 0)
		seen[MOVED] += ret;
}

static void change_somebody(void)
{
	unsigned int n = any(THREADS), kind = any(30), priority;

	if (!alive(n))
		return;
	if (kind < 15) {
		priority = any(4) ? any(PRIORITY_MAX + 1) : 0;
		set_policy(n, !priority ? SCHED_OTHER : any(2) ? SCHED_FIFO : SCHED_RR, priority);
		seen[RAISED]++;
	} else if (kind < 29) {
		send_signal(n);
		seen[SIGNALLED]++;
	} else {
		seen[KILLED]++;
		kill_thread(n);
	}
}

static void step(void)
{
	switch (any(8)) {
	case 0:
	case 1:
	case 2:
		take(any(LOCKS));
		break;
	case 3:
		compute(any(3) * MS);
		break;
	case 4:
		snooze(any(3) * MS);
		break;
	case 5:
		wait_for_cond();
		break;
	case 6:
		broadcast();
		break;
	case 7:
		change_somebody();
		break;
	}
}

static void lives(void)
{
	unsigned int i;

	for (i = 0; i < STEPS; i++) {
		step();
		look();
	}
	if (any(2))
		let_all_go();
}

static void run_seed(unsigned int seed)
{
	unsigned int i;

	random_state = seed * 0x9e3779b97f4a7c15ull | 1;
	memset(holder, 0, sizeof(holder));
	for (i = 0; i < LOCKS; i++)
		put_user32(L(i), 0);
	for (i = 0; i < THREADS; i++)
		spawn(i, i % 3 ? SCHED_FIFO : SCHED_OTHER, i % 3 ? 1 + any(PRIORITY_MAX) : 0,
		      lives);
	run();
	for (i = 0; i < THREADS; i++) {
		free(sim[i].stack);
		sim[i].stack = NULL;
	}
	/* No lock is kept when nobody waits. */
	assert_int_equal(fake_objects, 0);
}

static void any_order_of_things(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 1; i <= SEEDS; i++)
		run_seed(i);
	/* It all happened, and often. */
	for (i = 0; i < ARRAY_SIZE(seen); i++) {
		print_message("# %u: %u times\n", i, seen[i]);
		assert_true(seen[i] > SEEDS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(any_order_of_things, sim_setup, sim_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
