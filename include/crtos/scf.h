/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * SCF: system-call forwarding between a real-time process and its shadow on Linux.
 *
 * One buffer per process, three pages, shared by the RTOS kernel and the shadow (never mapped in
 * the real-time program itself). Slot i belongs to real-time thread i and to shadow thread i.
 *
 * A remote call
 *	RTOS:	fill nr, args, notify; store-release request.seq = n      (n = old seq + 1)
 *		notify the shadow (SENDUIPI), unless it is known to be looking
 *	shadow:	load-acquire request.seq; if it differs from the last one answered, do the call,
 *		store ret; store-release response.seq = n; full fence;
 *		if request.notify, notify the RTOS (SENDUIPI; user vector = slot number)
 *	RTOS:	load-acquire response.seq == n, read ret
 *
 * Looking without being notified: the RTOS may publish with notify = 0 and poll response.seq. To
 * stop looking it stores notify = 1, executes a full fence and reads response.seq once more before
 * it blocks. The fences pair: either the shadow sees notify = 1 or the RTOS sees the answer.
 *
 * Writers: `request` and the `rt` part are written by the RTOS alone, `response` by shadow thread i
 * alone, `state` by the module alone, the rest of the header by the module before the process starts.
 * Nothing read from the other side is trusted: request.seq may only grow by one, response.seq may
 * only be the last or the current number. A side that sees anything else ends the process.
 *
 * Death: a shadow that dies before response.seq leaves the RTOS thread blocked until the module
 * reports the death (crtos_proc.linux_state). An RTOS that stops leaves the shadow waiting until the
 * module sets `state` and wakes it.
 */
#ifndef _CRTOS_SCF_H
#define _CRTOS_SCF_H

#include <linux/types.h>
#include <crtos/assert.h>

#define CRTOS_SCF_MAGIC		0x31464353u	/* "SCF1" */
#define CRTOS_SCF_VERSION	1
#define CRTOS_SCF_SLOTS		64
#define CRTOS_SLOT_NONE		0xffffffffu	/* where a slot may be named, but none is meant */
#define CRTOS_SCF_SIZE		12288u
#define CRTOS_SCF_SLOTS_OFFSET	4096u
#define CRTOS_SCF_COUNTED_CALLS	512

/* The user vector of a forward notification, in every shadow thread. */
#define CRTOS_SCF_VECTOR	0

/* Real-time programs live in [CRTOS_USER_START, CRTOS_USER_END); the shadow, a PIE, lives above. */
#define CRTOS_USER_START	0x10000ull
#define CRTOS_USER_END		0x500000000000ull

/* Header `notifier`: how the two sides notify each other. */
enum crtos_notifier {
	CRTOS_NOTIFIER_UIPI = 0,
	CRTOS_NOTIFIER_IPI = 1,		/* IPI to the module, which signals the shadow; ioctl back */
	CRTOS_NOTIFIER_POLL = 2,	/* both sides look all the time */
};

/* Header `state`, written by the module. */
enum crtos_scf_state {
	CRTOS_SCF_RUNNING = 0,
	CRTOS_SCF_ENDED = 1,		/* the RTOS ended the process: see rt.reason */
	CRTOS_SCF_PARTITION_LOST = 2,	/* the RTOS panicked or was stopped */
};

/* Why the RTOS ended a process, in rt.reason and crtos_proc.reason. */
enum crtos_end_reason {
	CRTOS_END_NONE = 0,
	CRTOS_END_PROTOCOL = 1,		/* corrupt SCF contents */
	CRTOS_END_NO_MEMORY = 2,	/* no memory to start the process */
	CRTOS_END_EXIT = 3,		/* it ended as the program wished */
	CRTOS_END_FORK = 4,		/* a fork whose parent has gone meanwhile */
};

/*
 * Private operations, above the Linux system-call numbers. Those marked (no reply) end the shadow
 * thread or process; the RTOS does not wait for an answer.
 */
#define CRTOS_OP_FIRST		0x10000u
/* args: buffer, bytes. Writes a struct crtos_args with its strings; returns the bytes needed. */
#define CRTOS_OP_ARGS		0x10000u
/* args: slot, clone flags. Starts the shadow thread of that slot; returns its tid. */
#define CRTOS_OP_CLONE		0x10001u
/*
 * (no reply) This thread has ended. The RTOS does not wait, but the shadow stores response.seq all the same
 * before the slot can be cloned again: the slot's next thread goes on from request.seq = response.seq.
 */
#define CRTOS_OP_EXIT_THREAD	0x10002u
/* args: exit code. (no reply) */
#define CRTOS_OP_EXIT_GROUP	0x10003u
/* args: signal. (no reply) The shadow dies by that signal with its default action, and leaves no core file. */
#define CRTOS_OP_DIE		0x10004u
/* Lets the module remove the range in crtos_proc.zap_start/zap_end from the mirror; returns 0. */
#define CRTOS_OP_ZAP		0x10005u
/*
 * args: signal, 1: ignored, 0: not, flags of SIGCHLD (SA_NOCLDSTOP, SA_NOCLDWAIT). Returns 0 or -errno.
 */
#define CRTOS_OP_SIGACTION	0x10006u
/* args: address of the new program's name (at most 15 bytes are used). Returns 0. */
#define CRTOS_OP_SETNAME	0x10007u
/*
 * args: token, 1: the child shares the parent's memory (vfork), 0: it has a copy. Makes the shadow of a child
 * (CRTOS_IOC_PROC_FORK, fork); returns its pid. The child's part follows in its own process entry.
 */
#define CRTOS_OP_FORK		0x10008u
/* The shadow of a vfork child shows that child's own memory from now on, not its parent's. Returns 0. */
#define CRTOS_OP_OWN_MIRROR	0x10009u
/* After exec: closes the descriptors that are close-on-exec. Returns 0. */
#define CRTOS_OP_EXEC		0x1000au
/* args: signal. Stops the shadow's process by it, as its default action does; returns 0 when it goes on. */
#define CRTOS_OP_STOP		0x1000bu
/* args: mask. What of SIGTTIN and SIGTTOU the thread blocks: a terminal asks for that. Returns 0. */
#define CRTOS_OP_SIGMASK	0x1000cu
/* args: descriptor. The program is the file it is open on: what /proc/self/exe is to the program. Returns 0. */
#define CRTOS_OP_SET_EXE	0x1000du
/*
 * args: system-call number, its first five arguments. The path among them is the program's own /proc/self/exe:
 * the call is done on that file. ENOSYS for a number that is not known to take such a path.
 */
#define CRTOS_OP_ON_EXE		0x1000eu
/* Lets the module do what crtos_proc_rt.lend_* says. Returns 0 or -errno; what was done is in the list. */
#define CRTOS_OP_LEND		0x1000fu
/*
 * args: system-call number, its arguments. The call, on a range of the program's memory where the shadow has a
 * file mapped, or shall have: mmap (address, bytes, protection, descriptor, offset; MAP_SHARED and MAP_FIXED are
 * understood), mprotect, msync, madvise; mremap (MREMAP_MAYMOVE and MREMAP_FIXED are understood, or, with 0 for
 * the new address, neither). ENOSYS for another number; EINVAL not such a range.
 */
#define CRTOS_OP_AREA		0x10010u
/* args: address, bytes. The mirror is shown there again. Returns 0 or -errno. */
#define CRTOS_OP_MIRROR		0x10011u
/*
 * args: address of the thread's list of robust locks, or 0. Linux is told, for locks in files that it shares
 * and for a shadow that is killed. Returns 0.
 */
#define CRTOS_OP_ROBUST		0x10012u
/*
 * args: descriptor. A number, above 0, for the file it is open on; the same for the same file. It stands for the
 * file's name in struct crtos_area (core.h). 0: it has none. Forks know the numbers of their parents.
 */
#define CRTOS_OP_FILE		0x10013u
/*
 * args: where the arguments begin, where they end and the environment begins, where that ends; the auxiliary vector,
 * its bytes. /proc/PID/cmdline, environ and auxv of the shadow show them. Returns 0.
 */
#define CRTOS_OP_SET_MM		0x10014u
/*
 * args: address and number of struct crtos_area (core.h), flags of open(). A descriptor, for reading only, of what
 * /proc/self/maps is to the program at this moment.
 */
#define CRTOS_OP_MAPS		0x10015u
/*
 * args: signal, address and bytes of a struct crtos_core (core.h). (no reply) As CRTOS_OP_DIE, with a core file of the
 * program, where there shall be one.
 */
#define CRTOS_OP_DUMP		0x10016u
/* args: descriptor. The process that it stands for (of pidfd_open, or a directory /proc/PID); -EBADF: for none. */
#define CRTOS_OP_PIDFD		0x10017u
/*
 * args: descriptor or -1, mask, flags of signalfd4. A signalfd (CRTOS_IOC_SIGNALFD), or an old one with another
 * mask; returns the descriptor.
 */
#define CRTOS_OP_SIGNALFD	0x10018u
#define CRTOS_OP_LAST		0x10018u

/*
 * The result of reading a signalfd: the RTOS, which has the signals, does the rest, as the module has said in
 * crtos_scf_header.signalfd for the slot.
 */
#define CRTOS_SIGNALFD_READ	4094

/* The result of a call that was to be interrupted (crtos_scf_request.interrupt) and had not begun: it was not made. */
#define CRTOS_SCF_NOT_BEGUN	4093

struct crtos_signalfd_read {
	__u64 mask;
	__u32 nonblock;
	__u32 reserved;
};
CRTOS_ASSERT_SIZE(struct crtos_signalfd_read, 16);

/*
 * Arguments of a new process: this header, then the NUL-terminated strings, in this order:
 * path of the executable, argc arguments, envc environment strings.
 */
struct crtos_args {
	__u32 argc;
	__u32 envc;
	__u32 bytes;		/* of all strings together */
	__u32 reserved;
	__u64 ignored;		/* signals that the program finds ignored, and blocked: bit signal - 1 */
	__u64 blocked;
};
CRTOS_ASSERT_SIZE(struct crtos_args, 32);
#define CRTOS_ARGS_MAX		(128u << 10)	/* header and strings */

struct crtos_scf_request {
	__u32 seq;
	__u32 nr;
	__u64 args[6];
	__u32 notify;		/* 1: notify me when the answer is there */
	/*
	 * The number (seq) of a call that shall end if it has not ended by itself, with EINTR, or
	 * CRTOS_SCF_NOT_BEGUN: a signal waits for its thread. Stored before the module is asked to signal
	 * the shadow (crtos_proc_rt.interrupt); whoever is about to make a system call looks here last.
	 */
	__u32 interrupt;
} __attribute__((aligned(64)));
CRTOS_ASSERT_SIZE(struct crtos_scf_request, 64);
CRTOS_ASSERT_OFFSET(struct crtos_scf_request, args, 8);
CRTOS_ASSERT_OFFSET(struct crtos_scf_request, notify, 56);

struct crtos_scf_response {
	__u32 seq;
	__u32 looking;		/* 1: the shadow polls request.seq, a notification is not needed */
	__s64 ret;
	/* Counters of this shadow thread. */
	__u64 handled;		/* forward user interrupts taken */
	__u64 spurious;		/* of them, those that found no new request */
	__u64 notified;		/* reverse notifications sent */
	__u64 suppressed;	/* answers that needed none */
	__u64 blocked;		/* times it blocked in the module for want of requests */
	__u64 reserved;
} __attribute__((aligned(64)));
CRTOS_ASSERT_SIZE(struct crtos_scf_response, 64);
CRTOS_ASSERT_OFFSET(struct crtos_scf_response, ret, 8);
CRTOS_ASSERT_OFFSET(struct crtos_scf_response, handled, 16);

struct crtos_scf_slot {
	struct crtos_scf_request request;
	struct crtos_scf_response response;
};
CRTOS_ASSERT_SIZE(struct crtos_scf_slot, 128);

/* Written by the RTOS (one core: no lock), read by anyone. */
struct crtos_scf_rt {
	__u32 reason;		/* enum crtos_end_reason */
	__u32 threads;
	__u64 remote_calls;
	__u64 local_calls;
	__u64 notified;		/* forward notifications sent */
	__u64 suppressed;	/* requests that needed none */
	__u64 woken;		/* reverse user vectors taken out of PIR */
	__u64 blocked;		/* remote calls that descheduled their thread */
	__u64 reserved;
} __attribute__((aligned(64)));
CRTOS_ASSERT_SIZE(struct crtos_scf_rt, 64);

struct crtos_scf_header {
	/* Written by the module before the start, constant afterwards. */
	__u32 magic;
	__u32 version;
	__u32 size;
	__u32 slots;
	__u32 notifier;		/* enum crtos_notifier */
	__u32 rt_spin;		/* looks at the answer before an RT thread blocks; 0: none */
	__u32 process;		/* index of the process in the partition */
	__u32 reserved0[9];
	/* Written by the module at any time. */
	__u32 state __attribute__((aligned(64)));	/* enum crtos_scf_state */
	__u32 reserved1[15];
	struct crtos_scf_rt rt;
	/* Remote calls by Linux number; those of private operations are not counted here. */
	__u32 calls[CRTOS_SCF_COUNTED_CALLS];
	/*
	 * Pending signals, bit signal - 1, of the process and of the threads of the slots, as they change: what a
	 * signalfd shows. Written by the RTOS.
	 */
	__u64 pending[1 + CRTOS_SCF_SLOTS] __attribute__((aligned(64)));
	/* By slot, of its last read of a signalfd: stored by the module before the read's result is. */
	struct crtos_signalfd_read signalfd[CRTOS_SCF_SLOTS] __attribute__((aligned(64)));
};
CRTOS_ASSERT_OFFSET(struct crtos_scf_header, state, 64);
CRTOS_ASSERT_OFFSET(struct crtos_scf_header, rt, 128);
CRTOS_ASSERT_OFFSET(struct crtos_scf_header, calls, 192);
CRTOS_ASSERT(sizeof(struct crtos_scf_header) <= CRTOS_SCF_SLOTS_OFFSET);
CRTOS_ASSERT(CRTOS_SCF_SLOTS_OFFSET + CRTOS_SCF_SLOTS * sizeof(struct crtos_scf_slot) ==
	     CRTOS_SCF_SIZE);

static inline struct crtos_scf_slot *crtos_scf_slot(struct crtos_scf_header *scf, unsigned int slot)
{
	return (struct crtos_scf_slot *)((char *)scf + CRTOS_SCF_SLOTS_OFFSET) + slot;
}

#endif
