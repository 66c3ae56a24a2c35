// SPDX-License-Identifier: GPL-2.0-only
/* The hand-over of one CPU: out of Linux, through INIT and STARTUP into the RTOS, and back. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <asm/apic.h>
#include <asm/pgtable_types.h>

#include <crtos/boot.h>

#include "compat.h"
#include "message.h"
#include "partition_cpu.h"
#include "trampoline.h"

#define CPU_NONE	UINT_MAX
#define LOW_PFN_LAST	0x9f
#define TABLE_FLAGS	(_PAGE_PRESENT | _PAGE_RW)

static enum cpuhp_state prepare_state;
static unsigned int donated = CPU_NONE;

/* Start-up pages, between prepare and unprepare. */
enum { PML4, LOW_PDPT, LOW_PD, LOW_PT, HIGH_PDPT, HIGH_PD, TABLES };
static u64 *table[TABLES];
static void *low_page;
static void *low_saved;
static u64 low_phys;

/* `echo 1 > online` for the CPU that runs the RTOS would boot Linux over it. */
static int cpu_prepare_online(unsigned int cpu)
{
	if (cpu != READ_ONCE(donated))
		return 0;
	pr_notice("CPU %u belongs to the RTOS; stop the partition first\n", cpu);
	return -EBUSY;
}

static void *map_zero_page(unsigned long pfn)
{
	void *page;

	if (!page_is_ram(pfn))
		return NULL;
	page = memremap(PFN_PHYS(pfn), PAGE_SIZE, MEMREMAP_WB);
	if (page && memchr_inv(page, 0, PAGE_SIZE)) {
		memunmap(page);
		page = NULL;
	}
	return page;
}

/*
 * A page that a STARTUP IPI can name. Linux keeps the whole first MiB reserved, so one that holds
 * nothing but zeroes is borrowed; it is restored as soon as the RTOS runs.
 */
static void *map_low_page(u64 *phys)
{
	unsigned long pfn;
	void *page;

	for (pfn = LOW_PFN_LAST; pfn; pfn--) {
		page = map_zero_page(pfn);
		if (page) {
			*phys = PFN_PHYS(pfn);
			return page;
		}
	}
	return NULL;
}

bool crtos_cpu_have_low_page(void)
{
	void *page;
	u64 phys;

	page = map_low_page(&phys);
	if (page)
		memunmap(page);
	return page;
}

/* Linux keeps CPU 0, and needs one at all. Return: 0, or -EINVAL with a message. May sleep. */
int crtos_cpu_check(unsigned int cpu, char *message)
{
	cpumask_var_t choice;
	int ret = -EINVAL;

	if (!IS_ENABLED(CONFIG_HOTPLUG_CPU)) {
		crtos_message(message, "this kernel cannot take CPUs offline (CONFIG_HOTPLUG_CPU)");
		return -EINVAL;
	}
	if (!zalloc_cpumask_var(&choice, GFP_KERNEL))
		return -ENOMEM;
	cpumask_copy(choice, cpu_online_mask);
	cpumask_clear_cpu(0, choice);
	if (cpumask_empty(choice))
		crtos_message(message,
			      "only CPU 0 is online; the RTOS needs a CPU of its own besides it");
	else if (!cpu)
		crtos_message(message,
			      "CPU 0 cannot be taken from Linux; choose one of %*pbl with --cpus",
			      cpumask_pr_args(choice));
	else if (cpu >= nr_cpu_ids || !cpumask_test_cpu(cpu, choice))
		crtos_message(message, "CPU %u is not online; choose one of %*pbl with --cpus", cpu,
			      cpumask_pr_args(choice));
	else
		ret = 0;
	free_cpumask_var(choice);
	return ret;
}

/* Take a CPU that passed the check. May sleep. Return: 0, or -EINVAL with a message. */
int crtos_cpu_take(unsigned int cpu, char *message)
{
	int ret;

	WRITE_ONCE(donated, cpu);
	ret = remove_cpu(cpu);
	if (!ret && cpu_online(cpu))
		ret = -EBUSY;
	if (ret) {
		WRITE_ONCE(donated, CPU_NONE);
		crtos_message(message,
			      "Linux does not release CPU %u (error %d); see dmesg, or choose another one with --cpus",
			      cpu, -ret);
		return -EINVAL;
	}
	return 0;
}

/* May sleep. The core must be halted. Return: 0 or what add_cpu() says. */
int crtos_cpu_give_back(unsigned int cpu)
{
	int ret;

	WRITE_ONCE(donated, CPU_NONE);
	ret = add_cpu(cpu);
	if (ret)
		pr_err("CPU %u does not come back (error %d)\n", cpu, ret);
	return ret;
}

static void fill_tables(u64 mem_phys)
{
	const u64 link = CRTOS_LINK_BASE;

	table[PML4][0] = virt_to_phys(table[LOW_PDPT]) | TABLE_FLAGS;
	table[LOW_PDPT][0] = virt_to_phys(table[LOW_PD]) | TABLE_FLAGS;
	table[LOW_PD][0] = virt_to_phys(table[LOW_PT]) | TABLE_FLAGS;
	table[LOW_PT][low_phys >> PAGE_SHIFT] = low_phys | TABLE_FLAGS;

	BUILD_BUG_ON(CRTOS_BOOT_WINDOW != 2 * PMD_SIZE);
	table[PML4][link >> 39 & 511] = virt_to_phys(table[HIGH_PDPT]) | TABLE_FLAGS;
	table[HIGH_PDPT][link >> 30 & 511] = virt_to_phys(table[HIGH_PD]) | TABLE_FLAGS;
	table[HIGH_PD][0] = mem_phys | TABLE_FLAGS | _PAGE_PSE;
	table[HIGH_PD][1] = (mem_phys + PMD_SIZE) | TABLE_FLAGS | _PAGE_PSE;
}

static void patch(const u8 *where, u64 value, size_t bytes)
{
	memcpy(low_page + (where - crtos_trampoline_start), &value, bytes);
}

static void fill_low_page(u64 boot, u64 entry)
{
	memcpy(low_page, crtos_trampoline_start, crtos_trampoline_end - crtos_trampoline_start);
	patch(crtos_trampoline_gdt_base, low_phys + (crtos_trampoline_gdt - crtos_trampoline_start),
	      4);
	patch(crtos_trampoline_far, low_phys + (crtos_trampoline_long - crtos_trampoline_start), 4);
	patch(crtos_trampoline_cr3, virt_to_phys(table[PML4]), 8);
	patch(crtos_trampoline_boot, boot, 8);
	patch(crtos_trampoline_entry, entry, 8);
}

/**
 * crtos_cpu_prepare() - make the start-up pages
 * @mem_phys: donated memory
 * @boot: RDI on entry
 * @entry: linear address of the RTOS's entry point
 * @message: receives the reason of a failure
 *
 * The code is position independent within its page. CR3 is loaded in a 32-bit mode, so the PML4
 * must lie below 4 GiB.
 *
 * May sleep. Return: 0, or -ENOMEM with a message.
 */
int crtos_cpu_prepare(u64 mem_phys, u64 boot, u64 entry, char *message)
{
	int i;

	low_page = map_low_page(&low_phys);
	if (!low_page) {
		crtos_message(message, "no free page below 1 MiB to start a CPU from");
		return -ENOMEM;
	}
	low_saved = kmemdup(low_page, PAGE_SIZE, GFP_KERNEL);
	if (!low_saved)
		goto no_memory;
	for (i = 0; i < TABLES; i++) {
		table[i] = (u64 *)get_zeroed_page(GFP_KERNEL | GFP_DMA32);
		if (!table[i])
			goto no_memory;
	}
	fill_tables(mem_phys);
	fill_low_page(boot, entry);
	return 0;

no_memory:
	crtos_message(message, "no memory for the start-up pages");
	crtos_cpu_unprepare();
	return -ENOMEM;
}

/* Give the start-up pages back; the core runs on its own tables or is halted. */
void crtos_cpu_unprepare(void)
{
	int i;

	for (i = 0; i < TABLES; i++) {
		free_page((unsigned long)table[i]);
		table[i] = NULL;
	}
	if (low_saved)
		memcpy(low_page, low_saved, PAGE_SIZE);
	kfree(low_saved);
	low_saved = NULL;
	memunmap(low_page);
	low_page = NULL;
}

/* Halt a core, whatever it does, and drop what its local APIC has pending. Any context. */
void crtos_cpu_halt(u32 apic_id)
{
	crtos_icr_write(APIC_INT_LEVELTRIG | APIC_INT_ASSERT | APIC_DM_INIT, apic_id);
	crtos_icr_wait();
	udelay(200);
	crtos_icr_write(APIC_INT_LEVELTRIG | APIC_DM_INIT, apic_id);
	crtos_icr_wait();
}

/* Start a halted core in the low page (SDM Vol. 3, MP initialization). May sleep. */
void crtos_cpu_start(u32 apic_id)
{
	int i;

	cpus_read_lock();
	crtos_cpu_halt(apic_id);
	for (i = 0; i < 2; i++) {
		crtos_icr_write(APIC_DM_STARTUP | low_phys >> PAGE_SHIFT, apic_id);
		crtos_icr_wait();
		udelay(300);
	}
	cpus_read_unlock();
}

int __init crtos_cpu_init(void)
{
	int ret = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "crtos:donated",
					    cpu_prepare_online, NULL);

	if (ret < 0)
		return ret;
	prepare_state = ret;
	return 0;
}

void crtos_cpu_exit(void)
{
	cpuhp_remove_state_nocalls(prepare_state);
}
