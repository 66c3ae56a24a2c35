// SPDX-License-Identifier: MIT
/*
 * Threads. Each has a slot of the SCF buffer and a shadow thread. Slots that were used before are preferred:
 * a slot keeps its UPID, and there are not many. The shadow of a slot's last thread may not be gone yet;
 * CRTOS_OP_CLONE waits for that, or fails with EBUSY.
 */
#include <asm/prctl.h>
#include <asm/unistd_64.h>
#include <linux/errno.h>
#include <linux/sched.h>
#include <linux/signal.h>

#include "fork.h"
#include "log.h"
#include "process.h"
#include "scf.h"
#include "sys.h"
#include "uaccess.h"
#include "uipi.h"

#define THREAD_FLAGS	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)
#define OTHER_FLAGS                                                                \
	(CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | \
	 CLONE_CHILD_CLEARTID | CLONE_DETACHED)

/* Of those that make a process. CLONE_VM goes with CLONE_VFORK only. */
#define FORK_FLAGS                                                                 \
	(CLONE_VM | CLONE_VFORK | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | \
	 CLONE_CHILD_CLEARTID | CLONE_DETACHED | CLONE_UNTRACED)

struct request {
	u64 flags, exit_signal, stack, parent_tid, child_tid, tls;
};

static int find_slot(const struct process *p, enum slot_state state)
{
	unsigned int i, slot;

	for (i = 0; i < CRTOS_SCF_SLOTS; i++) {
		slot = (p->slot_next + i) % CRTOS_SCF_SLOTS;
		if (p->slot_state[slot] == state)
			return slot;
	}
	return -EAGAIN;
}

static int take_slot(struct process *p)
{
	int slot = find_slot(p, SLOT_FREE);

	if (slot < 0)
		slot = find_slot(p, SLOT_UNUSED);
	if (slot < 0)
		return slot;
	p->slot_next = slot + 1;
	return slot;
}

/* Starts the shadow thread of the slot, whose UPID then is in the process entry. Its tid or -errno. */
static s64 make_shadow(struct process *p, unsigned int slot, u64 flags)
{
	s64 tid = scf(CRTOS_OP_CLONE, slot, flags);

	if (tid <= 0 || tid > INT32_MAX)
		return tid < 0 ? tid : -EAGAIN;
	if (p->notifier == CRTOS_NOTIFIER_UIPI &&
	    !uipi_table_set(p->uitt, slot, READ_ONCE(p->ctl->linux_side.forward_upid[slot]))) {
		log_print("%s[%d]: slot %u: no valid UPID: process ended", p->comm, p->pid, slot);
		process_end(p, CRTOS_END_PROTOCOL);
		return -EINTR;
	}
	/* Its last request was answered: a thread that ends is told so. */
	p->slot_answered[slot] = load_acquire(&crtos_scf_slot(p->scf, slot)->response.seq);
	if (p->slot_answered[slot] != p->slot_seq[slot]) {
		log_print("%s[%d]: slot %u: answer %u, expected %u: process ended", p->comm, p->pid,
			  slot, p->slot_answered[slot], p->slot_seq[slot]);
		process_end(p, CRTOS_END_PROTOCOL);
		return -EINTR;
	}
	return tid;
}

static void start(struct process *p, struct thread *t, unsigned int slot, s32 tid,
		  const struct request *r)
{
	t->process = p;
	t->slot = slot;
	t->tid = tid;
	t->sigmask = current->sigmask;
	t->mask_untold = t->sigmask & SIGNALS_OF_TERMINALS;
	t->scf_seq = p->slot_seq[slot];
	t->clear_child_tid = r->flags & CLONE_CHILD_CLEARTID ? r->child_tid : 0;
	list_init(&t->futex_link);
	thread_set_fs_base(t, r->flags & CLONE_SETTLS ? r->tls : thread_fs_base(current));
	thread_set_gs_base(t, thread_gs_base(current));
	thread_policy_of_maker(t);
	p->slot[slot] = t;
	process_adopt_thread(p, t);
	/* As on Linux, the thread exists even if its number cannot be stored. */
	if (r->flags & CLONE_PARENT_SETTID)
		put_user32(r->parent_tid, tid);
	if (r->flags & CLONE_CHILD_SETTID)
		put_user32(r->child_tid, tid);
	thread_ready(t);
}

static s64 create_in_slot(struct process *p, const struct regs *regs, const struct request *r,
			  unsigned int slot)
{
	u8 before = p->slot_state[slot];
	struct thread *t;
	s64 tid;

	p->slot_state[slot] = SLOT_LIVE;
	t = thread_create_user(regs, p, current);
	if (!t) {
		p->slot_state[slot] = before;
		return -EAGAIN;
	}
	tid = make_shadow(p, slot, r->flags);
	if (tid > 0 && !p->exiting && !current->killed) {
		start(p, t, slot, tid, r);
		process_take_signals(p);
		return tid;
	}
	/* A shadow without a thread goes with the process, which ends. */
	p->slot_state[slot] = tid > 0 ? SLOT_LOST : before;
	thread_free(t);
	process_take_signals(p);
	if (tid > 0)
		return -EINTR;
	/* No UPID left: to programs, as many threads as there can be. */
	return tid == -ENOSPC ? -EAGAIN : tid;
}

static struct regs child_regs(const struct regs *regs, const struct request *r)
{
	struct regs child = *regs;

	/* A signal finds it in user mode, as if interrupted before its first instruction. */
	child.vector = 32;
	child.rax = 0;
	if (r->stack)
		child.rsp = r->stack;
	return child;
}

static s64 create(const struct regs *regs, const struct request *r)
{
	struct process *p = current->process;
	struct regs child = child_regs(regs, r);
	unsigned int tries;
	s64 ret = -EAGAIN;
	int slot;

	for (tries = 0; tries < CRTOS_SCF_SLOTS; tries++) {
		preempt_point();
		slot = take_slot(p);
		if (slot < 0)
			return slot;
		ret = create_in_slot(p, &child, r, slot);
		if (ret != -EBUSY)
			return ret;
	}
	return -EAGAIN;
}

/* What Linux does with the rest is not to be had: as if the kernel did not know it. */
static s64 fork(const struct regs *regs, const struct request *r)
{
	const struct regs child = child_regs(regs, r);
	const struct fork_request request = {
		.flags = r->flags,
		.parent_tid = r->parent_tid,
		.child_tid = r->child_tid,
		.tls = r->tls,
	};

	if ((r->flags & ~(u64)FORK_FLAGS) || r->exit_signal != SIGCHLD ||
	    ((r->flags & CLONE_VM) && !(r->flags & CLONE_VFORK)))
		return -ENOSYS;
	return process_fork(&child, &request);
}

/* What no kernel makes sense of. */
static bool flags_sensible(u64 flags)
{
	return !((flags & CLONE_FS) && (flags & (CLONE_NEWNS | CLONE_NEWUSER))) &&
	       !((flags & CLONE_THREAD) && !(flags & CLONE_SIGHAND)) &&
	       !((flags & CLONE_SIGHAND) && !(flags & CLONE_VM));
}

static s64 clone(const struct regs *regs, const struct request *r)
{
	if (!flags_sensible(r->flags))
		return -EINVAL;
	if ((r->flags & CLONE_SETTLS) && r->tls >= CRTOS_USER_END)
		return -EPERM;
	if (!(r->flags & CLONE_THREAD))
		return fork(regs, r);
	if ((r->flags & THREAD_FLAGS) != THREAD_FLAGS ||
	    (r->flags & ~(u64)(THREAD_FLAGS | OTHER_FLAGS)))
		return -ENOSYS;
	return create(regs, r);
}

s64 sys_fork(struct regs *regs)
{
	return clone(regs, &(const struct request){ .exit_signal = SIGCHLD });
}

s64 sys_vfork(struct regs *regs)
{
	return clone(regs, &(const struct request){
				   .flags = CLONE_VM | CLONE_VFORK,
				   .exit_signal = SIGCHLD,
			   });
}

s64 sys_clone(struct regs *regs)
{
	const struct request r = {
		.flags = (u32)arg0(regs) & ~(u32)CSIGNAL,
		.exit_signal = arg0(regs) & CSIGNAL,
		.stack = arg1(regs),
		.parent_tid = arg2(regs),
		.child_tid = arg3(regs),
		.tls = arg4(regs),
	};

	return clone(regs, &r);
}

s64 sys_clone3(struct regs *regs)
{
	struct clone_args args;
	struct request r;

	if (arg1(regs) < CLONE_ARGS_SIZE_VER0)
		return -EINVAL;
	if (arg1(regs) > PAGE_SIZE)
		return -E2BIG;
	if (arg1(regs) > sizeof(args))
		return -ENOSYS;
	__builtin_memset(&args, 0, sizeof(args));
	if (copy_from_user(&args, arg0(regs), arg1(regs)))
		return -EFAULT;
	if (args.flags & (CSIGNAL | CLONE_DETACHED) || args.exit_signal > SIGNALS ||
	    ((args.flags & CLONE_THREAD) && args.exit_signal))
		return -EINVAL;
	if (args.set_tid_size)
		return -ENOSYS;
	if (!args.stack != !args.stack_size)
		return -EINVAL;
	r = (struct request){
		.flags = args.flags,
		.exit_signal = args.exit_signal,
		.stack = args.stack + args.stack_size,
		.parent_tid = args.parent_tid,
		.child_tid = args.child_tid,
		.tls = args.tls,
	};
	return clone(regs, &r);
}

s64 sys_exit(struct regs *regs)
{
	process_exit_thread(arg0(regs) & 0xff);
}

s64 sys_exit_group(struct regs *regs)
{
	process_exit(CRTOS_OP_EXIT_GROUP, arg0(regs) & 0xff);
}

s64 sys_getpid(struct regs *regs)
{
	(void)regs;
	return current->process->pid;
}

s64 sys_gettid(struct regs *regs)
{
	(void)regs;
	return current->tid;
}

s64 sys_set_tid_address(struct regs *regs)
{
	current->clear_child_tid = arg0(regs);
	return current->tid;
}

s64 sys_set_robust_list(struct regs *regs)
{
	if (arg1(regs) != 24)
		return -EINVAL;
	current->robust_list = arg0(regs);
	current->robust_untold = true;
	if (current->process->mm->lend_list)
		futex_tell_robust();
	return 0;
}

s64 sys_get_robust_list(struct regs *regs)
{
	const u64 bytes = 24;
	struct thread *t = current;

	if (arg0(regs))
		t = process_find_thread(current->process, arg0(regs));
	if (!t)
		return -ESRCH;
	if (copy_to_user(arg2(regs), &bytes, sizeof(bytes)) ||
	    copy_to_user(arg1(regs), &t->robust_list, sizeof(u64)))
		return -EFAULT;
	return 0;
}

s64 sys_arch_prctl(struct regs *regs)
{
	u64 base;

	switch ((u32)arg0(regs)) {
	case ARCH_SET_FS:
	case ARCH_SET_GS:
		if (arg1(regs) >= CRTOS_USER_END)
			return -EPERM;
		if ((u32)arg0(regs) == ARCH_SET_FS)
			thread_set_fs_base(current, arg1(regs));
		else
			thread_set_gs_base(current, arg1(regs));
		return 0;
	case ARCH_GET_FS:
		base = thread_fs_base(current);
		return copy_to_user(arg1(regs), &base, sizeof(base));
	case ARCH_GET_GS:
		base = thread_gs_base(current);
		return copy_to_user(arg1(regs), &base, sizeof(base));
	}
	return -EINVAL;
}
