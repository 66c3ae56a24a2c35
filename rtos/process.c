// SPDX-License-Identifier: MIT
/*
 * The life of a process entry: the state table of <crtos/boot.h>, seen from the RTOS.
 *
 * The control interrupt only marks threads as killed and wakes the worker; what takes long, making and
 * unmaking processes, is done by the worker, a kernel thread that can be preempted.
 */
#include <linux/errno.h>

#include "core.h"
#include "fork.h"
#include "futex.h"
#include "log.h"
#include "page.h"
#include "process.h"
#include "scf.h"
#include "uaccess.h"
#include "uipi.h"

/* Above SCHED_OTHER programs, below every real-time one. */
#ifndef PROCESS_WORKER_PRIORITY
#define PROCESS_WORKER_PRIORITY	1
#endif

CRTOS_ASSERT(sizeof(struct process) <= PAGE_SIZE);

static struct process *processes[CRTOS_PROCS];
static struct thread *worker;
static bool work;

static void set_state(struct crtos_proc *ctl, u32 state)
{
	store_release(&ctl->rt.state, state);
	doorbell_linux();
}

/* --- making ----------------------------------------------------------------------------------- */

struct process *process_alloc(void)
{
	struct process *p = kalloc(sizeof(*p));

	if (!p)
		return NULL;
	p->signals = kalloc(sizeof(*p->signals));
	if (!p->signals) {
		kfree(p);
		return NULL;
	}
	list_init(&p->threads);
	mutex_init(&p->freeze);
	p->stack_limit = MM_STACK_DEFAULT;
	return p;
}

void process_free(struct process *p)
{
	if (p->mm)
		mm_put(p->mm);
	uipi_table_free(p->uitt);
	if (p->scf)
		kunmap_shared(p->scf, CRTOS_SCF_SIZE);
	kfree(p->signals);
	kfree(p);
}

static bool valid(const struct crtos_proc_linux *l)
{
	u64 phys = READ_ONCE(l->scf_phys);

	return phys && !(phys & ~PAGE_MASK) && phys < 1ull << 52 &&
	       l->reverse_upid < boot->upid_count && l->notifier <= CRTOS_NOTIFIER_POLL;
}

int process_open(struct process *p, unsigned int index)
{
	struct crtos_proc *ctl = &control->proc[index];
	const struct crtos_proc_linux *l = &ctl->linux_side;

	if (!valid(l))
		return -EINVAL;
	p->index = index;
	p->ctl = ctl;
	p->pid = l->tgid;
	p->notifier = l->notifier;
	p->spin = l->rt_spin;
	p->reverse_upid = l->reverse_upid;
	p->scf = kmap_shared(l->scf_phys, CRTOS_SCF_SIZE);
	p->uitt = uipi_table_create();
	if (!p->scf || !p->uitt)
		return -ENOMEM;
	if (p->notifier == CRTOS_NOTIFIER_UIPI &&
	    !uipi_table_set(p->uitt, 0, READ_ONCE(l->forward_upid[0])))
		return -EINVAL;
	return 0;
}

void process_begin(struct process *p, struct thread *first)
{
	struct crtos_proc_rt *rt = &p->ctl->rt;

	first->slot = 0;
	first->tid = READ_ONCE(p->ctl->linux_side.tid);
	p->slot[0] = first;
	p->slot_state[0] = SLOT_LIVE;
	p->slot_next = 1;
	process_adopt_thread(p, first);
	sigqueue_show(&p->signals->pending, &p->scf->pending[0]);
	rt->reason = CRTOS_END_NONE;
	rt->zap_seq = READ_ONCE(p->ctl->linux_side.zap_done);
	/* A vfork child's memory is shown by its parent's session. */
	if (!p->mm->entry)
		mm_show(p->mm, p->ctl);
	processes[p->index] = p;
	set_state(p->ctl, CRTOS_RTPROC_RUNNING);
	process_take_signals(p);
}

static struct thread *first_thread(struct process *p, const struct crtos_proc_linux *l)
{
	/*
	 * It enters user mode at an address that is never mapped. The exception is where its first image
	 * is loaded, in its own context (fault.c), so that no kernel thread need become a user thread.
	 */
	const struct regs regs = {
		.cs = USER_CS,
		.ss = USER_DS,
		.rflags = 0x202,
	};
	struct thread *t = thread_create_user(&regs, p, NULL);

	if (!t)
		return NULL;
	if (l->policy != SCHED_OTHER && l->policy <= SCHED_RR && l->priority - 1 < PRIORITY_MAX)
		thread_set_policy(t, l->policy, l->priority);
	else
		thread_set_policy(t, SCHED_OTHER, 0);
	return t;
}

static int process_create(unsigned int index)
{
	struct process *p = process_alloc();
	struct thread *t = NULL;
	int ret;

	if (!p)
		return -ENOMEM;
	ret = process_open(p, index);
	preempt_point();
	if (!ret) {
		p->mm = mm_create();
		preempt_point();
		t = p->mm ? first_thread(p, &p->ctl->linux_side) : NULL;
		ret = t ? 0 : -ENOMEM;
	}
	if (ret) {
		process_free(p);
		return ret;
	}
	process_begin(p, t);
	thread_ready(t);
	return 0;
}

/* It cannot be: the shadow is told to end. */
static void process_refuse(unsigned int index, u32 reason)
{
	struct crtos_proc *ctl = &control->proc[index];

	ctl->rt.root = 0;
	ctl->rt.reason = reason;
	set_state(ctl, CRTOS_RTPROC_ENDED);
}

static void process_try_create(unsigned int index)
{
	const struct crtos_proc_linux *l = &control->proc[index].linux_side;
	int ret;

	if (l->fork_parent) {
		if (!fork_ready(index))
			process_refuse(index, CRTOS_END_FORK);
		return;
	}
	ret = process_create(index);
	if (!ret)
		return;
	log_print("process %u [%d]: not started: %s", index, l->pid,
		  ret == -ENOMEM ? "no memory" : "invalid entry");
	process_refuse(index, ret == -ENOMEM ? CRTOS_END_NO_MEMORY : CRTOS_END_PROTOCOL);
}

/* --- unmaking --------------------------------------------------------------------------------- */

static void process_destroy(struct process *p)
{
	struct crtos_proc *ctl = p->ctl;

	mm_hide(p->mm, ctl);
	processes[p->index] = NULL;
	signal_end(p);
	process_free(p);
	ctl->rt.root = 0;
	ctl->rt.frames = 0;
	ctl->rt.forward_ipi = 0;
	set_state(ctl, CRTOS_RTPROC_DEAD);
}

static void kill_threads(struct process *p)
{
	struct list *link, *next;

	p->exiting = true;
	list_for_each_safe(link, next, &p->threads)
		thread_kill(list_entry(link, struct thread, process_link));
}

/* One step of the entry's life; true if something was done. */
static bool process_step(unsigned int index)
{
	struct crtos_proc *ctl = &control->proc[index];
	struct process *p = processes[index];
	u32 state = load_acquire(&ctl->linux_side.state);

	switch (state) {
	case CRTOS_PROC_RUN:
		if (p || ctl->rt.state != CRTOS_RTPROC_FREE)
			return false;
		process_try_create(index);
		return true;
	case CRTOS_PROC_KILL:
		if (p && p->thread_count)
			return false;
		if (!p && ctl->rt.state == CRTOS_RTPROC_DEAD)
			return false;
		if (p) {
			process_destroy(p);
		} else {
			if (ctl->linux_side.fork_parent)
				fork_lost(index);
			set_state(ctl, CRTOS_RTPROC_DEAD);
		}
		return true;
	case CRTOS_PROC_FREE:
		if (p || ctl->rt.state != CRTOS_RTPROC_DEAD)
			return false;
		set_state(ctl, CRTOS_RTPROC_FREE);
		return true;
	}
	return false;
}

static void worker_main(void *arg)
{
	unsigned int i;

	(void)arg;
	for (;;) {
		work = false;
		for (i = 0; i < CRTOS_PROCS; i++) {
			while (process_step(i))
				preempt_point();
		}
		if (!work)
			thread_block(TIME_NEVER);
	}
}

static void worker_wake(void)
{
	work = true;
	thread_wake(worker, 0);
}

void process_init(void)
{
	worker = thread_create_kernel(worker_main, NULL, PROCESS_WORKER_PRIORITY);
	if (!worker)
		panic(NULL, "no memory for the process worker");
	thread_ready(worker);
}

/* --- interrupts ------------------------------------------------------------------------------- */

static void freeze(struct process *p)
{
	struct list *link;

	list_for_each(link, &p->threads)
		list_entry(link, struct thread, process_link)->attention = true;
}

static void thaw(struct process *p)
{
	struct list *link;

	list_for_each(link, &p->threads) {
		struct thread *t = list_entry(link, struct thread, process_link);

		if (t->frozen)
			thread_wake(t, 0);
	}
}

static void set_stopped(struct process *p, bool stopped)
{
	p->stopped = stopped;
	if (stopped)
		freeze(p);
	else
		thaw(p);
}

static void take_signal(struct process *p, const struct crtos_proc_signal *s)
{
	const struct signal_info info = {
		.sig = s->signal,
		.code = s->code,
		.raw = { s->info[0], s->info[1], s->info[2], s->info[3] },
	};

	if (s->slot >= CRTOS_SCF_SLOTS)
		signal_from_linux(p, NULL, &info);
	else if (p->slot[s->slot])
		signal_from_linux(p, p->slot[s->slot], &info);
}

/* For a thread that is being made: its shadow can be sent signals already. */
static bool too_early(const struct process *p, const struct crtos_proc_signal *s)
{
	return s->slot < CRTOS_SCF_SLOTS && p->slot_state[s->slot] == SLOT_LIVE &&
	       !p->slot[s->slot];
}

/* No more than there is room for: more come with another interrupt, or when the thread is there. */
void process_take_signals(struct process *p)
{
	const struct crtos_proc_signals *ring = &p->ctl->signals;
	u32 tail = p->ctl->rt.signal_tail, count = load_acquire(&ring->head) - tail;

	if (!!READ_ONCE(ring->stopped) != p->stopped)
		set_stopped(p, !p->stopped);
	if (!count)
		return;
	for (count = min(count, CRTOS_PROC_SIGNALS); count; count--, tail++) {
		const struct crtos_proc_signal s = ring->entry[tail % CRTOS_PROC_SIGNALS];

		if (too_early(p, &s))
			break;
		take_signal(p, &s);
	}
	store_release(&p->ctl->rt.signal_tail, tail);
}

void process_control_changed(void)
{
	unsigned int i;
	bool changed = false;

	for (i = 0; i < CRTOS_PROCS; i++) {
		const struct crtos_proc *ctl = &control->proc[i];
		u32 state = load_acquire(&ctl->linux_side.state);
		struct process *p = processes[i];

		if (state == CRTOS_PROC_KILL && p && !p->closed) {
			p->closed = true;
			kill_threads(p);
		}
		if (state == CRTOS_PROC_RUN && p)
			process_take_signals(p);
		if ((state == CRTOS_PROC_RUN && !p && ctl->rt.state == CRTOS_RTPROC_FREE) ||
		    (state == CRTOS_PROC_KILL && ctl->rt.state != CRTOS_RTPROC_DEAD) ||
		    (state == CRTOS_PROC_FREE && ctl->rt.state == CRTOS_RTPROC_DEAD))
			changed = true;
	}
	if (changed)
		worker_wake();
}

void process_reverse_interrupt(unsigned int index)
{
	struct process *p = process_find(index);
	u64 bits;

	if (!p)
		return;
	for (bits = uipi_take(p->reverse_upid); bits; bits &= bits - 1) {
		p->scf->rt.woken++;
		control->woken++;
		scf_answered(p, __builtin_ctzll(bits));
	}
}

/* --- ends ------------------------------------------------------------------------------------- */

void process_end(struct process *p, u32 reason)
{
	if (p->closed)
		return;
	p->closed = true;
	p->scf->rt.reason = reason;
	p->ctl->rt.reason = reason;
	set_state(p->ctl, CRTOS_RTPROC_ENDED);
	kill_threads(p);
}

struct process *process_find(unsigned int index)
{
	return index < CRTOS_PROCS ? processes[index] : NULL;
}

struct thread *process_find_thread(const struct process *p, s32 tid)
{
	struct list *link;

	list_for_each(link, &p->threads) {
		struct thread *t = list_entry(link, struct thread, process_link);

		if (t->tid == tid)
			return t;
	}
	return NULL;
}

/* `current` leaves its process and ends. What it had to say to Linux was said. */
static _Noreturn void leave(enum slot_state slot_state)
{
	struct process *p = current->process;

	signal_thread_leaves();
	process_thaw();
	futex_exit();
	p->slot[current->slot] = NULL;
	p->slot_state[current->slot] = slot_state;
	p->slot_seq[current->slot] = current->scf_seq;
	list_remove(&current->process_link);
	p->thread_count--;
	WRITE_ONCE(p->scf->rt.threads, p->thread_count);
	if (p->lonely && p->thread_count == 1)
		thread_wake(p->lonely, 0);
	if (!p->thread_count)
		fork_release(p);
	/* Its address space may be freed from now on. */
	current->process = NULL;
	vm_switch(NULL);
	uipi_table_use(NULL);
	if (!p->thread_count)
		worker_wake();
	thread_exit();
}

void process_exit_args(u32 op, u64 arg0, u64 arg1, u64 arg2)
{
	struct process *p = current->process;

	/* The first one decides how the process ends. */
	if (!p->exiting) {
		kill_threads(p);
		/*
		 * The thread's own shadow is idle, so the request ends the whole shadow, whatever its other
		 * threads do. If it is busy, with a call that this thread was killed in, the module ends it.
		 */
		if (!scf_outstanding())
			scf_post(op, arg0, arg1, arg2);
		else
			process_end(p, CRTOS_END_EXIT);
	}
	leave(SLOT_LOST);
}

void process_exit(u32 op, u64 value)
{
	process_exit_args(op, value, 0, 0);
}

void process_exit_thread(int code)
{
	struct process *p = current->process;

	if (!p->exiting) {
		futex_exit();
		if (current->clear_child_tid && !put_user32(current->clear_child_tid, 0))
			futex_wake_addr(current->clear_child_tid, 1);
	}
	if (p->exiting)
		leave(SLOT_LOST);
	if (p->thread_count == 1)
		process_exit(CRTOS_OP_EXIT_GROUP, code & 0xff);
	if (scf_outstanding())
		leave(SLOT_LOST);
	scf_post(CRTOS_OP_EXIT_THREAD, 0, 0, 0);
	leave(SLOT_FREE);
}

void user_thread_killed(void)
{
	process_exit_thread(0);
}

int process_kill_others(struct process *p)
{
	struct list *link, *next;

	if (p->lonely)
		return -EINTR;
	list_for_each_safe(link, next, &p->threads) {
		struct thread *t = list_entry(link, struct thread, process_link);

		if (t != current)
			thread_kill(t);
	}
	p->lonely = current;
	while (p->thread_count > 1 && !current->killed)
		thread_block(TIME_NEVER);
	p->lonely = NULL;
	return current->killed ? -EINTR : 0;
}

/* --- one thread alone --------------------------------------------------------------------------------- */

/* Without the lock if `current` is killed, which ends it. */
void process_freeze(void)
{
	struct process *p = current->process;

	process_wait_frozen();
	if (!mutex_lock(&p->freeze))
		freeze(p);
}

void process_thaw(void)
{
	struct process *p = current->process;

	if (process_freezer(p) == current)
		mutex_unlock(&p->freeze);
}

void process_adopt_thread(struct process *p, struct thread *t)
{
	list_append(&p->threads, &t->process_link);
	sigqueue_show(&t->signals.pending, &p->scf->pending[1 + t->slot]);
	t->attention = p->stopped || process_freezer(p);
	p->thread_count++;
	WRITE_ONCE(p->scf->rt.threads, p->thread_count);
}

void process_wait_frozen(void)
{
	struct process *p = current->process;

	current->frozen = true;
	do {
		while (p->stopped && !current->killed)
			thread_block(TIME_NEVER);
		/* Once: whoever freezes the others after that asks for attention anew. */
		if (process_freezer(p) != current && !mutex_lock(&p->freeze))
			mutex_unlock(&p->freeze);
	} while (p->stopped && !current->killed);
	current->frozen = false;
}

/* Linux stops the shadow, and with it all that needs Linux. A shadow that is continued answers. */
void process_stop(int sig)
{
	process_freeze();
	scf(CRTOS_OP_STOP, sig);
	process_thaw();
}
