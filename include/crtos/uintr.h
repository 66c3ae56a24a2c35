/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * User interrupts: hardware formats and register numbers.
 *
 * Source: Intel SDM Vol. 3, chapter "User Interrupts", and Vol. 1 13.5.11 for the
 * XSAVE component. All formats are little endian.
 */
#ifndef _CRTOS_UINTR_H
#define _CRTOS_UINTR_H

#include <linux/types.h>
#include <crtos/assert.h>

/* CPUID.(EAX=7,ECX=0):EDX: user interrupts; CPUID.(EAX=7,ECX=1):EDX: UIRET loads UIF. */
#define CRTOS_CPUID_7_0_EDX_UINTR	(1u << 5)
#define CRTOS_CPUID_7_1_EDX_UIRET_UIF	(1u << 17)

#define CRTOS_CR4_UINTR			(1ull << 25)

#define CRTOS_MSR_UINTR_RR		0x985	/* pending user vectors, one bit each */
#define CRTOS_MSR_UINTR_HANDLER		0x986	/* RIP of the handler */
#define CRTOS_MSR_UINTR_STACKADJUST	0x987
#define CRTOS_MSR_UINTR_MISC		0x988
#define CRTOS_MSR_UINTR_PD		0x989	/* linear address of the UPID, 64-byte aligned */
#define CRTOS_MSR_UINTR_TT		0x98a

/* STACKADJUST: with this bit RSP is loaded from the register, else reduced by it. */
#define CRTOS_STACKADJUST_LOAD		1ull
/* MISC: highest valid UITT index, then the vector that is taken as a notification. */
#define CRTOS_MISC_UITTSZ_MASK		0xffffffffull
#define CRTOS_MISC_UINV_SHIFT		32
#define CRTOS_MISC_UINV_MASK		(0xffull << CRTOS_MISC_UINV_SHIFT)
/* TT: without this bit SENDUIPI is an invalid opcode. */
#define CRTOS_TT_ENABLE			1ull

#define CRTOS_UINTR_VECTORS		64

/*
 * User posted-interrupt descriptor. `control` is one word so that ON, SN, NV and NDST can be
 * changed together by compare-and-swap: SENDUIPI on another CPU sets ON at any time, and a plain
 * store over it would lose a notification. NV and NDST may be stored plainly only while SN = 1.
 */
struct crtos_upid {
	__u64 control;
	__u64 pir;		/* posted vectors, one bit each */
	__u64 reserved[6];	/* not used by hardware; keeps one UPID per cache line */
};
CRTOS_ASSERT_SIZE(struct crtos_upid, 64);
CRTOS_ASSERT_OFFSET(struct crtos_upid, pir, 8);

#define CRTOS_UPID_ON			(1ull << 0)	/* a notification is outstanding */
#define CRTOS_UPID_SN			(1ull << 1)	/* post to PIR but do not notify */
#define CRTOS_UPID_NV_SHIFT		16
#define CRTOS_UPID_NV_MASK		(0xffull << CRTOS_UPID_NV_SHIFT)
#define CRTOS_UPID_NDST_SHIFT		32
#define CRTOS_UPID_NDST_MASK		(0xffffffffull << CRTOS_UPID_NDST_SHIFT)
#define CRTOS_UPID_RESERVED		0xff00fffcull

/* NDST as the hardware wants it: 32 bits in x2APIC mode, bits 15:8 in xAPIC mode. */
static inline __u64 crtos_upid_control(__u32 apic_id, int x2apic, __u8 vector, __u64 flags)
{
	__u64 ndst = x2apic ? apic_id : (apic_id & 0xff) << 8;

	return ndst << CRTOS_UPID_NDST_SHIFT | (__u64)vector << CRTOS_UPID_NV_SHIFT | flags;
}

/* User-interrupt target table entry. */
struct crtos_uitt_entry {
	__u64 target;		/* CRTOS_UITT_VALID | vector << CRTOS_UITT_UV_SHIFT */
	__u64 upid;		/* linear address of the UPID, supervisor-mapped */
};
CRTOS_ASSERT_SIZE(struct crtos_uitt_entry, 16);
CRTOS_ASSERT_OFFSET(struct crtos_uitt_entry, upid, 8);

#define CRTOS_UITT_VALID		1ull
#define CRTOS_UITT_UV_SHIFT		8

/* What the CPU pushes when it delivers a user interrupt, lowest address first. */
struct crtos_uintr_frame {
	__u64 vector;
	__u64 rip;
	__u64 rflags;
	__u64 rsp;
};
CRTOS_ASSERT_SIZE(struct crtos_uintr_frame, 32);

#endif
