// SPDX-License-Identifier: MIT
/* Registers and their bits: SDM Vol. 3 ch. "Advanced Programmable Interrupt Controller". */
#include <crtos/boot.h>

#include "apic.h"
#include "core.h"
#include "cpu.h"
#include "log.h"
#include "vm.h"

#define APIC_VERSION		0x030
#define APIC_TPR		0x080
#define APIC_EOI		0x0b0
#define APIC_SVR		0x0f0
#define APIC_ISR		0x100
#define APIC_ESR		0x280
#define APIC_LVT_CMCI		0x2f0
#define APIC_ICR		0x300
#define APIC_ICR_HIGH		0x310
#define APIC_LVT_TIMER		0x320
#define APIC_LVT_THERMAL	0x330
#define APIC_LVT_PERF		0x340
#define APIC_LVT_LINT0		0x350
#define APIC_LVT_LINT1		0x360
#define APIC_LVT_ERROR		0x370
#define APIC_TIMER_INITIAL	0x380
#define APIC_TIMER_CURRENT	0x390
#define APIC_TIMER_DIVIDE	0x3e0

#define APIC_BASE_ENABLE	(1u << 11)
#define APIC_BASE_X2APIC	(1u << 10)
#define SVR_ENABLE_VECTOR_FF	0x1ff
#define ICR_PENDING		(1u << 12)
#define ICR_ASSERT		(1u << 14)
#define LVT_MASKED		(1u << 16)
#define LVT_TSC_DEADLINE	(2u << 17)
#define TIMER_DIVIDE_BY_1	0xb

#define CALIBRATIONS		3
#define CALIBRATION_MS		10

static volatile u32 *registers;		/* NULL: x2APIC */
static u64 counts_per_tsc;		/* 32.32, of the one-shot timer */

static u32 apic_read(u32 reg)
{
	return registers ? registers[reg / 4] : (u32)rdmsr(MSR_X2APIC + reg / 16);
}

static void apic_write(u32 reg, u32 value)
{
	if (registers)
		registers[reg / 4] = value;
	else
		wrmsr(MSR_X2APIC + reg / 16, value);
}

static void mask_sources(void)
{
	static const u16 lvt[] = {
		APIC_LVT_TIMER, APIC_LVT_LINT0, APIC_LVT_LINT1, APIC_LVT_ERROR,
		APIC_LVT_PERF, APIC_LVT_THERMAL, APIC_LVT_CMCI,	/* the last three may be missing */
	};
	u32 count = (apic_read(APIC_VERSION) >> 16 & 0xff) + 1;

	for (u32 i = 0; i < min(count, ARRAY_SIZE(lvt)); i++)
		apic_write(lvt[i], LVT_MASKED);
}

void apic_init(void)
{
	u64 base = rdmsr(MSR_APIC_BASE);

	wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE);
	if (boot->x2apic) {
		wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE | APIC_BASE_X2APIC);
	} else {
		registers = vm_map_device(boot->apic_phys);
		BUG_ON(!registers);
	}
	apic_write(APIC_SVR, SVR_ENABLE_VECTOR_FF);
	apic_write(APIC_TPR, 0);
	mask_sources();
}

/* Nothing of this core's own arrives any more. */
void apic_stop(void)
{
	mask_sources();
	if (cpu.tsc_deadline)
		wrmsr(MSR_TSC_DEADLINE, 0);
	else
		apic_write(APIC_TIMER_INITIAL, 0);
}

void apic_eoi(void)
{
	apic_write(APIC_EOI, 0);
}

bool apic_in_service(unsigned int vector)
{
	return apic_read(APIC_ISR + vector / 32 * 16) >> vector % 32 & 1;
}

/*
 * What was stored before is visible to the interrupted side: a write to uncached memory waits for
 * earlier stores, that of an x2APIC register does not without the fences (SDM Vol. 3, "MSR Access in
 * x2APIC Mode").
 */
void apic_send(u32 apic_id, u8 vector)
{
	if (!registers) {
		asm volatile("mfence; lfence" : : : "memory");
		wrmsr(MSR_X2APIC + APIC_ICR / 16, (u64)apic_id << 32 | ICR_ASSERT | vector);
		return;
	}
	while (apic_read(APIC_ICR) & ICR_PENDING)
		cpu_pause();
	full_fence();
	apic_write(APIC_ICR_HIGH, apic_id << 24);
	apic_write(APIC_ICR, ICR_ASSERT | vector);
}

/* The timer's counter at a time of the TSC, which is known to half of gap. */
struct sample {
	u64 tsc;
	u64 gap;
	u32 count;
};

/* The best of three tries. */
static struct sample sample(void)
{
	struct sample best = { .gap = UINT64_MAX };

	for (int i = 0; i < 3; i++) {
		u64 before = rdtsc();
		u32 count = apic_read(APIC_TIMER_CURRENT);
		u64 gap = rdtsc() - before;

		if (gap < best.gap)
			best = (struct sample){ before + gap / 2, gap, count };
	}
	return best;
}

/* The measurement whose ends are known best wins. */
static void calibrate(u64 tsc_khz)
{
	u64 best = UINT64_MAX;

	for (int i = 0; i < CALIBRATIONS; i++) {
		struct sample start, end;

		apic_write(APIC_TIMER_INITIAL, UINT32_MAX);
		start = sample();
		while (rdtsc() - start.tsc < CALIBRATION_MS * tsc_khz)
			cpu_pause();
		end = sample();
		if (end.tsc > start.tsc && start.gap + end.gap < best) {
			best = start.gap + end.gap;
			counts_per_tsc = ((u64)(start.count - end.count) << 32) /
					 (end.tsc - start.tsc);
		}
	}
	apic_write(APIC_TIMER_INITIAL, 0);
	if (!counts_per_tsc)
		panic(NULL, "the local APIC timer does not count");
	log_print("apic: timer of %lu kHz, calibrated", counts_per_tsc * tsc_khz >> 32);
}

void apic_timer_init(u64 tsc_khz)
{
	if (cpu.tsc_deadline) {
		apic_write(APIC_LVT_TIMER, LVT_TSC_DEADLINE | CRTOS_VECTOR_TIMER);
		/* In xAPIC mode the mode must be set before the deadline is written. */
		full_fence();
		log_print("apic: timer in TSC-deadline mode");
		return;
	}
	apic_write(APIC_TIMER_DIVIDE, TIMER_DIVIDE_BY_1);
	apic_write(APIC_LVT_TIMER, LVT_MASKED | CRTOS_VECTOR_TIMER);
	calibrate(tsc_khz);
	apic_write(APIC_LVT_TIMER, CRTOS_VECTOR_TIMER);
}

void apic_timer_set(u64 tsc)
{
	s64 ticks = tsc - rdtsc();
	u64 counts;

	if (cpu.tsc_deadline) {
		/* 0 would disarm it. */
		wrmsr(MSR_TSC_DEADLINE, tsc ? tsc : 1);
		return;
	}
	counts = ticks > 0 ? (u64)((unsigned __int128)ticks * counts_per_tsc >> 32) : 0;
	apic_write(APIC_TIMER_INITIAL, min(counts + 1, (u64)UINT32_MAX));
}
