// SPDX-License-Identifier: MIT
/*
 * Clocks and sleeping, with the resolution of the hardware: the coarse clocks are fine here.
 */
#include <linux/errno.h>
#include <linux/resource.h>
#include <linux/time.h>
#include <linux/time_types.h>

#include "process.h"
#include "signals.h"
#include "sys.h"
#include "uaccess.h"

#define NS_MAX		((u64)INT64_MAX)
#define USER_HZ		100		/* also AT_CLKTCK */

int sys_get_timespec(u64 addr, u64 *ns)
{
	struct __kernel_timespec ts;

	if (copy_from_user(&ts, addr, sizeof(ts)))
		return -EFAULT;
	if (ts.tv_sec < 0 || ts.tv_nsec < 0 || ts.tv_nsec >= (s64)NSEC_PER_SEC)
		return -EINVAL;
	*ns = (u64)ts.tv_sec >= NS_MAX / NSEC_PER_SEC ? NS_MAX :
							ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
	return 0;
}

int sys_put_timespec(u64 addr, u64 ns)
{
	const struct __kernel_timespec ts = {
		.tv_sec = ns / NSEC_PER_SEC,
		.tv_nsec = ns % NSEC_PER_SEC,
	};

	return copy_to_user(addr, &ts, sizeof(ts));
}

u64 sys_deadline_after(u64 ns)
{
	u64 now = time_monotonic();

	return ns > NS_MAX - now ? NS_MAX : now + ns;
}

u64 sys_deadline_realtime(u64 ns)
{
	u64 now = time_realtime();

	return ns > now ? sys_deadline_after(ns - now) : 0;
}

/* Negative numbers: ~pid << 3, CPU_CLOCK_THREAD, and a type, of which 3 is a device's. */
#define CPU_CLOCK_THREAD	4
#define CPU_CLOCK_TYPE		3

int sys_cpu_clock(s32 id, s32 *tid)
{
	const struct process *p = current->process;
	s32 pid = ~(id >> 3);

	*tid = id == CLOCK_THREAD_CPUTIME_ID ? current->tid : 0;
	if (id == CLOCK_THREAD_CPUTIME_ID || id == CLOCK_PROCESS_CPUTIME_ID)
		return 0;
	if (id >= 0 || (id & CPU_CLOCK_TYPE) == CPU_CLOCK_TYPE)
		return -EINVAL;
	if (!(id & CPU_CLOCK_THREAD))
		return !pid || pid == p->pid ? 0 : -ESRCH;
	*tid = pid ? pid : current->tid;
	return process_find_thread(p, *tid) ? 0 : -EINVAL;
}

static int read_cpu_clock(s32 id, u64 *ns)
{
	s32 tid;
	int ret = sys_cpu_clock(id, &tid);

	if (ret)
		return ret;
	*ns = tid ? thread_cpu_ns(process_find_thread(current->process, tid)) :
		    process_cpu_ns(current->process);
	return 0;
}

static int read_clock(s32 id, u64 *ns)
{
	switch (id) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_ALARM:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_TAI:
		*ns = time_realtime();
		return 0;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME:
	case CLOCK_BOOTTIME_ALARM:
		*ns = time_monotonic();
		return 0;
	}
	return read_cpu_clock(id, ns);
}

s64 sys_clock_gettime(struct regs *regs)
{
	u64 ns;
	int ret = read_clock(arg0(regs), &ns);

	if (ret == -ESRCH)
		return sys_user_pointer(arg1(regs)) ? sys_remote(regs) : -EFAULT;
	return ret ? ret : sys_put_timespec(arg1(regs), ns);
}

s64 sys_clock_getres(struct regs *regs)
{
	u64 ns;
	int ret = read_clock(arg0(regs), &ns);

	if (ret == -ESRCH)
		return sys_user_pointer(arg1(regs)) ? sys_remote(regs) : -EFAULT;
	return ret || !arg1(regs) ? ret : sys_put_timespec(arg1(regs), 1);
}

/* --- what a program has used ------------------------------------------------------------------------ */

/* Linux knows all of it but the time, which is spent here; what the shadow needs counts as the system's. */
s64 sys_getrusage(struct regs *regs)
{
	s32 who = arg0(regs);
	u64 ns;
	s64 tv[2], ret;

	if (sys_shadow_pointer(arg1(regs)))
		return -EFAULT;
	ret = sys_remote(regs);
	if (ret || (who != RUSAGE_SELF && who != RUSAGE_THREAD))
		return ret;
	ns = who == RUSAGE_SELF ? process_cpu_ns(current->process) : thread_cpu_ns(current);
	tv[0] = ns / NSEC_PER_SEC;
	tv[1] = ns % NSEC_PER_SEC / 1000;
	return copy_to_user(arg1(regs), tv, sizeof(tv));
}

s64 sys_times(struct regs *regs)
{
	s64 ticks, ret;

	if (sys_shadow_pointer(arg0(regs)))
		return -EFAULT;
	ret = sys_remote(regs);
	if (ret == -EFAULT || !arg0(regs))
		return ret;
	ticks = process_cpu_ns(current->process) / (NSEC_PER_SEC / USER_HZ);
	return copy_to_user(arg0(regs), &ticks, sizeof(ticks)) ? -EFAULT : ret;
}

s64 sys_gettimeofday(struct regs *regs)
{
	const struct timezone utc = { 0 };
	u64 ns = time_realtime();
	const s64 tv[2] = { ns / NSEC_PER_SEC, ns % NSEC_PER_SEC / 1000 };

	if (arg0(regs) && copy_to_user(arg0(regs), tv, sizeof(tv)))
		return -EFAULT;
	if (arg1(regs) && copy_to_user(arg1(regs), &utc, sizeof(utc)))
		return -EFAULT;
	return 0;
}

s64 sys_time(struct regs *regs)
{
	s64 now = time_realtime() / NSEC_PER_SEC;

	if (arg0(regs) && copy_to_user(arg0(regs), &now, sizeof(now)))
		return -EFAULT;
	return now;
}

/* 0, or -EINTR: a signal came before. */
static int sleep_until(u64 deadline)
{
	while (time_monotonic() < deadline) {
		if (signal_pending() || current->killed)
			return -EINTR;
		if (thread_block(deadline) == -ETIMEDOUT)
			break;
	}
	return 0;
}

/* A sleep of some length goes on after an interruption; if it cannot, *remain gets what was left. */
static s64 sleep_on(u64 deadline, u64 remain, syscall_fn *again)
{
	u64 now;

	if (!sleep_until(deadline))
		return 0;
	now = time_monotonic();
	if (now >= deadline)
		return 0;
	if (remain && sys_put_timespec(remain, deadline - now))
		return -EFAULT;
	return sys_restart(again, deadline);
}

static s64 nanosleep_again(struct regs *regs)
{
	return sleep_on(current->signals.restart_deadline, arg1(regs), nanosleep_again);
}

static s64 clock_nanosleep_again(struct regs *regs)
{
	return sleep_on(current->signals.restart_deadline, arg3(regs), clock_nanosleep_again);
}

s64 sys_nanosleep(struct regs *regs)
{
	u64 ns;
	int ret = sys_get_timespec(arg0(regs), &ns);

	return ret ? ret : sleep_on(sys_deadline_after(ns), arg1(regs), nanosleep_again);
}

s64 sys_clock_nanosleep(struct regs *regs)
{
	s32 id = arg0(regs);
	u64 ns;
	int ret;

	switch (id) {
	case CLOCK_REALTIME:
	case CLOCK_TAI:
	case CLOCK_MONOTONIC:
	case CLOCK_BOOTTIME:
		break;
	/* They wake a machine that sleeps, for who has the right to do so. */
	case CLOCK_REALTIME_ALARM:
	case CLOCK_BOOTTIME_ALARM:
		if (sys_shadow_pointer(arg2(regs)) || sys_shadow_pointer(arg3(regs)))
			return -EFAULT;
		return sys_remote(regs);
	case CLOCK_PROCESS_CPUTIME_ID:
	case CLOCK_THREAD_CPUTIME_ID:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_MONOTONIC_COARSE:
		return -EOPNOTSUPP;
	default:
		return -EINVAL;
	}
	ret = sys_get_timespec(arg2(regs), &ns);
	if (ret)
		return ret;
	if (!(arg1(regs) & TIMER_ABSTIME))
		return sleep_on(sys_deadline_after(ns), arg3(regs), clock_nanosleep_again);
	if (id == CLOCK_REALTIME || id == CLOCK_TAI)
		ns = sys_deadline_realtime(ns);
	return sleep_until(ns) ? -ERESTARTNOHAND : 0;
}
