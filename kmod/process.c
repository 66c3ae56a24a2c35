// SPDX-License-Identifier: GPL-2.0-only
/* A real-time process on the Linux side: made by its shadow, started, closed with its session. */
#include <linux/capability.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "compat.h"
#include "features.h"
#include "mailbox.h"
#include "partition.h"
#include "pinned.h"
#include "process.h"
#include "uintr_cpu.h"
#include "uintr_thread.h"
#include "uintr_uitt.h"
#include "uintr_upid.h"
#include "uintr_wait.h"

#define RT_SPIN_MAX	1000000
#define KILL_AFTER	(2 * HZ)	/* a shadow that does not end by itself */

static void process_free(struct work_struct *work)
{
	struct crtos_process *process = container_of(work, struct crtos_process, free_work);

	crtos_lent_destroy(&process->lent);
	crtos_mirror_destroy(&process->mirror);
	free_pages_exact(process->scf, CRTOS_SCF_SIZE);
	put_pid(process->tgid);
	kfree(process);
}

static void process_orphan(struct work_struct *work);

/* The last reference may go in a tracepoint. */
static void process_release(struct kref *ref)
{
	struct crtos_process *process = container_of(ref, struct crtos_process, ref);

	queue_work(crtos_workqueue, &process->free_work);
}

void crtos_process_get(struct crtos_process *process)
{
	kref_get(&process->ref);
}

/* Any context. */
void crtos_process_put(struct crtos_process *process)
{
	kref_put(&process->ref, process_release);
}

/* A shadow can answer its program's sched_setscheduler() as it likes: Linux's limit, for the RTOS. */
static u32 priority_max(const struct crtos_proc_create *create)
{
	if (ns_capable_noaudit(&init_user_ns, CAP_SYS_NICE))
		return 99;
	return max_t(unsigned long, create->priority, min(rlimit(RLIMIT_RTPRIO), 99ul));
}

static long create_check(const struct crtos_proc_create *create)
{
	bool real_time = create->policy == SCHED_FIFO || create->policy == SCHED_RR;

	if (create->flags || create->reserved[0] || create->reserved[1])
		return -EINVAL;
	if (!real_time && create->policy != SCHED_NORMAL)
		return -EINVAL;
	if (real_time ? create->priority < 1 || create->priority > 99 : create->priority)
		return -EINVAL;
	if (create->notifier > CRTOS_NOTIFIER_POLL || create->rt_spin > RT_SPIN_MAX)
		return -EINVAL;
	if (create->notifier == CRTOS_NOTIFIER_UIPI && !crtos_features_uintr())
		return -EOPNOTSUPP;
	if (real_time && create->priority > rlimit(RLIMIT_RTPRIO) && !capable(CAP_SYS_NICE))
		return -EPERM;
	return 0;
}

/* The tgid is that of current. */
static struct crtos_process *process_alloc(const struct crtos_proc_create *create)
{
	struct crtos_process *process = kzalloc(sizeof(*process), GFP_KERNEL);
	int i, ret = -ENOMEM;

	if (!process)
		return ERR_PTR(-ENOMEM);
	kref_init(&process->ref);
	INIT_WORK(&process->free_work, process_free);
	INIT_WORK(&process->orphan_work, process_orphan);
	mutex_init(&process->lock);
	raw_spin_lock_init(&process->thread_lock);
	process->policy = create->policy;
	process->priority = create->priority;
	process->notifier = create->notifier;
	process->rt_spin = create->rt_spin;
	for (i = 0; i < CRTOS_SCF_SLOTS; i++)
		process->reverse_index[i] = -1;

	process->scf = alloc_pages_exact(CRTOS_SCF_SIZE, GFP_KERNEL | __GFP_ZERO);
	if (!process->scf)
		goto no_scf;
	ret = crtos_mirror_init(&process->mirror);
	if (ret)
		goto no_mirror;
	ret = -ENOSPC;
	process->reverse = crtos_upid_alloc();
	if (!process->reverse)
		goto no_reverse;
	crtos_lent_init(&process->lent);
	process->tgid = get_task_pid(current, PIDTYPE_TGID);
	return process;

no_reverse:
	crtos_mirror_destroy(&process->mirror);
no_mirror:
	free_pages_exact(process->scf, CRTOS_SCF_SIZE);
no_scf:
	kfree(process);
	return ERR_PTR(ret);
}

/* Under the mailbox lock, with a place in the table. The RTOS looks when `state` says so. */
static void process_fill(struct crtos_process *process, const struct crtos_proc_create *create)
{
	struct crtos_proc_linux *linux_side = &process->entry->linux_side;
	struct crtos_scf_header *scf = process->scf;
	int i;

	scf->magic = CRTOS_SCF_MAGIC;
	scf->version = CRTOS_SCF_VERSION;
	scf->size = CRTOS_SCF_SIZE;
	scf->slots = CRTOS_SCF_SLOTS;
	scf->notifier = create->notifier;
	scf->rt_spin = create->rt_spin;
	scf->process = process->index;

	linux_side->pid = task_tgid_nr(current);
	linux_side->tgid = task_tgid_vnr(current);
	linux_side->tid = 0;
	linux_side->scf_phys = virt_to_phys(scf);
	linux_side->reverse_upid = process->reverse->index;
	linux_side->policy = create->policy;
	linux_side->priority = create->priority;
	linux_side->notifier = create->notifier;
	linux_side->rt_spin = create->rt_spin;
	linux_side->priority_max = priority_max(create);
	linux_side->fork_parent = 0;
	process->entry->signals.head = process->entry->rt.signal_tail;
	process->entry->signals.stopped = 0;
	process->entry->signals.watched = 0;
	linux_side->zap_done = process->entry->rt.zap_seq;
	process->lent.seq = process->entry->rt.lend_seq;
	for (i = 0; i < CRTOS_SCF_SLOTS; i++)
		linux_side->forward_upid[i] = CRTOS_UPID_NONE;

	crtos_upid_aim(process->reverse->upid, crtos_mailbox.apic_id, crtos_partition_x2apic(),
		       CRTOS_VECTOR_REVERSE + process->index);
}

/* CRTOS_IOC_PROC_CREATE for a session that has no process. May sleep. */
int crtos_process_create(struct crtos_proc_create *create, struct crtos_process **created)
{
	struct crtos_process *process;
	int ret = create_check(create);

	if (ret)
		return ret;
	process = process_alloc(create);
	if (IS_ERR(process))
		return PTR_ERR(process);

	mutex_lock(&crtos_mailbox.lock);
	ret = crtos_table_add(process);
	if (!ret)
		process_fill(process, create);
	mutex_unlock(&crtos_mailbox.lock);

	if (ret) {
		crtos_upid_put(process->reverse);
		crtos_process_put(process);
		return ret;
	}
	create->index = process->index;
	*created = process;
	return 0;
}

/*
 * CRTOS_IOC_PROC_FORK by a shadow thread: a process like its own. What can be had too little of is taken
 * here, so that the parent hears of it. May sleep.
 */
int crtos_process_fork(struct crtos_thread *thread, u32 token, struct crtos_process **forked)
{
	struct crtos_process *parent = thread->process, *process;
	struct crtos_proc_linux *linux_side;
	struct crtos_proc_create create = {
		.policy = parent->policy,
		.priority = parent->priority,
		.notifier = parent->notifier,
		.rt_spin = parent->rt_spin,
	};
	int ret = -ESHUTDOWN;

	process = process_alloc(&create);
	if (IS_ERR(process))
		return PTR_ERR(process);
	if (process->notifier == CRTOS_NOTIFIER_UIPI) {
		process->forward[0] = crtos_upid_alloc();
		if (!process->forward[0]) {
			ret = -ENOSPC;
			goto free;
		}
	}
	mutex_lock(&crtos_mailbox.lock);
	if (parent->entry && !READ_ONCE(parent->over))
		ret = crtos_table_add(process);
	if (!ret) {
		process_fill(process, &create);
		linux_side = &process->entry->linux_side;
		linux_side->priority_max = parent->entry->linux_side.priority_max;
		linux_side->fork_parent = parent->index + 1;
		linux_side->fork_slot = thread->slot;
		linux_side->fork_token = token;
		process->adoptable = process->announced = true;
		/* Publishes the above; pairs with the RTOS's load-acquire of `state`. */
		smp_store_release(&linux_side->state, CRTOS_PROC_FORK);
	}
	mutex_unlock(&crtos_mailbox.lock);
	if (!ret) {
		*forked = process;
		return 0;
	}
	if (process->forward[0])
		crtos_upid_put(process->forward[0]);
free:
	crtos_upid_put(process->reverse);
	crtos_process_put(process);
	return ret;
}

/* The first to attach to a fork becomes its shadow. May sleep. */
void crtos_process_adopt(struct crtos_process *process)
{
	struct pid *old = NULL;

	mutex_lock(&crtos_mailbox.lock);
	mutex_lock(&process->lock);
	if (process->adoptable && process->entry) {
		process->adoptable = false;
		old = process->tgid;
		process->tgid = get_task_pid(current, PIDTYPE_TGID);
		process->entry->linux_side.pid = task_tgid_nr(current);
		process->entry->linux_side.tgid = task_tgid_vnr(current);
	}
	mutex_unlock(&process->lock);
	mutex_unlock(&crtos_mailbox.lock);
	put_pid(old);
}

/* CRTOS_IOC_PROC_START. May sleep. */
int crtos_process_start(struct crtos_process *process)
{
	int ret = 0;

	mutex_lock(&crtos_mailbox.lock);
	mutex_lock(&process->lock);
	if (process->started)
		ret = -EBUSY;
	else if (!READ_ONCE(process->thread[0]) || process->adoptable)
		ret = -EINVAL;
	else if (!process->entry || process->over || !crtos_mailbox.running)
		ret = -EIO;
	if (!ret) {
		process->started = process->announced = true;
		/* Publishes the whole Linux part; pairs with the RTOS's load-acquire of `state`. */
		smp_store_release(&process->entry->linux_side.state, CRTOS_PROC_RUN);
		crtos_mailbox_ring();
	}
	mutex_unlock(&process->lock);
	mutex_unlock(&crtos_mailbox.lock);
	/* Signals may have come before. */
	if (!ret)
		crtos_mailbox_look();
	return ret;
}

/* Nobody waits for this process any more. Under its lock. */
static void process_set_over(struct crtos_process *process)
{
	unsigned long flags;
	int i;

	WRITE_ONCE(process->over, true);
	raw_spin_lock_irqsave(&process->thread_lock, flags);
	for (i = 0; i < CRTOS_SCF_SLOTS; i++) {
		if (process->thread[i])
			crtos_wait_poke(process->thread[i]);
	}
	raw_spin_unlock_irqrestore(&process->thread_lock, flags);
}

/*
 * The RTOS's part has ended or is lost: tell the shadow, which has KILL_AFTER to close its session.
 * Under the mailbox lock.
 */
void crtos_process_end(struct crtos_process *process, enum crtos_scf_state state)
{
	mutex_lock(&process->lock);
	if (!process->over) {
		/* Before the poke and the signal, which make the shadow look. */
		smp_store_release(&process->scf->state, state);
		process->kill_at = jiffies + KILL_AFTER;
		process_set_over(process);
		kill_pid(process->tgid, CRTOS_SIGNAL, 1);
	}
	mutex_unlock(&process->lock);
}

/*
 * The shadow has gone: end the process on the RTOS. What it was given is taken back when the RTOS
 * has answered. May sleep.
 */
static void process_finish(struct crtos_process *process)
{
	bool retire = false;

	mutex_lock(&crtos_mailbox.lock);
	mutex_lock(&process->lock);
	if (!process->closed) {
		process->closed = true;
		process_set_over(process);
		crtos_mirror_close(&process->mirror);
		retire = process->entry && !process->announced;
	}
	if (process->entry && process->announced) {
		/* After the marks in `pinned`: the RTOS frees what is not marked. */
		smp_store_release(&process->entry->linux_side.state, CRTOS_PROC_KILL);
		crtos_mailbox_ring();
	}
	mutex_unlock(&process->lock);
	if (retire)
		crtos_table_retire(process);
	mutex_unlock(&crtos_mailbox.lock);

	wake_up_all(&crtos_mailbox.idle);
	if (crtos_pinned_count())
		crtos_mailbox_look();
}

static void process_orphan(struct work_struct *work)
{
	struct crtos_process *process = container_of(work, struct crtos_process, orphan_work);

	process_finish(process);
	crtos_process_put(process);
}

/*
 * The last shadow thread has exited. A child that it forked may hold the session, but nobody serves
 * the process any more. Any context.
 */
void crtos_process_orphaned(struct crtos_process *process)
{
	crtos_process_get(process);
	if (!queue_work(crtos_workqueue, &process->orphan_work))
		crtos_process_put(process);
}

/* The last reference to the session has gone, and with it every mapping. May sleep. */
void crtos_process_close(struct crtos_process *process)
{
	process_finish(process);
	/* A process that lives on would keep the reverse UPID; one thread attached may still post to it. */
	if (!memchr_inv(process->thread, 0, sizeof(process->thread)))
		crtos_uitt_forget(process->reverse_table, process->reverse_target);
	crtos_process_put(process);
}

/* The pages carry references of their own, so nothing is left to do when the mapping goes. */
int crtos_process_mmap_scf(struct crtos_process *process, struct vm_area_struct *vma)
{
	struct page *page = virt_to_page(process->scf);
	unsigned long address;
	int ret;

	if (vma->vm_end - vma->vm_start != CRTOS_SCF_SIZE || !(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	crtos_vm_flags_set(vma, VM_MIXEDMAP | VM_DONTEXPAND | VM_DONTDUMP | VM_DONTCOPY);
	for (address = vma->vm_start; address < vma->vm_end; address += PAGE_SIZE) {
		ret = vm_insert_page(vma, address, page++);
		if (ret)
			return ret;
	}
	return 0;
}
