// SPDX-License-Identifier: MIT
/*
 * The local APIC, by its memory page or by its MSRs: whichever mode this CPU is in. The command line of
 * the image says in which it starts ("x2apic").
 */
#include "lib.h"

#define MSR_X2APIC	0x800

static volatile u32 *const apic = (u32 *)0xfee00000;
static bool x2apic[NR_CPUS];

bool apic_is_x2apic(void)
{
	return x2apic[cpu_number()];
}

u32 apic_read(int reg)
{
	return apic_is_x2apic() ? rdmsr(MSR_X2APIC + reg / 16) : apic[reg / 4];
}

void apic_write(int reg, u32 value)
{
	if (apic_is_x2apic())
		wrmsr(MSR_X2APIC + reg / 16, value);
	else
		apic[reg / 4] = value;
}

/* A vector's bit in APIC_ISR or APIC_IRR. */
bool apic_bit(int reg, int vector)
{
	return apic_read(reg + vector / 32 * 0x10) >> vector % 32 & 1;
}

u32 apic_id(void)
{
	return apic_is_x2apic() ? apic_read(APIC_ID) : apic_read(APIC_ID) >> 24;
}

void apic_eoi(void)
{
	apic_write(APIC_EOI, 0);
}

void apic_ipi(u32 dest, u32 icr)
{
	if (apic_is_x2apic()) {
		wrmsr(MSR_X2APIC + APIC_ICR / 16, (u64)dest << 32 | icr);
		return;
	}
	while (apic_read(APIC_ICR) & APIC_ICR_BUSY)
		pause();
	apic_write(APIC_ICR2, dest << 24);
	apic_write(APIC_ICR, icr);
}

void apic_self_ipi(int vector)
{
	apic_ipi(apic_id(), 0x4000 | vector);
}

bool cpu_has_x2apic(void)
{
	return cpuid(1, 0).ecx >> 21 & 1;
}

/* Leave x2APIC mode by way of the disabled state, the only way there is; enter it directly. */
void apic_set_mode(bool want_x2apic)
{
	u64 base = rdmsr(MSR_APIC_BASE);

	if (!want_x2apic && base & APIC_BASE_EXTD) {
		base &= ~(u64)(APIC_BASE_EXTD | APIC_BASE_EN);
		wrmsr(MSR_APIC_BASE, base);
	}
	base |= APIC_BASE_EN | (want_x2apic ? APIC_BASE_EXTD : 0);
	wrmsr(MSR_APIC_BASE, base);
	x2apic[cpu_number()] = want_x2apic;
	apic_write(APIC_SVR, 0x1ff);
}

void apic_init_cpu(void)
{
	apic_set_mode(option("x2apic"));
}
