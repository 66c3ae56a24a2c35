/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _CRTOS_UINTR_CPU_H
#define _CRTOS_UINTR_CPU_H

#include <linux/list.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>

struct crtos_thread;

/*
 * A CPU that runs receivers. It has two vectors: a notification on `notify_vector` is processed by
 * the hardware for the receiver that runs there, one on `wake_vector` wakes receivers that blocked.
 * With a single vector the hardware would swallow the wake-up of a blocked thread on behalf of the
 * running one.
 */
struct crtos_uintr_cpu {
	raw_spinlock_t lock;		/* the lists, open; taken inside a runqueue's lock */
	struct list_head waiters;	/* threads whose UPIDs aim at wake_vector here */
	struct list_head woken;		/* of those, about to be woken */
	bool open;			/* online: threads may wait here */
	u32 apic_id;
	u8 notify_vector;
	u8 wake_vector;
	int notify_irq;
	int wake_irq;
	struct crtos_thread *loaded;	/* whose state the MSRs hold; changed with interrupts off */
};

DECLARE_PER_CPU(struct crtos_uintr_cpu, crtos_uintr_cpu);

int crtos_uintr_cpu_init(void);
void crtos_uintr_cpu_exit(void);
bool crtos_uintr_x2apic(void);

#endif
