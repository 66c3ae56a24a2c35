// SPDX-License-Identifier: MIT
#include "uintr.h"

volatile struct upid upid[NR_CPUS] SUPERVISOR __attribute__((aligned(PAGE_SIZE)));
volatile struct uitte uitt[UITT_ENTRIES] SUPERVISOR __attribute__((aligned(PAGE_SIZE)));

volatile struct uintr_log uintr_log;
void (*volatile uintr_hook)(struct uintr_frame *frame);

void uintr_handler(struct uintr_frame *frame);

void uintr_handler(struct uintr_frame *frame)
{
	uintr_log.rflags = read_rflags();
	uintr_log.vectors[uintr_log.count % sizeof(uintr_log.vectors)] = frame->vector;
	uintr_log.frame = *frame;
	uintr_log.frame_addr = (u64)frame;
	uintr_log.count++;
	if (uintr_hook)
		uintr_hook(frame);
}

u32 ndst(u32 id)
{
	return apic_is_x2apic() ? id : id << 8;
}

void need_uintr(void)
{
	if (cpuid(7, 0).edx & CPUID_7_EDX_UINTR)
		return;
	row("ENUM-CPUID");
	skip("no user interrupts in this CPU");
	finish();
}

void uintr_setup(void)
{
	unsigned int i;

	need_uintr();
	write_cr4(read_cr4() | CR4_UINTR);
	clui();
	wrmsr(MSR_UINTR_RR, 0);

	uintr_hook = NULL;
	uintr_log.count = 0;

	for (i = 0; i < ARRAY_SIZE(upid); i++) {
		upid[i].low = 0;
		upid[i].pir = 0;
		upid[i].nv = UINV;
		upid[i].ndst = ndst(apic_id());
	}
	for (i = 0; i < UITT_ENTRIES; i++) {
		uitt[i].low = 1 | i << 8;
		uitt[i].upid = (u64)&upid[0];
	}

	uintr_receiver(0);
}

void uintr_receiver(int slot)
{
	write_cr4(read_cr4() | CR4_UINTR);
	wrmsr(MSR_UINTR_HANDLER, (u64)uintr_entry);
	wrmsr(MSR_UINTR_STACKADJUST, 128);
	wrmsr(MSR_UINTR_MISC, (u64)UINV << 32 | (UITT_ENTRIES - 1));
	wrmsr(MSR_UINTR_PD, (u64)&upid[slot]);
	wrmsr(MSR_UINTR_TT, (u64)uitt | 1);
}

void do_nothing(u64 arg)
{
	(void)arg;
}

void do_senduipi(u64 index)
{
	senduipi(index);
}

void do_clui(u64 arg)
{
	(void)arg;
	clui();
}

void do_stui(u64 arg)
{
	(void)arg;
	stui();
}

void do_testui(u64 arg)
{
	(void)arg;
	asm volatile("testui" : : : "cc", "memory");
}

/* UIRET with the frame at @rsp: RIP, RFLAGS, RSP. */
void do_uiret(u64 rsp)
{
	asm volatile("mov %0, %%rsp; uiret" : : "r"(rsp) : "memory");
	__builtin_unreachable();
}
