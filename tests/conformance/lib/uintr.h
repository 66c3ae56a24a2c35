/* SPDX-License-Identifier: MIT */
/* User interrupts: formats, instructions, and a receiver for checks to use. */
#ifndef UINTR_H
#define UINTR_H

#include "lib.h"

#define MSR_UINTR_RR		0x985
#define MSR_UINTR_HANDLER	0x986
#define MSR_UINTR_STACKADJUST	0x987
#define MSR_UINTR_MISC		0x988
#define MSR_UINTR_PD		0x989
#define MSR_UINTR_TT		0x98a

#define CPUID_7_EDX_UINTR	0x20

#define UPID_ON			1
#define UPID_SN			2

/* The notification vector, of uintr_setup() and elsewhere, and one that is not. */
#define UINV			0x40
#define OTHER_VECTOR		0x41

#define UITT_ENTRIES		64

struct upid {
	union {
		struct {
			u8 status;
			u8 reserved0;
			u8 nv;
			u8 reserved1;
			u32 ndst;
		};
		u64 low;
	};
	u64 pir;
	u64 unused[6];
};

struct uitte {
	union {
		struct {
			u8 valid;
			u8 vector;
			u16 reserved[3];
		};
		u64 low;
	};
	u64 upid;
};

/* What delivery pushes, lowest address first. */
struct uintr_frame {
	u64 vector, rip, rflags, rsp;
};

/* Entry i of uitt[] is set up to post user vector i to upid[0]. */
extern volatile struct upid upid[NR_CPUS];
extern volatile struct uitte uitt[UITT_ENTRIES];

/* What uintr_handler() saw since uintr_setup(). */
struct uintr_log {
	unsigned int count;
	u8 vectors[128];
	struct uintr_frame frame;	/* the last one */
	u64 frame_addr;
	u64 rflags;			/* in the handler */
};

extern volatile struct uintr_log uintr_log;

/* Called by the handler at CPL 3 if set. */
extern void (*volatile uintr_hook)(struct uintr_frame *frame);

/* The handler of the library, in assembly. */
void uintr_entry(void);

/* Ends the image, with a skip, if the CPU has none of it. */
void need_uintr(void);

/*
 * This CPU as a receiver on upid[0], with UIF = 0, UIRR = 0, CR4.UINTR = 1, an empty log, and
 * SENDUIPI.
 */
void uintr_setup(void);

/* This CPU as a receiver on upid[@slot], with no more than that; UIF stays. */
void uintr_receiver(int slot);

/* The NDST which means the CPU with this APIC id to a sender in this CPU's APIC mode. */
u32 ndst(u32 id);

static inline void senduipi(u64 index)
{
	asm volatile("senduipi %0" : : "r"(index) : "memory");
}

static inline void clui(void)
{
	asm volatile("clui" : : : "memory");
}

static inline void stui(void)
{
	asm volatile("stui" : : : "memory");
}

static inline bool testui(void)
{
	bool uif;

	asm volatile("testui" : "=@ccc"(uif) : : "memory");
	return uif;
}

/* Code for run(). */
void do_nothing(u64 arg);
void do_senduipi(u64 index);
void do_clui(u64 arg);
void do_stui(u64 arg);
void do_testui(u64 arg);
void do_uiret(u64 rsp);

#endif
