// SPDX-License-Identifier: GPL-2.0-only
/*
 * Blocking until a user interrupt is pending, without a lost wake-up.
 *
 * A thread that blocks is *armed*: its state is out of the CPU (UIRR saved, and empty, or it would
 * not block), it is on the list of a CPU, and its UPID says SN = 0, ON = 0, NV = that CPU's wake
 * vector, NDST = that CPU.
 *
 *	waiter (A)				sender (B), one locked access to the UPID
 *	1 enqueue on the CPU's list		1 PIR |= bit; if ON = SN = 0, ON = 1 and notify
 *	2 aim: SN = ON = 0, NV, NDST		2 send the interrupt NV to NDST
 *	3 look at PIR
 *	4 sleep unless it has bits or `woken`
 *
 * A2 is a compare-and-swap on the word that B1 changes, so the two are ordered. B1 before A2: A3
 * follows A2 (a locked instruction is a full barrier) and sees the bit. A2 before B1: B finds ON =
 * SN = 0 and sends the wake vector; its handler finds the waiter on the list, for A1 came before A2
 * and both were done under the list's lock, and sees ON, for B1 came before B2. The handler sets
 * `woken`, then wakes; the waiter sets TASK_INTERRUPTIBLE, then reads `woken` (set_current_state()
 * pairs with wake_up_process()).
 *
 * The handler leaves ON = 1: until the waiter runs again further senders need not interrupt
 * anybody. Loading clears ON and takes PIR (crtos_thread_load()), so later senders notify again. A
 * notification sent before A2 to the old target finds nothing to do there.
 *
 * A CPU that goes offline moves its waiters: retarget by compare-and-swap, then look at ON and PIR,
 * for the interrupt may have gone to the old CPU while the waiter was already off its list. Same
 * argument, with the move in place of A1 and A2.
 *
 * A thread that asked for it (CRTOS_WAITING_*) is *parked* while it blocks in an interruptible sleep
 * of any system call: the same, done for it in sched_out, where it cannot turn back any more. If
 * step 3 finds a bit, or UIRR has one, the CPU sends itself the wake vector, for the runqueue's lock
 * is held. The interrupt comes when the switch is over, and the wake-up finds the thread asleep, or
 * on its way to run: then sched_in looks. There the thread leaves the list, is loaded, and with a
 * bit in UIRR its system call ends (uintr_eintr.c). Whoever wakes it too early finds it parked again
 * with the bit still there.
 *
 * Lock order: runqueue, then a CPU's list. So nobody is woken under the lock of a list: those to be
 * woken move to the list `woken` first, from which they may leave by themselves.
 */
#include <linux/cpumask.h>
#include <linux/hrtimer.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include "crtos_trace.h"
#include "process.h"
#include "uintr_cpu.h"
#include "uintr_thread.h"
#include "uintr_upid.h"
#include "uintr_wait.h"
#include "vector.h"

static atomic64_t wakes = ATOMIC64_INIT(0);

/* Kernel entries for notifications since the module was loaded. */
u64 crtos_wait_wakes(void)
{
	return atomic64_read(&wakes);
}

void crtos_wait_count(void)
{
	atomic64_inc(&wakes);
}

/* Under the lock of the waiter's CPU: it is out of the CPU, so `rr` stands still. */
static bool waiter_pending(struct crtos_thread *thread)
{
	return thread->rr || crtos_upid_pending(thread->upid->upid);
}

/* Under the lock of @cpu, the waiter's. */
static void waiter_pick(struct crtos_uintr_cpu *cpu, struct crtos_thread *thread)
{
	list_move_tail(&thread->wait_link, &cpu->woken);
	crtos_shadow_count_wake(thread);
	trace_crtos_wake(thread->task->pid, thread->upid->index);
	WRITE_ONCE(thread->woken, true);
}

/* wake_up_state(), which is not exported: one who sleeps uninterruptibly by now is left alone. */
static void wake_interruptible(struct task_struct *task)
{
	struct wait_queue_entry entry = { .private = task };

	default_wake_function(&entry, TASK_INTERRUPTIBLE, 0, NULL);
}

/* Wake those who were picked. The thread may end meanwhile, the task may not. Interrupts off. */
static void wake_picked(struct crtos_uintr_cpu *cpu)
{
	struct crtos_thread *thread;
	struct task_struct *task;

	raw_spin_lock(&cpu->lock);
	while (!list_empty(&cpu->woken)) {
		thread = list_first_entry(&cpu->woken, struct crtos_thread, wait_link);
		list_del_init(&thread->wait_link);
		task = get_task_struct(thread->task);
		raw_spin_unlock(&cpu->lock);
		wake_interruptible(task);
		put_task_struct(task);
		raw_spin_lock(&cpu->lock);
	}
	raw_spin_unlock(&cpu->lock);
}

/* The wake vector: hard interrupt, on @cpu. */
void crtos_wait_wake(struct crtos_uintr_cpu *cpu)
{
	struct crtos_thread *thread, *next;

	crtos_wait_count();
	raw_spin_lock(&cpu->lock);
	list_for_each_entry_safe(thread, next, &cpu->waiters, wait_link) {
		if (waiter_pending(thread))
			waiter_pick(cpu, thread);
	}
	raw_spin_unlock(&cpu->lock);
	wake_picked(cpu);
}

/* A CPU that took waiters a moment ago: this one unless it is going offline. Interrupts off. */
static struct crtos_uintr_cpu *open_cpu(void)
{
	struct crtos_uintr_cpu *uc = this_cpu_ptr(&crtos_uintr_cpu);
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		if (READ_ONCE(uc->open))
			break;
		uc = per_cpu_ptr(&crtos_uintr_cpu, cpu);
	}
	return uc;
}

/*
 * Steps 1 to 3 for a thread that is unloaded; with @kick, a bit that step 3 finds raises the wake
 * vector. Interrupts off. Return: whether there is one.
 */
static bool waiter_add(struct crtos_thread *thread, bool kick)
{
	struct crtos_upid *upid = thread->upid->upid;
	struct crtos_uintr_cpu *cpu;
	bool pending;

	for (;;) {
		cpu = open_cpu();
		raw_spin_lock(&cpu->lock);
		if (cpu->open)
			break;
		raw_spin_unlock(&cpu->lock);
	}
	WRITE_ONCE(thread->wait_cpu, cpu);
	list_add_tail(&thread->wait_link, &cpu->waiters);
	crtos_upid_aim(upid, cpu->apic_id, crtos_uintr_x2apic(), cpu->wake_vector);
	pending = thread->rr || READ_ONCE(upid->pir);
	if (pending && kick)
		crtos_vector_send(cpu->apic_id, cpu->wake_vector);
	raw_spin_unlock(&cpu->lock);
	return pending;
}

/* Interrupts off. Nobody is waiting, or being woken, on @thread's behalf from then on. */
static void waiter_remove(struct crtos_thread *thread)
{
	struct crtos_uintr_cpu *cpu;

	for (;;) {
		cpu = READ_ONCE(thread->wait_cpu);
		raw_spin_lock(&cpu->lock);
		if (cpu == thread->wait_cpu)
			break;
		raw_spin_unlock(&cpu->lock);
	}
	list_del_init(&thread->wait_link);
	raw_spin_unlock(&cpu->lock);
	crtos_upid_mute(thread->upid->upid);
}

/*
 * Current, a receiver that is unloaded, blocks: wake it by a user interrupt. In sched_out: the
 * runqueue's lock is held, interrupts are off.
 */
void crtos_wait_park(struct crtos_thread *thread)
{
	thread->parked = true;
	waiter_add(thread, true);
}

/* It runs again. Interrupts off. */
void crtos_wait_unpark(struct crtos_thread *thread)
{
	waiter_remove(thread);
	thread->parked = false;
}

/* Return: false if a vector is pending; then the thread is loaded as before. */
static bool wait_arm(struct crtos_thread *thread)
{
	local_irq_disable();
	crtos_thread_unload(thread);
	if (thread->rr) {
		crtos_thread_load(thread);
		local_irq_enable();
		return false;
	}
	thread->armed = true;
	thread->woken = false;
	if (waiter_add(thread, false))
		WRITE_ONCE(thread->woken, true);
	local_irq_enable();
	return true;
}

/* Load the thread again. Return: whether a vector is pending. */
static bool wait_disarm(struct crtos_thread *thread)
{
	bool pending;

	local_irq_disable();
	waiter_remove(thread);
	thread->armed = false;
	crtos_thread_load(thread);
	pending = thread->rr;
	local_irq_enable();
	return pending;
}

/*
 * Sleep until @ready, @over, a signal or the time. Whoever sets @ready or @over then wakes or pokes
 * the thread. Return: 0 when ready, ETIME, ESHUTDOWN, EINTR (negative).
 */
static int wait_sleep(struct crtos_thread *thread, ktime_t *until, const bool *ready,
		      const bool *over)
{
	int ret;

	WRITE_ONCE(thread->sleeping, true);
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		ret = 0;
		if (READ_ONCE(*ready))
			break;
		ret = -ESHUTDOWN;
		if (over && READ_ONCE(*over))
			break;
		ret = -EINTR;
		if (signal_pending(current))
			break;
		ret = -ETIME;
		if (!schedule_hrtimeout_range(until, 0, HRTIMER_MODE_ABS))
			break;
	}
	__set_current_state(TASK_RUNNING);
	WRITE_ONCE(thread->sleeping, false);
	return ret;
}

/**
 * crtos_wait_notification() - block a receiver until a user interrupt is pending
 * @thread: current, a receiver
 * @until: end on CLOCK_MONOTONIC, or NULL
 * @over: set, then followed by crtos_wait_poke(), to end the wait; or NULL
 *
 * A pending user interrupt wins over the other reasons to return.
 *
 * Return: 0 pending; -ETIME; -EINTR; -ESHUTDOWN.
 */
int crtos_wait_notification(struct crtos_thread *thread, ktime_t *until, const bool *over)
{
	int ret;

	if (!wait_arm(thread))
		return 0;
	ret = wait_sleep(thread, until, &thread->woken, over);
	return wait_disarm(thread) ? 0 : ret;
}

/* Block a shadow without user interrupts until a request was signalled. Return: as above. */
int crtos_wait_request(struct crtos_thread *thread, const bool *over)
{
	int ret = wait_sleep(thread, NULL, &thread->request, over);

	return xchg(&thread->request, false) ? 0 : ret;
}

/* Have a sleeping thread look again. Any context; the thread must not end meanwhile. */
void crtos_wait_poke(struct crtos_thread *thread)
{
	smp_mb();	/* the reason, then `sleeping`; pairs with set_current_state() */
	if (READ_ONCE(thread->sleeping))
		wake_up_process(thread->task);
}

/* @cpu goes offline: it takes no waiter any more, and those it has go to another one. */
void crtos_wait_close(struct crtos_uintr_cpu *cpu)
{
	struct crtos_thread *thread, *next;
	struct crtos_uintr_cpu *to = NULL;
	unsigned int other;

	local_irq_disable();
	raw_spin_lock(&cpu->lock);
	WRITE_ONCE(cpu->open, false);
	for_each_online_cpu(other) {
		to = per_cpu_ptr(&crtos_uintr_cpu, other);
		if (to->open)
			break;
	}
	/* Two of these locks are only ever taken here, and hotplug is serialised. */
	if (!list_empty(&cpu->waiters) && !WARN_ON(!to->open)) {
		raw_spin_lock_nested(&to->lock, SINGLE_DEPTH_NESTING);
		list_for_each_entry_safe(thread, next, &cpu->waiters, wait_link) {
			crtos_upid_retarget(thread->upid->upid, to->apic_id, crtos_uintr_x2apic(),
					    to->wake_vector);
			if (waiter_pending(thread)) {
				waiter_pick(cpu, thread);
				continue;
			}
			list_move_tail(&thread->wait_link, &to->waiters);
			WRITE_ONCE(thread->wait_cpu, to);
		}
		raw_spin_unlock(&to->lock);
	}
	raw_spin_unlock(&cpu->lock);
	wake_picked(cpu);
	local_irq_enable();
}
