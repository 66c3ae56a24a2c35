// SPDX-License-Identifier: MIT
#include "lib.h"

#define ALL_BUT_SELF	0xc0000
#define START_MS	20000
#define JOB_MS		60000

extern const char ap_trampoline[], ap_trampoline_end[];

/* The trampoline takes a number from here, and from that its stack. */
u32 ap_count = 1;
u8 ap_stacks[NR_CPUS][AP_STACK_SIZE] __attribute__((aligned(16)));

u32 cpu_apic_id[NR_CPUS];

static struct {
	code_fn volatile fn;
	u64 volatile arg;
	bool volatile up;
} job[NR_CPUS];

void ap_main(int cpu);
void boot_main(u32 multiboot_info);

static void cpu_init(int cpu)
{
	trap_init_cpu(cpu);
	apic_init_cpu();
	cpu_apic_id[cpu] = apic_id();
}

void ap_main(int cpu)
{
	cpu_init(cpu);
	job[cpu].up = true;
	for (;;) {
		while (!job[cpu].fn)
			pause();
		job[cpu].fn(job[cpu].arg);
		cli();
		job[cpu].fn = NULL;
	}
}

static int cpus_up(void)
{
	int cpu = 1;

	while (cpu < NR_CPUS && job[cpu].up)
		cpu++;
	return cpu;
}

static bool start_cpus(int n)
{
	volatile char *to = (char *)AP_TRAMPOLINE;
	const char *from;
	u64 start;

	for (from = ap_trampoline; from < ap_trampoline_end; from++)
		*to++ = *from;
	apic_ipi(0, ALL_BUT_SELF | 0x4500);				/* INIT */
	delay_ms(10);
	apic_ipi(0, ALL_BUT_SELF | 0x4600 | AP_TRAMPOLINE >> 12);	/* SIPI */
	for (start = clock_ms(); cpus_up() < n;) {
		if (clock_ms() - start > START_MS)
			return false;
		pause();
	}
	return true;
}

void need_cpus(int n)
{
	if (start_cpus(n))
		return;
	skip("fewer than %d CPUs", n);
	finish();
}

void start_on_cpu(int cpu, code_fn fn, u64 arg)
{
	job[cpu].arg = arg;
	job[cpu].fn = fn;
}

bool wait_for_cpu(int cpu)
{
	u64 start = clock_ms();

	while (job[cpu].fn) {
		if (clock_ms() - start > JOB_MS)
			return false;
		pause();
	}
	return true;
}

void boot_main(u32 multiboot_info)
{
	option_init(multiboot_info);
	/* Mask the 8259s. */
	outb(0x21, 0xff);
	outb(0xa1, 0xff);
	out_init();
	paging_init();
	clock_init();
	trap_init_cpu(0);
	if (option("x2apic") && !cpu_has_x2apic()) {
		row("APIC-X2");
		skip("no x2APIC in this CPU");
		finish();
	}
	cpu_init(0);
	test_main();
	finish();
}
