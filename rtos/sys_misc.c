// SPDX-License-Identifier: MIT
/* What fits nowhere else. */
#include <linux/errno.h>
#include <linux/prctl.h>
#include <linux/resource.h>

#include "mm.h"
#include "process.h"
#include "scf.h"
#include "signals.h"
#include "sys.h"
#include "uaccess.h"

#define MEMBARRIER_KNOWN	(1 | 8 | 16)	/* GLOBAL, PRIVATE_EXPEDITED and its registration */

s64 sys_zero(struct regs *regs)
{
	(void)regs;
	return 0;
}

/* Nothing of it can be changed here; asking, and asking for what is, is fine. */
s64 sys_personality(struct regs *regs)
{
	u32 persona = arg0(regs);

	return persona == 0xffffffff || !persona ? 0 : -EINVAL;
}

/* One processor orders everything for its own threads. */
s64 sys_membarrier(struct regs *regs)
{
	u32 command = arg0(regs);

	if (arg1(regs))
		return -EINVAL;
	if (!command)
		return MEMBARRIER_KNOWN;
	return command & (command - 1) || !(command & MEMBARRIER_KNOWN) ? -EINVAL : 0;
}

/* --- limits ---------------------------------------------------------------------------------------- */

static s64 change_limit(u64 new, u64 old, u64 *value, u64 max)
{
	const struct rlimit64 now = { *value, max };
	struct rlimit64 limit;

	if (new &&copy_from_user(&limit, new, sizeof(limit)))
		return -EFAULT;
	if (new &&limit.rlim_cur > limit.rlim_max)
		return -EINVAL;
	if (old && copy_to_user(old, &now, sizeof(now)))
		return -EFAULT;
	if (new)
		*value = min(limit.rlim_cur, max);
	return 0;
}

/*
 * That of the stack is ours, since stacks are populated: of the first thread when a program is started,
 * and of other threads, whose C library takes it as their size. And so is that of pending signals.
 */
static bool own_limit(u32 which)
{
	return which == RLIMIT_STACK || which == RLIMIT_SIGPENDING;
}

static s64 own_limit_change(u32 which, u64 new, u64 old)
{
	struct process *p = current->process;
	u64 signals = SIGNAL_QUEUE_MAX - p->signals->withheld;
	s64 ret;

	if (which == RLIMIT_STACK)
		return change_limit(new, old, &p->stack_limit, MM_STACK_MAX);
	ret = change_limit(new, old, &signals, SIGNAL_QUEUE_MAX);
	p->signals->withheld = SIGNAL_QUEUE_MAX - signals;
	return ret;
}

s64 sys_prlimit64(struct regs *regs)
{
	s32 pid = arg0(regs);

	if (!sys_user_pointer(arg2(regs)) || !sys_user_pointer(arg3(regs)))
		return -EFAULT;
	if (!own_limit(arg1(regs)) || (pid && pid != current->process->pid))
		return sys_remote(regs);
	return own_limit_change(arg1(regs), arg2(regs), arg3(regs));
}

s64 sys_getrlimit(struct regs *regs)
{
	if (!sys_user_pointer(arg1(regs)) || !arg1(regs))
		return -EFAULT;
	return own_limit(arg0(regs)) ? own_limit_change(arg0(regs), 0, arg1(regs)) :
				       sys_remote(regs);
}

s64 sys_setrlimit(struct regs *regs)
{
	if (!sys_user_pointer(arg1(regs)) || !arg1(regs))
		return -EFAULT;
	return own_limit(arg0(regs)) ? own_limit_change(arg0(regs), arg1(regs), 0) :
				       sys_remote(regs);
}

/* --- prctl ----------------------------------------------------------------------------------------- */

static s64 set_name(u64 from)
{
	struct process *p = current->process;
	char name[sizeof(p->comm)];
	s64 ret = strncpy_from_user(name, from, sizeof(name) - 1);

	if (ret < 0 && ret != -ENAMETOOLONG)
		return ret;
	name[ret < 0 ? (s64)sizeof(name) - 1 : ret] = '\0';
	/* A process has one name here, that of its first thread; Linux has each thread's. */
	if (!current->slot)
		__builtin_memcpy(p->comm, name, sizeof(p->comm));
	return scf(CRTOS_OP_SETNAME, from);
}

s64 sys_prctl(struct regs *regs)
{
	u64 arg = arg1(regs);

	switch ((u32)arg0(regs)) {
	case PR_SET_NAME:
		return set_name(arg);
	/* Pointers. */
	case PR_GET_NAME:
	case PR_GET_PDEATHSIG:
	case PR_GET_CHILD_SUBREAPER:
		if (!sys_user_pointer(arg) || !arg)
			return -EFAULT;
		return sys_remote(regs);
	/* Numbers, and about the shadow what they say about the program. */
	case PR_SET_PDEATHSIG:
	case PR_SET_CHILD_SUBREAPER:
	case PR_GET_DUMPABLE:
	case PR_SET_DUMPABLE:
	case PR_GET_KEEPCAPS:
	case PR_SET_KEEPCAPS:
	case PR_GET_SECUREBITS:
	case PR_SET_SECUREBITS:
	case PR_CAPBSET_READ:
	case PR_CAPBSET_DROP:
	case PR_CAP_AMBIENT:
	case PR_GET_NO_NEW_PRIVS:
	case PR_SET_NO_NEW_PRIVS:
	case PR_GET_TIMERSLACK:
	case PR_SET_TIMERSLACK:
	case PR_GET_THP_DISABLE:
	case PR_SET_THP_DISABLE:
		return sys_remote(regs);
	case PR_GET_SECCOMP:
	case PR_GET_TIMING:
		return 0;
	case PR_SET_TIMING:
		return arg == PR_TIMING_STATISTICAL ? 0 : -EINVAL;
	}
	return -EINVAL;
}
