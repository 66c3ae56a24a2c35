// SPDX-License-Identifier: MIT
#include <asm/unistd_64.h>
#include <linux/errno.h>
#include <linux/signal.h>

#include "cpu.h"
#include "kstring.h"
#include "process.h"
#include "scf.h"
#include "sigframe.h"
#include "signals.h"
#include "sys.h"
#include "uaccess.h"

#define UNBLOCKABLE	(SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP))

/* Instead of a number: rax is the program's own, and not the result of a call. */
#define NO_CALL		UINT64_MAX

/* What is told of a signal: all of struct siginfo that the RTOS fills. */
struct cause {
	int sig, code;
	u64 addr;
	u64 vector, error;
};

static u64 *pending_of(const struct thread *t)
{
	return &t->process->signals->thread_pending[t->slot];
}

static u64 deliverable(const struct thread *t)
{
	return (t->process->signals->pending | *pending_of(t)) & ~t->sigmask;
}

bool signal_pending(void)
{
	return deliverable(current) != 0;
}

bool signal_attention(void)
{
	const struct signals *s = current->process->signals;

	return s->pending | s->thread_pending[current->slot] | s->has_saved_mask;
}

static bool caught(const struct process *p, int sig)
{
	u64 handler = p->signals->action[sig - 1].handler;

	return handler != (u64)SIG_DFL && handler != (u64)SIG_IGN;
}

/* --- the frame ----------------------------------------------------------------------------------- */

static u64 frame_stack(const struct thread *t, const struct regs *regs,
		       const struct signal_action *action)
{
	u64 sp = regs->rsp;

	if ((action->flags & SA_ONSTACK) && t->altstack_size && !(t->altstack_flags & SS_DISABLE) &&
	    sp - t->altstack_sp - 1 >= t->altstack_size)
		return t->altstack_sp + t->altstack_size;
	return sp - 128;	/* the red zone */
}

static void fill_context(struct sigframe *f, const struct thread *t, const struct regs *r,
			 const struct cause *cause, u64 mask)
{
	struct sigframe_context *c = &f->uc.context;

	f->uc.flags = UC_FP_XSTATE | UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS;
	f->uc.stack_sp = t->altstack_sp;
	f->uc.stack_flags = t->altstack_size ? t->altstack_flags : SS_DISABLE;
	f->uc.stack_size = t->altstack_size;
	f->uc.mask = mask;
	*c = (struct sigframe_context){
		.r8 = r->r8,
		.r9 = r->r9,
		.r10 = r->r10,
		.r11 = r->r11,
		.r12 = r->r12,
		.r13 = r->r13,
		.r14 = r->r14,
		.r15 = r->r15,
		.rdi = r->rdi,
		.rsi = r->rsi,
		.rbp = r->rbp,
		.rbx = r->rbx,
		.rdx = r->rdx,
		.rax = r->rax,
		.rcx = r->rcx,
		.rsp = r->rsp,
		.rip = r->rip,
		.rflags = r->rflags,
		.cs = USER_CS,
		.ss = USER_DS,
		.error = cause->error,
		.vector = cause->vector,
		.mask = mask,
		.cr2 = cause->addr,
	};
}

static void fill_info(struct sigframe *f, const struct thread *t, const struct cause *cause)
{
	f->info.sig = cause->sig;
	f->info.code = cause->code;
	if (cause->code > 0)
		f->info.addr = cause->addr;
	else
		f->info.pid = t->process->pid;
}

/* The FPU state in the form that Linux gives it: XSAVE's, with a note of its size in what is reserved. */
static int put_fpu(struct thread *t, u64 to)
{
	u32 bytes = thread_fpu_bytes(), magic2 = SIGFRAME_MAGIC2;
	struct sigframe_fpu_note note = {
		.magic = SIGFRAME_MAGIC1,
		.bytes = bytes + sizeof(magic2),
		.features = cpu.xcr0,
		.state_bytes = bytes,
	};

	if (t == current)
		thread_fpu_save();
	if (copy_to_user(to, t->xsave, bytes) ||
	    copy_to_user(to + SIGFRAME_FPU_NOTE, &note, sizeof(note)) ||
	    copy_to_user(to + bytes, &magic2, sizeof(magic2)))
		return -EFAULT;
	return 0;
}

/* Thread t, which is `current` or was interrupted in user mode, shall run the handler next. */
static int push_frame(struct thread *t, struct regs *regs, const struct cause *cause)
{
	struct signals *s = t->process->signals;
	struct signal_action *action = &s->action[cause->sig - 1];
	u64 bit = 1ull << t->slot, mask = t->sigmask, fpu, sp;
	struct sigframe f;

	if (action->handler >= CRTOS_USER_END || !(action->flags & SA_RESTORER))
		return -EFAULT;
	if (s->has_saved_mask & bit) {
		mask = s->saved_mask[t->slot];
		s->has_saved_mask &= ~bit;
	}
	fpu = ALIGN_DOWN(frame_stack(t, regs, action) - thread_fpu_bytes() - sizeof(u32), 64);
	sp = ALIGN_DOWN(fpu - sizeof(f), 16) - 8;
	memset(&f, 0, sizeof(f));
	f.restorer = action->restorer;
	fill_context(&f, t, regs, cause, mask);
	fill_info(&f, t, cause);
	f.uc.context.fpu = fpu;
	if (put_fpu(t, fpu) || copy_to_user(sp, &f, sizeof(f)))
		return -EFAULT;
	regs->rdi = cause->sig;
	regs->rsi = sp + offsetof(struct sigframe, info);
	regs->rdx = sp + offsetof(struct sigframe, uc);
	regs->rax = 0;
	regs->rip = action->handler;
	regs->rsp = sp;
	regs->rflags &= ~(RFLAGS_TF | RFLAGS_RF | 1ull << 10);	/* and the direction flag */
	t->sigmask |= action->mask & ~UNBLOCKABLE;
	if (!(action->flags & SA_NODEFER))
		t->sigmask |= SIGNAL_BIT(cause->sig);
	if (action->flags & SA_RESETHAND)
		action->handler = (u64)SIG_DFL;
	return 0;
}

s64 signal_return(struct regs *regs)
{
	u64 sp = regs->rsp - sizeof(u64);
	const struct sigframe_context *c;
	struct sigframe f;

	if (copy_from_user(&f, sp, sizeof(f)))
		process_exit(CRTOS_OP_DIE, SIGSEGV);
	c = &f.uc.context;
	if (!c->fpu)
		thread_fpu_reset();
	else if (copy_from_user(current->xsave, c->fpu, thread_fpu_bytes()))
		process_exit(CRTOS_OP_DIE, SIGSEGV);
	else
		thread_fpu_load();
	*regs = (struct regs){
		.r8 = c->r8,
		.r9 = c->r9,
		.r10 = c->r10,
		.r11 = c->r11,
		.r12 = c->r12,
		.r13 = c->r13,
		.r14 = c->r14,
		.r15 = c->r15,
		.rdi = c->rdi,
		.rsi = c->rsi,
		.rbp = c->rbp,
		.rbx = c->rbx,
		.rdx = c->rdx,
		.rax = c->rax,
		.rcx = c->rcx,
		.rsp = c->rsp,
		.rip = c->rip,
		.cs = USER_CS,
		.ss = USER_DS,
		.rflags = (c->rflags & RFLAGS_USER) | RFLAGS_FIXED | RFLAGS_IF,
		.vector = TRAP_SYSCALL,
		.error = NO_CALL,
	};
	if (regs->rip >= CRTOS_USER_END)
		process_exit(CRTOS_OP_DIE, SIGSEGV);
	current->sigmask = f.uc.mask & ~UNBLOCKABLE;
	return regs->rax;
}

/* --- sending --------------------------------------------------------------------------------------- */

/* It does not run; if an interrupt took it out of user mode its registers can simply be changed. */
static bool interrupted_in_user_mode(const struct thread *t)
{
	const struct regs *regs = thread_regs(t);

	return t != current && t->state == THREAD_READY && regs_from_user(regs) &&
	       regs->vector >= 32 && regs->vector != TRAP_SYSCALL;
}

static struct thread *choose(struct process *p, u64 bit)
{
	struct list *link;

	if (!(current->sigmask & bit))
		return current;
	list_for_each(link, &p->threads) {
		struct thread *t = list_entry(link, struct thread, process_link);

		if (!(t->sigmask & bit) || (p->signals->wanted[t->slot] & bit))
			return t;
	}
	return NULL;
}

bool signal_send(struct process *p, struct thread *thread, int sig)
{
	struct thread *t = thread ? thread : choose(p, SIGNAL_BIT(sig));
	u64 bit = SIGNAL_BIT(sig), *pending = thread ? pending_of(thread) : &p->signals->pending;
	bool blocked = !t || (t->sigmask & bit);

	if (bit & UNBLOCKABLE || (!caught(p, sig) && !blocked))
		return false;
	*pending |= bit;
	if (!t || (blocked && !(p->signals->wanted[t->slot] & bit)))
		return true;
	if (!blocked && interrupted_in_user_mode(t)) {
		const struct cause cause = { .sig = sig, .code = SI_TKILL };

		if (!push_frame(t, thread_regs(t), &cause)) {
			*pending &= ~bit;
			return true;
		}
	}
	if (t != current && !t->scf_waiting)
		thread_wake(t, -EINTR);
	return true;
}

/* --- delivery -------------------------------------------------------------------------------------- */

/* A handler is called after a system call that was interrupted. */
static void end_call(struct regs *regs, bool restart)
{
	if ((s64)regs->rax != -ERESTARTSYS || regs->error == NO_CALL)
		return;
	if (!restart) {
		regs->rax = -EINTR;
		return;
	}
	regs->rax = regs->error;
	regs->rip -= 2;
}

void signal_deliver(struct regs *regs)
{
	struct process *p = current->process;
	struct signals *s = p->signals;
	u64 bit = 1ull << current->slot;

	while (signal_pending() && !current->killed) {
		struct cause cause = { .sig = __builtin_ctzll(deliverable(current)) + 1 };

		cause.code = *pending_of(current) & SIGNAL_BIT(cause.sig) ? SI_TKILL : SI_USER;
		s->pending &= ~SIGNAL_BIT(cause.sig);
		*pending_of(current) &= ~SIGNAL_BIT(cause.sig);
		if (!caught(p, cause.sig)) {
			/* It was blocked when it was sent. The default action is Linux's. */
			scf(__NR_tgkill, p->pid, current->tid, cause.sig);
			continue;
		}
		end_call(regs, s->action[cause.sig - 1].flags & SA_RESTART);
		if (push_frame(current, regs, &cause))
			process_exit(CRTOS_OP_DIE, SIGSEGV);
	}
	end_call(regs, true);
	if (s->has_saved_mask & bit) {
		current->sigmask = s->saved_mask[current->slot];
		s->has_saved_mask &= ~bit;
	}
}

bool signal_fault(struct regs *regs, int sig, int code, u64 addr)
{
	const struct cause cause = {
		.sig = sig,
		.code = code,
		.addr = addr,
		.vector = regs->vector,
		.error = regs->error,
	};

	if (!caught(current->process, sig) || (current->sigmask & SIGNAL_BIT(sig)))
		return false;
	return push_frame(current, regs, &cause) == 0;
}

void signal_fork(struct process *child, const struct process *parent)
{
	memcpy(child->signals->action, parent->signals->action, sizeof(child->signals->action));
}

void signal_exec(struct process *p)
{
	struct signal_action *action = p->signals->action;
	int sig;

	for (sig = 1; sig <= SIGNALS; sig++) {
		if (caught(p, sig)) {
			action[sig - 1].handler = (u64)SIG_DFL;
			scf(CRTOS_OP_SIGACTION, sig, 0);
		}
		action[sig - 1].flags = action[sig - 1].mask = 0;
	}
}
