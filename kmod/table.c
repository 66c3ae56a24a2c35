// SPDX-License-Identifier: GPL-2.0-only
/*
 * The partition's table of processes and their life (boot.h: "Life of a process entry").
 *
 * An entry's `state` of the Linux side is written here and in process.c, the RTOS's is read here. A
 * process leaves the table when the RTOS says that it is DEAD, or when the core has been halted:
 * from then on nobody posts to its UPIDs or touches its SCF buffer.
 */
#include <linux/err.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/seq_buf.h>

#include "crtos_trace.h"
#include "mailbox.h"
#include "partition.h"
#include "process.h"
#include "signals.h"
#include "uintr_thread.h"
#include "uintr_upid.h"
#include "uintr_wait.h"

/* Changed under the mailbox lock and table_lock; read under either. */
static struct crtos_process *table[CRTOS_PROCS];
static DEFINE_RAW_SPINLOCK(table_lock);
static atomic64_t table_wakes = ATOMIC64_INIT(0);

static void table_set(unsigned int index, struct crtos_process *process)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&table_lock, flags);
	table[index] = process;
	raw_spin_unlock_irqrestore(&table_lock, flags);
}

/* A new partition begins to count. */
void crtos_table_reset(void)
{
	atomic64_set(&table_wakes, 0);
}

u64 crtos_table_wakes(void)
{
	return atomic64_read(&table_wakes);
}

/* Under the lock that keeps the waiter from ending. */
void crtos_shadow_count_wake(struct crtos_thread *thread)
{
	if (!thread->process)
		return;
	atomic64_inc(&thread->process->wakes);
	atomic64_inc(&table_wakes);
}

/* Give the process a place; takes a reference. Return: 0, -ENODEV, -EAGAIN. */
int crtos_table_add(struct crtos_process *process)
{
	struct crtos_control *control = crtos_mailbox.control;
	unsigned int i;

	lockdep_assert_held(&crtos_mailbox.lock);
	if (!control || !crtos_mailbox.accepting)
		return -ENODEV;
	for (i = 0; i < CRTOS_PROCS; i++) {
		if (table[i])
			continue;
		/* Acquire: the RTOS has finished with the entry. */
		if (smp_load_acquire(&control->proc[i].rt.state) == CRTOS_RTPROC_FREE)
			break;
	}
	if (i == CRTOS_PROCS)
		return -EAGAIN;

	process->index = i;
	process->entry = &control->proc[i];
	process->rt_seen = CRTOS_RTPROC_FREE;
	crtos_partition_open_mirror(&process->mirror, process->entry);
	crtos_process_get(process);
	table_set(i, process);
	return 0;
}

/* Nobody uses what the process was given: take it back. */
void crtos_table_retire(struct crtos_process *process)
{
	struct crtos_proc *entry = process->entry;
	unsigned long flags;
	int i;

	lockdep_assert_held(&crtos_mailbox.lock);
	table_set(process->index, NULL);
	mutex_lock(&process->lock);
	raw_spin_lock_irqsave(&process->thread_lock, flags);
	process->entry = NULL;
	raw_spin_unlock_irqrestore(&process->thread_lock, flags);
	crtos_upid_deactivate(process->reverse->upid);
	crtos_upid_put(process->reverse);
	process->reverse = NULL;
	for (i = 0; i < CRTOS_SCF_SLOTS; i++) {
		if (process->forward[i])
			crtos_upid_put(process->forward[i]);
		process->forward[i] = NULL;
	}
	mutex_unlock(&process->lock);

	if (process->announced) {
		/* The RTOS may give the entry away after this. */
		smp_store_release(&entry->linux_side.state, CRTOS_PROC_FREE);
		crtos_mailbox_ring();
	}
	wake_up_all(&crtos_mailbox.idle);
	crtos_process_put(process);
}

/* Under thread_lock. */
static void signal_shadow(struct crtos_thread *thread, unsigned int slot)
{
	struct kernel_siginfo info;

	clear_siginfo(&info);
	info.si_signo = CRTOS_SIGNAL;
	info.si_code = SI_QUEUE;
	info.si_int = slot;
	send_sig_info(CRTOS_SIGNAL, &info, thread->task);
}

/* `ipi`: signal the shadow threads whose bit the RTOS has set. Under table_lock. */
static void process_forward(struct crtos_process *process)
{
	struct crtos_scf_slot *slot;
	struct crtos_thread *thread;
	unsigned long bits;
	unsigned int i;

	if (!READ_ONCE(process->entry->rt.forward_ipi))
		return;
	bits = xchg(&process->entry->rt.forward_ipi, 0);
	raw_spin_lock(&process->thread_lock);
	for_each_set_bit(i, &bits, CRTOS_SCF_SLOTS) {
		thread = process->thread[i];
		if (!thread)
			continue;
		slot = crtos_scf_slot(process->scf, i);
		trace_crtos_submit(process->index, i, slot->request.seq, slot->request.nr);
		WRITE_ONCE(thread->request, true);
		signal_shadow(thread, i);
		crtos_wait_poke(thread);
		crtos_wait_count();
		crtos_shadow_count_wake(thread);
	}
	raw_spin_unlock(&process->thread_lock);
}

/* Calls that shall end because a signal waits for their threads. Under table_lock. */
static void process_interrupt(struct crtos_process *process)
{
	unsigned long bits;
	unsigned int i;

	if (!READ_ONCE(process->entry->rt.interrupt))
		return;
	bits = xchg(&process->entry->rt.interrupt, 0);
	raw_spin_lock(&process->thread_lock);
	for_each_set_bit(i, &bits, CRTOS_SCF_SLOTS) {
		if (process->thread[i])
			signal_shadow(process->thread[i], i);
	}
	raw_spin_unlock(&process->thread_lock);
}

/* The RTOS's doorbell: hard interrupt. Return: whether the work item must look. */
bool crtos_table_interrupt(void)
{
	struct crtos_control *control = READ_ONCE(crtos_mailbox.control);
	struct crtos_process *process;
	unsigned int i;
	bool more, readable = false;

	if (!control)
		return false;
	more = READ_ONCE(control->rt_state) != CRTOS_RT_RUNNING;
	raw_spin_lock(&table_lock);
	for (i = 0; i < CRTOS_PROCS; i++) {
		process = table[i];
		if (!process || !process->entry)
			continue;
		if (process->notifier == CRTOS_NOTIFIER_IPI)
			process_forward(process);
		process_interrupt(process);
		if (READ_ONCE(process->entry->rt.signalfd))
			readable |= xchg(&process->entry->rt.signalfd, 0);
		if (READ_ONCE(process->entry->rt.state) != READ_ONCE(process->rt_seen))
			more = true;
	}
	raw_spin_unlock(&table_lock);
	if (readable)
		crtos_signalfd_wake();
	return more;
}

/* Return: whether there is something to wait for. */
static bool process_advance(struct crtos_process *process)
{
	/* Acquire: `reason` is set before ENDED, the last use of our memory is before DEAD. */
	u32 state = smp_load_acquire(&process->entry->rt.state);

	WRITE_ONCE(process->rt_seen, state);
	if (!process->announced)
		return false;
	if (process->closed) {
		if (state != CRTOS_RTPROC_DEAD)
			return true;
		crtos_table_retire(process);
		return false;
	}
	if (state == CRTOS_RTPROC_ENDED || state == CRTOS_RTPROC_DEAD)
		crtos_process_end(process, CRTOS_SCF_ENDED);
	return false;
}

/* A shadow that was told to end and did not. Return: whether there is one to wait for. */
static bool process_enforce(struct crtos_process *process)
{
	if (!process->over || process->closed)
		return false;
	if (time_after_eq(jiffies, process->kill_at)) {
		kill_pid(process->tgid, SIGKILL, 1);
		process->kill_at = jiffies + HZ;
	}
	return true;
}

/* Look at all processes. Return: whether to look again soon. */
bool crtos_table_advance(void)
{
	bool soon = false;
	unsigned int i;

	lockdep_assert_held(&crtos_mailbox.lock);
	for (i = 0; i < CRTOS_PROCS; i++) {
		if (table[i])
			soon |= process_enforce(table[i]);
		if (table[i])
			soon |= process_advance(table[i]);
	}
	return soon;
}

/* Signals for all processes. Return: jiffies after which to look again, or 0. */
unsigned long crtos_table_signals(void)
{
	unsigned long again = 0, soon;
	unsigned int i;

	lockdep_assert_held(&crtos_mailbox.lock);
	for (i = 0; i < CRTOS_PROCS; i++) {
		soon = table[i] ? crtos_signals_look(table[i]) : 0;
		if (soon)
			again = again ? min(again, soon) : soon;
	}
	return again;
}

/* The RTOS has panicked or is about to be stopped. @kill: at once. */
void crtos_table_lost(bool kill)
{
	unsigned int i;

	lockdep_assert_held(&crtos_mailbox.lock);
	for (i = 0; i < CRTOS_PROCS; i++) {
		if (!table[i])
			continue;
		crtos_process_end(table[i], CRTOS_SCF_PARTITION_LOST);
		if (kill && !table[i]->closed)
			kill_pid(table[i]->tgid, SIGKILL, 1);
	}
}

/* No shadow can notify the real-time core any more. */
void crtos_table_mute(void)
{
	unsigned int i;

	lockdep_assert_held(&crtos_mailbox.lock);
	for (i = 0; i < CRTOS_PROCS; i++) {
		if (table[i])
			crtos_upid_mute(table[i]->reverse->upid);
	}
}

/* The core is halted and its memory goes. */
void crtos_table_abandon(void)
{
	unsigned int i;

	lockdep_assert_held(&crtos_mailbox.lock);
	for (i = 0; i < CRTOS_PROCS; i++) {
		if (!table[i])
			continue;
		crtos_process_end(table[i], CRTOS_SCF_PARTITION_LOST);
		crtos_mirror_close(&table[i]->mirror);
		crtos_table_retire(table[i]);
	}
}

/* Processes in the table. */
unsigned int crtos_table_count(void)
{
	unsigned int i, count = 0;

	for (i = 0; i < CRTOS_PROCS; i++)
		count += !!READ_ONCE(table[i]);
	return count;
}

/* Whether a process is in the table; @open_only: one whose session is open. Any context. */
bool crtos_table_busy(bool open_only)
{
	unsigned long flags;
	bool busy = false;
	unsigned int i;

	raw_spin_lock_irqsave(&table_lock, flags);
	for (i = 0; i < CRTOS_PROCS; i++)
		busy |= table[i] && !(open_only && READ_ONCE(table[i]->closed));
	raw_spin_unlock_irqrestore(&table_lock, flags);
	return busy;
}

static void process_comm(struct crtos_process *process, char *comm)
{
	struct task_struct *task = get_pid_task(process->tgid, PIDTYPE_PID);

	strscpy(comm, "?", TASK_COMM_LEN);
	if (!task)
		return;
	__get_task_comm(comm, TASK_COMM_LEN, task);
	put_task_struct(task);
}

/* Count processes whose session is open, and list them for people. Under the mailbox lock. */
unsigned int crtos_table_alive(char *names, size_t size)
{
	char comm[TASK_COMM_LEN];
	unsigned int i, count = 0;
	struct seq_buf list;

	lockdep_assert_held(&crtos_mailbox.lock);
	seq_buf_init(&list, names, size);
	names[0] = '\0';
	for (i = 0; i < CRTOS_PROCS; i++) {
		if (!table[i] || table[i]->closed)
			continue;
		process_comm(table[i], comm);
		seq_buf_printf(&list, "%s%d (%s)", count++ ? ", " : "", pid_vnr(table[i]->tgid),
			       comm);
	}
	names[size - 1] = '\0';
	return count;
}

/* CRTOS_IOC_PROC_STATUS. May sleep. */
int crtos_table_status(struct crtos_proc_status *status)
{
	struct crtos_process *process = NULL;
	const struct crtos_scf_rt *rt;
	unsigned int i;

	mutex_lock(&crtos_mailbox.lock);
	for (i = status->index; i < CRTOS_PROCS && !process; i++)
		process = table[i];
	if (!process) {
		mutex_unlock(&crtos_mailbox.lock);
		return -ENOENT;
	}
	rt = &process->scf->rt;
	*status = (struct crtos_proc_status){
		.index = process->index,
		.pid = pid_vnr(process->tgid),
		.rt_state = READ_ONCE(process->entry->rt.state),
		.threads = READ_ONCE(rt->threads),
		.policy = process->policy,
		.priority = process->priority,
		.notifier = process->notifier,
		.frames = READ_ONCE(process->entry->rt.frames),
		.remote_calls = READ_ONCE(rt->remote_calls),
		.local_calls = READ_ONCE(rt->local_calls),
		.notified = READ_ONCE(rt->notified),
		.suppressed = READ_ONCE(rt->suppressed),
		.woken = READ_ONCE(rt->woken),
		.wakes = atomic64_read(&process->wakes),
	};
	process_comm(process, status->comm);
	mutex_unlock(&crtos_mailbox.lock);
	return 0;
}
