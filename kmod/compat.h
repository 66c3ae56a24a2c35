/* SPDX-License-Identifier: GPL-2.0-only */
/* Differences between kernel versions live here and nowhere else. The oldest one is 6.1. */
#ifndef _CRTOS_COMPAT_H
#define _CRTOS_COMPAT_H

#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/syscore_ops.h>
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
 * Of the pending signals of @task that are not in @others. Under its siglock, in a kernel thread. From 6.12 on a thread
 * dequeues its own only: @task's are ours for as long.
 */
static inline int crtos_dequeue_signal(struct task_struct *task, sigset_t *others,
				       struct kernel_siginfo *info)
{
	enum pid_type type;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	struct sigpending *theirs = &task->pending, *ours = &current->pending;
	struct sighand_struct *sighand = rcu_dereference_raw(current->sighand);
	int sig;

	/* Under another siglock already: kernel threads send nothing under theirs, so the order is this one. */
	spin_lock_nested(&sighand->siglock, SINGLE_DEPTH_NESTING);
	list_splice_init(&theirs->list, &ours->list);
	swap(theirs->signal, ours->signal);
	sig = dequeue_signal(others, info, &type);
	list_splice_init(&ours->list, &theirs->list);
	swap(theirs->signal, ours->signal);
	/* dequeue_signal() has looked at what was not this thread's. */
	recalc_sigpending();
	spin_unlock(&sighand->siglock);
	return sig;
#else
	return dequeue_signal(task, others, info, &type);
#endif
}

/* What one CPU does about a suspend when it is the last. Some kernels hand data to it (Kbuild). */
struct crtos_syscore {
	struct syscore_ops ops;
#ifdef CRTOS_SYSCORE_DATA
	struct syscore syscore;
#endif
};

#ifdef CRTOS_SYSCORE_DATA
#define CRTOS_SYSCORE_ARGS	void *data
#else
#define CRTOS_SYSCORE_ARGS	void
#endif

static inline void crtos_syscore_register(struct crtos_syscore *core)
{
#ifdef CRTOS_SYSCORE_DATA
	core->syscore.ops = &core->ops;
	register_syscore(&core->syscore);
#else
	register_syscore_ops(&core->ops);
#endif
}

static inline void crtos_syscore_unregister(struct crtos_syscore *core)
{
#ifdef CRTOS_SYSCORE_DATA
	unregister_syscore(&core->syscore);
#else
	unregister_syscore_ops(&core->ops);
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
