// SPDX-License-Identifier: GPL-2.0-only
/* What this machine has of what crtos needs. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <asm/apic.h>
#include <asm/cpufeature.h>
#include <asm/processor.h>
#include <asm/tlbflush.h>
#include <asm/tsc.h>

#include <crtos/uapi.h>
#include <crtos/uintr.h>

#include "compat.h"
#include "features.h"
#include "image.h"
#include "partition_cpu.h"

static u32 features;	/* those that do not change while the module is loaded */

/* Whether this module switches UINTR state on this machine. */
bool crtos_features_uintr(void)
{
	return features & CRTOS_FEATURE_UINTR_ENABLED;
}

/* All CRTOS_FEATURE_* of the moment. May sleep: it reads the firmware image. */
u32 crtos_features(void)
{
	u32 now = features;

	if (crtos_cpu_have_low_page())
		now |= CRTOS_FEATURE_LOW_PAGE;
	if (!crtos_image_check())
		now |= CRTOS_FEATURE_FIRMWARE;
	return now;
}

/**
 * crtos_features_init() - detect, and say in the kernel log why UINTR is not used
 *
 * SENDUIPI reads the UITT and the UPID with the CR3 of user mode, as supervisor accesses; with
 * page-table isolation neither is mapped there (SDM, SENDUIPI).
 *
 * Return: 0, or -EBUSY on a kernel that switches UINTR state itself when the module was not built for
 * one: two masters would corrupt it.
 */
int __init crtos_features_init(void)
{
	u32 eax, ebx, ecx, edx = 0;

	if (!CRTOS_UINTR_KERNEL && cr4_read_shadow() & CRTOS_CR4_UINTR) {
		pr_err("somebody manages user interrupts (CR4.UINTR is set), but the kernel's configuration does not say so\n");
		return -EBUSY;
	}

	if (boot_cpu_data.cpuid_level >= 7)
		cpuid_count(7, 0, &eax, &ebx, &ecx, &edx);
	if (edx & CRTOS_CPUID_7_0_EDX_UINTR)
		features |= CRTOS_FEATURE_UINTR;
	if (boot_cpu_has(X86_FEATURE_PTI))
		features |= CRTOS_FEATURE_PTI;
	if (x2apic_enabled())
		features |= CRTOS_FEATURE_X2APIC;
	if (IS_ENABLED(CONFIG_HOTPLUG_CPU))
		features |= CRTOS_FEATURE_HOTPLUG;
	if (boot_cpu_has(X86_FEATURE_CONSTANT_TSC) && boot_cpu_has(X86_FEATURE_NONSTOP_TSC) &&
	    tsc_khz)
		features |= CRTOS_FEATURE_TSC;

	if (!(features & CRTOS_FEATURE_UINTR))
		pr_info("the CPU has no user interrupts (CPUID.7.0:EDX[5]); the ipi and poll notifiers work\n");
	else if (features & CRTOS_FEATURE_PTI)
		pr_info("no user interrupts because page-table isolation is on; boot with nopti if you trust this CPU; the ipi and poll notifiers work\n");
	else if (CRTOS_UINTR_KERNEL && !(cr4_read_shadow() & CRTOS_CR4_UINTR))
		pr_info("no user interrupts because this kernel, which manages them itself, has left them off; the ipi and poll notifiers work\n");
	else
		features |= CRTOS_FEATURE_UINTR_ENABLED;
	return 0;
}
