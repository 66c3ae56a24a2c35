// SPDX-License-Identifier: MIT
/* Control registers and extended state of this CPU. */
#include <crtos/boot.h>
#include <crtos/uintr.h>

#include "core.h"
#include "cpu.h"
#include "kstring.h"
#include "log.h"

struct cpu_features cpu;

/* rtos.lds: where SMAP_SITE (asm.inc) left room, and the last byte of the instruction. */
extern const struct smap_site {
	u8 *at;
	u64 modrm;
} smap_sites_start[], smap_sites_end[];

/* Runs on the module's page tables, where the text can still be written. */
static void enable_smap(void)
{
	for (const struct smap_site *s = smap_sites_start; s < smap_sites_end; s++) {
		s->at[0] = 0x0f;
		s->at[1] = 0x01;
		s->at[2] = s->modrm;
	}
}

static void init_cr4(const struct cpuid *f)
{
	u64 cr4 = CR4_PAE | CR4_MCE | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_OSXSAVE;

	cpu.fsgsbase = f->ebx & (1u << 0);
	cpu.smap = f->ebx & (1u << 20);
	cpu.uintr = f->edx & CRTOS_CPUID_7_0_EDX_UINTR;
	if (cpu.fsgsbase)
		cr4 |= CR4_FSGSBASE;
	if (f->ebx & (1u << 7))
		cr4 |= CR4_SMEP;
	if (cpu.smap) {
		enable_smap();
		cr4 |= CR4_SMAP;
	}
	if (cpu.uintr)
		cr4 |= CRTOS_CR4_UINTR;
	write_cr4(cr4);
}

static void init_xsave(void)
{
	struct cpuid supported = cpuid(0xd, 0);
	u64 all = (u64)supported.edx << 32 | supported.eax;

	cpu.xcr0 = XCR0_X87 | XCR0_SSE | (all & XCR0_AVX);
	if ((all & XCR0_AVX) && (all & XCR0_AVX512) == XCR0_AVX512)
		cpu.xcr0 |= XCR0_AVX512;
	xsetbv(0, cpu.xcr0);
	cpu.xsave_size = cpuid(0xd, 0).ebx;
	cpu.xsaveopt = cpuid(0xd, 1).eax & 1;
	asm volatile("fninit");
}

void cpu_init(void)
{
	struct cpuid f1 = cpuid(1, 0), f7 = { 0 };

	/* The module asks for the same before it starts us (XSAVE, NX). */
	BUG_ON(!(f1.ecx & (1u << 26)) || !(cpuid(0x80000001, 0).edx & (1u << 20)));
	if (cpuid(0, 0).eax >= 7)
		f7 = cpuid(7, 0);
	cpu.tsc_deadline = f1.ecx & (1u << 24);

	write_cr0((read_cr0() & ~(CR0_CD | CR0_NW | CR0_EM | CR0_TS | CR0_AM)) | CR0_MP | CR0_NE |
		  CR0_WP);
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE | EFER_NXE);
	init_cr4(&f7);
	init_xsave();
	wrmsr(MSR_DEBUGCTL, 0);
	wrmsr(MSR_SYSENTER_CS, 0);
	/* What RDTSCP and RDPID tell: as on Linux, where the RTOS core has this number. */
	if (cpuid(0x80000001, 0).edx & (1u << 27))
		wrmsr(MSR_TSC_AUX, boot->cpu);
}
