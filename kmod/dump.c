// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end of a shadow whose program leaves a core file: Linux writes it, of the shadow's process, and
 * takes each thread's registers from where the thread entered the kernel. So each takes those of the
 * program's thread, as rt_sigreturn would, and does not leave the kernel any more. The last one waits
 * until all others are there; then the signal that it sends itself ends them all. It lets the signal in
 * before that: one that waits for a shadow thread is taken to the RTOS (signals.c).
 */
#include <linux/compat.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include <linux/uaccess.h>
#include <linux/wait.h>
#include <asm/processor-flags.h>

#include <crtos/uapi.h>

#include "dump.h"
#include "session.h"

/* What a program may set by itself; the same as Linux's sigreturn. */
#define FLAGS_OF_USER                                                                             \
	(X86_EFLAGS_AC | X86_EFLAGS_OF | X86_EFLAGS_DF | X86_EFLAGS_TF | X86_EFLAGS_SF |          \
	 X86_EFLAGS_ZF | X86_EFLAGS_AF | X86_EFLAGS_PF | X86_EFLAGS_CF | X86_EFLAGS_RF)
#define PATIENCE	(2 * HZ)	/* a thread may be busy in a call that no signal ends */

static void set_registers(struct pt_regs *regs, const struct crtos_registers *from)
{
	regs->r15 = from->r15;
	regs->r14 = from->r14;
	regs->r13 = from->r13;
	regs->r12 = from->r12;
	regs->bp = from->rbp;
	regs->bx = from->rbx;
	regs->r11 = from->r11;
	regs->r10 = from->r10;
	regs->r9 = from->r9;
	regs->r8 = from->r8;
	regs->cx = from->rcx;
	regs->dx = from->rdx;
	regs->si = from->rsi;
	regs->di = from->rdi;
	regs->orig_ax = from->orig_rax;
	regs->ip = from->rip;
	regs->flags = (regs->flags & ~FLAGS_OF_USER) | (from->rflags & FLAGS_OF_USER);
	regs->sp = from->rsp;
}

static void await_end(struct crtos_session *session)
{
	atomic_inc(&session->dumped);
	wake_up(&session->dump_wait);
	/* Nothing but its end wakes it; that it waits does not keep the machine from being suspended. */
	wait_event_state(session->dump_wait, false, (TASK_KILLABLE | TASK_FREEZABLE));
	atomic_dec(&session->dumped);
}

static bool ends_by(int signal)
{
	/* Its own, which stays as long as it lives. */
	struct sighand_struct *sighand = rcu_dereference_raw(current->sighand);

	return sigismember(&current->pending.signal, signal) &&
	       READ_ONCE(sighand->action[signal - 1].sa.sa_handler) == SIG_DFL;
}

static void begin_end(struct crtos_session *session, const struct crtos_dump *dump)
{
	struct kernel_siginfo info;
	sigset_t set;

	wait_event_killable_timeout(session->dump_wait,
				    atomic_read(&session->dumped) >= dump->others, PATIENCE);
	sigemptyset(&set);
	sigaddset(&set, dump->signal);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	memcpy(&info, dump->info, sizeof(info));
	info.si_signo = dump->signal;
	send_sig_info(dump->signal, &info, current);
	/* The thread is where the program's code would go on, which is not for Linux to execute. */
	if (!ends_by(dump->signal))
		send_sig(SIGKILL, current, 1);
}

/* The result comes to be RAX, which a write, other than an ioctl, has in full. */
ssize_t crtos_session_write(struct file *file, const char __user *user, size_t count, loff_t *pos)
{
	struct crtos_session *session = file->private_data;
	struct crtos_dump dump;

	if (count != sizeof(dump) || in_compat_syscall() ||
	    current->flags & (PF_KTHREAD | PF_IO_WORKER))
		return -EINVAL;
	if (copy_from_user(&dump, user, sizeof(dump)))
		return -EFAULT;
	if (dump.signal > _NSIG || dump.others > CRTOS_SCF_SLOTS)
		return -EINVAL;
	set_registers(current_pt_regs(), &dump.regs);
	if (dump.signal)
		begin_end(session, &dump);
	else
		await_end(session);
	return dump.regs.rax;
}
