/* SPDX-License-Identifier: MIT */
/*
 * fork and vfork. The thread that asks makes the child here, then has its shadow make the child's shadow, which
 * brings a process entry of its own. The worker (process.c) puts the two together when the entry says RUN. The
 * parent's thread then lets the child run, and goes on itself: a child that takes a higher priority does not keep it
 * from returning.
 *
 * A vfork child uses its parent's memory, and its shadow the parent's mirror, until it calls exec or ends; the
 * parent's thread waits for that. If the parent goes first, the child is ended.
 */
#ifndef RTOS_FORK_H
#define RTOS_FORK_H

#include "process.h"

struct fork_request {
	u64 flags;		/* CLONE_VM and CLONE_VFORK together or not at all, *_SETTID, SETTLS... */
	u64 parent_tid, child_tid, tls;
};

/* The child starts with *regs. Its pid or -errno. */
s64 process_fork(const struct regs *regs, const struct fork_request *r);

/* --- called by the worker: for an entry that is a fork ------------------------------------------------ */

/* Its shadow is ready. False: nobody waits for it (any more). */
bool fork_ready(unsigned int index);
/* Its shadow died before. */
void fork_lost(unsigned int index);

/* `p` no longer uses the memory of its vfork parent. */
void fork_release(struct process *p);

#endif
