// SPDX-License-Identifier: MIT
/* System calls about signals. What a signal does: see signals.h. */
#include <asm/unistd_64.h>
#include <linux/errno.h>
#include <linux/signal.h>

#include "check.h"
#include "process.h"
#include "scf.h"
#include "sigframe.h"
#include "signals.h"
#include "sys.h"
#include "uaccess.h"

#define SHADOW_SIGNAL	64	/* CRTOS_SIGNAL of <crtos/uapi.h>: between module and shadow */
#define ACTION_FLAGS                                                                     \
	(SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | SA_RESTART | SA_NODEFER | \
	 SA_RESETHAND | SA_EXPOSE_TAGBITS | SA_RESTORER)

static bool valid(u64 sig)
{
	return sig - 1 < SIGNALS;
}

/*
 * What Linux has to know: which signals are ignored, and how the end of children is to be told. The shadow's own
 * is never told: the program may think it has it.
 */
static void tell_shadow(struct signals *s, int sig, const struct signal_action *new)
{
	u64 bit = SIGNAL_BIT(sig);
	bool ignored = new->handler == (u64)SIG_IGN;
	u64 flags = SA_NOCLDSTOP | SA_NOCLDWAIT;

	if (sig == SHADOW_SIGNAL || (sig != SIGCHLD && ignored == !!(s->told & bit)))
		return;
	s->told = ignored ? s->told | bit : s->told & ~bit;
	flags &= sig == SIGCHLD ? new->flags : 0;
	scf(CRTOS_OP_SIGACTION, sig, ignored, flags);
}

s64 sys_rt_sigaction(struct regs *regs)
{
	struct process *p = current->process;
	struct signal_action new, old;
	u32 sig = arg0(regs);

	if (!valid(sig) || arg3(regs) != sizeof(u64))
		return -EINVAL;
	old = p->signals->action[sig - 1];
	if (arg1(regs)) {
		if (copy_from_user(&new, arg1(regs), sizeof(new)))
			return -EFAULT;
		if (SIGNAL_BIT(sig) & SIGNALS_UNBLOCKABLE)
			return -EINVAL;
		new.flags &= ACTION_FLAGS;
		new.mask &= ~SIGNALS_UNBLOCKABLE;
		p->signals->action[sig - 1] = new;
		signal_action_changed(p, sig);
		tell_shadow(p->signals, sig, &new);
	}
	if (arg2(regs) && copy_to_user(arg2(regs), &old, sizeof(old)))
		return -EFAULT;
	return 0;
}

/* --- masks ----------------------------------------------------------------------------------------- */

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
		signal_set_mask(set);
	}
	if (arg2(regs) && copy_to_user(arg2(regs), &old, sizeof(old)))
		return -EFAULT;
	return 0;
}

s64 sys_rt_sigpending(struct regs *regs)
{
	u64 set = current->process->signals->pending.set | current->signals.pending.set;

	set &= current->sigmask;
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
	struct sigframe_stack new, old = sigframe_altstack_now(regs->rsp);
	int ret;

	if (arg0(regs)) {
		if (copy_from_user(&new, arg0(regs), sizeof(new)))
			return -EFAULT;
		ret = sigframe_altstack(&new, regs->rsp);
		if (ret)
			return ret;
	}
	if (arg1(regs) && copy_to_user(arg1(regs), &old, sizeof(old)))
		return -EFAULT;
	return 0;
}

/*
 * Before a remote call that has a mask for its duration. The shadow, whose own mask is not touched, never
 * sees it. Signals that it lets in and that are there already end the call at once.
 */
static s64 call_mask(u64 addr, u64 bytes)
{
	u64 set;

	if (!addr)
		return 0;
	if (bytes != sizeof(set))
		return -EINVAL;
	if (copy_from_user(&set, addr, sizeof(set)))
		return -EFAULT;
	signal_set_call_mask(set);
	return signal_pending() ? -EINTR : 0;
}

s64 check_ppoll(struct regs *regs)
{
	return call_mask(arg3(regs), arg4(regs));
}

s64 check_epoll_pwait(struct regs *regs)
{
	return call_mask(arg4(regs), arg5(regs));
}

s64 check_pselect(struct regs *regs)
{
	u64 mask[2] = { 0 };	/* the address of the set, and its size */

	if (arg5(regs) && copy_from_user(mask, arg5(regs), sizeof(mask)))
		return -EFAULT;
	return call_mask(mask[0], mask[1]);
}

/* --- sending --------------------------------------------------------------------------------------- */

/* To this process; sig may be 0. */
static s64 send(struct thread *t, u32 sig, const struct signal_info *info)
{
	if (!sig)
		return 0;
	return valid(sig) ? signal_send(current->process, t, info) : -EINVAL;
}

static struct signal_info info_from_here(u32 sig, int code)
{
	const struct process *p = current->process;

	return (struct signal_info){
		.sig = sig,
		.code = code,
		.pid = p->pid,
		.uid = p->signals->uid,
	};
}

s64 sys_kill(struct regs *regs)
{
	const struct signal_info info = info_from_here(arg1(regs), SI_USER);

	if ((s32)arg0(regs) != current->process->pid)
		return sys_remote(regs);
	return send(NULL, arg1(regs), &info);
}

s64 sys_tkill(struct regs *regs)
{
	const struct signal_info info = info_from_here(arg1(regs), SI_TKILL);
	struct thread *t = process_find_thread(current->process, arg0(regs));

	return t ? send(t, arg1(regs), &info) : sys_remote(regs);
}

s64 sys_tgkill(struct regs *regs)
{
	const struct signal_info info = info_from_here(arg2(regs), SI_TKILL);
	struct thread *t = process_find_thread(current->process, arg1(regs));

	if ((s32)arg0(regs) != current->process->pid)
		return sys_remote(regs);
	if ((s32)arg1(regs) <= 0)
		return -EINVAL;
	return t ? send(t, arg2(regs), &info) : -ESRCH;
}

/* What only the kernel may say is left to it, unless one says it to oneself: `to` is a thread. */
static int get_info(struct signal_info *info, u64 from, u32 sig, s32 to)
{
	if (copy_from_user(info, from, sizeof(*info)))
		return -EFAULT;
	info->sig = sig;
	if ((info->code >= 0 || info->code == SI_TKILL) && to != current->tid)
		return -EPERM;
	return 0;
}

s64 sys_rt_sigqueueinfo(struct regs *regs)
{
	struct signal_info info;
	int ret = get_info(&info, arg2(regs), arg1(regs), arg0(regs));

	if (ret)
		return ret;
	if ((s32)arg0(regs) != current->process->pid)
		return sys_remote(regs);
	return send(NULL, arg1(regs), &info);
}

/* To oneself: what is not blocked is delivered before the call returns, which by way of Linux it would not be. */
s64 check_pidfd_signal(struct regs *regs)
{
	struct signal_info info = info_from_here(arg1(regs), SI_USER);
	const s32 pid = current->process->pid;

	if (arg3(regs) || scf(CRTOS_OP_PIDFD, arg0(regs)) != pid)
		return 0;
	if (arg2(regs)) {
		if (copy_from_user(&info, arg2(regs), sizeof(info)))
			return -EFAULT;
		if (info.sig != (s32)arg1(regs))
			return -EINVAL;
		if ((info.code >= 0 || info.code == SI_TKILL) && current->tid != pid)
			return -EPERM;
	}
	regs->rax = send(NULL, arg1(regs), &info);
	return CHECK_DONE;
}

s64 sys_rt_tgsigqueueinfo(struct regs *regs)
{
	struct thread *t = process_find_thread(current->process, arg1(regs));
	struct signal_info info;
	int ret;

	if (copy_from_user(&info, arg3(regs), sizeof(info)))
		return -EFAULT;
	if ((s32)arg0(regs) <= 0 || (s32)arg1(regs) <= 0)
		return -EINVAL;
	ret = get_info(&info, arg3(regs), arg2(regs), arg1(regs));
	if (ret)
		return ret;
	if ((s32)arg0(regs) != current->process->pid)
		return sys_remote(regs);
	return t ? send(t, arg2(regs), &info) : -ESRCH;
}

/* The calls that may change the real user, which is part of what receivers are told. */
s64 sys_set_user(struct regs *regs)
{
	s64 ret = sys_remote(regs), uid;

	if (ret)
		return ret;
	uid = scf(__NR_getuid);
	if (uid >= 0)
		current->process->signals->uid = uid;
	return 0;
}

/* --- waiting --------------------------------------------------------------------------------------- */

s64 sys_pause(struct regs *regs)
{
	(void)regs;
	while (!signal_pending() && !current->killed)
		thread_block(TIME_NEVER);
	return -ERESTARTNOHAND;
}

s64 sys_rt_sigsuspend(struct regs *regs)
{
	u64 set;

	if (arg1(regs) != sizeof(set))
		return -EINVAL;
	if (copy_from_user(&set, arg0(regs), sizeof(set)))
		return -EFAULT;
	signal_set_call_mask(set);
	return sys_pause(regs);
}

/*
 * What is waited for is unblocked meanwhile, so that it is sent to this thread, and is taken before it can
 * be delivered.
 */
static int wait_for(u64 set, u64 deadline, struct signal_info *info)
{
	struct thread_signals *s = &current->signals;
	int sig = signal_take(set, info), ret = 0;

	if (sig)
		return sig;
	if (deadline <= time_monotonic())
		return -EAGAIN;
	s->real_mask = current->sigmask;
	signal_set_mask(current->sigmask & ~set);
	while (!ret && !signal_pending() && !current->killed) {
		if (thread_block(deadline) == -ETIMEDOUT)
			ret = -EAGAIN;
	}
	signal_set_mask(s->real_mask);
	s->real_mask = 0;
	sig = signal_take(set, info);
	return sig ? sig : ret ? ret : -EINTR;
}

s64 sys_rt_sigtimedwait(struct regs *regs)
{
	u64 set, ns, deadline = TIME_NEVER;
	struct signal_info info;
	int sig, ret;

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
	sig = wait_for(set & ~SIGNALS_UNBLOCKABLE, deadline, &info);
	if (sig > 0 && arg1(regs) && copy_to_user(arg1(regs), &info, sizeof(info)))
		return -EFAULT;
	return sig;
}

/* --- going on -------------------------------------------------------------------------------------- */

s64 sys_restart(syscall_fn *fn, u64 deadline)
{
	current->signals.restart = fn;
	current->signals.restart_deadline = deadline;
	return -ERESTART_RESTARTBLOCK;
}

s64 sys_restart_syscall(struct regs *regs)
{
	syscall_fn *fn = current->signals.restart;

	current->signals.restart = NULL;
	return fn ? fn(regs) : -EINTR;
}
