/* SPDX-License-Identifier: GPL-2.0-only */
/* Differences between kernel versions live here and nowhere else. The oldest one is 6.1. */
#ifndef _CRTOS_COMPAT_H
#define _CRTOS_COMPAT_H

#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/version.h>
#include <asm/apic.h>
#include <asm/smp.h>

static inline void crtos_vm_flags_set(struct vm_area_struct *vma, unsigned long flags)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	vm_flags_set(vma, flags);
#else
	vma->vm_flags |= flags;
#endif
}

static inline u32 crtos_apic_id(unsigned int cpu)
{
	return cpu_physical_id(cpu);
}

/* Any context; the ICR of an xAPIC takes two writes, so interrupts are off around them. */
static inline void crtos_icr_write(u32 command, u32 apic_id)
{
	unsigned long flags;

	local_irq_save(flags);
	apic->icr_write(command, apic_id);
	local_irq_restore(flags);
}

static inline void crtos_icr_wait(void)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	safe_apic_wait_icr_idle();
#else
	apic->safe_wait_icr_idle();
#endif
}

/* In a sched_out notifier: whether current blocks; else it is preempted, or yields. */
static inline bool crtos_current_blocks(void)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	return !task_is_runnable(current);
#else
	return !current->on_rq;
#endif
}

/*
 * Of the pending signals of @task that are not in @others. Under its siglock. Later kernels have a thread dequeue
 * its own only: there a signal to one thread stays where it is.
 */
static inline int crtos_dequeue_signal(struct task_struct *task, sigset_t *others,
				       struct kernel_siginfo *info)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	return 0;
#else
	enum pid_type type;

	return dequeue_signal(task, others, info, &type);
#endif
}

/* Kernels with Intel's user-interrupt patches manage the state themselves (uintr_state.c). */
#ifdef CONFIG_X86_USER_INTERRUPTS
#include <asm/irq_vectors.h>
#ifndef CONFIG_USER_RETURN_NOTIFIER
#error "this kernel needs CONFIG_USER_RETURN_NOTIFIER, which KVM selects"
#endif
#define CRTOS_UINTR_KERNEL	1
#define CRTOS_UINTR_VECTOR	UINTR_NOTIFICATION_VECTOR
#else
#define CRTOS_UINTR_KERNEL	0
#define CRTOS_UINTR_VECTOR	0	/* one for each CPU (uintr_cpu.c) */
#endif

#endif
