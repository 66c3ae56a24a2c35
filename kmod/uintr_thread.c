// SPDX-License-Identifier: GPL-2.0-only
/*
 * UINTR state of Linux threads. Written for a kernel that knows nothing of it; what one that does
 * needs in addition is in uintr_state.c.
 *
 * The MSRs are switched by preempt notifiers. Each thread registers its own: the kernel offers that
 * for current only. sched_out runs with interrupts off, sched_in with interrupts on.
 *
 *	out:	SN = 1: senders post without notifying. Save UIRR and UIF; UINV = UIRR = TT = 0, so
 *		that the next thread, which may have no state, neither receives nor sends.
 *	in:	interrupts off: aim the UPID at this CPU with SN = ON = 0, then take PIR,
 *		UIRR = saved | PIR, load UINV.
 *
 * No vector is lost: one posted before the aiming is in PIR when PIR is taken (the post is one
 * locked access to the UPID, aiming is another); one posted after it finds ON = SN = 0 and sends an
 * interrupt, which waits in the local APIC until interrupts are on and UINV is loaded. None goes to
 * another thread: UIRR holds only bits of the UPID that IA32_UINTR_PD names, and a late
 * notification that hits another receiver merely makes the hardware look at that receiver's own
 * UPID.
 *
 * UIF has no MSR; TESTUI, STUI and CLUI work at CPL 0 and deliver nothing there (SDM). A thread's
 * UIF begins as 0, with the call that gives it the first state. What a thread without state does to
 * UIF stays in the CPU until a thread with state comes, and has no effect: nothing is pending there.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/kdebug.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/tracepoint.h>
#include <asm/msr.h>
#include <asm/traps.h>

#include <crtos/uintr.h>

#include "compat.h"
#include "features.h"
#include "process.h"
#include "uintr_cpu.h"
#include "uintr_state.h"
#include "uintr_thread.h"
#include "uintr_uitt.h"
#include "uintr_upid.h"
#include "uintr_wait.h"

static atomic_t receivers = ATOMIC_INIT(0);
static struct tracepoint *exit_tracepoint;
static struct tracepoint *exec_tracepoint;

unsigned int crtos_thread_receivers(void)
{
	return atomic_read(&receivers);
}

static bool testui(void)
{
	bool uif;

	asm volatile(".byte 0xf3, 0x0f, 0x01, 0xed" : "=@ccc"(uif));
	return uif;
}

static void clui(void)
{
	asm volatile(".byte 0xf3, 0x0f, 0x01, 0xee" : : : "memory");
}

static void stui(void)
{
	asm volatile(".byte 0xf3, 0x0f, 0x01, 0xef" : : : "memory");
}

/* Put the state of current into the CPU. Interrupts off. */
void crtos_thread_load(struct crtos_thread *thread)
{
	struct crtos_uintr_cpu *cpu = this_cpu_ptr(&crtos_uintr_cpu);
	u64 misc = 0;

	if ((!thread->upid && !thread->uitt) || !crtos_state_own(thread))
		return;
	if (thread->uitt) {
		misc = CRTOS_UITT_ENTRIES - 1;
		wrmsrl(CRTOS_MSR_UINTR_TT, crtos_uitt_address(thread->uitt) | CRTOS_TT_ENABLE);
	}
	if (thread->upid) {
		struct crtos_upid *upid = thread->upid->upid;

		wrmsrl(CRTOS_MSR_UINTR_HANDLER, thread->handler);
		wrmsrl(CRTOS_MSR_UINTR_STACKADJUST, thread->stack_adjust);
		wrmsrl(CRTOS_MSR_UINTR_PD, (unsigned long)upid);
		crtos_upid_aim(upid, cpu->apic_id, crtos_uintr_x2apic(), cpu->notify_vector);
		thread->rr |= crtos_upid_take(upid);
		wrmsrl(CRTOS_MSR_UINTR_RR, thread->rr);
		misc |= (u64)cpu->notify_vector << CRTOS_MISC_UINV_SHIFT;
	}
	wrmsrl(CRTOS_MSR_UINTR_MISC, misc);
	if (thread->uif)
		stui();
	else
		clui();
	thread->loaded = true;
	cpu->loaded = thread;
	crtos_state_loaded(thread);
}

static void save(struct crtos_thread *thread)
{
	wrmsrl(CRTOS_MSR_UINTR_MISC, 0);
	if (thread->upid) {
		rdmsrl(CRTOS_MSR_UINTR_RR, thread->rr);
		if (thread->rr)
			wrmsrl(CRTOS_MSR_UINTR_RR, 0);
	}
	if (thread->uitt)
		wrmsrl(CRTOS_MSR_UINTR_TT, 0);
	thread->uif = testui();
	clui();
}

/* Take the state of current out of the CPU. Interrupts off. */
void crtos_thread_unload(struct crtos_thread *thread)
{
	if (!thread->loaded)
		return;
	if (thread->upid)
		crtos_upid_mute(thread->upid->upid);
	if (crtos_state_own(thread))
		save(thread);
	crtos_state_unloaded(thread);
	thread->loaded = false;
	this_cpu_ptr(&crtos_uintr_cpu)->loaded = NULL;
}

/* What the hardware does for a notification that it was kept from. Interrupts off, @thread is loaded. */
void crtos_thread_fold(struct crtos_thread *thread)
{
	u64 rr;

	if (!thread->upid)
		return;
	crtos_upid_update(thread->upid->upid, CRTOS_UPID_ON, 0);
	rdmsrl(CRTOS_MSR_UINTR_RR, rr);
	wrmsrl(CRTOS_MSR_UINTR_RR, rr | crtos_upid_take(thread->upid->upid));
}

/* The sleep is over. If a user interrupt is pending, so is the system call. Interrupts off. */
static void thread_unpark(struct crtos_thread *thread)
{
	crtos_wait_unpark(thread);
	crtos_thread_load(thread);
	if (thread->rr)
		crtos_eintr_set(&thread->eintr);
}

static void thread_sched_in(struct preempt_notifier *notifier, int cpu)
{
	struct crtos_thread *thread = container_of(notifier, struct crtos_thread, notifier);
	unsigned long flags;

	local_irq_save(flags);
	if (thread->parked)
		thread_unpark(thread);
	else if (!thread->armed)
		crtos_thread_load(thread);
	crtos_eintr_in(&thread->eintr);
	local_irq_restore(flags);
}

/*
 * In an interruptible sleep only, and not with UIF = 0: what cannot be delivered need not wake, and
 * would end every call of a critical section.
 */
static bool thread_parks(const struct crtos_thread *thread)
{
	return thread->wakeful && thread->upid && thread->uif && !thread->armed &&
	       crtos_current_blocks() && READ_ONCE(current->__state) & TASK_INTERRUPTIBLE;
}

static void thread_sched_out(struct preempt_notifier *notifier, struct task_struct *next)
{
	struct crtos_thread *thread = container_of(notifier, struct crtos_thread, notifier);

	crtos_eintr_out(&thread->eintr);
	crtos_thread_unload(thread);
	if (thread_parks(thread))
		crtos_wait_park(thread);
}

static struct preempt_ops thread_preempt_ops = {
	.sched_in = thread_sched_in,
	.sched_out = thread_sched_out,
};

/* What the module knows of current, or NULL. Not in interrupts: the list may be half linked. */
struct crtos_thread *crtos_thread_current(void)
{
	struct preempt_notifier *notifier;

	hlist_for_each_entry(notifier, &current->preempt_notifiers, link) {
		if (notifier->ops == &thread_preempt_ops)
			return container_of(notifier, struct crtos_thread, notifier);
	}
	return NULL;
}

/* The module's count is not zero. Return: NULL if there is no memory. */
static struct crtos_thread *thread_new(gfp_t gfp)
{
	struct crtos_thread *thread = kzalloc(sizeof(*thread), gfp);

	if (!thread)
		return NULL;
	__module_get(THIS_MODULE);
	thread->task = current;
	INIT_LIST_HEAD(&thread->wait_link);
	thread->stack_adjust = CRTOS_RED_ZONE;
	preempt_notifier_init(&thread->notifier, &thread_preempt_ops);
	preempt_disable();
	preempt_notifier_register(&thread->notifier);
	preempt_enable();
	return thread;
}

static void thread_free(struct crtos_thread *thread)
{
	preempt_disable();
	crtos_eintr_out(&thread->eintr);
	preempt_notifier_unregister(&thread->notifier);
	preempt_enable();
	kfree(thread);
	module_put(THIS_MODULE);
}

/* Whether the module may give @thread, current, state: the kernel has not. */
static bool thread_is_ours(struct crtos_thread *thread)
{
	unsigned long flags;
	bool ours;

	if (!crtos_features_uintr())
		return true;
	local_irq_save(flags);
	ours = crtos_state_own(thread);
	local_irq_restore(flags);
	return ours;
}

/* Forget the calling thread if nothing is left to know of it. */
void crtos_thread_trim(struct crtos_thread *thread)
{
	if (!thread->upid && !thread->uitt && !thread->process)
		thread_free(thread);
}

/*
 * As crtos_thread_current(), but makes one. For the module's ioctls: may sleep. Return: the thread
 * or an ERR_PTR: -ENOMEM; -EBUSY when the kernel manages user interrupts for it.
 */
struct crtos_thread *crtos_thread_get_current(void)
{
	struct crtos_thread *thread = crtos_thread_current() ?: thread_new(GFP_KERNEL);

	if (!thread)
		return ERR_PTR(-ENOMEM);
	if (thread_is_ours(thread))
		return thread;
	crtos_thread_trim(thread);
	return ERR_PTR(-EBUSY);
}

/*
 * The functions below change the state of current between an unload and a load, so that there is
 * one place that writes the MSRs.
 */

/**
 * crtos_thread_set_receiver() - make a thread a receiver
 * @thread: current, no receiver
 * @upid: takes a reference
 * @handler: user address
 * @wakeful: a user interrupt ends system calls in which the thread blocks
 */
void crtos_thread_set_receiver(struct crtos_thread *thread, struct crtos_upid_slot *upid,
			       u64 handler, bool wakeful)
{
	unsigned long flags;

	crtos_upid_set_receiver(crtos_upid_get(upid), current);
	local_irq_save(flags);
	crtos_thread_unload(thread);
	thread->upid = upid;
	thread->handler = handler;
	thread->stack_adjust = CRTOS_RED_ZONE;
	thread->wakeful = wakeful;
	thread->rr = 0;
	crtos_thread_load(thread);
	local_irq_restore(flags);
	atomic_inc(&receivers);
}

/* Does not sleep. Senders keep posting to the UPID, silently, until they let go of it. */
void crtos_thread_drop_receiver(struct crtos_thread *thread)
{
	struct crtos_upid_slot *upid = thread->upid;
	unsigned long flags;

	if (!upid)
		return;
	local_irq_save(flags);
	crtos_thread_unload(thread);
	crtos_upid_deactivate(upid->upid);
	thread->upid = NULL;
	thread->wakeful = false;
	thread->rr = 0;
	crtos_thread_load(thread);
	local_irq_restore(flags);
	crtos_upid_set_receiver(upid, NULL);
	crtos_upid_put(upid);
	atomic_dec(&receivers);
}

void crtos_thread_set_stack(struct crtos_thread *thread, u64 stack_adjust)
{
	unsigned long flags;

	local_irq_save(flags);
	crtos_thread_unload(thread);
	thread->stack_adjust = stack_adjust;
	crtos_thread_load(thread);
	local_irq_restore(flags);
}

/* Takes over the caller's reference to @uitt. */
void crtos_thread_set_uitt(struct crtos_thread *thread, struct crtos_uitt *uitt)
{
	unsigned long flags;

	local_irq_save(flags);
	crtos_thread_unload(thread);
	thread->uitt = uitt;
	crtos_thread_load(thread);
	local_irq_restore(flags);
}

/*
 * The send table is the process's, but the CPU has it only for threads with state. Any other thread
 * of the process gets an invalid-opcode exception from SENDUIPI: load the table then and let it try
 * again. Other invalid instructions are tried twice, too, and raise SIGILL at the second time.
 *
 * Interrupts off, as at the exception. Return: whether the instruction is worth another try.
 */
static bool thread_join_table(void)
{
	struct crtos_thread *thread = crtos_thread_current();
	struct crtos_uitt *uitt;

	if (thread && thread->uitt)
		return false;
	uitt = crtos_uitt_find_current();
	if (!uitt)
		return false;
	/* The table holds the module. Without memory the thread tries again until there is some. */
	thread = thread ?: thread_new(GFP_ATOMIC | __GFP_NOWARN);
	if (thread && thread_is_ours(thread)) {
		crtos_thread_set_uitt(thread, uitt);
		return true;
	}
	crtos_uitt_put(uitt);
	if (thread)
		crtos_thread_trim(thread);
	return !thread;
}

static int thread_trap(struct notifier_block *block, unsigned long event, void *data)
{
	const struct die_args *trap = data;

	if (event == DIE_TRAP && trap->trapnr == X86_TRAP_UD && user_mode(trap->regs) &&
	    thread_join_table())
		return NOTIFY_STOP;
	return NOTIFY_DONE;
}

static struct notifier_block trap_block = { .notifier_call = thread_trap };

/*
 * Exec and exit. Runs in a tracepoint: preemption off. On exit the mm is gone already and the files
 * are still open, so nothing here touches user memory, and what is shared is counted.
 */
static void thread_end(struct crtos_thread *thread)
{
	struct crtos_uitt *uitt = thread->uitt;

	crtos_shadow_detach(thread, true);
	crtos_thread_drop_receiver(thread);
	if (uitt) {
		crtos_thread_set_uitt(thread, NULL);
		crtos_uitt_put(uitt);
	}
	thread_free(thread);
}

static void thread_exit_probe(void *data, struct task_struct *task)
{
	struct crtos_thread *thread = crtos_thread_current();

	if (task == current && thread)
		thread_end(thread);
}

static void thread_exec_probe(void *data, struct task_struct *task, pid_t old_pid,
			      struct linux_binprm *bprm)
{
	thread_exit_probe(data, task);
}

static void find_tracepoints(struct tracepoint *tracepoint, void *data)
{
	if (!strcmp(tracepoint->name, "sched_process_exit"))
		exit_tracepoint = tracepoint;
	else if (!strcmp(tracepoint->name, "sched_process_exec"))
		exec_tracepoint = tracepoint;
}

int __init crtos_thread_init(void)
{
	int ret;

	for_each_kernel_tracepoint(find_tracepoints, NULL);
	if (!exit_tracepoint || !exec_tracepoint) {
		pr_err("this kernel has no sched_process_exit and sched_process_exec tracepoints\n");
		return -EOPNOTSUPP;
	}
	preempt_notifier_inc();
	ret = tracepoint_probe_register(exit_tracepoint, thread_exit_probe, NULL);
	if (ret)
		goto no_exit;
	ret = tracepoint_probe_register(exec_tracepoint, thread_exec_probe, NULL);
	if (ret)
		goto no_exec;
	ret = register_die_notifier(&trap_block);
	if (ret)
		goto no_trap;
	return 0;

no_trap:
	tracepoint_probe_unregister(exec_tracepoint, thread_exec_probe, NULL);
no_exec:
	tracepoint_probe_unregister(exit_tracepoint, thread_exit_probe, NULL);
	tracepoint_synchronize_unregister();
no_exit:
	preempt_notifier_dec();
	return ret;
}

/* The last thread may have dropped its module reference and still be in its probe. */
void crtos_thread_exit(void)
{
	unregister_die_notifier(&trap_block);
	tracepoint_probe_unregister(exec_tracepoint, thread_exec_probe, NULL);
	tracepoint_probe_unregister(exit_tracepoint, thread_exit_probe, NULL);
	tracepoint_synchronize_unregister();
	preempt_notifier_dec();
}
