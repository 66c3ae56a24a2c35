/* SPDX-License-Identifier: MIT */
/* Instructions and registers of the CPU. Bits and numbers: SDM Vol. 3 ch. 2, Vol. 4. */
#ifndef RTOS_CPU_H
#define RTOS_CPU_H

#include "types.h"

#define CR0_MP			(1ull << 1)
#define CR0_EM			(1ull << 2)
#define CR0_TS			(1ull << 3)
#define CR0_NE			(1ull << 5)
#define CR0_WP			(1ull << 16)
#define CR0_AM			(1ull << 18)
#define CR0_NW			(1ull << 29)
#define CR0_CD			(1ull << 30)

#define CR4_PAE			(1ull << 5)
#define CR4_MCE			(1ull << 6)
#define CR4_PGE			(1ull << 7)
#define CR4_OSFXSR		(1ull << 9)
#define CR4_OSXMMEXCPT		(1ull << 10)
#define CR4_FSGSBASE		(1ull << 16)
#define CR4_OSXSAVE		(1ull << 18)
#define CR4_SMEP		(1ull << 20)
#define CR4_SMAP		(1ull << 21)

#define XCR0_X87		(1ull << 0)
#define XCR0_SSE		(1ull << 1)
#define XCR0_AVX		(1ull << 2)
#define XCR0_AVX512		(7ull << 5)

#define RFLAGS_CF		(1ull << 0)
#define RFLAGS_FIXED		(1ull << 1)
#define RFLAGS_TF		(1ull << 8)
#define RFLAGS_IF		(1ull << 9)
#define RFLAGS_RF		(1ull << 16)
/* CF PF AF ZF SF TF DF OF RF AC ID: what a program may have. */
#define RFLAGS_USER		0x250dd5ull

#define EFER_SCE		(1ull << 0)
#define EFER_NXE		(1ull << 11)

#define MSR_APIC_BASE		0x1b
#define MSR_SYSENTER_CS		0x174
#define MSR_MCG_CAP		0x179
#define MSR_MCG_STATUS		0x17a
#define MSR_DEBUGCTL		0x1d9
#define MSR_MC0_STATUS		0x401	/* + 4 * bank */
#define MSR_TSC_DEADLINE	0x6e0
#define MSR_X2APIC		0x800	/* + register offset / 16 */
#define MSR_EFER		0xc0000080
#define MSR_STAR		0xc0000081
#define MSR_LSTAR		0xc0000082
#define MSR_FMASK		0xc0000084
#define MSR_FS_BASE		0xc0000100
#define MSR_GS_BASE		0xc0000101
#define MSR_TSC_AUX		0xc0000103

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

static inline u64 rdmsr(u32 msr)
{
	u32 low, high;

	asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (u64)high << 32 | low;
}

static inline void wrmsr(u32 msr, u64 value)
{
	asm volatile("wrmsr" : : "c"(msr), "a"((u32)value), "d"((u32)(value >> 32)) : "memory");
}

#ifdef UNIT_TEST
u64 rdtsc(void);
#else
static inline u64 rdtsc(void)
{
	u32 low, high;

	asm volatile("rdtsc" : "=a"(low), "=d"(high));
	return (u64)high << 32 | low;
}
#endif

static inline u64 read_cr0(void)
{
	u64 v;

	asm volatile("mov %%cr0, %0" : "=r"(v));
	return v;
}

static inline void write_cr0(u64 v)
{
	asm volatile("mov %0, %%cr0" : : "r"(v) : "memory");
}

static inline u64 read_cr2(void)
{
	u64 v;

	asm volatile("mov %%cr2, %0" : "=r"(v));
	return v;
}

static inline u64 read_cr3(void)
{
	u64 v;

	asm volatile("mov %%cr3, %0" : "=r"(v));
	return v;
}

static inline void write_cr3(u64 v)
{
	asm volatile("mov %0, %%cr3" : : "r"(v) : "memory");
}

static inline u64 read_cr4(void)
{
	u64 v;

	asm volatile("mov %%cr4, %0" : "=r"(v));
	return v;
}

static inline void write_cr4(u64 v)
{
	asm volatile("mov %0, %%cr4" : : "r"(v) : "memory");
}

static inline void xsetbv(u32 reg, u64 value)
{
	asm volatile("xsetbv" : : "c"(reg), "a"((u32)value), "d"((u32)(value >> 32)));
}

static inline void invlpg(u64 addr)
{
	asm volatile("invlpg (%0)" : : "r"(addr) : "memory");
}

static inline void irq_off(void)
{
	asm volatile("cli" : : : "memory");
}

/* Lets pending interrupts in: STI takes effect after the following instruction. */
static inline void irq_window(void)
{
	asm volatile("sti; nop; cli" : : : "memory");
}

static inline void irq_wait(void)
{
	asm volatile("sti; hlt; cli" : : : "memory");
}

static inline void cpu_pause(void)
{
	asm volatile("pause" : : : "memory");
}

static inline void full_fence(void)
{
	asm volatile("mfence" : : : "memory");
}

static inline _Noreturn void cpu_halt(void)
{
	for (;;)
		asm volatile("cli; hlt" : : : "memory");
}

/* cpu.c */
struct cpu_features {
	bool fsgsbase;
	bool xsaveopt;
	bool smap;
	bool tsc_deadline;
	bool uintr;
	u64 xcr0;
	u32 xsave_size;
};

extern struct cpu_features cpu;

void cpu_init(void);

#endif
