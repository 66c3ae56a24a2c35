// SPDX-License-Identifier: GPL-2.0-only
/* CR4.UINTR and the two vectors of each CPU, over hotplug. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpuhotplug.h>
#include <linux/interrupt.h>
#include <asm/apic.h>
#include <asm/msr.h>
#include <asm/tlbflush.h>

#include <crtos/uintr.h>

#include "compat.h"
#include "features.h"
#include "uintr_cpu.h"
#include "uintr_thread.h"
#include "uintr_wait.h"
#include "vector.h"

DEFINE_PER_CPU(struct crtos_uintr_cpu, crtos_uintr_cpu);

static enum cpuhp_state cpu_state;
static bool unloading;
static bool x2apic __read_mostly;

bool crtos_uintr_x2apic(void)
{
	return x2apic;
}

/*
 * The hardware processes a notification for the receiver that runs; what comes here found UINV not
 * loaded: its receiver was just switched out, or not loaded yet. Its bits stay in PIR with SN = 1
 * and are folded into UIRR when it is loaded, or it has armed itself since and has looked at PIR
 * (uintr_wait.c).
 *
 * With a receiver loaded it comes from KVM on Intel's CPUs alone: an interrupt that ends guest mode
 * is acknowledged by the VM exit, and KVM calls its handler. Else `loaded` and UINV agree whenever
 * interrupts are on. (AMD's way, and the test machine's, takes the interrupt again after the exit.)
 */
static irqreturn_t notify_interrupt(int irq, void *data)
{
	struct crtos_uintr_cpu *cpu = data;

	crtos_wait_count();
	if (cpu->loaded)
		crtos_thread_fold(cpu->loaded);
	return IRQ_HANDLED;
}

static irqreturn_t wake_interrupt(int irq, void *data)
{
	crtos_wait_wake(data);
	return IRQ_HANDLED;
}

/*
 * An RTOS or firmware may have run on this CPU: INIT does not clear the MSRs. A kernel that manages
 * them does this itself.
 */
static void uintr_cpu_reset(void)
{
	if (CRTOS_UINTR_KERNEL)
		return;
	wrmsrl(CRTOS_MSR_UINTR_MISC, 0);
	wrmsrl(CRTOS_MSR_UINTR_TT, 0);
	wrmsrl(CRTOS_MSR_UINTR_RR, 0);
	cr4_set_bits(CRTOS_CR4_UINTR);
}

/* Runs on @cpu before ordinary tasks do. */
static int uintr_cpu_online(unsigned int cpu)
{
	struct crtos_uintr_cpu *uc = per_cpu_ptr(&crtos_uintr_cpu, cpu);

	uintr_cpu_reset();
	uc->apic_id = crtos_apic_id(cpu);
	uc->notify_vector = CRTOS_UINTR_VECTOR ?: crtos_vector_number(uc->notify_irq);
	uc->wake_vector = crtos_vector_number(uc->wake_irq);
	raw_spin_lock_irq(&uc->lock);
	uc->open = true;
	raw_spin_unlock_irq(&uc->lock);
	return 0;
}

/*
 * Tasks may still be switched on this CPU for a moment, so CR4.UINTR and the vectors stay: the
 * kernel itself executes TESTUI there. Only those who wait here must be woken by another CPU from
 * now on.
 */
static int uintr_cpu_offline(unsigned int cpu)
{
	crtos_wait_close(per_cpu_ptr(&crtos_uintr_cpu, cpu));
	if (unloading && !CRTOS_UINTR_KERNEL)
		cr4_clear_bits(CRTOS_CR4_UINTR);
	return 0;
}

/*
 * The boot CPU in a suspend to memory or disk: it is not taken offline. Interrupts off, no task is
 * switched between the two; current, who suspends the machine, may have state.
 */
static struct crtos_thread *suspended;

static int uintr_cpu_suspend(CRTOS_SYSCORE_ARGS)
{
	suspended = this_cpu_ptr(&crtos_uintr_cpu)->loaded;
	if (suspended)
		crtos_thread_unload(suspended);
	return 0;
}

static void uintr_cpu_resume(CRTOS_SYSCORE_ARGS)
{
	uintr_cpu_reset();
	if (suspended)
		crtos_thread_load(suspended);
}

static struct crtos_syscore uintr_cpu_syscore = {
	.ops = {
		.suspend = uintr_cpu_suspend,
		.resume = uintr_cpu_resume,
	},
};

static void vectors_free(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		struct crtos_uintr_cpu *uc = per_cpu_ptr(&crtos_uintr_cpu, cpu);

		if (uc->notify_irq)
			crtos_vector_free(uc->notify_irq, uc);
		if (uc->wake_irq)
			crtos_vector_free(uc->wake_irq, uc);
	}
}

static int vectors_alloc(void)
{
	unsigned int cpu;
	int irq;

	for_each_possible_cpu(cpu) {
		struct crtos_uintr_cpu *uc = per_cpu_ptr(&crtos_uintr_cpu, cpu);

		raw_spin_lock_init(&uc->lock);
		INIT_LIST_HEAD(&uc->waiters);
		INIT_LIST_HEAD(&uc->woken);
		if (!CRTOS_UINTR_VECTOR) {
			irq = crtos_vector_alloc(cpu, notify_interrupt, "crtos-notify", uc);
			if (irq < 0)
				goto failed;
			uc->notify_irq = irq;
		}
		irq = crtos_vector_alloc(cpu, wake_interrupt, "crtos-wake", uc);
		if (irq < 0)
			goto failed;
		uc->wake_irq = irq;
	}
	return 0;

failed:
	vectors_free();
	pr_err("no interrupt vectors left on CPU %u\n", cpu);
	return irq;
}

int __init crtos_uintr_cpu_init(void)
{
	int ret;

	if (!crtos_features_uintr())
		return 0;
	x2apic = x2apic_enabled();
	ret = vectors_alloc();
	if (ret)
		return ret;
	ret = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "crtos:uintr", uintr_cpu_online,
				uintr_cpu_offline);
	if (ret < 0) {
		vectors_free();
		return ret;
	}
	cpu_state = ret;
	crtos_syscore_register(&uintr_cpu_syscore);
	return 0;
}

/* No thread has state any more: each holds the module. */
void crtos_uintr_cpu_exit(void)
{
	if (!crtos_features_uintr())
		return;
	crtos_syscore_unregister(&uintr_cpu_syscore);
	unloading = true;
	cpuhp_remove_state(cpu_state);
	vectors_free();
}
