/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _CRTOS_PROCESS_H
#define _CRTOS_PROCESS_H

#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include <crtos/boot.h>
#include <crtos/scf.h>
#include <crtos/uapi.h>

#include "lent.h"
#include "mirror.h"

struct crtos_thread;
struct crtos_upid_slot;

/*
 * A real-time process as Linux sees it. References: its session, its place in the partition's table
 * (as long as the RTOS may use what it was given), and each attached thread.
 *
 * Lock order: mailbox lock, process lock, thread_lock.
 */
struct crtos_process {
	struct kref ref;
	struct work_struct free_work;
	struct work_struct orphan_work;
	unsigned int index;
	u32 policy;
	u32 priority;
	enum crtos_notifier notifier;
	u32 rt_spin;
	struct pid *tgid;		/* of the shadow; changes under both locks below */
	struct crtos_scf_header *scf;
	struct crtos_mirror mirror;
	struct crtos_lent lent;
	atomic64_t wakes;

	struct mutex lock;		/* what follows */
	struct crtos_upid_slot *reverse;
	struct crtos_upid_slot *forward[CRTOS_SCF_SLOTS];	/* stay with the slot */
	u64 reverse_table;		/* crtos_uitt_id() of the table of reverse_index; 0: none */
	const struct crtos_upid_slot *reverse_target;	/* in that table; only compared */
	int reverse_index[CRTOS_SCF_SLOTS];	/* -1: none yet */
	bool announced;			/* the RTOS knows the entry, and gives it back */
	bool started;
	bool adoptable;			/* a fork: tgid is still the parent's */
	bool closed;			/* the session or the last shadow thread has gone */
	bool over;			/* the shadow was told to end; read without the lock */
	unsigned long kill_at;		/* jiffies; with `over` */

	raw_spinlock_t thread_lock;	/* thread[]; entry changes under both locks */
	struct crtos_thread *thread[CRTOS_SCF_SLOTS];
	struct crtos_proc *entry;	/* NULL: the partition or the RTOS's part has gone */
	u32 rt_seen;			/* rt.state as last handled; under the mailbox lock */
};

int crtos_process_create(struct crtos_proc_create *create, struct crtos_process **created);
int crtos_process_fork(struct crtos_thread *thread, u32 token, struct crtos_process **forked);
void crtos_process_adopt(struct crtos_process *process);
int crtos_process_start(struct crtos_process *process);
void crtos_process_close(struct crtos_process *process);
void crtos_process_orphaned(struct crtos_process *process);
int crtos_process_mmap_scf(struct crtos_process *process, struct vm_area_struct *vma);

int crtos_shadow_attach(struct crtos_process *process, struct crtos_thread_attach *attach);
void crtos_shadow_detach(struct crtos_thread *thread, bool ended);
void crtos_shadow_kick(struct crtos_thread *thread);
void crtos_shadow_count_wake(struct crtos_thread *thread);

/* For the mailbox and the partition; table.c. */
bool crtos_table_interrupt(void);
bool crtos_table_advance(void);
unsigned long crtos_table_signals(void);
void crtos_table_lost(bool kill);
void crtos_table_mute(void);
void crtos_table_abandon(void);
unsigned int crtos_table_count(void);
bool crtos_table_busy(bool open_only);
unsigned int crtos_table_alive(char *names, size_t size);
int crtos_table_status(struct crtos_proc_status *status);
u64 crtos_table_wakes(void);
void crtos_table_reset(void);

/* Between process.c and table.c, under the mailbox lock. */
int crtos_table_add(struct crtos_process *process);
void crtos_table_retire(struct crtos_process *process);
void crtos_process_end(struct crtos_process *process, enum crtos_scf_state state);
void crtos_process_get(struct crtos_process *process);
void crtos_process_put(struct crtos_process *process);

#endif
