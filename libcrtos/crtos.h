/* SPDX-License-Identifier: MIT */
/*
 * libcrtos: user interrupts and real-time partitions.
 *
 * Every function returns 0 or a non-negative result, or -errno; errno itself is not changed. None keeps
 * state of its own: all may be called from any number of threads at once, and after fork(). `dev` is a
 * descriptor from crtos_open(). A function that concerns "the calling thread" says so.
 */
#ifndef _CRTOS_CRTOS_H
#define _CRTOS_CRTOS_H

#include <stddef.h>
#include <stdint.h>

#include <crtos/uapi.h>
#include <crtos/uintr.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- the device ------------------------------------------------------------------------------- */

/*
 * A new session of /dev/crtos, close-on-exec. -ENOENT or -ENXIO: the module is not loaded;
 * -EPROTONOSUPPORT: the module's interface has another version.
 */
int crtos_open(void);
/* Closing the last reference of a session ends its real-time process. */
int crtos_close(int dev);
/* What the machine and the module can do. */
int crtos_check(int dev, struct crtos_check *check);

/* --- user interrupts -------------------------------------------------------------------------- */

/*
 * Makes the calling thread a receiver. The processor enters `handler` with struct crtos_uintr_frame at
 * the stack pointer, UIF = 0 and all registers as they were; it must keep them all, vector registers
 * included, and leave by UIRET (gcc: -muintr -mgeneral-regs-only and __attribute__((interrupt))).
 * crtos_stui() lets interrupts in, after this call: UIF begins as 0 in a thread that neither received
 * nor sent before, else it is unchanged. `flags`: CRTOS_WAITING_RECEIVER or CRTOS_WAITING_SENDER, which
 * mean the same: a user interrupt ends any system call in which the thread blocks, with -EINTR (see
 * <crtos/uapi.h> for what is left alone).
 * -EINVAL flags; -EFAULT handler; -EOPNOTSUPP no user interrupts here; -EBUSY it is one already; -ENOSPC
 * no descriptor left.
 */
int crtos_uintr_register_handler(int dev, const void *handler, unsigned int flags);
/* -EINVAL flags, or not a receiver. Senders keep posting silently. */
int crtos_uintr_unregister_handler(int dev, unsigned int flags);

/*
 * A descriptor, close-on-exec, that stands for user vector 0 to 63 of the calling thread; it may be
 * passed to other processes. -EINVAL flags or not a receiver; -ENOSPC vector; -EMFILE.
 */
int crtos_uintr_vector_fd(int dev, uint64_t vector, unsigned int flags);

/*
 * Gives the calling process the right to send to a vector; returns the index for crtos_senduipi().
 * -EINVAL flags; -EBADF; -EOPNOTSUPP not such a descriptor; -ESHUTDOWN the receiver has gone;
 * -ENOSPC the process's table is full.
 */
int crtos_uintr_register_sender(int dev, int fd, unsigned int flags);
/* The same by the physical address of an exported UPID. -EPERM without CAP_SYS_RAWIO; -EINVAL. */
int crtos_uintr_register_sender_raw(int dev, uint64_t upid, unsigned int vector);
/* -EINVAL flags or index. */
int crtos_uintr_unregister_sender(int dev, unsigned int index, unsigned int flags);

/*
 * Blocks the calling thread until a user interrupt is pending for it, at most `usec` microseconds (up to
 * 10^9). 0 after the full time; -EINTR woken; -EINVAL; -EOPNOTSUPP not a receiver.
 */
int crtos_uintr_wait(int dev, uint64_t usec, unsigned int flags);

/* The calling thread sends to itself: as vector_fd and register_sender in one; returns the index. */
int crtos_uintr_register_self(int dev, uint64_t vector, unsigned int flags);

/*
 * Deliver to the calling thread on [sp, sp + size) from now on, from its top; sp = NULL: on the current stack again.
 * -EINVAL flags, range, or size below 4096; -EOPNOTSUPP not a receiver.
 */
int crtos_uintr_alt_stack(int dev, void *sp, size_t size, unsigned int flags);

/*
 * Exports the calling thread's UPID and tells its physical address, until it is no receiver any more.
 * -EPERM without CAP_SYS_RAWIO; -EOPNOTSUPP not a receiver.
 */
int crtos_uintr_upid_address(int dev, uint64_t *address);

/*
 * SENDUIPI, by any thread of the process: never blocks. SIGILL without a registered sender in this
 * process; SIGSEGV if `index` is not registered. A full fence comes with it: the receiver sees what was
 * stored before.
 */
static inline void crtos_senduipi(uint64_t index)
{
	__asm__ volatile(".byte 0xf3, 0x0f, 0xc7, 0xf0" : : "a"(index) : "memory");
}

/* Lets user interrupts into the calling thread, at once. SIGILL where there are none. */
static inline void crtos_stui(void)
{
	__asm__ volatile(".byte 0xf3, 0x0f, 0x01, 0xef" : : : "memory");
}

/* Keeps them out; they stay pending. */
static inline void crtos_clui(void)
{
	__asm__ volatile(".byte 0xf3, 0x0f, 0x01, 0xee" : : : "memory");
}

/* 1: user interrupts are let in. */
static inline int crtos_testui(void)
{
	unsigned char uif;

	__asm__ volatile(".byte 0xf3, 0x0f, 0x01, 0xed\n\tsetc %0" : "=r"(uif) : : "cc", "memory");
	return uif;
}

/* --- the partition ---------------------------------------------------------------------------- */

/*
 * Start and stop need CAP_SYS_ADMIN and may take seconds. `message` of the argument says what was found
 * if they fail; it is always terminated. Errors: see <crtos/uapi.h>.
 */
int crtos_partition_start(int dev, struct crtos_partition_start *start);
int crtos_partition_stop(int dev, struct crtos_partition_stop *stop);
int crtos_partition_status(int dev, struct crtos_partition_status *status);
/* The RTOS panics on purpose. -EPERM, -ENODEV. */
int crtos_partition_panic(int dev);

/* The first real-time process whose index is at least status->index. -ENOENT: none. */
int crtos_proc_status(int dev, struct crtos_proc_status *status);

/*
 * Up to `size` bytes of the log behind *position (0: the oldest there is), which moves on. Returns the
 * number of bytes, 0 for nothing new. -ENODEV: there was no partition yet.
 */
int crtos_log_read(int dev, uint64_t *position, void *buffer, size_t size);

/* --- a real-time process and its shadow -------------------------------------------------------- */

/* Makes the session's process; create->index is its number. Errors: see <crtos/uapi.h>. */
int crtos_proc_create(int dev, struct crtos_proc_create *create);
/* Hands it to the RTOS, once slot 0 is attached. */
int crtos_proc_start(int dev);

/*
 * A new session with a process like that of the calling shadow thread, for a child that is about to be
 * forked: the fork `token` of the RTOS. Returns the descriptor. Errors: see <crtos/uapi.h>.
 */
int crtos_proc_fork(int dev, uint32_t token);

/* Maps the process's SCF buffer, and checks it. -ENOENT no process; -EPROTO another version. */
int crtos_scf_map(int dev, struct crtos_scf_header **scf);
int crtos_scf_unmap(struct crtos_scf_header *scf);
/* 0, or -EPROTO if this is not a buffer that this library understands. Reads memory only. */
int crtos_scf_validate(const struct crtos_scf_header *scf);

/*
 * Maps [start, end) of the real-time program's memory at the same addresses. -EEXIST something else is
 * mapped there; -EINVAL not within [CRTOS_USER_START, CRTOS_USER_END).
 */
int crtos_mirror_map(int dev, uint64_t start, uint64_t end);
int crtos_mirror_unmap(uint64_t start, uint64_t end);

/*
 * The calling thread becomes the shadow of a slot; with the `uipi` notifier it is a receiver with this
 * `handler` (see crtos_uintr_register_handler) and *index sends to the RTOS.
 */
int crtos_thread_attach(int dev, unsigned int slot, const void *handler, unsigned int *index);
int crtos_thread_detach(int dev);
/* Blocks the calling shadow thread until it is notified. -EINTR; -ESHUTDOWN the process has ended. */
int crtos_thread_wait(int dev);
/* Carries out the zap that the RTOS asked for. */
int crtos_zap(int dev);
/* Lends pages of the caller's to the RTOS, or takes them back, as it asked. Errors: CRTOS_IOC_LEND. */
int crtos_lend(int dev);
/* Notifies the RTOS that the calling thread's slot has an answer (`ipi` notifier). */
int crtos_kick(int dev);

#ifdef __cplusplus
}
#endif

#endif
