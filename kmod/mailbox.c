// SPDX-License-Identifier: GPL-2.0-only
/*
 * The control page and the doorbells.
 *
 * A doorbell is a level: state in memory, then an interrupt. Whoever takes one looks at all the
 * state. The work item also looks once a second, so a doorbell that was lost (the CPU it was sent
 * to went offline) costs time only.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/interrupt.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>
#include <asm/msr.h>

#include <crtos/boot.h>

#include "compat.h"
#include "crtos_trace.h"
#include "mailbox.h"
#include "partition.h"
#include "pinned.h"
#include "process.h"
#include "vector.h"

#define LOOK_INTERVAL	HZ		/* also how often the time is refreshed */
#define LOOK_SOON	(HZ / 10)	/* while something is to be waited for */

struct crtos_mailbox crtos_mailbox = {
	.lock = __MUTEX_INITIALIZER(crtos_mailbox.lock),
	.idle = __WAIT_QUEUE_HEAD_INITIALIZER(crtos_mailbox.idle),
};
struct workqueue_struct *crtos_workqueue;

static enum cpuhp_state doorbell_state;
static unsigned int doorbell_cpu;	/* under the mailbox lock, as is doorbell_irq */
static int doorbell_irq;

static void mailbox_work(struct work_struct *work);
static DECLARE_DELAYED_WORK(look_work, mailbox_work);

/* Have the work item look at all the state. Any context. */
void crtos_mailbox_look(void)
{
	mod_delayed_work(crtos_workqueue, &look_work, 0);
}

static irqreturn_t doorbell_interrupt(int irq, void *data)
{
	if (crtos_table_interrupt())
		crtos_mailbox_look();
	return IRQ_HANDLED;
}

/* Tell the RTOS to look at the control page. Under the mailbox lock; the state is stored before. */
void crtos_mailbox_ring(void)
{
	if (!crtos_mailbox.running)
		return;
	smp_mb();	/* the state comes first: an x2APIC write is not ordered by itself */
	trace_crtos_notify(crtos_mailbox.apic_id, CRTOS_VECTOR_CONTROL);
	crtos_vector_send(crtos_mailbox.apic_id, CRTOS_VECTOR_CONTROL);
}

/* Under the mailbox lock. */
void crtos_mailbox_request(u64 request)
{
	/* Pairs with the RTOS's load-acquire in its control interrupt. */
	smp_store_release(&crtos_mailbox.control->request, request);
	crtos_mailbox_ring();
}

static void refresh_time(struct crtos_control *control)
{
	/* Odd: being written. Both barriers pair with the read barriers of the RTOS's reader. */
	WRITE_ONCE(control->time_seq, control->time_seq + 1);
	smp_wmb();	/* odd before the values */
	local_irq_disable();
	WRITE_ONCE(control->time_tsc, rdtsc_ordered());
	WRITE_ONCE(control->time_realtime_ns, ktime_get_real_ns());
	local_irq_enable();
	smp_wmb();	/* the values before even */
	WRITE_ONCE(control->time_seq, control->time_seq + 1);
}

static void mailbox_work(struct work_struct *work)
{
	unsigned long delay = LOOK_INTERVAL, signals;

	mutex_lock(&crtos_mailbox.lock);
	if (crtos_mailbox.control) {
		/* A lost doorbell may have stood for `ipi` requests, too. */
		local_irq_disable();
		crtos_table_interrupt();
		local_irq_enable();
		crtos_partition_look();
		if (crtos_table_advance() || crtos_pinned_count())
			delay = LOOK_SOON;
		signals = crtos_table_signals();
		if (signals)
			delay = min(delay, signals);
		crtos_pinned_recheck();
		refresh_time(crtos_mailbox.control);
		queue_delayed_work(crtos_workqueue, &look_work, delay);
	}
	mutex_unlock(&crtos_mailbox.lock);
}

/* Tell the RTOS where its doorbell is. One store: it never sees half of it. */
static void publish_doorbell(void)
{
	u64 doorbell = (u64)crtos_apic_id(doorbell_cpu) << 32 | crtos_vector_number(doorbell_irq);

	WRITE_ONCE(crtos_mailbox.control->linux_doorbell, doorbell);
}

/* The doorbell's CPU goes offline: another one takes it before this one is deaf. */
static int doorbell_offline(unsigned int cpu)
{
	unsigned int other = cpumask_any_but(cpu_online_mask, cpu);
	int old, irq, ret = 0;

	mutex_lock(&crtos_mailbox.lock);
	if (!crtos_mailbox.control || cpu != doorbell_cpu)
		goto out;
	irq = crtos_vector_alloc(other, doorbell_interrupt, "crtos-doorbell", &crtos_mailbox);
	if (irq < 0) {
		ret = irq;
		goto out;
	}
	old = doorbell_irq;
	doorbell_irq = irq;
	doorbell_cpu = other;
	publish_doorbell();
	crtos_vector_free(old, &crtos_mailbox);
	/* The RTOS may have sent to the old one: look, also once more later (LOOK_INTERVAL). */
	crtos_mailbox_look();
out:
	mutex_unlock(&crtos_mailbox.lock);
	return ret;
}

/**
 * crtos_mailbox_open() - begin to listen; the RTOS is about to start
 * @control: zeroed
 * @apic_id: of the real-time core
 *
 * May sleep. Return: 0 or a negative errno.
 */
int crtos_mailbox_open(struct crtos_control *control, u32 apic_id)
{
	int irq;

	cpus_read_lock();
	mutex_lock(&crtos_mailbox.lock);
	doorbell_cpu = cpumask_first(cpu_online_mask);
	irq = crtos_vector_alloc(doorbell_cpu, doorbell_interrupt, "crtos-doorbell",
				 &crtos_mailbox);
	if (irq >= 0) {
		doorbell_irq = irq;
		crtos_mailbox.apic_id = apic_id;
		crtos_mailbox.control = control;
		publish_doorbell();
		refresh_time(control);
		crtos_table_reset();
	}
	mutex_unlock(&crtos_mailbox.lock);
	cpus_read_unlock();
	return min(irq, 0);
}

/* No interrupt goes to the real-time core any more; it may be halted after this. May sleep. */
void crtos_mailbox_quiesce(void)
{
	mutex_lock(&crtos_mailbox.lock);
	crtos_mailbox.running = false;
	crtos_table_mute();
	mutex_unlock(&crtos_mailbox.lock);
	/*
	 * A SENDUIPI is one instruction, and the module sends with interrupts off: once every CPU
	 * has taken an interrupt, what was on its way has reached the core, and INIT drops it.
	 * Later, one of its vectors would mean something else to Linux on that CPU (80h is a system
	 * call).
	 */
	kick_all_cpus_sync();
}

/* The core is halted: forget the donated memory. May sleep. */
void crtos_mailbox_close(void)
{
	int irq;

	mutex_lock(&crtos_mailbox.lock);
	crtos_table_abandon();
	irq = doorbell_irq;
	crtos_mailbox.control = NULL;
	mutex_unlock(&crtos_mailbox.lock);

	crtos_vector_free(irq, &crtos_mailbox);
	cancel_delayed_work_sync(&look_work);
}

int __init crtos_mailbox_init(void)
{
	int ret;

	crtos_workqueue = alloc_ordered_workqueue("crtos", WQ_HIGHPRI);
	if (!crtos_workqueue)
		return -ENOMEM;
	ret = cpuhp_setup_state_nocalls(CPUHP_AP_ONLINE_DYN, "crtos:doorbell", NULL,
					doorbell_offline);
	if (ret < 0) {
		destroy_workqueue(crtos_workqueue);
		return ret;
	}
	doorbell_state = ret;
	return 0;
}

/* Waits for processes that are being freed. */
void crtos_mailbox_exit(void)
{
	cpuhp_remove_state_nocalls(doorbell_state);
	destroy_workqueue(crtos_workqueue);
}
