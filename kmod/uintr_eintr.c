// SPDX-License-Identifier: GPL-2.0-only
/*
 * A user interrupt ends the system call in which its receiver blocks (CRTOS_WAITING_*).
 *
 * The thread sees TIF_SIGPENDING, as at a signal, and the call gives up: with EINTR, with a short
 * count, or with one of the ERESTART codes. On the way to user mode get_signal() finds no signal, so
 * the kernel would restart the call; nothing of a module runs before that, but a user return
 * notifier runs after it and undoes the restart. Then the CPU delivers the user interrupt, with the
 * instruction behind the system call as the one interrupted.
 *
 * TIF_SIGPENDING and not TIF_NOTIFY_SIGNAL: io_uring clears the latter in its own waits and goes on.
 * If anything clears the flag before the call has ended, the thread blocks again and is woken again
 * (uintr_wait.c).
 *
 * A signal whose handler runs at the same return has had its frame built already. SA_RESTART then
 * decides whether the call is restarted behind both handlers, as it does for two signals at once.
 *
 * Notifiers belong to a CPU, not to a thread: this one is on the list only while its thread runs.
 */
#include <linux/errno.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/thread_info.h>
#include <asm/ptrace.h>
#include <asm/syscall.h>
#include <asm/unistd.h>
#include <uapi/linux/futex.h>

#include "uintr_eintr.h"

#define SYSCALL_BYTES	2	/* of the instruction, which a restart steps back over */

/* Calls that programs know to end never with EINTR: the kernel restarts them at any signal. */
static bool knows_no_eintr(const struct pt_regs *regs)
{
	switch (regs->orig_ax) {
	case __NR_fork:
	case __NR_vfork:
	case __NR_clone:
	case __NR_clone3:
	case __NR_execve:
	case __NR_execveat:
	case __NR_ptrace:
		return true;
	case __NR_futex:
		switch (regs->si & FUTEX_CMD_MASK) {
		case FUTEX_LOCK_PI:
		case FUTEX_LOCK_PI2:
		case FUTEX_WAIT_REQUEUE_PI:
			return true;
		}
	}
	return false;
}

/*
 * Whether the call was made ready to be restarted: RCX still tells where SYSCALL would have
 * returned to. A signal frame, sigreturn and exec leave another RIP or ORIG_RAX.
 */
static bool restarts(const struct pt_regs *regs)
{
	return regs->orig_ax != -1ul && !in_ia32_syscall() &&
	       regs->ip == regs->cx - SYSCALL_BYTES &&
	       (regs->ax == regs->orig_ax || regs->ax == __NR_restart_syscall);
}

static void on_user_return(struct user_return_notifier *notifier)
{
	struct crtos_eintr *eintr = container_of(notifier, struct crtos_eintr, notifier);
	struct pt_regs *regs = task_pt_regs(current);

	user_return_notifier_unregister(notifier);
	eintr->due = false;
	if (restarts(regs) && !knows_no_eintr(regs)) {
		regs->ip = regs->cx;
		regs->ax = -EINTR;
	}
}

/* The system call of current is to end. In sched_in, before crtos_eintr_in(). */
void crtos_eintr_set(struct crtos_eintr *eintr)
{
	eintr->due = true;
	eintr->notifier.on_user_return = on_user_return;
	set_thread_flag(TIF_SIGPENDING);
}

/* The thread, current, was switched in. Interrupts off. */
void crtos_eintr_in(struct crtos_eintr *eintr)
{
	if (eintr->due)
		user_return_notifier_register(&eintr->notifier);
}

/* It is switched out, or ends. Preemption off. */
void crtos_eintr_out(struct crtos_eintr *eintr)
{
	if (eintr->due)
		user_return_notifier_unregister(&eintr->notifier);
}
