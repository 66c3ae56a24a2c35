// SPDX-License-Identifier: MIT
/* cpus: 2 */
/* Which CPU a notification goes to, by NDST and the mode of the APIC. */
#include "uintr.h"

#define ARRIVAL_MS	10

static volatile bool arrived;

/* Has a notification come to this CPU? Takes it away, as a plain interrupt. */
static void look(u64 vector)
{
	u64 start = clock_ms();

	while (!(arrived = apic_bit(APIC_IRR, vector)) && clock_ms() - start < ARRIVAL_MS)
		pause();
	irq_handler[vector] = (irq_fn)apic_eoi;
	sti();
	cli();
}

static bool arrived_at(int cpu)
{
	if (cpu == 0) {
		wrmsr(MSR_UINTR_MISC, rdmsr(MSR_UINTR_MISC) & 0xffffffff);
		look(UINV);
		uintr_receiver(0);
		return arrived;
	}
	start_on_cpu(cpu, look, UINV);
	if (!wait_for_cpu(cpu))
		die("CPU %d does not answer", cpu);
	return arrived;
}

/* @want: the CPUs, one bit each, which a send to @dest is to notify. */
static void check(u32 dest, unsigned int want, const char *what)
{
	unsigned int got;

	uintr_setup();
	upid[0].ndst = dest;
	senduipi(5);
	got = arrived_at(0) | arrived_at(1) << 1;
	ok(got == want && upid[0].pir == 1 << 5 && upid[0].status == UPID_ON,
	   "NDST %x, %s: CPUs %x, %x is right (ON %d, PIR %lx)", dest, what, got, want,
	   upid[0].status, upid[0].pir);
}

/* An APIC id that no CPU has. */
static u32 nobody(void)
{
	u32 id = 1;

	while (id == cpu_apic_id[0] || id == cpu_apic_id[1])
		id++;
	return id + 0x70;
}

static void check_xapic(void)
{
	u32 id0 = cpu_apic_id[0], id1 = cpu_apic_id[1];

	row("APIC-X1");
	check(id0 << 8, 1, "this CPU");
	check(id1 << 8, 2, "the other CPU");
	check(id1 << 8 | id0, 2, "NDST[7:0] is not the id");
	check(id0 << 8 | id1, 1, "NDST[7:0] is not the id");
	row("APIC-NOBODY");
	check(nobody() << 8, 0, "no CPU's id");
	row("APIC-ALL");
	check(0xff00, 3, "all CPUs");
}

static void check_x2apic(void)
{
	u32 id0 = cpu_apic_id[0], id1 = cpu_apic_id[1];
	unsigned int bit;

	row("APIC-X2");
	check(id0, 1, "this CPU");
	check(id1, 2, "the other CPU");
	row("APIC-X2 APIC-NOBODY");
	check(id1 << 8, 0, "the form of xAPIC");
	for (bit = 8; bit < 32; bit++)
		check(id1 | 1u << bit, 0, "one bit more");
	check(nobody(), 0, "no CPU's id");
	row("APIC-ALL");
	check(0xffffffff, 3, "all CPUs");
	check(0xff, 0, "all CPUs of 8-bit ids only");
	check(0xff00, 0, "all CPUs of xAPIC only");
	check(0xffff, 0, "not all bits");
}

/* CPU 1 turns its own UIF on and fills its MSRs. */
static void fill_in(u64 arg)
{
	(void)arg;
	uintr_receiver(1);
	stui();
	wrmsr(MSR_UINTR_RR, 0x55);
}

static volatile bool kept;

static void look_at_state(u64 arg)
{
	(void)arg;
	kept = testui() && rdmsr(MSR_UINTR_RR) == 0x55 && rdmsr(MSR_UINTR_PD) == (u64)&upid[1];
	clui();
	wrmsr(MSR_UINTR_RR, 0);
}

static void check_own_state(void)
{
	row("UIF-CPU");
	uintr_setup();
	start_on_cpu(1, fill_in, 0);
	wait_for_cpu(1);
	ok(!testui() && rdmsr(MSR_UINTR_RR) == 0 && rdmsr(MSR_UINTR_PD) == (u64)&upid[0],
	   "UIF, UIRR and MSRs of CPU 1 are not those of CPU 0");
	wrmsr(MSR_UINTR_RR, 0xaa);
	start_on_cpu(1, look_at_state, 0);
	wait_for_cpu(1);
	ok(kept && rdmsr(MSR_UINTR_RR) == 0xaa, "nor the other way round");
}

void test_main(void)
{
	need_uintr();
	row(option("x2apic") ? "APIC-X2" : "APIC-X1");
	need_cpus(2);
	if (apic_is_x2apic())
		check_x2apic();
	else
		check_xapic();
	check_own_state();
}
