// SPDX-License-Identifier: MIT
/*
 * Scheduling. Policies are changed by Linux too, for the thread's shadow, so that the rights are those of
 * its user and both sides run at the same priority. Threads of other processes are Linux's business.
 */
#include <asm/unistd_64.h>
#include <linux/errno.h>

#include "check.h"
#include "core.h"
#include "process.h"
#include "scf.h"
#include "sys.h"
#include "uaccess.h"

#define SCHED_RESET_ON_FORK	0x40000000
#define SCHED_ATTR_BYTES	48
#define SCHED_FLAG_RESET_ON_FORK 0x01
#define SCHED_FLAG_KEEP_POLICY	0x08
#define SCHED_FLAG_KEEP_PARAMS	0x10
#define SCHED_FLAGS_KNOWN	0x7f

struct sched_attr {
	u32 size, policy;
	u64 flags;
	s32 nice;
	u32 priority;
	u64 runtime, deadline, period;
};
CRTOS_ASSERT_SIZE(struct sched_attr, SCHED_ATTR_BYTES);

/* NULL: not one of ours. */
static struct thread *find(s32 pid)
{
	return pid ? process_find_thread(current->process, pid) : current;
}

s64 sys_sched_yield(struct regs *regs)
{
	(void)regs;
	sched_yield();
	return 0;
}

static bool policy_valid(u32 policy, u32 priority)
{
	switch (policy) {
	case SCHED_FIFO:
	case SCHED_RR:
		return priority - 1 < PRIORITY_MAX;
	case SCHED_OTHER:
	case SCHED_BATCH:
	case SCHED_IDLE:
		return !priority;
	}
	return false;
}

/*
 * Linux is asked, but its answer comes from the shadow, which may be anybody's program, and it reads
 * the parameters again: the module has said how far this process may go.
 */
static bool priority_allowed(u32 policy, u32 priority)
{
	if (!policy_realtime(policy))
		return true;
	return priority <= READ_ONCE(current->process->ctl->linux_side.priority_max);
}

/*
 * Linux decides. A higher priority holds while it is asked: others would run that must not. The thread may have ended
 * meanwhile, or have been given another one.
 */
static s64 change(struct regs *regs, u32 policy, u32 priority, bool reset_on_fork)
{
	struct thread *t = find(arg0(regs));
	int old_policy = t->policy, old_priority = t->priority;
	bool raised = (int)priority > old_priority;
	s64 ret;

	if (raised)
		thread_set_policy(t, policy, priority);
	ret = sys_remote(regs);
	t = find(arg0(regs));
	if (!t)
		return ret;
	if (!ret) {
		thread_set_policy(t, policy, priority);
		t->reset_on_fork = reset_on_fork;
	} else if (raised && t->policy == (int)policy && t->priority == (int)priority) {
		thread_set_policy(t, old_policy, old_priority);
	}
	return ret;
}

s64 sys_sched_setscheduler(struct regs *regs)
{
	u32 policy = arg1(regs) & ~(u64)SCHED_RESET_ON_FORK, priority;

	if (!sys_user_pointer(arg2(regs)))
		return -EFAULT;
	if (!find(arg0(regs)) || (s32)arg0(regs) < 0 || !arg2(regs))
		return sys_remote(regs);
	if (get_user32(&priority, arg2(regs)))
		return -EFAULT;
	if (!policy_valid(policy, priority))
		return -EINVAL;
	if (!priority_allowed(policy, priority))
		return -EPERM;
	return change(regs, policy, priority, arg1(regs) & SCHED_RESET_ON_FORK);
}

s64 sys_sched_setparam(struct regs *regs)
{
	const struct thread *t = find(arg0(regs));
	u32 priority, policy;

	if (!sys_user_pointer(arg1(regs)))
		return -EFAULT;
	if (!t || (s32)arg0(regs) < 0 || !arg1(regs))
		return sys_remote(regs);
	if (get_user32(&priority, arg1(regs)))
		return -EFAULT;
	policy = t->policy;
	if (!policy_valid(policy, priority))
		return -EINVAL;
	if (!priority_allowed(policy, priority))
		return -EPERM;
	return change(regs, policy, priority, t->reset_on_fork);
}

s64 sys_sched_getscheduler(struct regs *regs)
{
	const struct thread *t = find(arg0(regs));

	if (!t)
		return sys_remote(regs);
	return t->policy | (t->reset_on_fork ? SCHED_RESET_ON_FORK : 0);
}

s64 sys_sched_getparam(struct regs *regs)
{
	const struct thread *t = find(arg0(regs));

	if (!sys_user_pointer(arg1(regs)))
		return -EFAULT;
	if (!t || !arg1(regs))
		return sys_remote(regs);
	return put_user32(arg1(regs), t->priority);
}

/* As the flags have it, of what the thread has now. */
static void keep(struct sched_attr *attr, const struct thread *t)
{
	if (attr->flags & SCHED_FLAG_KEEP_POLICY) {
		attr->policy = t->policy;
		attr->flags &= ~(u64)SCHED_FLAG_RESET_ON_FORK;
		attr->flags |= t->reset_on_fork ? SCHED_FLAG_RESET_ON_FORK : 0;
	}
	if (attr->flags & SCHED_FLAG_KEEP_PARAMS)
		attr->priority = t->priority;
}

/* SCHED_DEADLINE is a policy that is not known. */
s64 sys_sched_setattr(struct regs *regs)
{
	const struct thread *t = find(arg0(regs));
	struct sched_attr attr;

	if (!sys_user_pointer(arg1(regs)))
		return -EFAULT;
	if (!t || !arg1(regs) || (s32)arg0(regs) < 0 || arg2(regs))
		return sys_remote(regs);
	if (copy_from_user(&attr, arg1(regs), sizeof(attr)))
		return -EFAULT;
	/* Linux says what is wrong with a size, and which it knows. */
	if (attr.size && (attr.size < SCHED_ATTR_BYTES || attr.size > PAGE_SIZE))
		return sys_remote(regs);
	keep(&attr, t);
	if (!policy_valid(attr.policy, attr.priority) || (attr.flags & ~(u64)SCHED_FLAGS_KNOWN))
		return -EINVAL;
	if (!priority_allowed(attr.policy, attr.priority))
		return -EPERM;
	return change(regs, attr.policy, attr.priority, attr.flags & SCHED_FLAG_RESET_ON_FORK);
}

s64 sys_sched_getattr(struct regs *regs)
{
	const struct thread *t = find(arg0(regs));
	struct sched_attr attr = { .size = sizeof(attr) };

	if (!sys_user_pointer(arg1(regs)))
		return -EFAULT;
	if (!t || !arg1(regs))
		return sys_remote(regs);
	if (arg2(regs) < SCHED_ATTR_BYTES || arg2(regs) > PAGE_SIZE || arg3(regs))
		return -EINVAL;
	attr.policy = t->policy;
	attr.flags = t->reset_on_fork ? SCHED_FLAG_RESET_ON_FORK : 0;
	attr.priority = t->priority;
	return copy_to_user(arg1(regs), &attr, sizeof(attr));
}

/* Later kernels have policies that we know nothing of. */
s64 sys_sched_get_priority_max(struct regs *regs)
{
	u32 policy = arg0(regs);

	if (policy_realtime(policy))
		return PRIORITY_MAX;
	return policy_valid(policy, 0) ? 0 : sys_remote(regs);
}

s64 sys_sched_get_priority_min(struct regs *regs)
{
	u32 policy = arg0(regs);

	if (policy_realtime(policy))
		return 1;
	return policy_valid(policy, 0) ? 0 : sys_remote(regs);
}

s64 sys_sched_rr_get_interval(struct regs *regs)
{
	const struct thread *t = find(arg0(regs));

	if (!sys_user_pointer(arg1(regs)))
		return -EFAULT;
	return t ? sys_put_timespec(arg1(regs), sched_slice(t->policy)) : sys_remote(regs);
}

/* --- affinity: there is one processor ------------------------------------------------------------ */

/* Linux's mask has as many bits as it has possible CPUs, in whole words. */
static u32 mask_bytes(void)
{
	return (boot->cpu / 64 + 1) * sizeof(u64);
}

s64 sys_sched_getaffinity(struct regs *regs)
{
	u64 to = arg2(regs), word;
	u32 bytes = mask_bytes(), at;

	if (!find(arg0(regs)))
		return sys_user_pointer(to) ? sys_remote(regs) : -EFAULT;
	if ((u32)arg1(regs) < bytes || arg1(regs) & 7)
		return -EINVAL;
	for (at = 0; at < bytes; at += sizeof(word)) {
		word = at / sizeof(word) == boot->cpu / 64 ? 1ull << boot->cpu % 64 : 0;
		if (copy_to_user(to + at, &word, sizeof(word)))
			return -EFAULT;
	}
	return bytes;
}

s64 sys_sched_setaffinity(struct regs *regs)
{
	u32 at = boot->cpu / 8;
	u8 byte = 0;

	if (!find(arg0(regs)))
		return sys_user_pointer(arg2(regs)) ? sys_remote(regs) : -EFAULT;
	if (at < (u32)arg1(regs) && copy_from_user(&byte, arg2(regs) + at, 1))
		return -EFAULT;
	return byte & 1 << boot->cpu % 8 ? 0 : -EINVAL;
}

s64 sys_getcpu(struct regs *regs)
{
	if (arg0(regs) && put_user32(arg0(regs), boot->cpu))
		return -EFAULT;
	if (arg1(regs) && put_user32(arg1(regs), 0))
		return -EFAULT;
	return 0;
}
