// SPDX-License-Identifier: GPL-2.0-only
/* Shadow threads: slot i of a process belongs to one Linux thread at a time. */
#include <linux/err.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include <asm/processor.h>

#include "crtos_trace.h"
#include "mailbox.h"
#include "process.h"
#include "uintr_thread.h"
#include "uintr_uitt.h"
#include "uintr_upid.h"
#include "uintr_wait.h"
#include "vector.h"

static int attach_check(const struct crtos_process *process,
			const struct crtos_thread_attach *attach)
{
	bool handler = process->notifier == CRTOS_NOTIFIER_UIPI;

	if (attach->slot >= CRTOS_SCF_SLOTS || attach->reserved)
		return -EINVAL;
	if (handler ? !attach->handler || attach->handler >= TASK_SIZE_MAX : attach->handler)
		return -EINVAL;
	if (task_tgid(current) != process->tgid)
		return -EPERM;
	return 0;
}

/* `uipi`: a UPID for the slot and an entry that posts it. Under the process lock. */
static int attach_uintr(struct crtos_process *process, struct crtos_thread *thread,
			struct crtos_thread_attach *attach)
{
	unsigned int slot = attach->slot;
	int index, i;

	if (thread->upid)
		return -EBUSY;
	if (!process->forward[slot])
		process->forward[slot] = crtos_upid_alloc();
	if (!process->forward[slot])
		return -ENOSPC;

	/* Another table than last time: the shadow called exec and kept the session. */
	if (process->reverse_table != crtos_uitt_id(thread->uitt)) {
		process->reverse_table = crtos_uitt_id(thread->uitt);
		process->reverse_target = process->reverse;
		for (i = 0; i < CRTOS_SCF_SLOTS; i++)
			process->reverse_index[i] = -1;
	}
	index = process->reverse_index[slot];
	if (index < 0)
		index = crtos_uitt_add(thread->uitt, process->reverse, slot);
	if (index < 0)
		return index;
	process->reverse_index[slot] = index;
	attach->index = index;
	crtos_thread_set_receiver(thread, process->forward[slot], attach->handler, false);
	return 0;
}

/* Under the process lock. */
static int attach_slot(struct crtos_process *process, struct crtos_thread *thread,
		       struct crtos_thread_attach *attach)
{
	struct crtos_proc_linux *linux_side;
	unsigned int slot = attach->slot;
	unsigned long flags;
	int ret = 0;

	if (!process->entry || process->closed)
		return -ENOENT;
	if (READ_ONCE(process->thread[slot]))
		return -EBUSY;
	if (process->notifier == CRTOS_NOTIFIER_UIPI)
		ret = attach_uintr(process, thread, attach);
	if (ret)
		return ret;

	crtos_process_get(process);
	thread->slot = slot;
	thread->request = false;
	linux_side = &process->entry->linux_side;
	if (!slot)
		linux_side->tid = task_pid_vnr(current);
	raw_spin_lock_irqsave(&process->thread_lock, flags);
	thread->process = process;
	process->thread[slot] = thread;
	if (thread->upid)
		/* The UPID aims at this thread before the RTOS learns of it. */
		smp_store_release(&linux_side->forward_upid[slot], (u16)thread->upid->index);
	raw_spin_unlock_irqrestore(&process->thread_lock, flags);
	return 0;
}

/* CRTOS_IOC_THREAD_ATTACH. May sleep. */
int crtos_shadow_attach(struct crtos_process *process, struct crtos_thread_attach *attach)
{
	struct crtos_thread *thread;
	struct crtos_uitt *uitt;
	int ret;

	if (READ_ONCE(process->adoptable))
		crtos_process_adopt(process);
	ret = attach_check(process, attach);
	if (ret)
		return ret;
	thread = crtos_thread_get_current();
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	if (thread->process)
		return -EBUSY;
	/* Takes mmap_lock, so not under the process lock. */
	if (process->notifier == CRTOS_NOTIFIER_UIPI && !thread->uitt) {
		uitt = crtos_uitt_get_current();
		if (IS_ERR(uitt)) {
			crtos_thread_trim(thread);
			return PTR_ERR(uitt);
		}
		crtos_thread_set_uitt(thread, uitt);
	}
	mutex_lock(&process->lock);
	ret = attach_slot(process, thread, attach);
	mutex_unlock(&process->lock);
	if (ret)
		crtos_thread_trim(thread);
	else if (!sigisemptyset(&current->pending.signal))
		crtos_mailbox_look();	/* sent before anybody knew what it is */
	return ret;
}

/*
 * The slot of @thread (current) becomes free; its UPID stays with it, for the RTOS may be about to
 * post. @ended: by exec or exit, thus in a tracepoint. Does not sleep.
 */
void crtos_shadow_detach(struct crtos_thread *thread, bool ended)
{
	struct crtos_process *process = thread->process;
	unsigned long flags;
	bool last;

	if (!process)
		return;
	/* Before the slot is free: its next thread aims the same UPID at itself. */
	if (process->notifier == CRTOS_NOTIFIER_UIPI)
		crtos_thread_drop_receiver(thread);
	raw_spin_lock_irqsave(&process->thread_lock, flags);
	process->thread[thread->slot] = NULL;
	thread->process = NULL;
	if (process->entry)
		/* The UPID stays allocated: who has read the old index posts to it, silently. */
		smp_store_release(&process->entry->linux_side.forward_upid[thread->slot],
				  (u16)CRTOS_UPID_NONE);
	last = !memchr_inv(process->thread, 0, sizeof(process->thread));
	raw_spin_unlock_irqrestore(&process->thread_lock, flags);
	if (ended && last)
		crtos_process_orphaned(process);
	crtos_process_put(process);
}

/* SENDUIPI in software. Interrupts off, so that crtos_mailbox_quiesce() can wait for it. */
static void upid_send(struct crtos_upid *upid, unsigned int vector)
{
	u64 *control = (u64 *)&upid->control;
	u64 old;

	set_bit(vector, (unsigned long *)&upid->pir);
	old = READ_ONCE(*control);
	do {
		if (old & (CRTOS_UPID_ON | CRTOS_UPID_SN))
			return;
	} while (!try_cmpxchg64(control, &old, old | CRTOS_UPID_ON));
	trace_crtos_notify(crtos_mailbox.apic_id, (u8)(old >> CRTOS_UPID_NV_SHIFT));
	crtos_vector_send(crtos_mailbox.apic_id, old >> CRTOS_UPID_NV_SHIFT & 0xff);
}

/* CRTOS_IOC_KICK by an attached thread. The reverse UPID is muted before the core is halted. */
void crtos_shadow_kick(struct crtos_thread *thread)
{
	struct crtos_process *process = thread->process;
	const struct crtos_scf_response *response;
	unsigned long flags;

	response = &crtos_scf_slot(process->scf, thread->slot)->response;
	trace_crtos_complete(process->index, thread->slot, response->seq, response->ret);
	raw_spin_lock_irqsave(&process->thread_lock, flags);
	if (process->entry)
		upid_send(process->reverse->upid, thread->slot);
	raw_spin_unlock_irqrestore(&process->thread_lock, flags);
}
