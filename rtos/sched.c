// SPDX-License-Identifier: MIT
/*
 * Fixed priorities, a FIFO queue for each. The running thread is in no queue. A thread that is preempted
 * goes back to the head of its queue, one whose slice ended or that yields, to the tail. What counts is
 * the effective priority of a thread, which may be inherited from those who wait for it.
 *
 * When nothing is ready, the thread that blocked last waits for an interrupt on its own stack, and
 * just goes on if it is the next to run: a remote call, answered while nothing else runs, switches nothing.
 *
 * A slice is timed only while another thread of the same priority is ready. A thread that blocks or
 * yields gets a whole new slice, one that is preempted keeps the rest of its own.
 */
#include <linux/errno.h>

#include "log.h"
#include "pi.h"
#include "scheduler.h"

#define SLICE_RR_NS	(100 * 1000000ull)
#define SLICE_OTHER_NS	(4 * 1000000ull)

struct thread sched_boot_thread = { .state = THREAD_BLOCKED, .priority = -1, .effective = -1 };
struct thread *current = &sched_boot_thread;
bool sched_pending;

static struct list queue[PRIORITY_MAX + 1];
static u64 ready[2];		/* bit p: queue[p] is not empty */
static struct timer slice_timer;
static bool slice_over;		/* current has used its slice up */
static bool idle;

/* The highest priority that is ready, or -1. */
static int highest(void)
{
	if (ready[1])
		return 127 - __builtin_clzll(ready[1]);
	if (ready[0])
		return 63 - __builtin_clzll(ready[0]);
	return -1;
}

static u64 *ready_word(const struct thread *t)
{
	return &ready[(unsigned int)t->effective / 64];
}

static u64 ready_bit(const struct thread *t)
{
	return 1ull << (t->effective & 63);
}

static void enqueue(struct thread *t, bool head)
{
	struct list *q = &queue[t->effective];

	list_insert(head ? q : q->prev, &t->run_link);
	*ready_word(t) |= ready_bit(t);
}

static void dequeue(struct thread *t)
{
	list_remove(&t->run_link);
	if (list_empty(&queue[t->effective]))
		*ready_word(t) &= ~ready_bit(t);
}

static bool queued(const struct thread *t)
{
	return !list_empty(&t->run_link);
}

u64 sched_slice(int policy)
{
	return policy == SCHED_RR ? SLICE_RR_NS : policy == SCHED_FIFO ? 0 : SLICE_OTHER_NS;
}

/* One that is not real-time runs at a priority that is, which it inherits, as one of SCHED_FIFO. */
static u64 slice_of(const struct thread *t)
{
	return sched_slice(t->effective && t->policy != SCHED_RR ? SCHED_FIFO : t->policy);
}

static __attribute__((noinline)) void slice_time(struct thread *t)
{
	u64 length = slice_of(t);

	if (!length)
		return;
	t->slice_end = time_monotonic() + (t->slice_left ? t->slice_left : length);
	timer_start(&slice_timer, t->slice_end);
}

/* current, running, may now have to share its priority. */
static void slice_begin(void)
{
	struct thread *t = current;

	if (t->state == THREAD_READY && !list_empty(&queue[t->effective]) && !t->slice_end)
		slice_time(t);
}

/* t stops running; keep: it did not want to. */
static void slice_suspend(struct thread *t, bool keep)
{
	u64 now;

	if (!t->slice_end)
		return;
	timer_stop(&slice_timer);
	now = time_monotonic();
	t->slice_left = keep && now < t->slice_end ? t->slice_end - now : 0;
	t->slice_end = 0;
}

static void slice_expired(struct timer *timer)
{
	(void)timer;
	slice_over = true;
	sched_pending = true;
}

void sched_init(void)
{
	for (int i = 0; i <= PRIORITY_MAX; i++)
		list_init(&queue[i]);
	ready[0] = ready[1] = 0;
	timer_init(&slice_timer, slice_expired);
	list_init(&sched_boot_thread.run_link);
	current = &sched_boot_thread;
	sched_pending = slice_over = idle = false;
}

void sched_switch(void)
{
	struct thread *prev = current, *next;
	int priority;

	slice_suspend(prev, false);
	idle = true;
	while ((priority = highest()) < 0 && prev->state != THREAD_DEAD)
		thread_idle();
	idle = false;
	sched_pending = slice_over = false;
	if (priority < 0) {
		next = &sched_boot_thread;
	} else {
		next = list_entry(queue[priority].next, struct thread, run_link);
		dequeue(next);
	}
	current = next;
	slice_begin();
	if (next != prev)
		thread_switch(prev, next);
}

/* current stays ready, but behind those that are due. */
static void give_way(bool head)
{
	slice_suspend(current, head);
	enqueue(current, head);
	sched_switch();
}

void sched_preempt(void)
{
	bool turn = slice_over;
	int priority = highest();

	sched_pending = slice_over = false;
	if (turn) {
		current->slice_end = 0;
		current->slice_left = 0;
	}
	if (priority > current->effective)
		give_way(!turn);
	else if (turn && priority == current->effective)
		give_way(false);
}

void thread_ready(struct thread *thread)
{
	BUG_ON(thread->state != THREAD_NEW && thread->state != THREAD_BLOCKED);
	thread->state = THREAD_READY;
	enqueue(thread, false);
	if (idle)
		return;
	if (thread->effective > current->effective)
		sched_pending = true;
	else if (thread->effective == current->effective)
		slice_begin();
}

void thread_wake(struct thread *thread, int result)
{
	if (thread->state != THREAD_BLOCKED || thread == &sched_boot_thread)
		return;
	if (thread->pi_waits)
		pi_give_up(thread);
	thread->wake_result = result;
	thread_ready(thread);
}

int thread_block(u64 deadline)
{
	struct thread *t = current;

	if (t->killed && !t->scf_patient) {
		if (t->pi_waits)
			pi_give_up(t);
		return -EINTR;
	}
	t->state = THREAD_BLOCKED;
	if (deadline == TIME_NEVER) {
		sched_switch();
	} else {
		timer_start(&t->sleep, deadline);
		sched_switch();
		timer_stop(&t->sleep);
	}
	return t->wake_result;
}

void thread_kill(struct thread *thread)
{
	thread->killed = true;
	thread_wake(thread, -EINTR);
}

/* In the queues; the caller has seen to the slice. */
static void set_effective(struct thread *t, int priority)
{
	bool lower = priority < t->effective, was_queued = queued(t);

	if (priority == t->effective)
		return;
	if (was_queued)
		dequeue(t);
	t->effective = priority;
	if (was_queued)
		enqueue(t, lower);
}

/* Priorities have changed: who runs, and whether it shares its own? */
static void reconsider(void)
{
	if (idle)
		return;
	if (highest() > current->effective)
		sched_pending = true;
	else
		slice_begin();
}

void thread_set_policy(struct thread *thread, int policy, int priority)
{
	int before = thread->effective;

	BUG_ON(priority < 0 || priority > PRIORITY_MAX);
	if (thread->policy == policy && thread->priority == priority)
		return;
	slice_suspend(thread, false);
	thread->slice_left = 0;
	if (thread == current)
		slice_over = false;
	thread->policy = policy;
	thread->priority = priority;
	set_effective(thread, max(priority, thread->inherited));
	reconsider();
	if (thread->pi_waits && thread->effective != before)
		pi_reorder(thread);
}

void thread_policy_of_maker(struct thread *thread)
{
	if (current->reset_on_fork && policy_realtime(current->policy))
		thread_set_policy(thread, SCHED_OTHER, 0);
	else
		thread_set_policy(thread, current->policy, current->priority);
}

void thread_inherit(struct thread *thread, int priority)
{
	thread->inherited = priority;
	priority = max(priority, thread->priority);
	if (priority == thread->effective)
		return;
	slice_suspend(thread, true);
	if (thread == current)
		slice_over = false;
	set_effective(thread, priority);
	reconsider();
}

void sched_yield(void)
{
	if (highest() >= current->effective)
		give_way(false);
}
