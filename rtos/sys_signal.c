// SPDX-License-Identifier: MIT
/* System calls about signals. What the RTOS delivers itself and what Linux does: see signals.h. */
#include <asm/unistd_64.h>
#include <linux/errno.h>
#include <linux/signal.h>

#include "process.h"
#include "scf.h"
#include "signals.h"
#include "sys.h"
#include "uaccess.h"

#define SHADOW_SIGNAL	64	/* CRTOS_SIGNAL of <crtos/uapi.h>: between module and shadow */
#define UNBLOCKABLE	(SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP))

static bool valid(u64 sig)
{
	return sig - 1 < SIGNALS;
}

s64 sys_rt_sigaction(struct regs *regs)
{
	u32 sig = arg0(regs), disposition;
	struct signal_action new, old;
	struct signal_action *action;

	if (!valid(sig) || arg3(regs) != sizeof(u64))
		return -EINVAL;
	action = &current->process->signals->action[sig - 1];
	old = *action;
	if (arg1(regs)) {
		if (SIGNAL_BIT(sig) & UNBLOCKABLE)
			return -EINVAL;
		if (copy_from_user(&new, arg1(regs), sizeof(new)))
			return -EFAULT;
		disposition = new.handler == (u64)SIG_DFL ? 0 : new.handler == (u64)SIG_IGN ? 1 : 2;
		*action = new;
		action->mask &= ~UNBLOCKABLE;
		/* The shadow's own is never told: the program may think it has it. */
		if (sig != SHADOW_SIGNAL && (disposition != 0 || old.handler != (u64)SIG_DFL))
			scf(CRTOS_OP_SIGACTION, sig, disposition);
	}
	if (arg2(regs) && copy_to_user(arg2(regs), &old, sizeof(old)))
		return -EFAULT;
	return 0;
}

s64 sys_rt_sigprocmask(struct regs *regs)
{
	u64 old = current->sigmask, set;

	if (arg3(regs) != sizeof(set))
		return -EINVAL;
	if (arg1(regs)) {
		if (copy_from_user(&set, arg1(regs), sizeof(set)))
			return -EFAULT;
		switch ((u32)arg0(regs)) {
		case SIG_BLOCK:
			set |= old;
			break;
		case SIG_UNBLOCK:
			set = old & ~set;
			break;
		case SIG_SETMASK:
			break;
		default:
			return -EINVAL;
		}
		current->sigmask = set & ~UNBLOCKABLE;
	}
	if (arg2(regs) && copy_to_user(arg2(regs), &old, sizeof(old)))
		return -EFAULT;
	return 0;
}

s64 sys_rt_sigpending(struct regs *regs)
{
	const struct signals *s = current->process->signals;
	u64 set = (s->pending | s->thread_pending[current->slot]) & current->sigmask;

	if (arg1(regs) > sizeof(set))
		return -EINVAL;
	return copy_to_user(arg0(regs), &set, arg1(regs));
}

s64 sys_rt_sigreturn(struct regs *regs)
{
	return signal_return(regs);
}

s64 sys_sigaltstack(struct regs *regs)
{
	struct {
		u64 sp;
		u32 flags, pad;
		u64 bytes;
	} new, old = { .sp = current->altstack_sp, .bytes = current->altstack_size };
	bool on = regs->rsp - current->altstack_sp - 1 < current->altstack_size;

	old.flags = !old.bytes ? SS_DISABLE : on ? SS_ONSTACK : current->altstack_flags;
	if (arg0(regs)) {
		if (copy_from_user(&new, arg0(regs), sizeof(new)))
			return -EFAULT;
		if (on)
			return -EPERM;
		if (new.flags != SS_DISABLE &&new.flags != SS_ONSTACK &&new.flags)
			return -EINVAL;
		if (new.flags == SS_DISABLE)
			new.sp = new.bytes = 0;
		else if (new.bytes < MINSIGSTKSZ)
			return -ENOMEM;
		current->altstack_sp = new.sp;
		current->altstack_size = new.bytes;
		current->altstack_flags = 0;
	}
	if (arg1(regs) && copy_to_user(arg1(regs), &old, sizeof(old)))
		return -EFAULT;
	return 0;
}

/* --- sending --------------------------------------------------------------------------------------- */

static s64 to_process(struct regs *regs, s32 pid, u64 sig)
{
	struct process *p = current->process;

	if (pid != p->pid || !valid(sig) || !signal_send(p, NULL, sig))
		return sys_remote(regs);
	return 0;
}

static s64 to_thread(struct regs *regs, s32 tid, u64 sig)
{
	struct process *p = current->process;
	struct thread *t = process_find_thread(p, tid);

	if (!t || !valid(sig) || !signal_send(p, t, sig))
		return sys_remote(regs);
	return 0;
}

s64 sys_kill(struct regs *regs)
{
	return to_process(regs, arg0(regs), (u32)arg1(regs));
}

s64 sys_tkill(struct regs *regs)
{
	return to_thread(regs, arg0(regs), (u32)arg1(regs));
}

s64 sys_tgkill(struct regs *regs)
{
	if ((s32)arg0(regs) != current->process->pid)
		return sys_remote(regs);
	return to_thread(regs, arg1(regs), (u32)arg2(regs));
}

/* What is sent along is not kept. */
s64 sys_rt_sigqueueinfo(struct regs *regs)
{
	if (!sys_user_pointer(arg2(regs)))
		return -EFAULT;
	return to_process(regs, arg0(regs), (u32)arg1(regs));
}

s64 sys_rt_tgsigqueueinfo(struct regs *regs)
{
	if (!sys_user_pointer(arg3(regs)))
		return -EFAULT;
	if ((s32)arg0(regs) != current->process->pid)
		return sys_remote(regs);
	return to_thread(regs, arg1(regs), (u32)arg2(regs));
}

/* --- waiting --------------------------------------------------------------------------------------- */

s64 sys_pause(struct regs *regs)
{
	(void)regs;
	while (!signal_pending() && !current->killed)
		thread_block(TIME_NEVER);
	return -EINTR;
}

s64 sys_rt_sigsuspend(struct regs *regs)
{
	struct signals *s = current->process->signals;
	u64 set;

	if (arg1(regs) != sizeof(set))
		return -EINVAL;
	if (copy_from_user(&set, arg0(regs), sizeof(set)))
		return -EFAULT;
	s->saved_mask[current->slot] = current->sigmask;
	s->has_saved_mask |= 1ull << current->slot;
	current->sigmask = set & ~UNBLOCKABLE;
	return sys_pause(regs);
}

static int take_wanted(struct signals *s, u64 set)
{
	u64 *own = &s->thread_pending[current->slot], found = (s->pending | *own) & set;
	int sig;

	if (!found)
		return 0;
	sig = __builtin_ctzll(found) + 1;
	if (*own & SIGNAL_BIT(sig))
		*own &= ~SIGNAL_BIT(sig);
	else
		s->pending &= ~SIGNAL_BIT(sig);
	return sig;
}

s64 sys_rt_sigtimedwait(struct regs *regs)
{
	struct signals *s = current->process->signals;
	s32 info[32] = { 0 };
	u64 set, ns, deadline = TIME_NEVER;
	int sig, ret = 0;

	if (arg3(regs) != sizeof(set))
		return -EINVAL;
	if (copy_from_user(&set, arg0(regs), sizeof(set)))
		return -EFAULT;
	if (arg2(regs)) {
		ret = sys_get_timespec(arg2(regs), &ns);
		if (ret)
			return ret;
		deadline = sys_deadline_after(ns);
	}
	set &= ~UNBLOCKABLE;
	s->wanted[current->slot] = set;
	while (!(sig = take_wanted(s, set))) {
		ret = current->killed || signal_pending() ? -EINTR :
		      ret == -ETIMEDOUT			  ? -EAGAIN :
							    0;
		if (ret)
			break;
		ret = thread_block(deadline);
	}
	s->wanted[current->slot] = 0;
	if (!sig)
		return ret;
	info[0] = sig;
	info[2] = SI_TKILL;
	info[4] = current->process->pid;
	if (arg1(regs) && copy_to_user(arg1(regs), info, sizeof(info)))
		return -EFAULT;
	return sig;
}
