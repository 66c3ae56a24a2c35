// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals on their way to the RTOS (boot.h, struct crtos_proc_signals).
 *
 * What is sent to the shadow as a process is taken by one of its threads, which waits for that, and
 * comes by an ioctl. Two things that thread cannot learn, and they are seen here:
 *
 * - A signal to a single thread of the shadow. All of them block what is the program's, so it stays
 *   pending for that thread, and to let the thread take it would end the system call that it may be
 *   in. It is dequeued here in the thread's stead and handed over with the thread's slot.
 * - SIGSTOP, which stops the waiting thread, too.
 *
 * The tracepoint of the sending side says that there may be something. It runs under the target's
 * siglock, which is taken under the locks of processes and threads, so nothing is looked at there:
 * an irq_work leads out of it to the mailbox's work item, which looks at all the state. That is a
 * level: what was sent before a thread was attached, or found no room, is found at the next look.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/irq_work.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/tracepoint.h>

#include "compat.h"
#include "mailbox.h"
#include "process.h"
#include "signals.h"
#include "uintr_thread.h"

#define LOOK_AGAIN	(HZ / 10)	/* whether a stop that has begun has come about */

static struct tracepoint *generate_tracepoint;

/* --- the ring ------------------------------------------------------------------------------------ */

/* Under the mailbox lock and the process lock. */
static bool ring_full(const struct crtos_process *process)
{
	/* Pairs with the RTOS's store-release: it has read what is overwritten. */
	u32 tail = smp_load_acquire(&process->entry->rt.signal_tail);

	return process->entry->signals.head - tail >= CRTOS_PROC_SIGNALS;
}

/* There is room. The caller rings. */
static void ring_put(struct crtos_process *process, const struct crtos_proc_signal *signal)
{
	struct crtos_proc_signals *ring = &process->entry->signals;

	ring->entry[ring->head % CRTOS_PROC_SIGNALS] = *signal;
	/* The entry comes first; pairs with the RTOS's load-acquire. */
	smp_store_release(&ring->head, ring->head + 1);
}

/* Whether the RTOS takes signals for it. */
static bool process_listens(const struct crtos_process *process)
{
	return process->entry && process->started && !process->over && !process->closed;
}

/* Return: 0, -EAGAIN no room, -ESHUTDOWN. */
static int send(struct crtos_process *process, const struct crtos_proc_signal *signal)
{
	int ret = 0;

	mutex_lock(&crtos_mailbox.lock);
	mutex_lock(&process->lock);
	if (!process_listens(process)) {
		ret = -ESHUTDOWN;
	} else if (ring_full(process)) {
		ret = -EAGAIN;
	} else {
		ring_put(process, signal);
		crtos_mailbox_ring();
	}
	mutex_unlock(&process->lock);
	mutex_unlock(&crtos_mailbox.lock);
	return ret;
}

/* CRTOS_IOC_SIGNAL. May sleep: the RTOS does not tell of room, which it makes within microseconds. */
int crtos_signals_send(struct crtos_process *process, const struct crtos_signal *signal)
{
	const struct crtos_proc_signal entry = {
		.signal = signal->signal,
		.code = signal->code,
		.slot = signal->slot,
		.info = { signal->info[0], signal->info[1], signal->info[2], signal->info[3] },
	};
	int ret;

	if (signal->signal < 1 || signal->signal > _NSIG || signal->reserved ||
	    (signal->slot >= CRTOS_SCF_SLOTS && signal->slot != CRTOS_SLOT_NONE))
		return -EINVAL;
	if (task_tgid(current) != process->tgid)
		return -EPERM;
	while ((ret = send(process, &entry)) == -EAGAIN) {
		if (fatal_signal_pending(current))
			return -EINTR;
		usleep_range(50, 200);
	}
	return ret;
}

/* --- to one thread ------------------------------------------------------------------------------- */

/*
 * Of an attached thread, under its process's thread_lock: it has not exited, but an exec may replace what it
 * shares with another process. Interrupts are off, so the old one is there until its lock is free again.
 */
static spinlock_t *lock_signals(struct task_struct *task) __acquires(task)
{
	struct sighand_struct *sighand;

	for (;;) {
		sighand = rcu_dereference_raw(task->sighand);
		spin_lock(&sighand->siglock);
		if (sighand == rcu_dereference_raw(task->sighand))
			return &sighand->siglock;
		spin_unlock(&sighand->siglock);
	}
}

/* Takes one of what only @task could take, and blocks. Under thread_lock. */
static int dequeue(struct task_struct *task, struct kernel_siginfo *info)
{
	spinlock_t *lock = lock_signals(task);
	sigset_t others;
	int sig = 0;

	sigandsets(&others, &task->pending.signal, &task->blocked);
	sigdelset(&others, CRTOS_SIGNAL);
	if (!sigisemptyset(&others)) {
		signotset(&others);
		sig = crtos_dequeue_signal(task, &others, info);
	}
	spin_unlock(lock);
	return sig;
}

static int dequeue_from_slot(struct crtos_process *process, unsigned int slot,
			     struct kernel_siginfo *info)
{
	struct crtos_thread *thread;
	unsigned long flags;
	int sig = 0;

	raw_spin_lock_irqsave(&process->thread_lock, flags);
	thread = process->thread[slot];
	if (thread)
		sig = dequeue(thread->task, info);
	raw_spin_unlock_irqrestore(&process->thread_lock, flags);
	return sig;
}

/* Return: whether there may be more than there is room for. */
static bool take_all(struct crtos_process *process)
{
	struct kernel_siginfo info;
	struct crtos_proc_signal signal;
	bool ring = false, full = false;
	unsigned int slot = 0;

	while (slot < CRTOS_SCF_SLOTS && !full) {
		full = ring_full(process);
		if (full)
			break;
		if (!dequeue_from_slot(process, slot, &info)) {
			slot++;
			continue;
		}
		signal = (struct crtos_proc_signal){
			.signal = info.si_signo,
			.code = info.si_code,
			.slot = slot,
		};
		/* As user space would be told: the fields behind the first three, at offset 16. */
		memcpy(signal.info, (const char *)&info + 16, sizeof(signal.info));
		ring_put(process, &signal);
		ring = true;
	}
	if (ring)
		crtos_mailbox_ring();
	return full;
}

/* --- stop and go on ------------------------------------------------------------------------------ */

enum stop { GOES_ON, STOPS, IS_STOPPED };

/* Of the process of @task, one of its threads. A stop begins when a thread takes the signal. */
static enum stop task_stop(struct task_struct *task)
{
	struct signal_struct *signal = task->signal;
	spinlock_t *lock = lock_signals(task);
	enum stop stop = GOES_ON;

	if (signal->flags & SIGNAL_STOP_STOPPED)
		stop = IS_STOPPED;
	else if (signal->group_stop_count || sigismember(&signal->shared_pending.signal, SIGSTOP) ||
		 sigismember(&task->pending.signal, SIGSTOP))
		stop = STOPS;
	spin_unlock(lock);
	return stop;
}

static enum stop process_stop(struct crtos_process *process)
{
	enum stop stop = GOES_ON;
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&process->thread_lock, flags);
	for (i = 0; i < CRTOS_SCF_SLOTS && stop == GOES_ON; i++) {
		if (process->thread[i])
			stop = task_stop(process->thread[i]->task);
	}
	raw_spin_unlock_irqrestore(&process->thread_lock, flags);
	return stop;
}

/* Return: whether to look again: a debugger may have a stop not come about. */
static bool tell_stopped(struct crtos_process *process)
{
	struct crtos_proc_signals *ring = &process->entry->signals;
	enum stop stop = process_stop(process);
	bool stopped = stop != GOES_ON;

	if (ring->stopped != stopped) {
		WRITE_ONCE(ring->stopped, stopped);
		crtos_mailbox_ring();
	}
	return stop == STOPS;
}

/**
 * crtos_signals_look() - tell the RTOS what Linux has for a process
 * @process: in the table
 *
 * Under the mailbox lock. Return: jiffies after which to look again; 0: when something is sent.
 */
unsigned long crtos_signals_look(struct crtos_process *process)
{
	unsigned long again = 0;

	mutex_lock(&process->lock);
	if (process_listens(process)) {
		if (tell_stopped(process))
			again = LOOK_AGAIN;
		if (take_all(process))
			again = 1;
	}
	mutex_unlock(&process->lock);
	return again;
}

/* --- the tracepoint ------------------------------------------------------------------------------ */

static void leave_siglock(struct irq_work *work)
{
	crtos_mailbox_look();
}

static DEFINE_IRQ_WORK(look_work, leave_siglock);

/* A thread that the module knows, or one of a virtual machine: its preempt notifiers tell. */
static bool is_noted(const struct task_struct *task)
{
	return READ_ONCE(task->preempt_notifiers.first);
}

/* Under the siglock of @task, which keeps the list of its threads. */
static bool process_is_noted(struct task_struct *task)
{
	struct task_struct *thread;

	for_each_thread(task, thread) {
		if (is_noted(thread))
			return true;
	}
	return false;
}

static void generate_probe(void *data, int sig, struct kernel_siginfo *info,
			   struct task_struct *task, int group, int result)
{
	bool look;

	if (sig == SIGSTOP || sig == SIGCONT)
		look = process_is_noted(task);
	else
		look = !group && sig != CRTOS_SIGNAL && is_noted(task) &&
		       sigismember(&task->blocked, sig);
	if (look)
		irq_work_queue(&look_work);
}

static void find_tracepoint(struct tracepoint *tracepoint, void *data)
{
	if (!strcmp(tracepoint->name, "signal_generate"))
		generate_tracepoint = tracepoint;
}

/* After the mailbox, which it has look. */
int __init crtos_signals_init(void)
{
	for_each_kernel_tracepoint(find_tracepoint, NULL);
	if (!generate_tracepoint) {
		pr_err("this kernel has no signal_generate tracepoint\n");
		return -EOPNOTSUPP;
	}
	return tracepoint_probe_register(generate_tracepoint, generate_probe, NULL);
}

void crtos_signals_exit(void)
{
	tracepoint_probe_unregister(generate_tracepoint, generate_probe, NULL);
	tracepoint_synchronize_unregister();
	irq_work_sync(&look_work);
}
