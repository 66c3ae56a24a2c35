// SPDX-License-Identifier: MIT
#include <crtos/boot.h>

#include "apic.h"
#include "control.h"
#include "core.h"
#include "cpu.h"
#include "gdt.h"
#include "log.h"
#include "process.h"
#include "scheduler.h"
#include "thread.h"
#include "timer.h"
#include "trap.h"
#include "vm.h"

#define VECTOR_NMI		2
#define VECTOR_BREAKPOINT	3
#define VECTOR_OVERFLOW		4
#define VECTOR_DOUBLE_FAULT	8
#define VECTOR_PAGE_FAULT	14
#define VECTOR_MACHINE_CHECK	18
#define VECTOR_INTERRUPTS	32
#define VECTOR_SPURIOUS		0xff

#define GATE_INTERRUPT		0x8e00ull
#define GATE_DPL_USER		0x6000ull

struct gate {
	u64 low, high;
};

/* entry.S */
extern const u8 trap_stubs[256][16];
void syscall_entry(void);
_Noreturn void trap_leave(struct regs *regs);
void trap_handler(struct regs *regs);
bool trap_syscall(struct regs *regs);

/* rtos.lds */
extern const struct fixup {
	u64 from, to;
} fixup_start[], fixup_end[];

u64 syscall_stack;

static struct gate idt[256] __attribute__((aligned(64)));
static bool in_interrupt;

/*
 * Start of the stretch that the kernel now runs without letting anything in, and the longest yet, in
 * TSC ticks. The first stretch, the boot, does not count.
 */
static u64 closed_since = INT64_MAX;
static s64 closed_longest;

static void kernel_closed(void)
{
	closed_since = rdtsc();
}

static void kernel_open(void)
{
	u64 now = rdtsc();
	s64 stretch = now - closed_since;

	if (stretch > closed_longest) {
		closed_longest = stretch;
		control->longest_nonpreemptible_ns = clock_tsc_to_ns(closed_longest);
	}
	closed_since = now;
}

static void set_gate(unsigned int vector, unsigned int ist, u64 flags)
{
	u64 to = (u64)trap_stubs[vector];

	idt[vector].low = (to & 0xffff) | KERNEL_CS << 16 | (u64)ist << 32 |
			  (GATE_INTERRUPT | flags) << 32 | (to & 0xffff0000) << 32;
	idt[vector].high = to >> 32;
}

void trap_init(void)
{
	struct {
		u16 limit;
		u64 base;
	} __attribute__((packed)) idtr = { sizeof(idt) - 1, (u64)idt };

	gdt_init();
	for (unsigned int i = 0; i < 256; i++)
		set_gate(i, 0, i == VECTOR_BREAKPOINT || i == VECTOR_OVERFLOW ? GATE_DPL_USER : 0);
	set_gate(VECTOR_NMI, IST_NMI, 0);
	set_gate(VECTOR_DOUBLE_FAULT, IST_DOUBLE_FAULT, 0);
	set_gate(VECTOR_MACHINE_CHECK, IST_MACHINE_CHECK, 0);
	asm volatile("lidt %0" : : "m"(idtr));

	/* SYSRET takes SS from bits 63:48 plus 8, CS plus 16. */
	wrmsr(MSR_STAR, (u64)(USER_DS - 8) << 48 | (u64)KERNEL_CS << 32);
	wrmsr(MSR_LSTAR, (u64)syscall_entry);
	/* All of RFLAGS that a program can set, IF and IOPL. */
	wrmsr(MSR_FMASK, RFLAGS_USER | RFLAGS_IF | 0x7000);
}

void trap_set_stack(u64 top)
{
	syscall_stack = top;
	gdt_set_kernel_stack(top);
}

/* The kernel does not touch user memory but by uaccess.S; a fault at its own address is a mistake. */
static bool fixup(struct regs *regs, u64 cr2)
{
	if (cr2 >= CRTOS_USER_END)
		return false;
	for (const struct fixup *f = fixup_start; f < fixup_end; f++) {
		if (f->from == regs->rip) {
			regs->rip = f->to;
			return true;
		}
	}
	return false;
}

/*
 * Machine checks are broadcast on Intel: one that is another core's must not end the RTOS. Ours is one
 * with a corrupt context, or that cannot be continued.
 */
static void machine_check(struct regs *regs)
{
	unsigned int banks = rdmsr(MSR_MCG_CAP) & 0xff;
	u64 status = rdmsr(MSR_MCG_STATUS);
	const u64 valid = 1ull << 63, uncorrected = 1ull << 61, corrupt = 1ull << 57;

	for (unsigned int i = 0; i < banks; i++) {
		u64 bank = rdmsr(MSR_MC0_STATUS + 4 * i);

		if ((bank & valid) && (bank & uncorrected) && (bank & corrupt))
			panic(regs, "machine check: bank %u status %lx, mcg %lx", i, bank, status);
	}
	if (!(status & 1))
		panic(regs, "machine check: cannot continue, mcg %lx", status);
	wrmsr(MSR_MCG_STATUS, 0);
}

static void exception(struct regs *regs)
{
	u64 cr2 = regs->vector == VECTOR_PAGE_FAULT ? read_cr2() : 0;

	if (regs->vector == VECTOR_DOUBLE_FAULT)
		panic(regs, "double fault%s",
		      kstack_guard(read_cr2()) ? ": the kernel stack overflowed" : "");
	if (regs_from_user(regs)) {
		user_exception(regs, cr2);
		return;
	}
	if (fixup(regs, cr2))
		return;
	if (regs->vector == VECTOR_PAGE_FAULT)
		panic(regs, "page fault in the kernel at %lx, error %lx", cr2, regs->error);
	panic(regs, "exception %lu in the kernel, error %lx", regs->vector, regs->error);
}

static void interrupt(unsigned int vector)
{
	in_interrupt = true;
	if (vector - CRTOS_VECTOR_REVERSE < CRTOS_PROCS) {
		control->reverse_interrupts++;
		process_reverse_interrupt(vector - CRTOS_VECTOR_REVERSE);
	} else if (vector == CRTOS_VECTOR_TIMER) {
		control->heartbeat++;
		timer_interrupt();
	} else if (vector == CRTOS_VECTOR_CONTROL) {
		control_interrupt();
	} else {
		/* One of Linux's broadcasts. A truly spurious interrupt wants no EOI. */
		control->foreign_interrupts++;
		if (vector == VECTOR_SPURIOUS && !apic_in_service(vector)) {
			in_interrupt = false;
			return;
		}
	}
	apic_eoi();
	in_interrupt = false;
}

void trap_handler(struct regs *regs)
{
	if (regs->vector >= VECTOR_INTERRUPTS) {
		kernel_closed();
		interrupt(regs->vector);
	} else if (regs->vector == VECTOR_NMI) {
		/* May have come anywhere, even in the first instruction of an entry. */
		control->foreign_interrupts++;
		kernel_closed();
		return;
	} else if (regs->vector == VECTOR_MACHINE_CHECK) {
		machine_check(regs);
		kernel_closed();
		return;
	} else {
		if (regs_from_user(regs))
			kernel_closed();
		exception(regs);
	}
	if (regs_from_user(regs))
		trap_finish(regs);
}

/* While another thread runs this one may get work again. Apart, for the sake of those that have none. */
static __attribute__((noinline)) void work_before_leaving(struct regs *regs)
{
	while (sched_pending || current->leave_work) {
		if (sched_pending)
			sched_preempt();
		else if (current->killed)
			user_thread_killed();
		else
			signal_deliver(regs);
	}
}

void trap_finish(struct regs *regs)
{
	if (__builtin_expect(sched_pending || current->leave_work, 0))
		work_before_leaving(regs);
	kernel_open();
}

void trap_make_valid(struct regs *regs)
{
	regs->cs = USER_CS;
	regs->ss = USER_DS;
	regs->rflags = (regs->rflags & RFLAGS_USER) | RFLAGS_FIXED | RFLAGS_IF;
	if (regs->rip >= CRTOS_USER_END)
		regs->rip = 0;
}

/*
 * True: return by SYSRET. It takes RIP from RCX and RFLAGS from R11, which is what the program expects
 * unless its registers were replaced (a signal handler, exec).
 */
bool trap_syscall(struct regs *regs)
{
	kernel_closed();
	syscall_dispatch(regs);
	trap_finish(regs);
	if (regs->rcx == regs->rip && regs->r11 == regs->rflags && regs->rip < CRTOS_USER_END &&
	    regs->cs == USER_CS && regs->ss == USER_DS &&
	    !(regs->rflags & ~(RFLAGS_USER | RFLAGS_FIXED | RFLAGS_IF)) &&
	    !(regs->rflags & (RFLAGS_TF | RFLAGS_RF)) && (regs->rflags & RFLAGS_IF))
		return true;
	trap_make_valid(regs);
	return false;
}

void trap_return(struct regs *regs)
{
	trap_finish(regs);
	trap_make_valid(regs);
	trap_leave(regs);
}

void trap_wait(void)
{
	kernel_open();
	irq_wait();
}

bool trap_window(void)
{
	if (in_interrupt)
		return false;
	kernel_open();
	irq_window();
	return true;
}
