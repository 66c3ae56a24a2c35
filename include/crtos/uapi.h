/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * /dev/crtos: the ioctls of crtos.ko. libcrtos is their only user; programs use libcrtos.
 *
 * All structures are the same for 32- and 64-bit callers, have explicit padding that must be zero,
 * and refuse unknown flags with EINVAL. An unknown command gives ENOTTY. Unless said otherwise a call
 * needs no privilege, returns 0 or a descriptor or index, and may sleep.
 *
 * An open file of /dev/crtos is a *session*. It holds at most one real-time process
 * (CRTOS_IOC_PROC_CREATE); closing its last reference ends that process.
 *
 * mmap of a session with a process (ENODEV without):
 *	offset CRTOS_MMAP_SCF, length CRTOS_SCF_SIZE: the SCF buffer, shared, read and write;
 *	offset a, length n inside [CRTOS_USER_START, CRTOS_USER_END): the mirror of the real-time program's
 *	memory; the mapping must lie at address a (EINVAL), shared. Touching an address that the program
 *	has not mapped, or writing where it may not write, gives SIGSEGV, or EFAULT inside a system call.
 *
 * write of a struct crtos_dump ends the calling thread with registers that a core file of its process shall show.
 */
#ifndef _CRTOS_UAPI_H
#define _CRTOS_UAPI_H

#include <linux/ioctl.h>
#include <linux/types.h>
#include <crtos/core.h>
#include <crtos/assert.h>
#include <crtos/scf.h>

#define CRTOS_DEVICE		"/dev/crtos"
#define CRTOS_UAPI_VERSION	1
#define CRTOS_MMAP_SCF		0x700000000000ull

/*
 * Sent by the module to a shadow: the RTOS ended the process or was lost (crtos_scf_header.state),
 * or, with the `ipi` notifier, a request is waiting. SIGRTMAX; not available to real-time programs.
 */
#define CRTOS_SIGNAL		64

#define CRTOS_IOC_TYPE		0xc7

/* --- what is there --------------------------------------------------------------------------- */

/* crtos_check.features */
#define CRTOS_FEATURE_UINTR		(1u << 0)	/* the CPU has it (CPUID) */
#define CRTOS_FEATURE_UINTR_ENABLED	(1u << 1)	/* and the module uses it */
#define CRTOS_FEATURE_PTI		(1u << 2)	/* page-table isolation is on: no UINTR */
#define CRTOS_FEATURE_X2APIC		(1u << 3)
#define CRTOS_FEATURE_UINTR_KERNEL	(1u << 4)	/* the kernel manages UINTR itself */
#define CRTOS_FEATURE_HOTPLUG		(1u << 5)	/* CPUs can be taken offline */
#define CRTOS_FEATURE_TSC		(1u << 6)	/* constant, non-stop TSC of known frequency */
#define CRTOS_FEATURE_LOW_PAGE		(1u << 7)	/* a page below 1 MiB to start a CPU from */
#define CRTOS_FEATURE_FIRMWARE		(1u << 8)	/* crtos/rtos.bin was found and is valid */

struct crtos_check {
	__u32 version;		/* CRTOS_UAPI_VERSION of the module */
	__u32 features;
	__u32 upids_total;
	__u32 upids_used;
	__u32 uitts_used;	/* send tables in use */
	__u32 receivers;	/* threads with UINTR state */
	__u64 wakes;		/* kernel entries for notifications, since the module was loaded */
	__u64 reserved[4];
};
CRTOS_ASSERT_SIZE(struct crtos_check, 64);
#define CRTOS_IOC_CHECK		_IOR(CRTOS_IOC_TYPE, 0x10, struct crtos_check)

/* --- user interrupts for Linux threads ------------------------------------------------------- */

/*
 * A user interrupt ends any interruptible system call in which this thread blocks: it is delivered, then
 * the call returns EINTR, or what it has done so far, and is not restarted. Both flags mean the same.
 * Not while UIF = 0: the interrupt stays pending and the call goes on. Nor are those calls ended that
 * never return EINTR (fork and its like, exec, ptrace, futex with FUTEX_LOCK_PI, FUTEX_LOCK_PI2 or
 * FUTEX_WAIT_REQUEUE_PI): they go on behind the handler. An interrupt that is delivered before the call
 * begins does not end it; CRTOS_IOC_UINTR_WAIT with UIF = 0 has no such race. If a signal's handler is
 * entered at the same return, its SA_RESTART decides. Without these flags a thread that blocks finds its
 * interrupts when it runs again.
 */
#define CRTOS_WAITING_RECEIVER	0x1000u
#define CRTOS_WAITING_SENDER	0x2000u

/*
 * Register the calling thread as a receiver. EINVAL flags other than CRTOS_WAITING_*; EFAULT handler 0
 * or not a user address; EOPNOTSUPP no UINTR, a 32-bit caller, or CRTOS_WAITING_* on a kernel without
 * user return notifiers; EBUSY it has one; ENOSPC no UPID left, or the user has three quarters of them
 * and no CAP_SYS_RESOURCE. STACKADJUST is 128 (the red zone).
 *
 * A thread has UINTR state, which is switched with it, while it is a receiver or uses its process's send
 * table. Its UIF begins as 0 with that state, and is unchanged by a registration within it. STUI without
 * state has no lasting effect. A child of fork begins without state and without a table; exec ends both.
 */
struct crtos_uintr_handler {
	__u64 handler;
	__u32 flags;
	__u32 reserved;
};
CRTOS_ASSERT_SIZE(struct crtos_uintr_handler, 16);
#define CRTOS_IOC_UINTR_REGISTER	_IOW(CRTOS_IOC_TYPE, 0x20, struct crtos_uintr_handler)
/* EINVAL flags, or not a receiver. Senders keep posting silently. */
#define CRTOS_IOC_UINTR_UNREGISTER	_IOW(CRTOS_IOC_TYPE, 0x21, __u32)

/*
 * A descriptor that stands for one user vector of the calling thread; close-on-exec; may be passed over
 * SCM_RIGHTS. EINVAL flags; EINVAL not a receiver; ENOSPC vector > 63; EMFILE. It keeps the UPID from
 * being used again, not the receiver alive; to close it takes nothing from senders that registered with
 * it.
 */
struct crtos_uintr_vector {
	__u64 vector;
	__u32 flags;
	__u32 reserved;
};
CRTOS_ASSERT_SIZE(struct crtos_uintr_vector, 16);
#define CRTOS_IOC_UINTR_VECTOR_FD	_IOW(CRTOS_IOC_TYPE, 0x22, struct crtos_uintr_vector)

/*
 * Give the calling process the right to send to a vector; returns the lowest free SENDUIPI index. The
 * table is the address space's: each of its threads can send. SENDUIPI without a table gives SIGILL,
 * with an index that is not in use SIGSEGV. To a receiver that has gone it posts silently. `target` is a
 * vector descriptor. EINVAL flags; EBADF; EOPNOTSUPP not such a descriptor; ESHUTDOWN the receiver has
 * gone; ENOSPC all 256 entries in use; EOPNOTSUPP no UINTR, or a 32-bit caller.
 * CRTOS_SENDER_RAW: `target` is the physical address of a UPID that its owner exported
 * (CRTOS_IOC_UINTR_UPID_ADDRESS), `vector` the user vector. EPERM without CAP_SYS_RAWIO; EINVAL not the
 * address of an exported UPID, or a vector above 63.
 */
#define CRTOS_SENDER_RAW	1u
struct crtos_uintr_sender {
	__u64 target;
	__u32 flags;
	__u32 vector;
};
CRTOS_ASSERT_SIZE(struct crtos_uintr_sender, 16);
#define CRTOS_IOC_UINTR_SENDER		_IOW(CRTOS_IOC_TYPE, 0x23, struct crtos_uintr_sender)

struct crtos_uintr_index {
	__u32 index;
	__u32 flags;
};
CRTOS_ASSERT_SIZE(struct crtos_uintr_index, 8);
/* EINVAL flags or index. */
#define CRTOS_IOC_UINTR_UNSENDER	_IOW(CRTOS_IOC_TYPE, 0x24, struct crtos_uintr_index)

/*
 * Block until a user interrupt is pending or the time is over. EINVAL flags or usec > 10^9; 0 at once for 0;
 * EOPNOTSUPP not a receiver; EINTR woken by a user interrupt, whatever UIF is, or by a signal. 0 after the full time.
 */
struct crtos_uintr_wait {
	__u64 usec;
	__u32 flags;
	__u32 reserved;
};
CRTOS_ASSERT_SIZE(struct crtos_uintr_wait, 16);
#define CRTOS_IOC_UINTR_WAIT		_IOW(CRTOS_IOC_TYPE, 0x25, struct crtos_uintr_wait)

/* As VECTOR_FD and SENDER in one, for the calling thread itself; returns the index. */
#define CRTOS_IOC_UINTR_SELF		_IOW(CRTOS_IOC_TYPE, 0x26, struct crtos_uintr_vector)

/*
 * Deliver on [sp, sp + size) from now on, from its top (rounded down to 16 bytes); sp = 0: on the
 * current stack again, below its red zone of 128 bytes. EINVAL flags, size < 4096 or not a user range;
 * EOPNOTSUPP not a receiver.
 */
struct crtos_uintr_stack {
	__u64 sp;
	__u64 size;
	__u32 flags;
	__u32 reserved;
};
CRTOS_ASSERT_SIZE(struct crtos_uintr_stack, 24);
#define CRTOS_IOC_UINTR_STACK		_IOW(CRTOS_IOC_TYPE, 0x27, struct crtos_uintr_stack)

/*
 * Export the calling thread's UPID and tell its physical address. EPERM without CAP_SYS_RAWIO;
 * EOPNOTSUPP not a receiver. The export ends with the receiver: what raw senders post later reaches
 * nobody, and the UPID is not used again while one of them has it in its table.
 */
#define CRTOS_IOC_UINTR_UPID_ADDRESS	_IOR(CRTOS_IOC_TYPE, 0x28, __u64)

/* --- the partition (CAP_SYS_ADMIN, but for STATUS, PROC_STATUS and LOG) ------------------------ */

#define CRTOS_MESSAGE_BYTES	256

/*
 * Take the CPU and the memory from Linux and start the RTOS there. On any error everything is as it was
 * and `message` says what was found and what to do. EPERM; EBUSY a partition runs; EINVAL CPU or size;
 * ENOMEM; ENOENT no firmware image; ENOEXEC not a valid image; ETIMEDOUT the RTOS did not answer; EINTR.
 */
struct crtos_partition_start {
	__u32 cpu;
	__u32 flags;		/* 0 */
	__u64 mem_size;		/* bytes, a multiple of 2 MiB */
	__u64 reserved[2];
	char message[CRTOS_MESSAGE_BYTES];	/* out */
};
CRTOS_ASSERT_SIZE(struct crtos_partition_start, 288);
#define CRTOS_IOC_PARTITION_START	_IOWR(CRTOS_IOC_TYPE, 0x40, struct crtos_partition_start)

/*
 * Give everything back. EPERM; ENODEV no partition; EBUSY processes run there (`message` names them)
 * and CRTOS_STOP_KILL is not set.
 */
#define CRTOS_STOP_KILL		1u
struct crtos_partition_stop {
	__u32 flags;
	__u32 reserved;
	char message[CRTOS_MESSAGE_BYTES];	/* out */
};
CRTOS_ASSERT_SIZE(struct crtos_partition_stop, 264);
#define CRTOS_IOC_PARTITION_STOP	_IOWR(CRTOS_IOC_TYPE, 0x41, struct crtos_partition_stop)

enum crtos_partition_state {
	CRTOS_PARTITION_NONE = 0,
	CRTOS_PARTITION_RUNNING = 1,
	CRTOS_PARTITION_PANIC = 2,	/* stop, then start again */
	CRTOS_PARTITION_CHANGING = 3,
};

struct crtos_partition_status {
	__u32 state;		/* enum crtos_partition_state */
	__u32 cpu;
	__u32 apic_id;
	__u32 processes;
	__u64 mem_phys;		/* 0 without CAP_SYS_ADMIN */
	__u64 mem_size;
	__u64 frames_total;
	__u64 frames_free;
	__u64 notified;		/* UIPIs sent by the RTOS */
	__u64 woken;		/* reverse user vectors taken by the RTOS */
	__u64 reverse_interrupts;
	__u64 foreign_interrupts;
	__u64 heartbeat;
	__u64 wakes;		/* kernel entries on Linux for notifications to shadows */
	__u64 frames_pinned;	/* freed by the RTOS, still referenced by Linux */
	__u64 longest_nonpreemptible_ns;
	__u64 timer_max_latency_ns;
	char build[16];
	__u64 frames_lent;	/* pages of Linux's in mappings of files that real-time programs share */
	__u64 reserved[3];
	__u64 calls[CRTOS_SCF_COUNTED_CALLS];	/* remote calls by number */
};
CRTOS_ASSERT_SIZE(struct crtos_partition_status, 168 + 8 * CRTOS_SCF_COUNTED_CALLS);
#define CRTOS_IOC_PARTITION_STATUS	_IOR(CRTOS_IOC_TYPE, 0x42, struct crtos_partition_status)

/* The first process whose index is at least `index`. EINVAL reserved0; ENOENT none, or no partition. */
struct crtos_proc_status {
	__u32 index;		/* in: first; out: found */
	__s32 pid;
	__u32 rt_state;		/* enum crtos_rt_proc_state */
	__u32 threads;
	__u32 policy;
	__u32 priority;
	__u32 notifier;
	__u32 reserved0;
	__u64 frames;
	__u64 remote_calls;
	__u64 local_calls;
	__u64 notified;		/* forward notifications sent, and suppressed */
	__u64 suppressed;
	__u64 woken;		/* reverse notifications taken */
	__u64 wakes;		/* kernel entries on Linux for them */
	char comm[16];
	__u64 reserved[4];
};
CRTOS_ASSERT_SIZE(struct crtos_proc_status, 136);
#define CRTOS_IOC_PROC_STATUS		_IOWR(CRTOS_IOC_TYPE, 0x43, struct crtos_proc_status)

/*
 * Copy log text from `position` (bytes ever written; 0: the oldest there is) to `buffer`. Returns the
 * number of bytes, and sets `position` behind them; 0: nothing new. The log of the last partition is kept
 * until the next start. ENODEV: there never was one. EFAULT.
 */
struct crtos_log_read {
	__u64 position;
	__u64 buffer;
	__u32 size;
	__u32 reserved;
};
CRTOS_ASSERT_SIZE(struct crtos_log_read, 24);
#define CRTOS_IOC_LOG			_IOWR(CRTOS_IOC_TYPE, 0x44, struct crtos_log_read)

/* Make the RTOS panic, to see that Linux lives on and a restart works. EPERM, ENODEV. */
#define CRTOS_IOC_PARTITION_PANIC	_IO(CRTOS_IOC_TYPE, 0x45)

/* --- a real-time process and its shadow -------------------------------------------------------- */

/*
 * Make the session's process, in the state "being built". EINVAL fields; EBUSY the session has one;
 * ENODEV no partition; EAGAIN all CRTOS_PROCS in use; ENOSPC no UPID left; ENOMEM; EPERM a real-time
 * priority without CAP_SYS_NICE or a sufficient RLIMIT_RTPRIO; EOPNOTSUPP `uipi` without UINTR.
 */
struct crtos_proc_create {
	__u32 policy;		/* SCHED_OTHER, SCHED_FIFO, SCHED_RR */
	__u32 priority;		/* 0 for SCHED_OTHER, else 1 to 99 */
	__u32 notifier;		/* enum crtos_notifier */
	__u32 rt_spin;		/* see crtos_scf_header; at most 1000000 */
	__u32 flags;		/* 0 */
	__u32 index;		/* out: the process's index in the partition */
	__u64 reserved[2];
};
CRTOS_ASSERT_SIZE(struct crtos_proc_create, 40);
#define CRTOS_IOC_PROC_CREATE		_IOWR(CRTOS_IOC_TYPE, 0x60, struct crtos_proc_create)

/*
 * Make the calling thread the shadow of a slot, and, with `uipi`, a receiver with this handler and a
 * sender whose entry posts the slot number to the process's reverse UPID. EINVAL slot, handler or
 * reserved; ENOENT no process; EBUSY the slot or the thread is taken; EPERM not of the process that
 * made the session's process; ENOSPC.
 */
struct crtos_thread_attach {
	__u32 slot;
	__u32 index;		/* out: SENDUIPI index of the reverse notification */
	__u64 handler;		/* 0 unless the notifier is `uipi` */
	__u64 reserved;
};
CRTOS_ASSERT_SIZE(struct crtos_thread_attach, 24);
#define CRTOS_IOC_THREAD_ATTACH		_IOWR(CRTOS_IOC_TYPE, 0x61, struct crtos_thread_attach)

/* Hand the process to the RTOS. ENOENT; EBUSY started already; EINVAL slot 0 has no thread; EIO. */
#define CRTOS_IOC_PROC_START		_IO(CRTOS_IOC_TYPE, 0x62)

/*
 * Block the calling shadow thread until a forward notification is pending for it; at once if one is.
 * EINVAL the thread has no slot; EINTR; ESHUTDOWN the process ended or the partition was lost.
 */
#define CRTOS_IOC_THREAD_WAIT		_IO(CRTOS_IOC_TYPE, 0x63)

/* Carry out the zap that the RTOS asked for (boot.h). ENOENT. */
#define CRTOS_IOC_ZAP			_IO(CRTOS_IOC_TYPE, 0x64)

/* The reverse notification of the `ipi` notifier: post the calling thread's slot. EINVAL no slot. */
#define CRTOS_IOC_KICK			_IO(CRTOS_IOC_TYPE, 0x65)

/* The calling thread's slot becomes free. EINVAL no slot. The thread's exit does the same. */
#define CRTOS_IOC_THREAD_DETACH		_IO(CRTOS_IOC_TYPE, 0x66)

/*
 * A child of the session's process: a descriptor of a new session whose process has what PROC_CREATE gave
 * the parent, and is known to the RTOS as the fork `token` of the calling thread's slot. The process that
 * attaches to its slot 0 first becomes its shadow. EINVAL the thread has no slot, or reserved; ESHUTDOWN
 * the process has ended; else as PROC_CREATE, and EMFILE, ENFILE.
 */
struct crtos_proc_fork {
	__u32 token;
	__u32 reserved;
};
CRTOS_ASSERT_SIZE(struct crtos_proc_fork, 8);
#define CRTOS_IOC_PROC_FORK		_IOW(CRTOS_IOC_TYPE, 0x67, struct crtos_proc_fork)

/*
 * Hand a signal to the RTOS, which delivers it to the process, or to the thread of a slot. EINVAL signal,
 * slot or reserved; ENOENT no process; EPERM not of the shadow; ESHUTDOWN not started, or ended; EINTR: it
 * was not handed over.
 */
struct crtos_signal {
	__s32 signal;
	__s32 code;
	__u32 slot;		/* CRTOS_SLOT_NONE: the process */
	__u32 reserved;
	__u64 info[4];		/* as in struct crtos_proc_signal */
};
CRTOS_ASSERT_SIZE(struct crtos_signal, 48);
#define CRTOS_IOC_SIGNAL		_IOW(CRTOS_IOC_TYPE, 0x68, struct crtos_signal)

/*
 * Do what the RTOS says of pages of the calling process (crtos_proc_rt.lend_*, boot.h): lend them or take
 * them back. 0 also if that is done already. ENOENT no process; ESHUTDOWN it has ended; EINVAL what it says
 * makes no sense; ENOMEM, also when the pages that the user has lent would be more than RLIMIT_MEMLOCK allows and
 * there is no CAP_IPC_LOCK; EOPNOTSUPP pages that cannot be lent for long.
 */
#define CRTOS_IOC_LEND			_IO(CRTOS_IOC_TYPE, 0x69)

/*
 * What write() takes, nothing more or less. The thread takes these registers (but for CS, SS, the bases of FS and GS, and
 * what a program cannot set of the flags), as by rt_sigreturn. With signal 0 it waits to be ended. Else it waits until
 * `others` threads wait so, two seconds at most, unblocks the signal and sends it to itself, which ends the process; if
 * the signal's action is not the default, SIGKILL does. EINVAL; EFAULT.
 */
struct crtos_dump {
	struct crtos_registers regs;
	__u32 signal;
	__u32 others;
	__u8 info[128];		/* struct siginfo, of `signal` */
};
CRTOS_ASSERT_SIZE(struct crtos_dump, 320);

/*
 * A signalfd of real-time programs: a descriptor that is readable while a signal of `mask` is pending for the
 * real-time process or thread whose shadow polls it. `fd` is -1, or such a descriptor, which gets the mask. Reading
 * gives 4094 (CRTOS_SIGNALFD_READ) as errno, for which see <crtos/scf.h>, EINVAL to who is no shadow. EINVAL flags, or
 * `fd` is something else; EBADF; EMFILE, ENFILE, ENOMEM.
 */
struct crtos_signalfd {
	__s32 fd;
	__u32 flags;		/* O_CLOEXEC, O_NONBLOCK */
	__u64 mask;		/* bit signal - 1 */
};
CRTOS_ASSERT_SIZE(struct crtos_signalfd, 16);
#define CRTOS_IOC_SIGNALFD		_IOW(CRTOS_IOC_TYPE, 0x6a, struct crtos_signalfd)

#endif
