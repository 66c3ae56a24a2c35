/* SPDX-License-Identifier: MIT */
/*
 * A small kernel to run instruction checks on: 64-bit mode, flat memory, traps which a check can
 * catch, a local APIC, a second CPU. One check file has one test_main() and reports with ok().
 */
#ifndef LIB_H
#define LIB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "defs.h"

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define PAGE_SIZE	4096

/* Data which CPL 3 cannot reach: UPIDs and UITTs live there. */
#define SUPERVISOR	__attribute__((section(".supervisor")))

#define VEC_NONE	(-1)
#define VEC_DB		1
#define VEC_UD		6
#define VEC_SS		12
#define VEC_GP		13
#define VEC_PF		14
#define VEC_EXIT	0x80	/* the code at CPL 3 returned */

/* option.c: words of the command line which the image was booted with */
void option_init(u32 multiboot_info);
bool option(const char *word);

/* out.c: TAP on the serial port */
void out_init(void);
/*
 * The statements of ../rows, by their identifiers and with blanks between, which the checks to come are
 * about.
 */
void row(const char *format, ...) __attribute__((format(printf, 1, 2)));
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
void ok(bool pass, const char *format, ...) __attribute__((format(printf, 2, 3)));
void skip(const char *format, ...) __attribute__((format(printf, 1, 2)));
__attribute__((noreturn)) void finish(void);
__attribute__((noreturn)) void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* trap.c */
struct regs {
	u64 r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
	u64 vector, error;
	u64 rip, cs, rflags, rsp, ss;
};

/* What code under test starts with, and what it ended with. */
struct guard {
	u64 rsp;		/* of guarded_enter() */
	u64 user_rsp;		/* 0: a stack of the library's */
	u64 rflags;
	int vector;		/* of the trap which ended it, or VEC_NONE */
	u64 cr2;
	struct regs regs;	/* valid unless vector is VEC_NONE */
};

typedef void (*code_fn)(u64 arg);

/* Run fn(arg) in @mode until it returns or traps; returns the vector. */
int run(int mode, code_fn fn, u64 arg);
/*
 * The same with a choice of stack and flags (IF = 0 by default), and all that is known of the end.
 */
int run_guarded(struct guard *g, int mode, code_fn fn, u64 arg);
/* The end of the last run() on this CPU. */
extern struct guard last;

/* Handler of an interrupt vector, called with interrupts off; NULL: it ends run() like a fault. */
typedef void (*irq_fn)(struct regs *regs);
extern irq_fn volatile irq_handler[256];

/* Let CPL 3 use INT @vector. */
void open_to_user(int vector);

void trap_init_cpu(int cpu);

/* 0 to NR_CPUS - 1, at any CPL. */
static inline int cpu_number(void)
{
	u16 tr;

	asm("str %0" : "=r"(tr));
	return (tr - TSS_BASE) / 16;
}

/* paging.c: 4 KiB pages below 8 MiB */
#define PTE_P		1
#define PTE_W		2
#define PTE_U		4
#define PTE_A		0x20
#define PTE_D		0x40
#define PTE_RESERVED	(1ull << 51)	/* in every CPU with fewer than 52 address bits */
/* The page table entry of an address, with its page out of this CPU's TLB. */
volatile u64 *page_entry(const volatile void *addr);
/* The APIC's page, there or not. */
void map_apic(bool present);
/* Change the rights of a page, on this CPU's TLB; returns the old ones. */
u64 page_rights(const volatile void *addr, u64 rights);
void paging_init(void);

#define MSR_XSS		0xda0

/* apic.c */
#define MSR_APIC_BASE	0x1b
#define APIC_BASE_EXTD	0x400
#define APIC_BASE_EN	0x800
#define APIC_ID		0x20
#define APIC_TPR	0x80
#define APIC_EOI	0xb0
#define APIC_SVR	0xf0
#define APIC_ISR	0x100
#define APIC_TMR	0x180
#define APIC_IRR	0x200
#define APIC_ICR	0x300
#define APIC_ICR_BUSY	0x1000
#define APIC_ICR2	0x310
bool cpu_has_x2apic(void);
bool apic_is_x2apic(void);
void apic_set_mode(bool x2apic);
u32 apic_read(int reg);
void apic_write(int reg, u32 value);
bool apic_bit(int reg, int vector);
u32 apic_id(void);
void apic_init_cpu(void);
void apic_eoi(void);
void apic_ipi(u32 dest, u32 icr);
void apic_self_ipi(int vector);

/* clock.c */
void clock_init(void);
/* Milliseconds; at any CPL, on any CPU. */
u64 clock_ms(void);
void delay_ms(u32 ms);
/* The TSC @ms from now. */
u64 tsc_after_ms(u32 ms);

/* smp.c */
/* Start the other CPUs, to have @n with this one; or end the image with a skip. */
void need_cpus(int n);
extern u32 cpu_apic_id[NR_CPUS];
/* Let another CPU run fn(arg), and wait for its end; false if it does not come. */
void start_on_cpu(int cpu, code_fn fn, u64 arg);
bool wait_for_cpu(int cpu);

/* The check itself. */
void test_main(void);

struct cpuid {
	u32 eax, ebx, ecx, edx;
};

static inline struct cpuid cpuid(u32 leaf, u32 subleaf)
{
	struct cpuid r;

	asm volatile("cpuid"
		     : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
		     : "a"(leaf), "c"(subleaf));
	return r;
}

static inline u64 rdtsc(void)
{
	u32 lo, hi;

	asm volatile("rdtsc" : "=a"(lo), "=d"(hi) : : "memory");
	return lo | (u64)hi << 32;
}

static inline u64 rdmsr(u32 msr)
{
	u32 lo, hi;

	asm volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
	return lo | (u64)hi << 32;
}

static inline void wrmsr(u32 msr, u64 val)
{
	asm volatile("wrmsr" : : "c"(msr), "a"((u32)val), "d"((u32)(val >> 32)) : "memory");
}

static inline u64 read_cr4(void)
{
	u64 val;

	asm volatile("mov %%cr4, %0" : "=r"(val));
	return val;
}

static inline void write_cr4(u64 val)
{
	asm volatile("mov %0, %%cr4" : : "r"(val) : "memory");
}

static inline u64 read_rflags(void)
{
	u64 val;

	asm volatile("pushfq; pop %0" : "=r"(val));
	return val;
}

/* An instruction breakpoint, in DR0, for this CPU. */
static inline void set_breakpoint(u64 addr)
{
	asm volatile("mov %0, %%dr0; mov %1, %%dr7" : : "r"(addr), "r"(0x402ull) : "memory");
}

static inline void clear_breakpoint(void)
{
	asm volatile("mov %0, %%dr7" : : "r"(0x400ull) : "memory");
}

static inline void outb(u16 port, u8 val)
{
	asm volatile("outb %0, %1" : : "a"(val), "Nd"(port));
}

static inline u8 inb(u16 port)
{
	u8 val;

	asm volatile("inb %1, %0" : "=a"(val) : "Nd"(port));
	return val;
}

static inline void cli(void)
{
	asm volatile("cli" : : : "memory");
}

static inline void sti(void)
{
	asm volatile("sti; nop" : : : "memory");
}

static inline void pause(void)
{
	asm volatile("pause" : : : "memory");
}

#endif
