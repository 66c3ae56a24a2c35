// SPDX-License-Identifier: GPL-2.0-only
/*
 * The reserved pages that hold every UPID of the machine, and their allocator.
 *
 * The pages are contiguous, ordinary write-back memory; the RTOS maps them at their physical
 * address. On Linux a UPID is named by its address in the kernel's direct map, which all address
 * spaces share as long as page-table isolation is off.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitmap.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include <crtos/boot.h>

#include "uintr_upid.h"

#define UPID_PAGES_MAX	256	/* an index fits 16 bits, with CRTOS_UPID_NONE to spare */

static unsigned int upid_pages = 1;
module_param(upid_pages, uint, 0444);
MODULE_PARM_DESC(upid_pages, "pages of 64 user posted-interrupt descriptors (1 to 256)");

static struct crtos_upid *upids;
static struct crtos_upid_slot *slots;
static unsigned long *used;
static unsigned int used_count;
static DEFINE_SPINLOCK(upid_lock);	/* used, used_count; receiver and exported of every slot */

unsigned int crtos_upid_total(void)
{
	return upid_pages * CRTOS_UPIDS_PER_PAGE;
}

unsigned int crtos_upid_used(void)
{
	return READ_ONCE(used_count);
}

u64 crtos_upid_phys(void)
{
	return virt_to_phys(upids);
}

/* One user leaves a quarter to the others. Under upid_lock. */
static bool within_share(kuid_t owner)
{
	unsigned int index, count = 0;

	for_each_set_bit(index, used, crtos_upid_total())
		count += uid_eq(slots[index].owner, owner);
	return count < crtos_upid_total() - crtos_upid_total() / 4;
}

/**
 * crtos_upid_alloc() - a UPID that is muted and empty, for the caller's user
 *
 * Process context. Return: the slot with one reference, or NULL when all are in use, or as many as
 * a user without CAP_SYS_RESOURCE may have.
 */
struct crtos_upid_slot *crtos_upid_alloc(void)
{
	bool unlimited = ns_capable_noaudit(&init_user_ns, CAP_SYS_RESOURCE);
	struct crtos_upid_slot *slot = NULL;
	unsigned long flags;
	unsigned int index;

	spin_lock_irqsave(&upid_lock, flags);
	index = find_first_zero_bit(used, crtos_upid_total());
	if (index < crtos_upid_total() && (unlimited || within_share(current_uid()))) {
		__set_bit(index, used);
		used_count++;
		slot = &slots[index];
		slot->receiver = NULL;
		slot->owner = current_uid();
		slot->exported = false;
		refcount_set(&slot->refs, 1);
		WRITE_ONCE(slot->upid->control, CRTOS_UPID_SN);
		WRITE_ONCE(slot->upid->pir, 0);
	}
	spin_unlock_irqrestore(&upid_lock, flags);
	return slot;
}

struct crtos_upid_slot *crtos_upid_get(struct crtos_upid_slot *slot)
{
	refcount_inc(&slot->refs);
	return slot;
}

/* Any context but NMI. The last reference makes the UPID free. */
void crtos_upid_put(struct crtos_upid_slot *slot)
{
	unsigned long flags;

	spin_lock_irqsave(&upid_lock, flags);
	if (refcount_dec_and_test(&slot->refs)) {
		__clear_bit(slot->index, used);
		used_count--;
	}
	spin_unlock_irqrestore(&upid_lock, flags);
}

/* Name the receiving thread (current), or tell that it has gone (NULL). */
void crtos_upid_set_receiver(struct crtos_upid_slot *slot, struct task_struct *receiver)
{
	unsigned long flags;

	spin_lock_irqsave(&upid_lock, flags);
	slot->receiver = receiver;
	slot->exported = false;
	spin_unlock_irqrestore(&upid_lock, flags);
}

/*
 * A thread that has been joined may not have reached the exit probe yet, so PF_EXITING counts. The
 * receiver clears the pointer in its exit probe, under the lock: the task is there.
 */
bool crtos_upid_alive(struct crtos_upid_slot *slot)
{
	unsigned long flags;
	bool alive;

	spin_lock_irqsave(&upid_lock, flags);
	alive = slot->receiver && !(READ_ONCE(slot->receiver->flags) & PF_EXITING);
	spin_unlock_irqrestore(&upid_lock, flags);
	return alive;
}

/* Let raw senders name this UPID. Return: its physical address. */
u64 crtos_upid_export(struct crtos_upid_slot *slot)
{
	unsigned long flags;

	spin_lock_irqsave(&upid_lock, flags);
	slot->exported = true;
	spin_unlock_irqrestore(&upid_lock, flags);
	return virt_to_phys(slot->upid);
}

/* Return: the exported UPID at that physical address with a reference, or NULL. */
struct crtos_upid_slot *crtos_upid_get_exported(u64 phys)
{
	u64 offset = phys - crtos_upid_phys();
	struct crtos_upid_slot *slot;
	unsigned long flags;

	if (offset % sizeof(struct crtos_upid) ||
	    offset / sizeof(struct crtos_upid) >= crtos_upid_total())
		return NULL;
	slot = &slots[offset / sizeof(struct crtos_upid)];

	spin_lock_irqsave(&upid_lock, flags);
	if (test_bit(slot->index, used) && slot->exported && slot->receiver)
		refcount_inc(&slot->refs);
	else
		slot = NULL;
	spin_unlock_irqrestore(&upid_lock, flags);
	return slot;
}

int __init crtos_upid_init(void)
{
	unsigned int i;

	if (!upid_pages || upid_pages > UPID_PAGES_MAX) {
		pr_err("upid_pages must be 1 to %u\n", UPID_PAGES_MAX);
		return -EINVAL;
	}
	upids = alloc_pages_exact(upid_pages * PAGE_SIZE, GFP_KERNEL | __GFP_ZERO);
	slots = kcalloc(crtos_upid_total(), sizeof(*slots), GFP_KERNEL);
	used = bitmap_zalloc(crtos_upid_total(), GFP_KERNEL);
	if (!upids || !slots || !used) {
		crtos_upid_exit();
		return -ENOMEM;
	}
	for (i = 0; i < crtos_upid_total(); i++) {
		slots[i].index = i;
		slots[i].upid = &upids[i];
		slots[i].upid->control = CRTOS_UPID_SN;
	}
	return 0;
}

void crtos_upid_exit(void)
{
	WARN_ON(used_count);
	bitmap_free(used);
	kfree(slots);
	if (upids)
		free_pages_exact(upids, upid_pages * PAGE_SIZE);
}
