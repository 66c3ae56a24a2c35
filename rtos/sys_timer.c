// SPDX-License-Identifier: MIT
/* System calls about timers that send signals. */
#include <linux/errno.h>
#include <linux/signal.h>
#include <linux/time.h>
#include <linux/time_types.h>

#include "posix_timer.h"
#include "process.h"
#include "sys.h"
#include "uaccess.h"

#define NSEC_PER_USEC	1000

/* --- timer_create() and its kin -------------------------------------------------------------------- */

struct clock {
	bool settable, on_cpu;
	s32 tid;
};

static int judge_clock(s32 id, struct clock *clock)
{
	switch (id) {
	case CLOCK_REALTIME:
	case CLOCK_TAI:
		clock->settable = true;
		return 0;
	case CLOCK_MONOTONIC:
	case CLOCK_BOOTTIME:
		return 0;
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_REALTIME_ALARM:
	case CLOCK_BOOTTIME_ALARM:
		return -EOPNOTSUPP;
	}
	clock->on_cpu = true;
	return sys_cpu_clock(id, &clock->tid) ? -EINVAL : 0;
}

static int judge_event(const struct sigevent *e)
{
	switch (e->sigev_notify) {
	case SIGEV_SIGNAL | SIGEV_THREAD_ID:
		if (!process_find_thread(current->process, e->sigev_notify_thread_id))
			return -EINVAL;
		break;
	case SIGEV_SIGNAL:
	case SIGEV_THREAD:
		break;
	case SIGEV_NONE:
		return 0;
	default:
		return -EINVAL;
	}
	return (u32)e->sigev_signo - 1 < SIGNALS ? 0 : -EINVAL;
}

s64 sys_timer_create(struct regs *regs)
{
	struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
	struct process *p = current->process;
	struct posix_timer *t;
	struct clock clock = { 0 };
	int ret, id;

	if (arg1(regs) && copy_from_user(&e, arg1(regs), sizeof(e)))
		return -EFAULT;
	ret = judge_clock(arg0(regs), &clock);
	if (!ret)
		ret = judge_event(&e);
	if (ret)
		return ret;
	id = posix_timer_new(p, clock.on_cpu, &t);
	if (id < 0)
		return id;
	t->settable = clock.settable;
	t->cpu_tid = clock.tid;
	t->silent = e.sigev_notify == SIGEV_NONE;
	t->tid = e.sigev_notify & SIGEV_THREAD_ID ? e.sigev_notify_thread_id : 0;
	t->entry.info = (struct signal_info){
		.sig = e.sigev_signo,
		.code = SI_TIMER,
		.timer = id,
		.value = arg1(regs) ? (u64)e.sigev_value.sival_ptr : (u64)id,
	};
	if (put_user32(arg2(regs), id)) {
		posix_timer_delete(p, id);
		return -EFAULT;
	}
	return 0;
}

static int put_setting(u64 to, u64 left, u64 interval)
{
	return sys_put_timespec(to, interval) || sys_put_timespec(to + 16, left) ? -EFAULT : 0;
}

s64 sys_timer_settime(struct regs *regs)
{
	struct posix_timer *t = posix_timer_find(current->process, arg0(regs));
	u64 value, interval, old_left, old_interval;
	int ret;

	if (!arg2(regs))
		return -EINVAL;
	ret = sys_get_timespec(arg2(regs), &interval);
	if (ret != -EFAULT)
		ret = sys_get_timespec(arg2(regs) + 16, &value) ?: ret;
	if (ret)
		return ret;
	if (!t)
		return -EINVAL;
	old_left = posix_timer_left(t, &old_interval);
	posix_timer_set(t, value, interval, arg1(regs) & TIMER_ABSTIME);
	return arg3(regs) ? put_setting(arg3(regs), old_left, old_interval) : 0;
}

s64 sys_timer_gettime(struct regs *regs)
{
	struct posix_timer *t = posix_timer_find(current->process, arg0(regs));
	u64 left, interval;

	if (!t)
		return -EINVAL;
	left = posix_timer_left(t, &interval);
	return put_setting(arg1(regs), left, interval);
}

s64 sys_timer_getoverrun(struct regs *regs)
{
	const struct posix_timer *t = posix_timer_find(current->process, arg0(regs));

	return t ? t->overrun_last : -EINVAL;
}

s64 sys_timer_delete(struct regs *regs)
{
	if (!posix_timer_find(current->process, arg0(regs)))
		return -EINVAL;
	posix_timer_delete(current->process, arg0(regs));
	return 0;
}

/* --- the interval timers of the process ------------------------------------------------------------ */

/* NULL: no such timer. Time in user mode is not told from time in system calls. */
static struct posix_timer *itimer(u32 which)
{
	static const u8 signal[] = { SIGALRM, SIGVTALRM, SIGPROF };
	struct process *p = current->process;
	struct posix_timer *t;

	if (which >= ARRAY_SIZE(signal))
		return NULL;
	t = &p->signals->itimer[which];
	if (!t->process) {
		posix_timer_init(t, p, which != ITIMER_REAL);
		t->entry.info = (struct signal_info){ .sig = signal[which], .code = SI_KERNEL };
	}
	return t;
}

static int get_timeval(const struct timeval *tv, u64 *ns)
{
	if (tv->tv_sec < 0 || (u64)tv->tv_usec >= NSEC_PER_SEC / NSEC_PER_USEC)
		return -EINVAL;
	*ns = (u64)tv->tv_sec >= INT64_MAX / NSEC_PER_SEC ?
		      (u64)INT64_MAX :
		      tv->tv_sec * NSEC_PER_SEC + tv->tv_usec * NSEC_PER_USEC;
	return 0;
}

static int put_itimer(u64 to, u64 left, u64 interval)
{
	const struct itimerval v = {
		.it_interval = { interval / NSEC_PER_SEC, interval % NSEC_PER_SEC / NSEC_PER_USEC },
		.it_value = { left / NSEC_PER_SEC, left % NSEC_PER_SEC / NSEC_PER_USEC },
	};

	return copy_to_user(to, &v, sizeof(v));
}

/* What is armed is not over, however little is left of it. */
static u64 itimer_left(struct posix_timer *t, u64 *interval)
{
	u64 left = posix_timer_left(t, interval);

	return left ? max(left, (u64)NSEC_PER_USEC) : 0;
}

s64 sys_getitimer(struct regs *regs)
{
	struct posix_timer *t = itimer(arg0(regs));
	u64 left, interval;

	if (!t)
		return -EINVAL;
	left = itimer_left(t, &interval);
	return put_itimer(arg1(regs), left, interval);
}

s64 sys_setitimer(struct regs *regs)
{
	u64 value = 0, interval = 0, old_left, old_interval;
	struct posix_timer *t = itimer(arg0(regs));
	struct itimerval new;

	if (arg1(regs)) {
		if (copy_from_user(&new, arg1(regs), sizeof(new)))
			return -EFAULT;
		if (get_timeval(&new.it_value, &value) || get_timeval(&new.it_interval, &interval))
			return -EINVAL;
	}
	if (!t)
		return -EINVAL;
	old_left = itimer_left(t, &old_interval);
	posix_timer_set(t, value, interval, false);
	return arg2(regs) ? put_itimer(arg2(regs), old_left, old_interval) : 0;
}

/* Seconds, rounded, but not to none. */
s64 sys_alarm(struct regs *regs)
{
	struct posix_timer *t = itimer(ITIMER_REAL);
	u64 interval, left = itimer_left(t, &interval);

	posix_timer_set(t, (u32)arg0(regs) * NSEC_PER_SEC, 0, false);
	return left && left < NSEC_PER_SEC ? 1 : (left + NSEC_PER_SEC / 2) / NSEC_PER_SEC;
}
