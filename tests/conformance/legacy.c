// SPDX-License-Identifier: MIT
/* Outside IA-32e mode there are no notifications. */
#include "uintr.h"

#define INTERRUPT_GATE	0x8e00

extern void take_interrupts_legacy(const void *idtr);
extern const char legacy_interrupt[];
extern volatile u32 legacy_interrupts;

static struct {
	u16 offset0, selector, type, offset1;
} idt32[256];

static struct {
	u16 limit;
	u32 base;
} __attribute__((packed)) table;

void test_main(void)
{
	u32 handler = (u64)legacy_interrupt;

	need_uintr();
	idt32[UINV].offset0 = handler;
	idt32[UINV].selector = 0x18;
	idt32[UINV].type = INTERRUPT_GATE;
	idt32[UINV].offset1 = handler >> 16;
	table.limit = sizeof(idt32) - 1;
	table.base = (u64)idt32;

	row("NOTE-LMA");
	uintr_setup();
	senduipi(6);
	ok(upid[0].status == UPID_ON && apic_bit(APIC_IRR, UINV), "a notification waits");
	take_interrupts_legacy(&table);
	ok(legacy_interrupts == 1 && apic_bit(APIC_ISR, UINV),
	   "with EFER.LMA = 0 it is a plain interrupt (%d)", legacy_interrupts);
	ok(upid[0].status == UPID_ON && upid[0].pir == 1 << 6 && rdmsr(MSR_UINTR_RR) == 0,
	   "ON and PIR stay (ON %d, PIR %lx, UIRR %lx)", upid[0].status, upid[0].pir,
	   rdmsr(MSR_UINTR_RR));
	trap_init_cpu(0);
	apic_eoi();
	apic_self_ipi(UINV);
	sti();
	cli();
	ok(rdmsr(MSR_UINTR_RR) == 1 << 6 && upid[0].status == 0,
	   "back in 64-bit mode it is one again");
}
