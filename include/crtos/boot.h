/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * What the module hands to the RTOS, and the mailbox the two keep while the partition runs.
 *
 * Donated memory, one contiguous range, 2 MiB aligned, all of it ordinary write-back RAM:
 *
 *	0		the RTOS image, its bss and boot stack		(RTOS; at most 2 MiB)
 *	2 MiB		struct crtos_boot				(module, before the start)
 *	control_offset	struct crtos_control				(both, field by field)
 *	log_offset	struct crtos_log				(RTOS)
 *	pinned_offset	one bit per donated page frame			(module)
 *	free_offset	page frames of the RTOS				(RTOS)
 *
 * The image is a flat file that starts with struct crtos_image. The module copies it to offset 0,
 * clears the rest of the memory and enters it in long mode, interrupts off, with page tables that map
 * the first 4 MiB of the donated memory, writable and executable, at CRTOS_LINK_BASE (and the page of
 * the start-up code at its physical address), RDI = the linear address of struct crtos_boot in that
 * mapping. No stack is provided. The RTOS builds its own tables, GDT and IDT, then sets
 * control.rt_state to CRTOS_RT_RUNNING; from then on the module's start-up pages are gone.
 *
 * A doorbell is a level: state in memory, then an interrupt. Interrupts coalesce; whoever takes one
 * looks at all the state it may stand for. Module to RTOS: fixed IPI, vector CRTOS_VECTOR_CONTROL.
 * RTOS to module: fixed IPI by control.linux_doorbell.
 */
#ifndef _CRTOS_BOOT_H
#define _CRTOS_BOOT_H

#include <linux/types.h>
#include <crtos/assert.h>
#include <crtos/scf.h>

#define CRTOS_BOOT_VERSION	1

#define CRTOS_LINK_BASE		0xffffffff80000000ull
#define CRTOS_IMAGE_MAX		0x200000ull	/* image, bss and boot stack */
#define CRTOS_BOOT_OFFSET	0x200000ull
#define CRTOS_BOOT_WINDOW	0x400000ull	/* mapped at CRTOS_LINK_BASE on entry */
#define CRTOS_MEM_MIN		(16ull << 20)
#define CRTOS_MEM_MAX		(64ull << 30)

#define CRTOS_IMAGE_MAGIC	0x474d49534f545243ull	/* "CRTOSIMG" */

struct crtos_image {
	__u64 magic;
	__u32 version;		/* CRTOS_BOOT_VERSION */
	__u32 header_size;
	__u64 link_base;	/* CRTOS_LINK_BASE */
	__u64 entry;		/* linear address */
	__u64 file_size;	/* bytes of the file */
	__u64 mem_size;		/* file, bss and boot stack: at most CRTOS_IMAGE_MAX */
	char build[16];		/* version text, NUL-terminated */
};
CRTOS_ASSERT_SIZE(struct crtos_image, 64);

/* Interrupt vectors of the real-time core. Those of Linux's own broadcasts are 0xec and above. */
#define CRTOS_VECTOR_CONTROL	0x30	/* the module changed crtos_control */
#define CRTOS_VECTOR_TIMER	0x31	/* local APIC timer */
#define CRTOS_VECTOR_REVERSE	0x80	/* + process index: a reverse UPID has bits in PIR */

#define CRTOS_PROCS		64
#define CRTOS_UPIDS_PER_PAGE	64
#define CRTOS_UPID_NONE		0xffffu

#define CRTOS_BOOT_MAGIC	0x544f4f42534f5452ull	/* "RTOSBOOT" */

struct crtos_boot {
	__u64 magic;
	__u32 version;
	__u32 size;
	__u64 mem_phys;
	__u64 mem_size;
	/* Offsets from mem_phys, page aligned. */
	__u64 control_offset;
	__u64 log_offset;
	__u64 log_size;		/* bytes of struct crtos_log with its text */
	__u64 pinned_offset;
	__u64 free_offset;
	__u64 upid_phys;	/* upid_count UPIDs of 64 bytes, contiguous */
	__u32 upid_count;
	__u32 apic_id;		/* of the real-time core */
	__u32 cpu;		/* its Linux number */
	__u32 x2apic;		/* 1: Linux runs in x2APIC mode, so does this core */
	__u64 apic_phys;	/* local APIC registers; not used in x2APIC mode */
	__u64 tsc_khz;
	/* One moment on three clocks. */
	__u64 tsc;
	__u64 monotonic_ns;
	__u64 realtime_ns;
};
CRTOS_ASSERT_OFFSET(struct crtos_boot, mem_phys, 16);
CRTOS_ASSERT_OFFSET(struct crtos_boot, upid_phys, 72);
CRTOS_ASSERT_OFFSET(struct crtos_boot, tsc_khz, 104);
CRTOS_ASSERT_SIZE(struct crtos_boot, 136);

/*
 * Log ring. `head` counts the bytes ever written; the text is at head % text_size. The RTOS writes the
 * text first, then head with release. A reader that finds head more than text_size ahead lost lines.
 */
#define CRTOS_LOG_BYTES		(64u << 10)

struct crtos_log {
	__u64 head;
	__u64 text_size;	/* a power of two, written by the module */
	__u64 reserved[6];
	char text[];
};
CRTOS_ASSERT_OFFSET(struct crtos_log, text, 64);

enum crtos_rt_state {
	CRTOS_RT_OFF = 0,
	CRTOS_RT_RUNNING = 1,
	CRTOS_RT_STOPPED = 2,	/* answered CRTOS_REQUEST_STOP; halted, interrupts off */
	CRTOS_RT_PANIC = 3,	/* halted; the report is in the log */
};

/*
 * Life of a process entry. Each state word has one writer; a change is a store-release followed by
 * a doorbell. (linux_state, rt_state):
 *
 *	(FREE, FREE)	module fills the Linux part			-> (RUN, FREE)
 *			the same for a fork, whose shadow is being made	-> (FORK, FREE)
 *	(FORK, FREE)	that shadow is ready				-> (RUN, FREE)
 *	(RUN, FREE)	RTOS makes the process, or gives it the one that
 *			the parent's thread has made			-> (RUN, RUNNING)
 *	(RUN, RUNNING)	RTOS ended it and cannot ask the shadow to end:	-> (RUN, ENDED)
 *			reason is set; the module signals the shadow
 *	(RUN|FORK, *)	the session was closed: the mirror is gone, pages -> (KILL, *)
 *			still referenced are marked in `pinned`
 *	(KILL, *)	RTOS frees everything and no longer sends to the  -> (KILL, DEAD)
 *			process's forward UPIDs
 *	(KILL, DEAD)	module frees SCF pages and UPIDs		-> (FREE, DEAD)
 *	(FREE, DEAD)	RTOS						-> (FREE, FREE)
 *
 * A program that exits or dies of a signal asks its shadow to end, by a request in its slot, and stays
 * RUNNING until the session is closed: as on Linux a stopped shadow keeps it there until it is killed.
 *
 * An RTOS that panics leaves rt_state as it was; the module then frees its side after it has halted
 * the core. A shadow that dies at any instant closes its session and thus leads to KILL.
 */
enum crtos_linux_proc_state {
	CRTOS_PROC_FREE = 0,
	CRTOS_PROC_RUN = 1,
	CRTOS_PROC_KILL = 2,
	CRTOS_PROC_FORK = 3,
};

enum crtos_rt_proc_state {
	CRTOS_RTPROC_FREE = 0,
	CRTOS_RTPROC_RUNNING = 1,
	CRTOS_RTPROC_ENDED = 2,
	CRTOS_RTPROC_DEAD = 3,
};

/* Module-written part of a process entry. */
struct crtos_proc_linux {
	__u32 state;		/* enum crtos_linux_proc_state */
	__s32 pid;		/* thread-group id of the shadow, in the initial PID namespace */
	__s32 tid;		/* of shadow thread 0, as the shadow's gettid() tells it */
	__s32 tgid;		/* as the shadow's getpid() tells it */
	__u64 scf_phys;		/* CRTOS_SCF_SIZE bytes, contiguous */
	__u32 reverse_upid;	/* index on the UPID page */
	__u32 policy;		/* SCHED_OTHER 0, SCHED_FIFO 1, SCHED_RR 2 */
	__u32 priority;		/* 0, or 1 to 99 */
	__u32 notifier;		/* enum crtos_notifier */
	__u32 rt_spin;
	__u32 priority_max;	/* the RTOS gives no thread more, whatever the shadow answers; 0: no real time */
	__u64 zap_done;		/* the last zap_seq that was carried out */
	/* Of a fork: who asked for it, and the number the RTOS gave it (CRTOS_OP_FORK). */
	__u16 fork_parent;	/* the parent's index + 1; 0: not a fork */
	__u16 fork_slot;
	__u32 fork_token;
	__u16 forward_upid[CRTOS_SCF_SLOTS];	/* CRTOS_UPID_NONE: no shadow thread there */
} __attribute__((aligned(64)));
CRTOS_ASSERT_SIZE(struct crtos_proc_linux, 192);
CRTOS_ASSERT_OFFSET(struct crtos_proc_linux, zap_done, 48);
CRTOS_ASSERT_OFFSET(struct crtos_proc_linux, forward_upid, 64);

/* RTOS-written part. */
struct crtos_proc_rt {
	__u32 state;		/* enum crtos_rt_proc_state */
	__u32 reason;		/* enum crtos_end_reason */
	__u64 root;		/* physical address of the PML4 whose user half is mirrored; 0: none */
	/*
	 * Range that the module shall remove from the mirror. Written by the RTOS before it sends
	 * CRTOS_OP_ZAP; the module answers zap_done = zap_seq. The RTOS reuses no page of the range
	 * before that, and none whose bit is set in `pinned`.
	 */
	__u64 zap_seq;
	__u64 zap_start;
	__u64 zap_end;
	__u64 frames;		/* page frames in use, page tables included */
	__u32 signal_tail;	/* entries of crtos_proc_signals taken, ever */
	__u32 signalfd;		/* one that was watched became pending: RTOS sets, module takes (xchg) */
	/* Slots whose shadow has an `ipi` notification outstanding: RTOS sets, module takes (xchg). */
	__u64 forward_ipi;
	/* Slots whose shadow shall be interrupted (crtos_scf_request.interrupt): the same way. */
	__u64 interrupt;
	/*
	 * What the module shall do with the pages of files that the program maps shared. Written by the RTOS,
	 * lend_seq last and with release, before it sends CRTOS_OP_LEND. The module does it once for each
	 * lend_seq, whoever asks it to, and answers in the list. A shadow that dies before it asks leaves it
	 * undone, and the process ends; one that dies meanwhile ends when it is done. Either way, as after a panic
	 * of the RTOS, the module takes all pages back when the RTOS can use them no more.
	 */
	__u64 lend_seq;
	__u32 lend_what;	/* enum crtos_lend */
	__u32 reserved1;
	__u64 lend_start;
	__u64 lend_end;
	__u64 lend_list;	/* physical address of a struct crtos_lend_list in a frame of the RTOS */
	__u64 reserved2[2];
} __attribute__((aligned(64)));
CRTOS_ASSERT_SIZE(struct crtos_proc_rt, 128);
CRTOS_ASSERT_OFFSET(struct crtos_proc_rt, lend_seq, 72);

enum crtos_lend {
	/* Pin the pages that the shadow has there, at most CRTOS_LEND_PAGES, and tell where they are. */
	CRTOS_LEND_READ = 1,
	CRTOS_LEND_WRITE = 2,
	/* The RTOS has none of the range in its tables any more. */
	CRTOS_LEND_RETURN = 3,
};

#define CRTOS_LEND_PAGES	510

/* Written by the module, `done` last and with release. */
struct crtos_lend_list {
	__u64 done;		/* the lend_seq that this answers */
	__u64 count;		/* pages that were lent: fewer than asked for where the file ends */
	__u64 frame[CRTOS_LEND_PAGES];
};
CRTOS_ASSERT_SIZE(struct crtos_lend_list, 4096);

/*
 * Signals that Linux has for the process: a ring, written by the module, for the shadow (CRTOS_IOC_SIGNAL) and of
 * itself what is sent to one of the shadow's threads. `head` counts the entries ever written and is stored with
 * release after the entry; the RTOS takes them in its control interrupt and then stores rt.signal_tail with release.
 * Both go on from one process of an entry to the next. The thread of an entry's slot may have ended: then it is
 * nobody's.
 *
 * `stopped` is a level: while it is 1, Linux has stopped the shadow (SIGSTOP), and no thread of the process gets to
 * user mode. The module writes it and rings.
 *
 * `watched` holds the signals, bit signal - 1, that some poll of a signalfd has asked for: the module sets bits, full
 * fence, and looks at crtos_scf_header.pending. The RTOS sets bits there, full fence, and looks at `watched`: if the
 * signal is in it, it sets rt.signalfd and rings. So either the poll finds the signal or it is woken.
 */
#define CRTOS_PROC_SIGNALS	16

struct crtos_proc_signal {
	__s32 signal;
	__s32 code;		/* siginfo.si_code */
	__u32 slot;		/* of the thread it is for; CRTOS_SLOT_NONE: for the process */
	__u32 reserved;
	__u64 info[4];		/* siginfo behind its first 16 bytes, as far as it means anything */
};
CRTOS_ASSERT_SIZE(struct crtos_proc_signal, 48);

struct crtos_proc_signals {
	__u32 head;
	__u32 stopped;
	__u64 watched;
	__u32 reserved[12];
	struct crtos_proc_signal entry[CRTOS_PROC_SIGNALS];
} __attribute__((aligned(64)));
CRTOS_ASSERT_SIZE(struct crtos_proc_signals, 832);

struct crtos_proc {
	struct crtos_proc_linux linux_side;
	struct crtos_proc_rt rt;
	struct crtos_proc_signals signals;
};
CRTOS_ASSERT_SIZE(struct crtos_proc, 1152);

#define CRTOS_REQUEST_STOP	1u	/* halt the core; valid with no process alive */
#define CRTOS_REQUEST_PANIC	2u	/* panic on purpose: tests of the containment */

struct crtos_control {
	/* Written by the module. */
	__u64 linux_doorbell;	/* APIC id << 32 | vector, one store; 0: do not send */
	__u64 request;		/* CRTOS_REQUEST_* */
	/* One moment on both clocks again; odd seq: being written. */
	__u32 time_seq;
	__u32 reserved0;
	__u64 time_tsc;
	__u64 time_realtime_ns;
	__u64 reserved1[3];
	/* Written by the RTOS. */
	__u32 rt_state __attribute__((aligned(64)));	/* enum crtos_rt_state */
	__u32 reserved2;
	__u64 heartbeat;	/* counts timer interrupts */
	__u64 free_frames;
	__u64 total_frames;
	__u64 notified;		/* SENDUIPI executed, all processes since the start */
	__u64 woken;		/* reverse user vectors taken, all processes */
	__u64 reverse_interrupts;	/* interrupts that brought them */
	__u64 foreign_interrupts;	/* interrupts with a vector of Linux's */
	__u64 longest_nonpreemptible_ns;
	__u64 timer_max_latency_ns;
	__u64 reserved3[6];
	__u64 calls[CRTOS_SCF_COUNTED_CALLS];	/* remote calls by number */
	struct crtos_proc proc[CRTOS_PROCS];
};
CRTOS_ASSERT_OFFSET(struct crtos_control, rt_state, 64);
CRTOS_ASSERT_OFFSET(struct crtos_control, calls, 192);
CRTOS_ASSERT_OFFSET(struct crtos_control, proc, 192 + 8 * CRTOS_SCF_COUNTED_CALLS);

#endif
