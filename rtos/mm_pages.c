// SPDX-License-Identifier: MIT
#include <linux/errno.h>

#include "kstring.h"
#include "log.h"
#include "mm_pages.h"
#include "page.h"
#include "process.h"
#include "scf.h"

#define PAGES_PER_PREEMPT_POINT	16

/* Frames that programs cannot have: the RTOS's own for tables, threads and processes. */
#define RESERVED_FRAMES		64

CRTOS_ASSERT(sizeof(struct mm_zap) <= PAGE_SIZE);

static void breathe(u64 addr)
{
	if ((addr >> PAGE_SHIFT) % PAGES_PER_PREEMPT_POINT == 0)
		preempt_point();
}

static u64 frame_for_program(void)
{
	return page_free_count() > RESERVED_FRAMES ? page_alloc() : 0;
}

int mm_populate(struct mm *mm, u64 start, u64 end, u32 prot)
{
	u64 addr, frame;

	for (addr = start; addr < end; addr += PAGE_SIZE) {
		if (current->killed)
			return -ENOMEM;
		preempt_point();
		if (vm_lookup(&mm->vm, addr, NULL))
			continue;
		frame = frame_for_program();
		if (!frame)
			return -ENOMEM;
		if (vm_map(&mm->vm, addr, frame, prot)) {
			page_free(frame);
			return -ENOMEM;
		}
	}
	return 0;
}

static int zap_room(struct mm *mm)
{
	return mm->zap->count == MM_ZAP_FRAMES ? mm_zap_flush(mm) : 0;
}

/* A frame that has left the tables. There is room for it. */
static void zap_frame(struct mm *mm, u64 addr, u64 frame)
{
	mm->zap->frame[mm->zap->count++] = frame;
	mm_zap_add(mm, addr, addr + PAGE_SIZE);
}

int mm_unpopulate(struct mm *mm, u64 start, u64 end)
{
	u64 addr, frame;
	int ret;

	for (addr = start; addr < end; addr += PAGE_SIZE) {
		breathe(addr);
		ret = zap_room(mm);
		if (ret)
			return ret;
		frame = vm_unmap(&mm->vm, addr);
		if (frame)
			zap_frame(mm, addr, frame);
	}
	return 0;
}

static u64 copy_frame(u64 frame)
{
	u64 copy = frame_for_program();

	if (copy)
		memcpy(phys_to_virt(copy), phys_to_virt(frame), PAGE_SIZE);
	return copy;
}

int mm_unshare(struct mm *mm, const struct vma *vma, u64 start, u64 end)
{
	u64 addr, frame, copy;
	u32 prot;
	int ret;

	if (!(vma->flags & VMA_POPULATED) || (vma->flags & VMA_SHARED) || (vma->prot & VM_WRITE))
		return 0;
	for (addr = start; addr < end; addr += PAGE_SIZE) {
		preempt_point();
		ret = zap_room(mm);
		if (ret)
			return ret;
		frame = vm_lookup(&mm->vm, addr, &prot);
		if (!frame || !page_shared(frame))
			continue;
		copy = copy_frame(frame);
		if (!copy)
			return -ENOMEM;
		vm_unmap(&mm->vm, addr);
		/* Its tables exist: this cannot fail. */
		BUG_ON(vm_map(&mm->vm, addr, copy, prot));
		zap_frame(mm, addr, frame);
	}
	return 0;
}

/* --- fork ------------------------------------------------------------------------------------------- */

/*
 * Private pages that can be written to are copied at once, so that neither process ever waits for it. The
 * owners of a frame are counted by their tables.
 */
static int fork_page(struct mm *to, u64 addr, u64 frame, u32 prot, bool copied)
{
	int ret;

	if (copied) {
		frame = copy_frame(frame);
		if (!frame)
			return -ENOMEM;
	} else {
		page_get(frame);
	}
	ret = vm_map(&to->vm, addr, frame, prot);
	if (ret)
		page_free(frame);
	return ret;
}

static int fork_area(struct mm *to, const struct mm *from, const struct vma *vma)
{
	bool copied = (vma->prot & VM_WRITE) && !(vma->flags & VMA_SHARED);
	struct vma *new = kalloc(sizeof(*new));
	u64 addr, frame;
	u32 prot;
	int ret;

	if (!new)
		return -ENOMEM;
	new->start = vma->start;
	new->end = vma->end;
	new->prot = vma->prot;
	new->flags = vma->flags;
	new->file = vma->file;
	new->offset = vma->offset;
	list_append(&to->vmas, &new->link);
	if (vma->flags & VMA_LENT) {
		to->lend_due = true;
		return 0;
	}
	for (addr = vma->start; vma->flags & VMA_POPULATED && addr < vma->end; addr += PAGE_SIZE) {
		preempt_point();
		if (current->killed)
			return -EINTR;
		frame = vm_lookup(&from->vm, addr, &prot);
		ret = frame ? fork_page(to, addr, frame, prot, copied) : 0;
		if (ret)
			return ret;
	}
	return 0;
}

int mm_fork(struct mm *to, struct mm *from)
{
	struct list *link;
	int ret = 0;

	list_for_each(link, &from->vmas) {
		ret = fork_area(to, from, list_entry(link, struct vma, link));
		if (ret)
			break;
	}
	to->brk_start = from->brk_start;
	to->brk = from->brk;
	to->mmap_top = from->mmap_top;
	return ret;
}

bool mm_poke32(struct mm *mm, u64 addr, u32 value)
{
	u32 prot = 0;
	u64 frame = addr % sizeof(value) ? 0 : vm_lookup(&mm->vm, addr & PAGE_MASK, &prot);

	if (!frame || !(prot & VM_WRITE) || (prot & VM_LENT))
		return false;
	WRITE_ONCE(*(u32 *)((char *)phys_to_virt(frame) + addr % PAGE_SIZE), value);
	return true;
}

/* --- moving, clearing ------------------------------------------------------------------------------- */

void mm_protect_pages(struct mm *mm, u64 start, u64 end, u32 prot, u32 lost)
{
	u64 addr;

	for (addr = start; addr < end; addr += PAGE_SIZE) {
		breathe(addr);
		if (vm_protect(&mm->vm, addr, prot) && lost)
			mm_zap_add(mm, addr, addr + PAGE_SIZE);
	}
}

static int move_page(struct mm *mm, u64 from, u64 to)
{
	u32 prot = 0;
	u64 frame;
	int ret;

	if (!vm_lookup(&mm->vm, from, &prot))
		return 0;
	frame = vm_unmap(&mm->vm, from);
	ret = vm_map(&mm->vm, to, frame, prot);
	/* The tables of `from` exist: this cannot fail. */
	if (ret)
		BUG_ON(vm_map(&mm->vm, from, frame, prot));
	return ret;
}

int mm_move_pages(struct mm *mm, u64 from, u64 to, u64 bytes)
{
	u64 done;

	mm_zap_add(mm, from, from + bytes);
	for (done = 0; done < bytes; done += PAGE_SIZE) {
		breathe(done);
		if (move_page(mm, from + done, to + done))
			goto undo;
	}
	return 0;

undo:
	while (done) {
		done -= PAGE_SIZE;
		breathe(done);
		BUG_ON(move_page(mm, to + done, from + done));
	}
	mm_zap_add(mm, to, to + bytes);
	return -ENOMEM;
}

void mm_zero_pages(struct mm *mm, u64 start, u64 end)
{
	u64 addr, frame;

	for (addr = start; addr < end; addr += PAGE_SIZE) {
		preempt_point();
		frame = vm_lookup(&mm->vm, addr, NULL);
		if (frame)
			__builtin_memset(phys_to_virt(frame), 0, PAGE_SIZE);
	}
}

void mm_zap_add(struct mm *mm, u64 start, u64 end)
{
	if (mm->zap_start >= mm->zap_end) {
		mm->zap_start = start;
		mm->zap_end = end;
	} else {
		mm->zap_start = min(mm->zap_start, start);
		mm->zap_end = max(mm->zap_end, end);
	}
}

void mm_zap_free(struct mm *mm)
{
	while (mm->zap->count) {
		preempt_point();
		page_free(mm->zap->frame[--mm->zap->count]);
	}
}

int mm_zap_flush(struct mm *mm)
{
	struct process *p = current->process;
	struct crtos_proc_rt *rt;
	u64 seq;
	s64 ret;

	if (mm->zap_start >= mm->zap_end)
		return 0;
	/* The owner of the session has gone, and `current` will not last. */
	if (!mm->entry)
		return -EINTR;
	rt = &mm->entry->rt;
	seq = rt->zap_seq + 1;
	rt->zap_start = mm->zap_start;
	rt->zap_end = mm->zap_end;
	store_release(&rt->zap_seq, seq);
	ret = scf(CRTOS_OP_ZAP, 0);
	if (p->closed || current->killed)
		return -EINTR;
	if (ret || load_acquire(&mm->entry->linux_side.zap_done) != seq) {
		log_print("%s[%d]: zap not carried out (%ld): process ended", p->comm, p->pid,
			  (long)ret);
		process_end(p, CRTOS_END_PROTOCOL);
		return -EINTR;
	}
	mm->zap_start = mm->zap_end = 0;
	mm_zap_free(mm);
	return 0;
}
