// SPDX-License-Identifier: MIT
#include "cpu_timer.h"
#include "process.h"
#include "sys.h"

static void expire(struct timer *timer);

static struct timer next = { .fn = expire };	/* for what runs now */

/* The clock of a thread that has ended stands. */
u64 cpu_timer_clock(const struct posix_timer *t)
{
	const struct thread *thread;

	if (!t->cpu_tid)
		return process_cpu_ns(t->process);
	thread = process_find_thread(t->process, t->cpu_tid);
	return thread ? thread_cpu_ns(thread) : 0;
}

/* Of a timer of the process that runs. */
static bool runs(const struct posix_timer *t)
{
	return !t->cpu_tid || t->cpu_tid == current->tid;
}

static u64 left(const struct posix_timer *t)
{
	u64 now = cpu_timer_clock(t);

	return t->expires > now ? t->expires - now : 0;
}

void cpu_timers_pause(void)
{
	if (timer_armed(&next))
		timer_stop(&next);
}

void cpu_timers_run(void)
{
	u64 first = TIME_NEVER;

	cpu_timers_pause();
	if (!current->process)
		return;
	for (const struct posix_timer *t = current->process->cpu_timers; t; t = t->cpu_next) {
		if (runs(t) || !left(t))
			first = min(first, left(t));
	}
	if (first != TIME_NEVER)
		timer_start(&next, sys_deadline_after(first));
}

void cpu_timer_start(struct posix_timer *t)
{
	cpu_timer_stop(t);
	t->cpu_next = t->process->cpu_timers;
	t->process->cpu_timers = t;
	if (t->process == current->process)
		cpu_timers_run();
}

/* What is armed for it now may come for nothing. */
void cpu_timer_stop(struct posix_timer *t)
{
	struct posix_timer **link = &t->process->cpu_timers;

	while (*link && *link != t)
		link = &(*link)->cpu_next;
	if (*link)
		*link = t->cpu_next;
}

/*
 * One that was set to a time that is past is due even if its thread does not run. The function of a timer
 * may start it again: it then is at the head, and not due.
 */
static void expire(struct timer *timer)
{
	struct posix_timer **link, *t;

	(void)timer;
	if (!current->process)
		return;
	for (link = &current->process->cpu_timers; (t = *link);) {
		if (left(t)) {
			link = &t->cpu_next;
			continue;
		}
		*link = t->cpu_next;
		t->timer.fn(&t->timer);
	}
	cpu_timers_run();
}
