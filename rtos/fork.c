// SPDX-License-Identifier: MIT
#include <linux/errno.h>
#include <linux/sched.h>

#include "core.h"
#include "fork.h"
#include "page.h"
#include "scf.h"
#include "uaccess.h"

enum fork_state {
	FORK_WAITING,
	FORK_BOUND,		/* the child has its entry, and belongs to itself */
	FORK_LOST,		/* the child's shadow died before */
};

/*
 * On the stack of the thread that waits, which leads to it by thread.fork. Whoever looks at it does so with
 * interrupts off throughout, and that thread is not running.
 */
struct fork {
	u32 token;		/* tells this one from an earlier one of the same thread, whose end is late */
	enum fork_state state;
	const struct fork_request *request;
	struct process *child;
	struct thread *thread;	/* of the child */
};

static u32 last_token;

static struct fork *find(const struct crtos_proc_linux *l, struct thread **waiter)
{
	struct process *parent = process_find(l->fork_parent - 1u);
	struct fork *f;

	if (!parent || l->fork_slot >= CRTOS_SCF_SLOTS)
		return NULL;
	*waiter = parent->slot[l->fork_slot];
	f = *waiter ? (*waiter)->fork : NULL;
	return f && f->token == l->fork_token && f->state == FORK_WAITING ? f : NULL;
}

bool fork_ready(unsigned int index)
{
	const struct crtos_proc_linux *l = &control->proc[index].linux_side;
	const struct fork_request *r;
	struct thread *waiter;
	struct fork *f = find(l, &waiter);
	struct process *child;

	if (!f || waiter->killed)
		return false;
	child = f->child;
	r = f->request;
	if (process_open(child, index)) {
		f->state = FORK_LOST;
		thread_wake(waiter, 0);
		return false;
	}
	f->state = FORK_BOUND;
	if (r->flags & CLONE_VFORK) {
		child->vfork_parent = waiter;
		waiter->vfork_child = child;
	}
	/* As on Linux, the child exists even if its number cannot be stored. */
	if (r->flags & CLONE_CHILD_SETTID)
		mm_poke32(child->mm, r->child_tid, l->tid);
	process_begin(child, f->thread);
	thread_wake(waiter, 0);
	return true;
}

void fork_lost(unsigned int index)
{
	struct thread *waiter;
	struct fork *f = find(&control->proc[index].linux_side, &waiter);

	if (!f)
		return;
	f->state = FORK_LOST;
	thread_wake(waiter, 0);
}

void fork_release(struct process *p)
{
	struct thread *waiter = p->vfork_parent;

	if (!waiter)
		return;
	p->vfork_parent = NULL;
	waiter->vfork_child = NULL;
	thread_wake(waiter, 0);
}

static int make_memory(struct process *child, bool shared)
{
	struct mm *mm = current->process->mm;
	int ret;

	if (shared) {
		mm->users++;
		child->mm = mm;
		return 0;
	}
	child->mm = mm_create();
	if (!child->mm)
		return -ENOMEM;
	/*
	 * As at one moment: C libraries have lists that their other threads may be changing, and put them in order
	 * in the child, relying on the order of the stores.
	 */
	process_freeze();
	ret = mm_fork(child->mm, mm);
	process_thaw();
	return ret;
}

static int make_thread(struct fork *f, const struct regs *regs)
{
	const struct fork_request *r = f->request;
	struct thread *t = thread_create_user(regs, f->child, current);

	if (!t)
		return -ENOMEM;
	f->thread = t;
	t->sigmask = current->sigmask;
	t->mask_untold = current->mask_untold;
	t->altstack_sp = current->altstack_sp;
	t->altstack_size = current->altstack_size;
	t->altstack_flags = current->altstack_flags;
	t->clear_child_tid = r->flags & CLONE_CHILD_CLEARTID ? r->child_tid : 0;
	if (r->flags & CLONE_SETTLS)
		thread_set_fs_base(t, r->tls);
	thread_policy_of_maker(t);
	return 0;
}

static int make_child(struct fork *f, const struct regs *regs)
{
	struct process *p = current->process, *child = process_alloc();
	int ret;

	if (!child)
		return -ENOMEM;
	f->child = child;
	ret = make_memory(child, f->request->flags & CLONE_VM);
	if (!ret)
		ret = make_thread(f, regs);
	if (ret)
		return ret;
	signal_fork(child, p);
	child->started = true;
	child->stack_limit = p->stack_limit;
	__builtin_memcpy(child->comm, p->comm, sizeof(child->comm));
	return 0;
}

static void unmake_child(struct fork *f)
{
	if (f->thread)
		thread_free(f->thread);
	if (f->child)
		process_free(f->child);
}

/* The parent's thread is killed: what the child uses goes. */
static void abandon(struct process *child)
{
	current->vfork_child = NULL;
	child->vfork_parent = NULL;
	process_end(child, CRTOS_END_FORK);
}

/*
 * Nobody maps anything between the copy of the memory and that of the shadow: both shall have the same mappings of
 * files that Linux shares.
 */
static s64 fork_both(struct fork *f, const struct regs *regs)
{
	struct mm *mm = current->process->mm;
	s64 ret = mutex_lock(&mm->lock);

	if (ret)
		return ret;
	ret = make_child(f, regs);
	if (!ret) {
		current->fork = f;
		ret = scf(CRTOS_OP_FORK, f->token, !!(f->request->flags & CLONE_VM));
	}
	mutex_unlock(&mm->lock);
	return ret;
}

s64 process_fork(const struct regs *regs, const struct fork_request *r)
{
	struct fork f = { .token = ++last_token, .state = FORK_WAITING, .request = r };
	s64 ret = fork_both(&f, regs);

	if (current->fork) {
		while (ret > 0 && f.state == FORK_WAITING && !current->killed)
			thread_block(TIME_NEVER);
		current->fork = NULL;
	}
	if (f.state == FORK_BOUND)
		thread_ready(f.thread);
	else
		unmake_child(&f);
	if (ret > 0 && (r->flags & CLONE_PARENT_SETTID))
		put_user32(r->parent_tid, ret);
	while (current->vfork_child && !current->killed)
		thread_block(TIME_NEVER);
	if (current->vfork_child)
		abandon(current->vfork_child);
	return ret;
}
