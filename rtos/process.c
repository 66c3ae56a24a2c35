// SPDX-License-Identifier: MIT
/*
 * The life of a process entry: the state table of <crtos/boot.h>, seen from the RTOS.
 *
 * The control interrupt only marks threads as killed and wakes the worker; what takes long, making and
 * unmaking processes, is done by the worker, a kernel thread that can be preempted.
 */
#include <linux/errno.h>

#include "core.h"
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
	t->process = p;
	t->slot = 0;
	t->tid = READ_ONCE(l->tid);
	list_init(&t->futex_link);
	if (l->policy != SCHED_OTHER && l->policy <= SCHED_RR && l->priority - 1 < PRIORITY_MAX)
		thread_set_policy(t, l->policy, l->priority);
	else
		thread_set_policy(t, SCHED_OTHER, 0);
	p->slot[0] = t;
	p->slot_state[0] = SLOT_LIVE;
	p->slot_next = 1;
	list_append(&p->threads, &t->process_link);
	p->thread_count = 1;
	return t;
}

static bool valid(const struct crtos_proc_linux *l)
{
	u64 phys = READ_ONCE(l->scf_phys);

	return phys && !(phys & ~PAGE_MASK) && phys < 1ull << 52 &&
	       l->reverse_upid < boot->upid_count && l->notifier <= CRTOS_NOTIFIER_POLL;
}

static int process_create(unsigned int index)
{
	struct crtos_proc *ctl = &control->proc[index];
	const struct crtos_proc_linux *l = &ctl->linux_side;
	struct process *p = kalloc(sizeof(*p));
	struct thread *t;
	int ret = -ENOMEM;

	if (!p)
		return -ENOMEM;
	p->index = index;
	p->ctl = ctl;
	p->pid = l->tgid;
	p->notifier = l->notifier;
	p->spin = l->rt_spin;
	p->reverse_upid = l->reverse_upid;
	p->stack_limit = MM_STACK_DEFAULT;
	p->start_ns = time_monotonic();
	list_init(&p->threads);
	p->signals = kalloc(sizeof(*p->signals));
	if (!p->signals)
		goto free;
	p->scf = kmap_shared(l->scf_phys, CRTOS_SCF_SIZE);
	if (!p->scf)
		goto signals;
	p->uitt = uipi_table_create();
	if (!p->uitt)
		goto unmap;
	if (mm_init(&p->mm))
		goto table;
	p->mm.vm.uitt = p->uitt;
	if (p->notifier == CRTOS_NOTIFIER_UIPI &&
	    !uipi_table_set(p->uitt, 0, READ_ONCE(l->forward_upid[0]))) {
		ret = -EINVAL;
		goto mm;
	}
	t = first_thread(p, l);
	if (!t)
		goto mm;
	p->scf->rt.threads = 1;
	ctl->rt.reason = CRTOS_END_NONE;
	ctl->rt.zap_seq = READ_ONCE(l->zap_done);
	ctl->rt.frames = p->mm.vm.frames;
	ctl->rt.root = p->mm.vm.root;
	processes[index] = p;
	set_state(ctl, CRTOS_RTPROC_RUNNING);
	thread_ready(t);
	return 0;

mm:
	mm_destroy(&p->mm);
table:
	uipi_table_free(p->uitt);
unmap:
	kunmap_shared(p->scf, CRTOS_SCF_SIZE);
      signals:
	kfree(p->signals);
free:
	kfree(p);
	return ret;
}

static void process_try_create(unsigned int index)
{
	struct crtos_proc *ctl = &control->proc[index];
	int ret = valid(&ctl->linux_side) ? process_create(index) : -EINVAL;

	if (!ret)
		return;
	log_print("process %u [%d]: not started: %s", index, ctl->linux_side.pid,
		  ret == -ENOMEM ? "no memory" : "invalid entry");
	ctl->rt.root = 0;
	ctl->rt.reason = ret == -ENOMEM ? CRTOS_END_NO_MEMORY : CRTOS_END_PROTOCOL;
	set_state(ctl, CRTOS_RTPROC_ENDED);
}

/* --- unmaking --------------------------------------------------------------------------------- */

static void process_destroy(struct process *p)
{
	struct crtos_proc *ctl = p->ctl;

	mm_destroy(&p->mm);
	uipi_table_free(p->uitt);
	kunmap_shared(p->scf, CRTOS_SCF_SIZE);
	processes[p->index] = NULL;
	kfree(p->signals);
	kfree(p);
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
		if (p)
			process_destroy(p);
		else if (ctl->rt.state != CRTOS_RTPROC_DEAD)
			set_state(ctl, CRTOS_RTPROC_DEAD);
		else
			return false;
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
	if (!worker) {
		worker = thread_create_kernel(worker_main, NULL, PROCESS_WORKER_PRIORITY);
		if (!worker) {
			log_print("no memory for the process worker");
			return;
		}
		thread_ready(worker);
	}
	thread_wake(worker, 0);
}

/* --- interrupts ------------------------------------------------------------------------------- */

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
	struct process *p = index < CRTOS_PROCS ? processes[index] : NULL;
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

	futex_exit();
	p->slot[current->slot] = NULL;
	p->slot_state[current->slot] = slot_state;
	p->slot_seq[current->slot] = current->scf_seq;
	list_remove(&current->process_link);
	p->thread_count--;
	WRITE_ONCE(p->scf->rt.threads, p->thread_count);
	if (p->lonely && p->thread_count == 1)
		thread_wake(p->lonely, 0);
	/* Its address space may be freed from now on. */
	current->process = NULL;
	vm_switch(NULL);
	if (!p->thread_count)
		worker_wake();
	thread_exit();
}

void process_exit(u32 op, u64 value)
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
			scf_post(op, value);
		else
			process_end(p, CRTOS_END_EXIT);
	}
	leave(SLOT_LOST);
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
	scf_post(CRTOS_OP_EXIT_THREAD, 0);
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
