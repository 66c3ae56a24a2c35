// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mirror: a fault in the shadow walks the page tables of the RTOS and inserts the page found
 * there.
 *
 * Pages are inserted with their struct page, with ->mapping and ->index set, so that direct I/O and
 * futexes work on them. Each mirror has an inode of its own: a shared futex is named by inode and
 * index, and two processes use the same addresses.
 *
 * Nothing in the RTOS's tables is trusted: every table and every page must be a donated frame that
 * the RTOS may use, so the worst a broken table can do is to show a process another one's real-time
 * memory.
 *
 * Write permission. The VMA has a page_mkwrite, thus the kernel maps pages read-only until the
 * first write (write-notify), and page_mkwrite asks the RTOS's entry at that moment. A page that
 * becomes read-only later is zapped by the RTOS.
 *
 * Where the program maps a file shared, the shadow has that file in the place of the mirror: lent.c.
 *
 * Against reuse of a frame: the RTOS clears its entry, then asks for the zap. A fault that read the
 * entry before has inserted the page before the zap gets the lock, and the zap removes it; a later
 * one does not find it. A write fault in progress finishes only if the PTE is still the one it saw
 * (finish_mkwrite_fault()).
 *
 * Lock order: mmap_lock, mirror lock, page lock, i_mmap_rwsem. No user memory is touched under the
 * mirror lock.
 */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/pagemap.h>
#include <linux/pseudo_fs.h>
#include <linux/sched.h>
#include <asm/pgtable_types.h>

#include <crtos/scf.h>

#include "compat.h"
#include "mailbox.h"
#include "mirror.h"
#include "pinned.h"

#define MIRROR_FS_MAGIC		0x4352544d	/* "CRTM" */
#define FIRST_PAGE		(CRTOS_USER_START >> PAGE_SHIFT)
#define LAST_PAGE		((CRTOS_USER_END >> PAGE_SHIFT) - 1)
#define TABLE_ENTRIES		512
#define ENTRY_FRAME		0x000ffffffffff000ull
#define ENTRY_USED		(_PAGE_PRESENT | _PAGE_USER)

static struct vfsmount *mirror_mount;

/* Return: the page that the real-time program has at that page number, or NULL. Under the lock. */
static struct page *mirror_walk(const struct crtos_mirror *mirror, unsigned long number,
				bool *writable)
{
	u64 frame = READ_ONCE(mirror->entry->rt.root) & ENTRY_FRAME;
	u64 entry;
	int level;

	*writable = true;
	for (level = 3; level >= 0; level--) {
		if (!crtos_mirror_frame_valid(mirror, frame))
			return NULL;
		entry = READ_ONCE(
			((u64 *)phys_to_virt(frame))[number >> 9 * level & (TABLE_ENTRIES - 1)]);
		if ((entry & ENTRY_USED) != ENTRY_USED)
			return NULL;
		if (!(entry & _PAGE_RW))
			*writable = false;
		frame = entry & ENTRY_FRAME;
		if (level && entry & _PAGE_PSE) {
			if (level > 1)
				return NULL;
			frame = (frame & PMD_MASK) | (number & (TABLE_ENTRIES - 1)) << PAGE_SHIFT;
			break;
		}
	}
	return crtos_mirror_frame_valid(mirror, frame) ? pfn_to_page(PHYS_PFN(frame)) : NULL;
}

/* Remove a range of page numbers from every mapping. Under the lock. */
static void mirror_drop(struct crtos_mirror *mirror, unsigned long first, unsigned long last)
{
	struct address_space *mapping = mirror->inode->i_mapping;
	unsigned long number;
	struct page *page;

	unmap_mapping_range(mapping, (loff_t)first << PAGE_SHIFT,
			    (loff_t)(last - first + 1) << PAGE_SHIFT, 1);
	xa_for_each_range(&mirror->pages, number, page, first, last) {
		xa_erase(&mirror->pages, number);
		/* Direct I/O that still holds the page looks at ->mapping under the page lock. */
		lock_page(page);
		if (page->mapping == mapping && page->index == number) {
			page->mapping = NULL;
			page->index = 0;
		}
		unlock_page(page);
		if (page_count(page) > 1)
			crtos_pinned_mark(page_to_pfn(page));
		cond_resched();
	}
}

/* Note that @page is about to be inserted. Under the lock. Return: 0 or -ENOMEM. */
static int mirror_note(struct crtos_mirror *mirror, unsigned long number, struct page *page)
{
	struct page *old = xa_load(&mirror->pages, number);

	if (old == page)
		return 0;
	/* The RTOS moved it without asking for a zap. */
	if (old)
		mirror_drop(mirror, number, number);
	if (xa_err(xa_store(&mirror->pages, number, page, GFP_KERNEL)))
		return -ENOMEM;
	lock_page(page);
	/*
	 * The last place names it: the RTOS moves a frame first and asks for the zap of the old place
	 * then, which must not take the name of the new one.
	 */
	if (!page->mapping || page->mapping == mirror->inode->i_mapping) {
		page->mapping = mirror->inode->i_mapping;
		page->index = number;
	}
	unlock_page(page);
	return 0;
}

static vm_fault_t mirror_fault(struct vm_fault *vmf)
{
	struct crtos_mirror *mirror = vmf->vma->vm_private_data;
	vm_fault_t ret = VM_FAULT_SIGSEGV;
	struct page *page;
	bool writable;
	int err;

	mutex_lock(&mirror->lock);
	if (!mirror->entry)
		goto out;
	page = mirror_walk(mirror, vmf->pgoff, &writable);
	if (!page || (vmf->flags & FAULT_FLAG_WRITE && !writable))
		goto out;
	err = mirror_note(mirror, vmf->pgoff, page);
	if (!err)
		err = vm_insert_page(vmf->vma, vmf->address, page);
	if (!err || err == -EBUSY)	/* another thread was faster */
		ret = VM_FAULT_NOPAGE;
	else
		ret = err == -ENOMEM ? VM_FAULT_OOM : VM_FAULT_SIGBUS;
out:
	mutex_unlock(&mirror->lock);
	return ret;
}

static vm_fault_t mirror_page_mkwrite(struct vm_fault *vmf)
{
	struct crtos_mirror *mirror = vmf->vma->vm_private_data;
	vm_fault_t ret = VM_FAULT_SIGSEGV;
	bool writable;

	mutex_lock(&mirror->lock);
	if (mirror->entry && mirror_walk(mirror, vmf->pgoff, &writable) == vmf->page && writable) {
		lock_page(vmf->page);
		ret = VM_FAULT_LOCKED;
	}
	mutex_unlock(&mirror->lock);
	return ret;
}

static const struct vm_operations_struct mirror_vm_ops = {
	.fault = mirror_fault,
	.page_mkwrite = mirror_page_mkwrite,
};

/* The offset of the mapping is its address. */
int crtos_mirror_mmap(struct crtos_mirror *mirror, struct vm_area_struct *vma)
{
	if (vma->vm_start != vma->vm_pgoff << PAGE_SHIFT || vma->vm_start < CRTOS_USER_START ||
	    vma->vm_end > CRTOS_USER_END || !(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	vma->vm_private_data = mirror;
	vma->vm_ops = &mirror_vm_ops;
	crtos_vm_flags_set(vma, VM_MIXEDMAP | VM_DONTEXPAND | VM_DONTDUMP | VM_DONTCOPY);
	return 0;
}

/**
 * crtos_mirror_zap() - carry out the zap that the RTOS asked for
 * @mirror: of the process that asked
 *
 * May sleep. Return: 0, also when there was nothing new to do or the mirror is closed (nothing is
 * mapped then); -EINVAL for a range that is none, which is not answered.
 */
int crtos_mirror_zap(struct crtos_mirror *mirror)
{
	struct crtos_proc *entry;
	u64 seq, start, end;
	int ret = 0;

	mutex_lock(&mirror->lock);
	entry = mirror->entry;
	if (!entry)
		goto out;
	/* The RTOS stores the range first. */
	seq = smp_load_acquire(&entry->rt.zap_seq);
	if (seq == entry->linux_side.zap_done)
		goto out;
	start = READ_ONCE(entry->rt.zap_start);
	end = READ_ONCE(entry->rt.zap_end);
	ret = -EINVAL;
	if (!PAGE_ALIGNED(start | end) || start < CRTOS_USER_START || start >= end ||
	    end > CRTOS_USER_END)
		goto out;
	mirror_drop(mirror, start >> PAGE_SHIFT, (end >> PAGE_SHIFT) - 1);
	/* The RTOS reads zap_done, then `pinned`, then reuses frames. */
	smp_store_release(&entry->linux_side.zap_done, seq);
	ret = 0;
out:
	mutex_unlock(&mirror->lock);
	/* Most are held for a moment only. */
	if (crtos_pinned_count())
		crtos_mailbox_look();
	return ret;
}

int crtos_mirror_init(struct crtos_mirror *mirror)
{
	mutex_init(&mirror->lock);
	xa_init(&mirror->pages);
	mirror->inode = alloc_anon_inode(mirror_mount->mnt_sb);
	return PTR_ERR_OR_ZERO(mirror->inode);
}

/* Before the first mmap. */
void crtos_mirror_open(struct crtos_mirror *mirror, struct crtos_proc *entry, u64 frames_start,
		       u64 frames_end)
{
	mirror->frames_start = frames_start;
	mirror->frames_end = frames_end;
	mirror->entry = entry;
}

/* Remove everything; faults fail from now on. Marks frames that Linux still holds. May sleep. */
void crtos_mirror_close(struct crtos_mirror *mirror)
{
	mutex_lock(&mirror->lock);
	if (mirror->entry)
		mirror_drop(mirror, FIRST_PAGE, LAST_PAGE);
	mirror->entry = NULL;
	mutex_unlock(&mirror->lock);
}

/* No mapping is left. May sleep. */
void crtos_mirror_destroy(struct crtos_mirror *mirror)
{
	xa_destroy(&mirror->pages);
	iput(mirror->inode);
}

static int mirror_fs_init_context(struct fs_context *fc)
{
	return init_pseudo(fc, MIRROR_FS_MAGIC) ? 0 : -ENOMEM;
}

/* Never mounted by anybody; the source of our inodes. */
static struct file_system_type mirror_fs_type = {
	.name = "crtos-mirror",
	.init_fs_context = mirror_fs_init_context,
	.kill_sb = kill_anon_super,
};

int __init crtos_mirror_fs_init(void)
{
	mirror_mount = kern_mount(&mirror_fs_type);
	return PTR_ERR_OR_ZERO(mirror_mount);
}

void crtos_mirror_fs_exit(void)
{
	kern_unmount(mirror_mount);
}
