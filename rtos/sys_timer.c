// SPDX-License-Identifier: MIT
/* System calls about timers that send signals. Those on CPU time are refused. */
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

static int judge_clock(s32 id, bool *settable)
{
	*settable = id == CLOCK_REALTIME || id == CLOCK_TAI;
	switch (id) {
	case CLOCK_REALTIME:
	case CLOCK_TAI:
	case CLOCK_MONOTONIC:
	case CLOCK_BOOTTIME:
		return 0;
	case CLOCK_PROCESS_CPUTIME_ID:
	case CLOCK_THREAD_CPUTIME_ID:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_REALTIME_ALARM:
	case CLOCK_BOOTTIME_ALARM:
		return -EOPNOTSUPP;
	}
	return -EINVAL;
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
	bool settable;
	int ret, id;

	if (arg1(regs) && copy_from_user(&e, arg1(regs), sizeof(e)))
		return -EFAULT;
	ret = judge_clock(arg0(regs), &settable);
	if (!ret)
		ret = judge_event(&e);
	if (ret)
		return ret;
	id = posix_timer_new(p, &t);
	if (id < 0)
		return id;
	t->settable = settable;
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

/* --- the interval timer of the process ------------------------------------------------------------- */

static struct posix_timer *itimer(void)
{
	struct process *p = current->process;
	struct posix_timer *t = &p->signals->real;

	if (!t->process) {
		posix_timer_init(t, p);
		t->entry.info = (struct signal_info){ .sig = SIGALRM, .code = SI_KERNEL };
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
static u64 itimer_left(u64 *interval)
{
	u64 left = posix_timer_left(itimer(), interval);

	return left ? max(left, (u64)NSEC_PER_USEC) : 0;
}

s64 sys_getitimer(struct regs *regs)
{
	u64 left, interval;

	if (!sys_user_pointer(arg1(regs)))
		return -EFAULT;
	if ((u32)arg0(regs) != ITIMER_REAL)
		return sys_remote(regs);
	left = itimer_left(&interval);
	return put_itimer(arg1(regs), left, interval);
}

s64 sys_setitimer(struct regs *regs)
{
	u64 value = 0, interval = 0, old_left, old_interval;
	struct itimerval new;

	if (!sys_user_pointer(arg1(regs)) || !sys_user_pointer(arg2(regs)))
		return -EFAULT;
	if ((u32)arg0(regs) != ITIMER_REAL)
		return sys_remote(regs);
	if (arg1(regs)) {
		if (copy_from_user(&new, arg1(regs), sizeof(new)))
			return -EFAULT;
		if (get_timeval(&new.it_value, &value) || get_timeval(&new.it_interval, &interval))
			return -EINVAL;
	}
	old_left = itimer_left(&old_interval);
	posix_timer_set(itimer(), value, interval, false);
	return arg2(regs) ? put_itimer(arg2(regs), old_left, old_interval) : 0;
}

/* Seconds, rounded, but not to none. */
s64 sys_alarm(struct regs *regs)
{
	u64 interval, left = itimer_left(&interval);

	posix_timer_set(itimer(), (u32)arg0(regs) * NSEC_PER_SEC, 0, false);
	return left && left < NSEC_PER_SEC ? 1 : (left + NSEC_PER_SEC / 2) / NSEC_PER_SEC;
}
