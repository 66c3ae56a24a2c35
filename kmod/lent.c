// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages of Linux's that a real-time program has: those of files that it maps shared. Its shadow has the
 * file mapped at the same addresses, in the place of the mirror. Here the pages are pinned, named to the
 * RTOS, and kept until the RTOS has said that they are out of its tables, or is done with the process.
 *
 * What to do comes from the RTOS, in memory that no shadow can write to, and each request is carried out
 * once. So the worst a shadow can do is to have pages of its own lent that are not the file's.
 *
 * A page that the RTOS writes to is not known to be dirty. The shadow makes it so before it gives it back,
 * by a write fault, which file systems expect; what is done here is for a shadow that was killed.
 */
#include <linux/capability.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>

#include <crtos/boot.h>

#include "lent.h"
#include "mirror.h"

#define WRITABLE	XA_MARK_0

struct request {
	u64 seq;
	enum crtos_lend what;
	unsigned long first;		/* page numbers */
	unsigned long count;
	struct crtos_lend_list *list;
};

static atomic_long_t lent_pages;
static atomic_long_t lent_cache;	/* of these: that Linux takes for page cache */

u64 crtos_lent_count(void)
{
	return atomic_long_read(&lent_pages);
}

static void count(struct page *page, long pages)
{
	atomic_long_add(pages, &lent_pages);
	/* What is shared memory, and not a file's, could be swapped. */
	if (!folio_test_swapbacked(page_folio(page)))
		atomic_long_add(pages, &lent_cache);
}

static void uncharge(struct crtos_lent *lent, struct page *page)
{
	atomic_long_dec(&lent->user->locked_vm);
	count(page, -1);
}

/* A page more. Return: false if that is more than the user may have. */
static bool charge(struct crtos_lent *lent, struct page *page)
{
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;

	count(page, 1);
	if (atomic_long_inc_return(&lent->user->locked_vm) <= limit || capable(CAP_IPC_LOCK))
		return true;
	uncharge(lent, page);
	return false;
}

/* Return: 1, 0 if there is nothing new, or -errno. Under the mirror's lock. */
static int request_read(const struct crtos_lent *lent, const struct crtos_mirror *mirror,
			struct request *r)
{
	const struct crtos_proc *entry = mirror->entry;
	u64 start, end, list;

	if (!entry)
		return -ESHUTDOWN;
	/* The RTOS stores it last. */
	r->seq = smp_load_acquire(&entry->rt.lend_seq);
	if (r->seq == lent->seq)
		return 0;
	r->what = READ_ONCE(entry->rt.lend_what);
	start = READ_ONCE(entry->rt.lend_start);
	end = READ_ONCE(entry->rt.lend_end);
	list = READ_ONCE(entry->rt.lend_list);
	if (!PAGE_ALIGNED(start | end | list) || start < CRTOS_USER_START || start >= end ||
	    end > CRTOS_USER_END || !crtos_mirror_frame_valid(mirror, list))
		return -EINVAL;
	r->first = start >> PAGE_SHIFT;
	r->count = (end - start) >> PAGE_SHIFT;
	r->list = phys_to_virt(list);
	if (r->what == CRTOS_LEND_RETURN)
		return 1;
	return (r->what == CRTOS_LEND_READ || r->what == CRTOS_LEND_WRITE) &&
			       r->count <= CRTOS_LEND_PAGES ?
		       1 :
		       -EINVAL;
}

/* Give back what is lent of [first, last]. */
static void take_back(struct crtos_lent *lent, unsigned long first, unsigned long last)
{
	unsigned long number;
	struct page *page;

	xa_for_each_range(&lent->pages, number, page, first, last) {
		bool writable = xa_get_mark(&lent->pages, number, WRITABLE);

		xa_erase(&lent->pages, number);
		uncharge(lent, page);
		unpin_user_pages_dirty_lock(&page, 1, writable);
		cond_resched();
	}
}

/*
 * Keep a page that was pinned. If another one is lent at that place, because the file changed, the RTOS
 * has that one in its tables, and keeps it. Return: 0, and *frame; else -errno, and the page is not kept.
 */
static int keep(struct crtos_lent *lent, const struct crtos_mirror *mirror, unsigned long number,
		struct page *page, bool writable, u64 *frame)
{
	struct page *old = xa_load(&lent->pages, number);
	int ret;

	if (crtos_mirror_frame_valid(mirror, page_to_phys(page)))
		return -EINVAL;
	if (old) {
		unpin_user_page(page);
		page = old;
	} else {
		if (!charge(lent, page))
			return -ENOMEM;
		ret = xa_err(xa_store(&lent->pages, number, page, GFP_KERNEL));
		if (ret) {
			uncharge(lent, page);
			return ret;
		}
	}
	if (writable)
		xa_set_mark(&lent->pages, number, WRITABLE);
	*frame = page_to_phys(page);
	return 0;
}

/*
 * Whether Linux can do without so many more pages, and keep a sixteenth of its memory. Those that are lent of its page
 * cache it believes it could have back, and would have programs killed for it.
 */
static bool memory_left(unsigned long pages)
{
	return si_mem_available() - atomic_long_read(&lent_cache) >=
	       (long)(pages + totalram_pages() / 16);
}

/* Memory of devices and the like is not lent. */
static bool can_lend(unsigned long address)
{
	struct vm_area_struct *vma;
	bool can;

	mmap_read_lock(current->mm);
	vma = vma_lookup(current->mm, address);
	can = vma && !(vma->vm_flags & (VM_IO | VM_PFNMAP | VM_HUGETLB));
	mmap_read_unlock(current->mm);
	return can;
}

/* Return: how many of the pages are there, at @pages; -errno. */
static long pin(const struct request *r, struct page **pages)
{
	unsigned int flags = FOLL_LONGTERM | (r->what == CRTOS_LEND_WRITE ? FOLL_WRITE : 0);
	long ret;

	if (!can_lend(r->first << PAGE_SHIFT))
		return -EOPNOTSUPP;
	if (!memory_left(r->count))
		return -ENOMEM;
	ret = pin_user_pages_fast(r->first << PAGE_SHIFT, r->count, flags, pages);
	/* Behind the end of the file. */
	return ret == -EFAULT ? 0 : ret;
}

static int lend(struct crtos_lent *lent, struct crtos_mirror *mirror, const struct request *r)
{
	struct page **pages = (struct page **)__get_free_page(GFP_KERNEL);
	long got, kept = 0;
	int ret = 0;

	if (!pages)
		return -ENOMEM;
	got = pin(r, pages);
	if (got < 0) {
		ret = got;
		got = 0;
	}
	mutex_lock(&mirror->lock);
	if (!mirror->entry)
		ret = -ESHUTDOWN;
	while (!ret && kept < got) {
		ret = keep(lent, mirror, r->first + kept, pages[kept], r->what == CRTOS_LEND_WRITE,
			   &r->list->frame[kept]);
		kept += !ret;
	}
	if (!ret)
		r->list->count = kept;
	mutex_unlock(&mirror->lock);

	unpin_user_pages(pages + kept, got - kept);
	free_page((unsigned long)pages);
	return ret;
}

/**
 * crtos_lent_carry_out() - do what the RTOS asked for
 * @lent: of the process that asked
 * @mirror: of the same
 *
 * Lends pages of current. May sleep. Return: 0, also when there was nothing new to do, or -errno.
 */
int crtos_lent_carry_out(struct crtos_lent *lent, struct crtos_mirror *mirror)
{
	struct request r;
	int ret;

	if (mutex_lock_killable(&lent->lock))
		return -EINTR;
	mutex_lock(&mirror->lock);
	ret = request_read(lent, mirror, &r);
	mutex_unlock(&mirror->lock);
	if (ret <= 0)
		goto out;
	if (r.what == CRTOS_LEND_RETURN) {
		take_back(lent, r.first, r.first + r.count - 1);
		ret = 0;
	} else {
		ret = lend(lent, mirror, &r);
	}
	lent->seq = r.seq;
	mutex_lock(&mirror->lock);
	if (mirror->entry) {
		/* The RTOS reads it before the rest. */
		smp_store_release(&r.list->done, r.seq);
	}
	mutex_unlock(&mirror->lock);
out:
	mutex_unlock(&lent->lock);
	return ret;
}

/* The pages count against the limit of current's user. */
void crtos_lent_init(struct crtos_lent *lent)
{
	mutex_init(&lent->lock);
	xa_init(&lent->pages);
	lent->user = get_uid(current_user());
}

/* The RTOS is done with the process. May sleep. */
void crtos_lent_destroy(struct crtos_lent *lent)
{
	take_back(lent, 0, ULONG_MAX);
	xa_destroy(&lent->pages);
	free_uid(lent->user);
}
