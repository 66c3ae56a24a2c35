// SPDX-License-Identifier: MIT
#include <asm/unistd_64.h>
#include <linux/errno.h>
#include <linux/signal.h>

#include "process.h"
#include "scf.h"
#include "sigframe.h"
#include "signals.h"
#include "sys.h"

#define SYNCHRONOUS                                                                            \
	(SIGNAL_BIT(SIGSEGV) | SIGNAL_BIT(SIGBUS) | SIGNAL_BIT(SIGILL) | SIGNAL_BIT(SIGTRAP) | \
	 SIGNAL_BIT(SIGFPE) | SIGNAL_BIT(SIGSYS))
#define STOPPING \
	(SIGNAL_BIT(SIGSTOP) | SIGNAL_BIT(SIGTSTP) | SIGNAL_BIT(SIGTTIN) | SIGNAL_BIT(SIGTTOU))
#define HARMLESS \
	(SIGNAL_BIT(SIGCONT) | SIGNAL_BIT(SIGCHLD) | SIGNAL_BIT(SIGWINCH) | SIGNAL_BIT(SIGURG))

/* Entries that are freed before others get their turn. */
#define DISCARD_BATCH	64

static u64 deliverable(const struct thread *t)
{
	return (t->process->signals->pending.set | t->signals.pending.set) & ~t->sigmask;
}

bool signal_pending(void)
{
	return deliverable(current) || current->process->signals->fatal;
}

static bool caught(const struct process *p, int sig)
{
	u64 handler = p->signals->action[sig - 1].handler;

	return handler != (u64)SIG_DFL && handler != (u64)SIG_IGN;
}

/* What is blocked may be waited for, and may be caught when it is unblocked. */
static bool ignored(const struct process *p, int sig)
{
	u64 handler = p->signals->action[sig - 1].handler;

	return handler == (u64)SIG_IGN || (handler == (u64)SIG_DFL && (SIGNAL_BIT(sig) & HARMLESS));
}

/* --- who takes it ---------------------------------------------------------------------------------- */

static void notify(struct thread *t)
{
	t->attention = true;
	if (t->scf_waiting)
		scf_interrupt(t);
	else
		thread_wake(t, -EINTR);
}

static bool can_take(const struct thread *t, int sig)
{
	return !t->killed && !(t->sigmask & SIGNAL_BIT(sig));
}

/* One that has other signals to take is not preferred. */
static struct thread *choose(struct process *p, int sig)
{
	struct thread *busy = NULL;
	struct list *link;

	list_for_each(link, &p->threads) {
		struct thread *t = list_entry(link, struct thread, process_link);

		if (!can_take(t, sig))
			continue;
		if (t->tid == p->pid || !t->attention)
			return t;
		if (!busy)
			busy = t;
	}
	return busy;
}

static void notify_all(struct process *p)
{
	struct list *link;

	list_for_each(link, &p->threads)
		notify(list_entry(link, struct thread, process_link));
}

/* `current` cannot take these of the process any more. */
static void retarget(struct process *p, u64 set)
{
	struct list *link;

	set &= p->signals->pending.set;
	list_for_each(link, &p->threads) {
		struct thread *t = list_entry(link, struct thread, process_link);

		if (!set)
			break;
		if (t == current || t->killed || !(set & ~t->sigmask))
			continue;
		set &= t->sigmask;
		notify(t);
	}
}

/* --- sending --------------------------------------------------------------------------------------- */

/* Discards some of a set, of the process and of its threads. True: there may be more. */
static bool discard_some(struct process *p, u64 set)
{
	u32 *count = &p->signals->queued, left = DISCARD_BATCH;
	struct list *link;

	left -= sigqueue_discard(&p->signals->pending, set, count, left);
	list_for_each(link, &p->threads) {
		struct thread *t = list_entry(link, struct thread, process_link);

		left -= sigqueue_discard(&t->signals.pending, set, count, left);
	}
	return !left;
}

/* Of signals of which each queue has one at most. */
static void discard(struct process *p, u64 set)
{
	while (discard_some(p, set))
		;
}

/* False: it need not be queued. Linux asks the first thread whether a signal to all of them is blocked. */
static bool prepare(struct process *p, const struct thread *t, int sig)
{
	if (SIGNAL_BIT(sig) & STOPPING)
		discard(p, SIGNAL_BIT(SIGCONT));
	else if (sig == SIGCONT)
		discard(p, STOPPING);
	if (!t && !list_empty(&p->threads))
		t = list_entry(p->threads.next, struct thread, process_link);
	if (t && (t->sigmask | t->signals.real_mask) & SIGNAL_BIT(sig))
		return true;
	return !ignored(p, sig);
}

/*
 * It is queued. One that ends the process does so by the next thread that leaves the kernel: the one that
 * can take it may not get to run for long.
 */
static void complete(struct process *p, struct thread *thread, int sig)
{
	const u64 harmless = HARMLESS | STOPPING;
	struct thread *t = thread && can_take(thread, sig) ? thread : NULL;

	if (!thread)
		t = choose(p, sig);
	if (!t)
		return;
	if (p->signals->action[sig - 1].handler == (u64)SIG_DFL && !(SIGNAL_BIT(sig) & harmless) &&
	    !(t->signals.real_mask & SIGNAL_BIT(sig))) {
		if (!p->signals->fatal) {
			p->signals->fatal = sig;
			p->signals->fatal_slot = t->slot;
		}
		notify_all(p);
		return;
	}
	notify(t);
}

static struct sigqueue *queue_of(struct process *p, struct thread *thread)
{
	return thread ? &thread->signals.pending : &p->signals->pending;
}

int signal_send(struct process *p, struct thread *thread, const struct signal_info *info)
{
	int ret;

	if (!prepare(p, thread, info->sig))
		return 0;
	ret = sigqueue_add(queue_of(p, thread), info, &p->signals->queued,
			   SIGNAL_QUEUE_MAX - p->signals->withheld);
	if (!ret) {
		signalfd_notify(p, thread, info->sig);
		complete(p, thread, info->sig);
	}
	return ret;
}

bool signal_send_entry(struct process *p, struct thread *thread, struct sigentry *entry)
{
	if (!prepare(p, thread, entry->info.sig))
		return false;
	if (sigqueue_add_entry(queue_of(p, thread), entry)) {
		signalfd_notify(p, thread, entry->info.sig);
		complete(p, thread, entry->info.sig);
	}
	return true;
}

void signal_from_linux(struct process *p, struct thread *thread, const struct signal_info *info)
{
	if ((u32)info->sig - 1 < SIGNALS)
		signal_send(p, thread, info);
}

/* --- taking ---------------------------------------------------------------------------------------- */

static int lowest(u64 set)
{
	if (set & SYNCHRONOUS)
		set &= SYNCHRONOUS;
	return set ? __builtin_ctzll(set) + 1 : 0;
}

/* A thread's own come before those of the process. */
int signal_take(u64 set, struct signal_info *info)
{
	struct signals *s = current->process->signals;
	int sig = lowest(current->signals.pending.set & set);

	if (sig) {
		sigqueue_take(&current->signals.pending, sig, info, &s->queued);
		return sig;
	}
	sig = lowest(s->pending.set & set);
	if (sig)
		sigqueue_take(&s->pending, sig, info, &s->queued);
	return sig;
}

void signal_set_mask(u64 mask)
{
	u64 old = current->sigmask;

	current->sigmask = mask & ~SIGNALS_UNBLOCKABLE;
	if ((current->sigmask ^ old) & SIGNALS_OF_TERMINALS)
		current->mask_untold = true;
	retarget(current->process, current->sigmask & ~old);
	if (deliverable(current))
		current->attention = true;
}

void signal_set_call_mask(u64 mask)
{
	current->signals.saved_mask = current->sigmask;
	current->signals.mask_saved = true;
	current->attention = true;
	signal_set_mask(mask);
}

static void restore_mask(void)
{
	if (!current->signals.mask_saved)
		return;
	current->signals.mask_saved = false;
	signal_set_mask(current->signals.saved_mask);
}

/* --- delivery -------------------------------------------------------------------------------------- */

static bool after_call(const struct regs *regs)
{
	return regs->vector == TRAP_SYSCALL && regs->error != NO_CALL;
}

static bool interrupted(const struct regs *regs)
{
	return after_call(regs) && (regs->rax == (u64)-EINTR || sys_restarts(regs->rax));
}

/* The call again, by the instruction that made it. */
static void restart(struct regs *regs, u64 number)
{
	regs->rax = number;
	regs->rip -= 2;
}

/* What an interrupted call gives, if a handler is called after it or none (NULL). */
static void end_call(struct regs *regs, const struct signal_action *handler)
{
	if (!after_call(regs))
		return;
	switch ((s64)regs->rax) {
	case -ERESTARTNOINTR:
		restart(regs, regs->error);
		break;
	case -ERESTARTSYS:
		if (handler && !(handler->flags & SA_RESTART))
			regs->rax = -EINTR;
		else
			restart(regs, regs->error);
		break;
	case -ERESTARTNOHAND:
		if (handler)
			regs->rax = -EINTR;
		else
			restart(regs, regs->error);
		break;
	case -ERESTART_RESTARTBLOCK:
		if (handler)
			regs->rax = -EINTR;
		else
			restart(regs, __NR_restart_syscall);
		break;
	}
}

/* Calls the handler next; 0 or -EFAULT. */
static int handle(struct regs *regs, const struct signal_info *info)
{
	struct signal_action *at = &current->process->signals->action[info->sig - 1];
	const struct signal_action action = *at;
	u64 mask = current->sigmask, blocked = action.mask;

	if (action.flags & SA_RESETHAND)
		at->handler = (u64)SIG_DFL;
	if (current->signals.mask_saved)
		mask = current->signals.saved_mask;
	end_call(regs, &action);
	if (sigframe_push(regs, &action, info, mask))
		return -EFAULT;
	current->signals.mask_saved = false;
	if (!(action.flags & SA_NODEFER))
		blocked |= SIGNAL_BIT(info->sig);
	signal_set_mask(current->sigmask | blocked);
	return 0;
}

/* The stack cannot hold a frame, or what is there is none. */
static void bad_frame(struct regs *regs, int sig)
{
	const struct signal_info info = { .sig = SIGSEGV, .code = SI_KERNEL };

	if (sig == SIGSEGV || !caught(current->process, SIGSEGV) ||
	    (current->sigmask & SIGNAL_BIT(SIGSEGV)) || handle(regs, &info))
		process_die(&info, current->slot);
}

bool signal_fault(struct regs *regs, const struct signal_info *info)
{
	if (!caught(current->process, info->sig) || (current->sigmask & SIGNAL_BIT(info->sig)))
		return false;
	if (handle(regs, info))
		bad_frame(regs, info->sig);
	return true;
}

s64 signal_return(struct regs *regs)
{
	u64 mask;

	current->signals.restart = NULL;
	if (sigframe_pop(regs, &mask))
		bad_frame(regs, 0);
	else
		signal_set_mask(mask);
	return regs->rax;
}

static void take_default(const struct signal_info *info)
{
	if (SIGNAL_BIT(info->sig) & STOPPING)
		process_stop(info->sig);
	else if (!(SIGNAL_BIT(info->sig) & HARMLESS))
		process_die(info, current->slot);
}

/* By whichever thread is first; what is told of it is the signal's, and the thread that it was for. */
static _Noreturn void die_of_fatal(struct process *p)
{
	const int sig = p->signals->fatal;
	struct thread *t = p->slot[p->signals->fatal_slot];
	struct signal_info info = { .sig = sig };

	if (t && t->signals.pending.set & SIGNAL_BIT(sig))
		sigqueue_take(&t->signals.pending, sig, &info, &p->signals->queued);
	else if (p->signals->pending.set & SIGNAL_BIT(sig))
		sigqueue_take(&p->signals->pending, sig, &info, &p->signals->queued);
	process_die(&info, t ? t->slot : current->slot);
}

void signal_deliver(struct regs *regs)
{
	struct process *p = current->process;
	struct signal_info info;
	int sig;

	current->attention = false;
	process_wait_frozen();
	if (!interrupted(regs))
		restore_mask();
	while (!current->killed) {
		if (p->signals->fatal)
			die_of_fatal(p);
		sig = signal_take(~current->sigmask, &info);
		if (!sig)
			break;
		if (!caught(p, sig)) {
			if (p->signals->action[sig - 1].handler == (u64)SIG_DFL)
				take_default(&info);
		} else if (handle(regs, &info)) {
			bad_frame(regs, sig);
		}
	}
	end_call(regs, NULL);
	restore_mask();
}

/* --- dispositions and lives ------------------------------------------------------------------------ */

void signal_action_changed(struct process *p, int sig)
{
	while (ignored(p, sig) && discard_some(p, SIGNAL_BIT(sig)))
		preempt_point();
}

void signal_exec(struct process *p)
{
	struct signal_action *action = p->signals->action;
	s64 uid;
	int sig;

	for (sig = 1; sig <= SIGNALS; sig++) {
		if (caught(p, sig)) {
			action[sig - 1].handler = (u64)SIG_DFL;
			if (sig == SIGCHLD)
				scf(CRTOS_OP_SIGACTION, sig, 0);
		}
		action[sig - 1].flags = action[sig - 1].mask = 0;
	}
	/* The interval timers go on. */
	posix_timer_delete_all(p);
	uid = scf(__NR_getuid);
	if (uid >= 0)
		p->signals->uid = uid;
	current->altstack_sp = current->altstack_size = 0;
	current->altstack_flags = 0;
}

void signal_inherit(struct process *p, u64 ignored, u64 blocked)
{
	int sig;

	for (sig = 1; sig <= SIGNALS; sig++) {
		if (ignored & SIGNAL_BIT(sig) & ~SIGNALS_UNBLOCKABLE)
			p->signals->action[sig - 1].handler = (u64)SIG_IGN;
	}
	p->signals->told = ignored;
	signal_set_mask(blocked);
}

void signal_fork(struct process *child, const struct process *parent)
{
	const struct signals *from = parent->signals;
	struct signals *to = child->signals;

	__builtin_memcpy(to->action, from->action, sizeof(to->action));
	to->told = from->told;
	to->withheld = from->withheld;
	to->uid = from->uid;
}

static void discard_queue(struct process *p, struct sigqueue *q)
{
	while (sigqueue_discard(q, ~0ull, &p->signals->queued, DISCARD_BATCH) == DISCARD_BATCH)
		preempt_point();
}

void signal_thread_leaves(void)
{
	struct process *p = current->process;

	discard_queue(p, &current->signals.pending);
	retarget(p, ~current->sigmask);
}

void signal_end(struct process *p)
{
	unsigned int i;

	posix_timer_delete_all(p);
	for (i = 0; i < ARRAY_SIZE(p->signals->itimer); i++) {
		if (p->signals->itimer[i].process)
			posix_timer_stop(&p->signals->itimer[i]);
	}
	discard_queue(p, &p->signals->pending);
}
