// SPDX-License-Identifier: MIT
#include <linux/errno.h>
#include <linux/mman.h>
#include <asm/unistd_64.h>

#include <crtos/boot.h>

#include "futex.h"
#include "log.h"
#include "mm_lent.h"
#include "mm_pages.h"
#include "page.h"
#include "process.h"
#include "scf.h"

#define LEND_BYTES	(CRTOS_LEND_PAGES * PAGE_SIZE)

#define linux_call(nr, ...) scf_patient_call(nr, (const u64[6]){ __VA_ARGS__ })

/* Whether the mappings that its shadow has are those of this memory. */
static bool is_owner(const struct mm *mm)
{
	return mm->entry == current->process->ctl;
}

static int ended(void)
{
	return current->process->closed || current->killed ? -EINTR : 0;
}

/* The module's part. The list tells what it did, whatever the shadow says. */
static int ask(struct mm *mm, enum crtos_lend what, u64 start, u64 end)
{
	struct process *p = current->process;
	struct crtos_proc_rt *rt;
	u64 seq;
	s64 ret;

	if (!mm->lend_list)
		mm->lend_list = kalloc(sizeof(*mm->lend_list));
	if (!mm->lend_list)
		return -ENOMEM;
	rt = &mm->entry->rt;
	seq = rt->lend_seq + 1;
	rt->lend_what = what;
	rt->lend_start = start;
	rt->lend_end = end;
	rt->lend_list = virt_to_phys(mm->lend_list);
	store_release(&rt->lend_seq, seq);
	ret = linux_call(CRTOS_OP_LEND, 0);
	if (ended())
		return -EINTR;
	if (load_acquire(&mm->lend_list->done) != seq || ret > 0) {
		log_print("%s[%d]: pages neither lent nor taken back (%ld): process ended", p->comm,
			  p->pid, (long)ret);
		process_end(p, CRTOS_END_PROTOCOL);
		return -EINTR;
	}
	return ret == -EOPNOTSUPP ? -ENODEV : ret;
}

/* Maps what the list names, where nothing is yet. */
static int take(struct mm *mm, u64 start, u64 end, u32 prot)
{
	const struct crtos_lend_list *list = mm->lend_list;
	u64 i, addr = start, count = min(list->count, (end - start) >> PAGE_SHIFT);
	int ret = 0;

	for (i = 0; i < count && !ret; i++, addr += PAGE_SIZE) {
		preempt_point();
		if (!vm_lookup(&mm->vm, addr, NULL))
			ret = vm_map(&mm->vm, addr, list->frame[i], prot | VM_LENT);
	}
	return ret;
}

int mm_lend(struct mm *mm, u64 start, u64 end, u32 prot)
{
	u64 to;
	int ret = 0;

	for (; start < end && !ret; start = to) {
		to = min(end, start + LEND_BYTES);
		ret = ask(mm, prot & VM_WRITE ? CRTOS_LEND_WRITE : CRTOS_LEND_READ, start, to);
		if (!ret)
			ret = take(mm, start, to, prot);
		if (!ret && mm->lend_list->count < (to - start) >> PAGE_SHIFT)
			break;
	}
	return ret;
}

int mm_lent_map(struct mm *mm, u64 start, u64 end, u64 prot, s64 fd, u64 offset)
{
	if (!is_owner(mm))
		return -ENOMEM;
	if (current->robust_untold)
		futex_tell_robust();
	return linux_call(CRTOS_OP_AREA, __NR_mmap, start, end - start, prot, fd, offset);
}

static void clear(struct mm *mm, u64 start, u64 end)
{
	for (; start < end; start += PAGE_SIZE) {
		preempt_point();
		vm_unmap(&mm->vm, start);
	}
}

int mm_lent_unmap(struct mm *mm, u64 start, u64 end)
{
	s64 ret;

	if (!is_owner(mm))
		return -ENOMEM;
	clear(mm, start, end);
	ret = linux_call(CRTOS_OP_MIRROR, start, end - start);
	if (ended())
		return -EINTR;
	return ret ? ret : ask(mm, CRTOS_LEND_RETURN, start, end);
}

int mm_lent_mprotect(struct mm *mm, u64 start, u64 end, u64 prot, u64 *until)
{
	const struct vma *vma;
	int ret;

	for (vma = vma_find(&mm->vmas, start); vma && vma->start < end;
	     vma = vma_next(&mm->vmas, vma)) {
		u64 from = max(start, vma->start), to = min(end, vma->end);

		if (!(vma->flags & VMA_LENT))
			continue;
		ret = -ENOMEM;
		if (is_owner(mm))
			ret = linux_call(CRTOS_OP_AREA, __NR_mprotect, from, to - from, prot);
		if (ret) {
			*until = from;
			return ret;
		}
	}
	return 0;
}

/* The next such area from `start` on, cut to the range: its end, or 0. */
static u64 next_lent(struct mm *mm, u64 *start, u64 end)
{
	const struct vma *vma;
	u64 to = 0;

	for (vma = vma_find(&mm->vmas, *start); vma && vma->start < end && !to;
	     vma = vma_next(&mm->vmas, vma)) {
		if (!(vma->flags & VMA_LENT))
			continue;
		*start = max(*start, vma->start);
		to = min(end, vma->end);
	}
	return to;
}

int mm_lent_msync(struct mm *mm, u64 start, u64 end, int flags)
{
	u64 to;
	int ret;

	for (; start < end; start = to) {
		ret = mutex_lock(&mm->lock);
		if (ret)
			return ret;
		to = next_lent(mm, &start, end);
		mutex_unlock(&mm->lock);
		if (!to)
			break;
		scf(CRTOS_OP_AREA, __NR_madvise, start, to - start, MADV_POPULATE_WRITE);
		ret = scf(CRTOS_OP_AREA, __NR_msync, start, to - start, flags);
		if (ret)
			return ret;
	}
	return 0;
}

int mm_lent_grow(struct mm *mm, u64 start, u64 old_bytes, u64 bytes, u32 prot)
{
	int ret = -ENOMEM;

	if (is_owner(mm))
		ret = linux_call(CRTOS_OP_AREA, __NR_mremap, start, old_bytes, bytes, 0);
	return ret || !prot ? ret : mm_lend(mm, start + old_bytes, start + bytes, prot);
}

int mm_lent_move(struct mm *mm, u64 from, u64 old_bytes, u64 to, u64 bytes, u32 prot)
{
	int ret;

	if (!is_owner(mm))
		return -ENOMEM;
	clear(mm, from, from + old_bytes);
	ret = linux_call(CRTOS_OP_AREA, __NR_mremap, from, old_bytes, bytes, to);
	if (ended())
		return -EINTR;
	if (!ret) {
		ret = ask(mm, CRTOS_LEND_RETURN, from, from + old_bytes);
		if (!ret && prot)
			ret = mm_lend(mm, to, to + bytes, prot);
		if (!ret || ended())
			return ret;
		clear(mm, to, to + bytes);
		if (linux_call(CRTOS_OP_AREA, __NR_mremap, to, bytes, old_bytes, from) ||
		    ask(mm, CRTOS_LEND_RETURN, to, to + bytes))
			return ret;
	}
	/* It is where it was. What cannot be lent now may be when it is touched. */
	if (prot)
		mm_lend(mm, from, from + old_bytes, prot);
	return ret;
}

void mm_lent_forget(struct mm *mm)
{
	const struct vma *vma;

	for (vma = vma_find(&mm->vmas, 0); vma; vma = vma_next(&mm->vmas, vma)) {
		if (vma->flags & VMA_LENT)
			clear(mm, vma->start, vma->end);
	}
}

void mm_lend_all(struct mm *mm)
{
	const struct vma *vma;
	int ret = mutex_lock(&mm->lock);

	if (ret)
		return;
	mm->lend_due = false;
	for (vma = vma_find(&mm->vmas, 0); vma && !ret; vma = vma_next(&mm->vmas, vma)) {
		if ((vma->flags & VMA_LENT) && vma->prot)
			ret = mm_lend(mm, vma->start, vma->end, vma->prot);
	}
	mutex_unlock(&mm->lock);
}

int mm_lend_fault(struct mm *mm, u64 addr, u32 access)
{
	const struct vma *vma;
	u64 page = addr & PAGE_MASK;
	u32 prot = 0;
	int ret = 0;

	if (mutex_lock(&mm->lock))
		return 0;	/* killed on its way back */
	vma = vma_find(&mm->vmas, addr);
	if (!vma || vma->start > addr || !(vma->flags & VMA_LENT) || !(vma->prot & access)) {
		ret = -EINVAL;
	} else {
		if (is_owner(mm) && !vm_lookup(&mm->vm, page, NULL))
			mm_lend(mm, page, min(vma->end, page + LEND_BYTES), vma->prot);
		/* Otherwise another thread was faster. */
		if (!ended() && !(vm_lookup(&mm->vm, page, &prot) && (prot & access)))
			ret = -EFAULT;
	}
	mutex_unlock(&mm->lock);
	return ret;
}
