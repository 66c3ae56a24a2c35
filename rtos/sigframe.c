// SPDX-License-Identifier: MIT
#include <linux/errno.h>
#include <linux/signal.h>

#include "cpu.h"
#include "kstring.h"
#include "process.h"
#include "sigframe.h"
#include "signals.h"
#include "uaccess.h"

#define RED_ZONE	128
#define RFLAGS_DF	(1ull << 10)

/* --- the alternate stack --------------------------------------------------------------------------- */

/* Where its end is taken for a part of it, as on Linux: it grows down. */
static bool within_altstack(u64 sp)
{
	return sp - current->altstack_sp - 1 < current->altstack_size;
}

/* One that disarms itself is not known to be in use. */
static bool on_altstack(u64 sp)
{
	return !(current->altstack_flags & SS_AUTODISARM) && within_altstack(sp);
}

struct sigframe_stack sigframe_altstack_now(u64 rsp)
{
	const struct thread *t = current;

	return (struct sigframe_stack){
		.sp = t->altstack_sp,
		.flags = (!t->altstack_size ? SS_DISABLE :
			  on_altstack(rsp)  ? SS_ONSTACK :
					      0) |
			 (t->altstack_flags & SS_AUTODISARM),
		.bytes = t->altstack_size,
	};
}

static void set_altstack(u64 sp, u64 bytes, u32 flags)
{
	current->altstack_sp = sp;
	current->altstack_size = bytes;
	current->altstack_flags = flags;
}

int sigframe_altstack(const struct sigframe_stack *new, u64 rsp)
{
	u32 mode = new->flags & ~SS_AUTODISARM;

	if (on_altstack(rsp))
		return -EPERM;
	if (mode != SS_DISABLE && mode != SS_ONSTACK && mode)
		return -EINVAL;
	if (mode == SS_DISABLE) {
		set_altstack(0, 0, new->flags);
		return 0;
	}
	if (new->bytes < MINSIGSTKSZ)
		return -ENOMEM;
	set_altstack(new->sp, new->bytes, new->flags);
	return 0;
}

/* --- pushing --------------------------------------------------------------------------------------- */

/* Where a frame comes to lie, and its FPU state; 0: the alternate stack would overflow. */
static u64 place(const struct regs *regs, const struct signal_action *action, u64 *fpu)
{
	u64 sp = regs->rsp - RED_ZONE;
	bool on = on_altstack(regs->rsp);

	if ((action->flags & SA_ONSTACK) && current->altstack_size && !on_altstack(sp)) {
		sp = current->altstack_sp + current->altstack_size;
		on = true;
	}
	*fpu = ALIGN_DOWN(sp - thread_fpu_bytes() - sizeof(u32), 64);
	sp = ALIGN_DOWN(*fpu - sizeof(struct sigframe), 16) - 8;
	return on && !within_altstack(sp) ? 0 : sp;
}

static void fill_context(struct sigframe *f, const struct regs *r, u64 mask)
{
	const struct thread *t = current;

	f->uc.flags = UC_FP_XSTATE | UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS;
	f->uc.stack_sp = t->altstack_sp;
	f->uc.stack_flags = t->altstack_size ? t->altstack_flags : SS_DISABLE;
	f->uc.stack_size = t->altstack_size;
	f->uc.mask = mask;
	f->uc.context = (struct sigframe_context){
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
		.error = t->signals.fault_error,
		.vector = t->signals.fault_vector,
		.cr2 = t->signals.fault_addr,
		.mask = mask,
	};
}

/* The FPU state in the form that Linux gives it: XSAVE's, with a note of its size in what is reserved. */
static int put_fpu(u64 to)
{
	u32 bytes = thread_fpu_bytes(), magic2 = SIGFRAME_MAGIC2;
	struct sigframe_fpu_note note = {
		.magic = SIGFRAME_MAGIC1,
		.bytes = bytes + sizeof(magic2),
		.features = cpu.xcr0,
		.state_bytes = bytes,
	};

	thread_fpu_save();
	if (copy_to_user(to, current->xsave, bytes) ||
	    copy_to_user(to + SIGFRAME_FPU_NOTE, &note, sizeof(note)) ||
	    copy_to_user(to + bytes, &magic2, sizeof(magic2)))
		return -EFAULT;
	return 0;
}

int sigframe_push(struct regs *regs, const struct signal_action *action,
		  const struct signal_info *info, u64 mask)
{
	u64 fpu, sp = place(regs, action, &fpu);
	struct sigframe f;

	if (!sp || action->handler >= CRTOS_USER_END || !(action->flags & SA_RESTORER))
		return -EFAULT;
	memset(&f, 0, sizeof(f));
	f.restorer = action->restorer;
	fill_context(&f, regs, mask);
	f.uc.context.fpu = fpu;
	f.info = *info;
	if (put_fpu(fpu) || copy_to_user(sp, &f, sizeof(f)))
		return -EFAULT;
	regs->rdi = info->sig;
	regs->rsi = sp + offsetof(struct sigframe, info);
	regs->rdx = sp + offsetof(struct sigframe, uc);
	regs->rax = 0;
	regs->rip = action->handler;
	regs->rsp = sp;
	regs->rflags &= ~(RFLAGS_TF | RFLAGS_RF | RFLAGS_DF);
	regs->error = NO_CALL;
	if (current->altstack_flags & SS_AUTODISARM)
		set_altstack(0, 0, SS_DISABLE);
	return 0;
}

/* --- going back ------------------------------------------------------------------------------------ */

int sigframe_pop(struct regs *regs, u64 *mask)
{
	const struct sigframe_context *c;
	struct sigframe_stack stack;
	struct sigframe f;

	if (copy_from_user(&f, regs->rsp - sizeof(u64), sizeof(f)))
		return -EFAULT;
	c = &f.uc.context;
	if (c->rip >= CRTOS_USER_END)
		return -EFAULT;
	if (!c->fpu) {
		thread_fpu_reset();
	} else if (copy_from_user(current->xsave, c->fpu, thread_fpu_bytes())) {
		thread_fpu_reset();	/* what was copied of it may be no state at all */
		return -EFAULT;
	} else {
		thread_fpu_load();
	}
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
	*mask = f.uc.mask;
	stack = (struct sigframe_stack){ f.uc.stack_sp, f.uc.stack_flags, 0, f.uc.stack_size };
	/* What is wrong with it is ignored, as on Linux: a program still on it stays there. */
	sigframe_altstack(&stack, regs->rsp);
	return 0;
}
