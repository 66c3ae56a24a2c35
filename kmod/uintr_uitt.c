// SPDX-License-Identifier: GPL-2.0-only
/*
 * Send tables (UITT), one for an address space.
 *
 * A table is found and counted as an MMU notifier of its mm: that is what tells us, exactly and
 * once, that the last user of the mm has gone. The table itself is kernel memory that user mode
 * cannot reach; each thread that sends has it in IA32_UINTR_TT while it runs.
 *
 * References: one of the mm, dropped in the release callback, and one of each thread that loads the
 * table. All of them together are one reference to the MMU notifier.
 */
#include <linux/bitmap.h>
#include <linux/err.h>
#include <linux/hashtable.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/spinlock.h>

#include <crtos/uintr.h>

#include "uintr_uitt.h"
#include "uintr_upid.h"

struct crtos_uitt {
	struct mmu_notifier notifier;
	u64 id;			/* never used again, other than the address */
	struct crtos_uitt_entry *entries;
	struct hlist_node link;	/* in `tables` until its mm has gone; under tables_lock */
	refcount_t refs;
	struct mutex lock;	/* everything below */
	bool released;		/* the mm has gone */
	DECLARE_BITMAP(used, CRTOS_UITT_ENTRIES);
	struct crtos_upid_slot *target[CRTOS_UITT_ENTRIES];
};

static DEFINE_HASHTABLE(tables, 8);
static DEFINE_RAW_SPINLOCK(tables_lock);
static atomic_t uitts = ATOMIC_INIT(0);
static atomic64_t last_id = ATOMIC64_INIT(0);

unsigned int crtos_uitts_used(void)
{
	return atomic_read(&uitts);
}

u64 crtos_uitt_address(const struct crtos_uitt *uitt)
{
	return (unsigned long)uitt->entries;
}

u64 crtos_uitt_id(const struct crtos_uitt *uitt)
{
	return uitt->id;
}

static struct mmu_notifier *uitt_alloc(struct mm_struct *mm)
{
	struct crtos_uitt *uitt;

	BUILD_BUG_ON(CRTOS_UITT_ENTRIES * sizeof(struct crtos_uitt_entry) != PAGE_SIZE);
	if (!try_module_get(THIS_MODULE))
		return ERR_PTR(-ENODEV);
	uitt = kzalloc(sizeof(*uitt), GFP_KERNEL);
	if (!uitt)
		goto no_uitt;
	uitt->entries = (void *)get_zeroed_page(GFP_KERNEL);
	if (!uitt->entries)
		goto no_entries;
	mutex_init(&uitt->lock);
	refcount_set(&uitt->refs, 1);	/* the mm's */
	uitt->id = atomic64_inc_return(&last_id);
	atomic_inc(&uitts);
	return &uitt->notifier;

no_entries:
	kfree(uitt);
no_uitt:
	module_put(THIS_MODULE);
	return ERR_PTR(-ENOMEM);
}

/* The last user of the mm has gone: no instruction of it can read the table any more. */
static void uitt_release(struct mmu_notifier *notifier, struct mm_struct *mm)
{
	struct crtos_uitt *uitt = container_of(notifier, struct crtos_uitt, notifier);
	unsigned int index;
	unsigned long flags;

	raw_spin_lock_irqsave(&tables_lock, flags);
	hlist_del_init(&uitt->link);
	raw_spin_unlock_irqrestore(&tables_lock, flags);

	mutex_lock(&uitt->lock);
	for_each_set_bit(index, uitt->used, CRTOS_UITT_ENTRIES) {
		uitt->entries[index].target = 0;
		crtos_upid_put(uitt->target[index]);
	}
	bitmap_zero(uitt->used, CRTOS_UITT_ENTRIES);
	uitt->released = true;
	mutex_unlock(&uitt->lock);

	atomic_dec(&uitts);
	crtos_uitt_put(uitt);
}

static void uitt_free(struct mmu_notifier *notifier)
{
	struct crtos_uitt *uitt = container_of(notifier, struct crtos_uitt, notifier);

	if (!uitt->released)
		atomic_dec(&uitts);
	free_page((unsigned long)uitt->entries);
	kfree(uitt);
	module_put(THIS_MODULE);
}

static const struct mmu_notifier_ops uitt_notifier_ops = {
	.alloc_notifier = uitt_alloc,
	.release = uitt_release,
	.free_notifier = uitt_free,
};

static struct hlist_head *table_list(const struct mm_struct *mm)
{
	return &tables[hash_ptr(mm, HASH_BITS(tables))];
}

/* Any context of a thread with an mm. Return: the table of its process with a reference, or NULL. */
struct crtos_uitt *crtos_uitt_find_current(void)
{
	struct crtos_uitt *uitt, *found = NULL;
	struct hlist_head *list = table_list(current->mm);
	unsigned long flags;

	raw_spin_lock_irqsave(&tables_lock, flags);
	hlist_for_each_entry(uitt, list, link) {
		if (uitt->notifier.mm != current->mm)
			continue;
		refcount_inc(&uitt->refs);
		found = uitt;
		break;
	}
	raw_spin_unlock_irqrestore(&tables_lock, flags);
	return found;
}

/**
 * crtos_uitt_get_current() - the table of the calling process, made if it has none
 *
 * May sleep; takes mmap_lock. Return: the table with a reference, or an ERR_PTR; -ERESTARTNOINTR
 * when a signal is pending (the kernel does not attach notifiers then).
 */
struct crtos_uitt *crtos_uitt_get_current(void)
{
	struct crtos_uitt *uitt = crtos_uitt_find_current();
	struct mmu_notifier *notifier;
	unsigned long flags;
	bool mine;

	if (uitt)
		return uitt;
	notifier = mmu_notifier_get(&uitt_notifier_ops, current->mm);
	if (IS_ERR(notifier))
		return PTR_ERR(notifier) == -EINTR ? ERR_PTR(-ERESTARTNOINTR) : ERR_CAST(notifier);
	uitt = container_of(notifier, struct crtos_uitt, notifier);

	/* Another thread may have been here first. */
	raw_spin_lock_irqsave(&tables_lock, flags);
	mine = hlist_unhashed(&uitt->link);
	if (mine)
		hlist_add_head(&uitt->link, table_list(current->mm));
	refcount_inc(&uitt->refs);
	raw_spin_unlock_irqrestore(&tables_lock, flags);
	if (!mine)
		mmu_notifier_put(notifier);
	return uitt;
}

/* Any context. */
void crtos_uitt_put(struct crtos_uitt *uitt)
{
	if (refcount_dec_and_test(&uitt->refs))
		mmu_notifier_put(&uitt->notifier);
}

/**
 * crtos_uitt_add() - the lowest free entry for a UPID and a user vector
 * @uitt: table of the caller's process
 * @slot: UPID
 * @vector: user vector, below 64
 *
 * Takes a reference to @slot. May sleep. Return: the index or -ENOSPC.
 */
int crtos_uitt_add(struct crtos_uitt *uitt, struct crtos_upid_slot *slot, unsigned int vector)
{
	struct crtos_uitt_entry *entry;
	unsigned int index;

	mutex_lock(&uitt->lock);
	index = find_first_zero_bit(uitt->used, CRTOS_UITT_ENTRIES);
	if (index < CRTOS_UITT_ENTRIES) {
		__set_bit(index, uitt->used);
		uitt->target[index] = crtos_upid_get(slot);
		entry = &uitt->entries[index];
		WRITE_ONCE(entry->upid, (unsigned long)slot->upid);
		/* SENDUIPI of another thread may read the entry at any time: valid comes last. */
		smp_store_release(&entry->target,
				  CRTOS_UITT_VALID | (u64)vector << CRTOS_UITT_UV_SHIFT);
	}
	mutex_unlock(&uitt->lock);
	return index < CRTOS_UITT_ENTRIES ? index : -ENOSPC;
}

/* May sleep. Return: 0, or -EINVAL for an index that is not in use. */
int crtos_uitt_remove(struct crtos_uitt *uitt, unsigned int index)
{
	struct crtos_upid_slot *slot;

	if (index >= CRTOS_UITT_ENTRIES)
		return -EINVAL;

	mutex_lock(&uitt->lock);
	if (!test_bit(index, uitt->used)) {
		mutex_unlock(&uitt->lock);
		return -EINVAL;
	}
	WRITE_ONCE(uitt->entries[index].target, 0);
	slot = uitt->target[index];
	/*
	 * A SENDUIPI that has read the entry may still be about to post. It is one instruction:
	 * once every CPU has taken an interrupt it is over, and the UPID may get another owner.
	 */
	kick_all_cpus_sync();
	__clear_bit(index, uitt->used);
	mutex_unlock(&uitt->lock);

	crtos_upid_put(slot);
	return 0;
}

/*
 * Remove every entry for @slot from the calling process's table if that is table @id; else there is
 * nothing to do: the other table goes with its mm. May sleep.
 */
void crtos_uitt_forget(u64 id, const struct crtos_upid_slot *slot)
{
	DECLARE_BITMAP(gone, CRTOS_UITT_ENTRIES) = {};
	struct crtos_uitt *uitt;
	unsigned int index;

	if (!id || !current->mm)
		return;
	uitt = crtos_uitt_find_current();
	if (!uitt)
		return;
	mutex_lock(&uitt->lock);
	if (uitt->id == id) {
		for_each_set_bit(index, uitt->used, CRTOS_UITT_ENTRIES) {
			if (uitt->target[index] != slot)
				continue;
			WRITE_ONCE(uitt->entries[index].target, 0);
			__set_bit(index, gone);
		}
	}
	if (!bitmap_empty(gone, CRTOS_UITT_ENTRIES))
		kick_all_cpus_sync();	/* as in crtos_uitt_remove() */
	for_each_set_bit(index, gone, CRTOS_UITT_ENTRIES) {
		__clear_bit(index, uitt->used);
		crtos_upid_put(uitt->target[index]);
	}
	mutex_unlock(&uitt->lock);
	crtos_uitt_put(uitt);
}

/* No table is left (each holds the module); wait for the last one's callback to return. */
void crtos_uitt_exit(void)
{
	mmu_notifier_synchronize();
}
