// SPDX-License-Identifier: MIT
#include <linux/errno.h>
#include <linux/signal.h>

#include "cpu_timer.h"
#include "page.h"
#include "posix_timer.h"
#include "process.h"
#include "signals.h"
#include "sys.h"

#define NS_MAX	((u64)INT64_MAX)

/* --- time ------------------------------------------------------------------------------------------ */

static bool on_real_time(const struct posix_timer *t)
{
	return t->settable && t->absolute;
}

static u64 now_on(const struct posix_timer *t)
{
	if (t->on_cpu)
		return cpu_timer_clock(t);
	return on_real_time(t) ? time_realtime() : time_monotonic();
}

static u64 after(u64 time, u64 ns)
{
	return ns > NS_MAX - time ? NS_MAX : time + ns;
}

/* Linux tells when it has set its clock only by what the clock shows next. */
static void arm(struct posix_timer *t)
{
	u64 expires = t->expires;

	if (t->on_cpu) {
		cpu_timer_start(t);
		return;
	}
	if (on_real_time(t))
		expires = min(sys_deadline_realtime(expires),
			      sys_deadline_after(POSIX_TIMER_LOOK_NS));
	timer_start(&t->timer, expires);
}

static void disarm(struct posix_timer *t)
{
	if (t->on_cpu)
		cpu_timer_stop(t);
	else
		timer_stop(&t->timer);
}

/* On to the first period that ends after `now`; how many have ended. */
static u64 forward(struct posix_timer *t, u64 now)
{
	u64 periods;

	if (now < t->expires)
		return 0;
	periods = (now - t->expires) / t->interval + 1;
	t->expires = after(t->expires, periods * t->interval);
	return periods;
}

/* --- expiring -------------------------------------------------------------------------------------- */

/* Nobody is told. */
static void go_on(struct posix_timer *t)
{
	if (!t->interval) {
		t->expires = 0;
		return;
	}
	t->overrun += forward(t, after(now_on(t), POSIX_TIMER_IDLE_NS));
	arm(t);
}

/* False: the signal is ignored. */
static bool send(struct posix_timer *t)
{
	struct thread *thread = NULL;

	if (t->entry.next) {
		t->overrun++;
		return true;
	}
	if (t->tid) {
		thread = process_find_thread(t->process, t->tid);
		if (!thread)
			return true;
	}
	return signal_send_entry(t->process, thread, &t->entry);
}

static void expired(struct timer *timer)
{
	struct posix_timer *t = container_of(timer, struct posix_timer, timer);

	if (now_on(t) < t->expires) {
		arm(t);
		return;
	}
	t->due = t->interval;
	if (!send(t)) {
		t->due = false;
		go_on(t);
	} else if (!t->due) {
		t->expires = 0;
	}
}

/* The signal was taken, or discarded. */
static void signal_left(struct sigentry *entry, struct signal_info *info)
{
	struct posix_timer *t = container_of(entry, struct posix_timer, entry);
	u64 overrun;

	if (!t->due) {
		t->overrun_last = 0;
		return;
	}
	t->due = false;
	if (!info) {
		go_on(t);
		return;
	}
	/* One of those that have ended is the one that the signal is about. */
	overrun = t->overrun + forward(t, now_on(t));
	t->overrun = 0;
	t->overrun_last = overrun ? min(overrun - 1, (u64)INT32_MAX) : 0;
	if (info->code == SI_TIMER)
		info->overrun = t->overrun_last;
	arm(t);
}

/* --- setting --------------------------------------------------------------------------------------- */

void posix_timer_init(struct posix_timer *t, struct process *p, bool on_cpu)
{
	timer_init(&t->timer, expired);
	t->on_cpu = on_cpu;
	t->process = p;
	t->entry.left = signal_left;
}

void posix_timer_set(struct posix_timer *t, u64 value, u64 interval, bool absolute)
{
	disarm(t);
	t->due = false;
	t->overrun = 0;
	t->overrun_last = 0;
	t->interval = value ? interval : 0;
	t->absolute = absolute;
	t->expires = !value ? 0 : absolute ? value : after(now_on(t), value);
	if (t->expires && !t->silent)
		arm(t);
}

u64 posix_timer_left(struct posix_timer *t, u64 *interval)
{
	u64 now = now_on(t);

	*interval = t->interval;
	if (!t->expires)
		return 0;
	if (t->interval && (t->due || t->silent))
		t->overrun += forward(t, now);
	if (t->expires > now)
		return t->expires - now;
	/* It is about to expire; a silent one has. */
	return t->silent ? 0 : 1;
}

void posix_timer_stop(struct posix_timer *t)
{
	struct thread *thread = t->tid ? process_find_thread(t->process, t->tid) : NULL;

	disarm(t);
	t->due = false;
	/* Those of a thread that has ended were discarded. */
	if (thread)
		sigqueue_remove(&thread->signals.pending, &t->entry);
	else if (!t->tid)
		sigqueue_remove(&t->process->signals->pending, &t->entry);
}

/* --- those of a process ---------------------------------------------------------------------------- */

int posix_timer_new(struct process *p, bool on_cpu, struct posix_timer **timer)
{
	struct posix_timers *all = &p->signals->timers;
	struct posix_timer *t;
	u32 i, id;

	if (p->signals->queued + p->signals->withheld >= SIGNAL_QUEUE_MAX ||
	    (on_cpu && all->on_cpu == CPU_TIMERS_MAX))
		return -EAGAIN;
	if (!all->table)
		all->table = kalloc(PAGE_SIZE);
	if (!all->table)
		return -EAGAIN;
	for (i = 0; i < POSIX_TIMERS_MAX; i++) {
		id = (all->next + i) % POSIX_TIMERS_MAX;
		if (!all->table[id])
			break;
	}
	t = i < POSIX_TIMERS_MAX ? kalloc(sizeof(*t)) : NULL;
	if (!t)
		return -EAGAIN;
	all->table[id] = t;
	all->next = id + 1;
	all->on_cpu += on_cpu;
	p->signals->queued++;
	posix_timer_init(t, p, on_cpu);
	*timer = t;
	return id;
}

struct posix_timer *posix_timer_find(const struct process *p, u32 id)
{
	const struct posix_timers *all = &p->signals->timers;

	return all->table && id < POSIX_TIMERS_MAX ? all->table[id] : NULL;
}

void posix_timer_delete(struct process *p, u32 id)
{
	struct posix_timer *t = posix_timer_find(p, id);

	if (!t)
		return;
	posix_timer_stop(t);
	p->signals->timers.table[id] = NULL;
	p->signals->timers.on_cpu -= t->on_cpu;
	p->signals->queued--;
	kfree(t);
}

void posix_timer_delete_all(struct process *p)
{
	struct posix_timers *all = &p->signals->timers;
	u32 id;

	if (!all->table)
		return;
	for (id = 0; id < POSIX_TIMERS_MAX; id++) {
		posix_timer_delete(p, id);
		preempt_point();
	}
	kfree(all->table);
	all->table = NULL;
	all->next = 0;
}
