// SPDX-License-Identifier: MIT
/* Memory is made, shown to Linux, filled by exec, and freed. */
#include <linux/errno.h>

#include "mm_areas.h"
#include "mm_lent.h"
#include "mm_pages.h"
#include "page.h"
#include "process.h"

struct mm *mm_create(void)
{
	struct mm *mm = kalloc(sizeof(*mm));

	if (!mm)
		return NULL;
	mm->users = 1;
	list_init(&mm->vmas);
	mutex_init(&mm->lock);
	mm->mmap_top = MM_STACK_TOP - MM_STACK_RESERVE;
	preempt_point();
	mm->zap = kalloc(sizeof(*mm->zap));
	if (!mm->zap)
		goto free;
	preempt_point();
	if (!vm_create(&mm->vm))
		return mm;
	kfree(mm->zap);
free:
	kfree(mm);
	return NULL;
}

void mm_count(struct mm *mm)
{
	if (mm->entry)
		mm->entry->rt.frames = mm->vm.frames;
}

void mm_show(struct mm *mm, struct crtos_proc *entry)
{
	mm->entry = entry;
	mm_count(mm);
	store_release(&entry->rt.root, mm->vm.root);
}

void mm_hide(struct mm *mm, const struct crtos_proc *entry)
{
	if (mm->entry != entry)
		return;
	mm->entry = NULL;
	/* Linux takes them back when this process is gone, and a vfork child goes on for a moment. */
	if (mm->users > 1)
		mm_lent_forget(mm);
}

/* vm_destroy() would free the leaves too, but without letting anybody in. */
void mm_put(struct mm *mm)
{
	struct vma *vma, *next;
	u64 addr, frame;

	if (--mm->users)
		return;
	for (vma = vma_find(&mm->vmas, 0); vma; vma = next) {
		next = vma_next(&mm->vmas, vma);
		for (addr = vma->start; vma->flags & VMA_POPULATED && addr < vma->end;
		     addr += PAGE_SIZE) {
			preempt_point();
			frame = vm_unmap(&mm->vm, addr);
			if (frame)
				page_free(frame);
		}
		vma_remove(vma);
	}
	mm_zap_free(mm);
	kfree(mm->zap);
	kfree(mm->lend_list);
	vm_destroy(&mm->vm);
	kfree(mm);
}

int mm_clear(struct mm *mm)
{
	int ret = mutex_lock(&mm->lock);

	if (ret)
		return ret;
	ret = mm_unmap_areas(mm, CRTOS_USER_START, CRTOS_USER_END);
	if (!ret)
		ret = mm_zap_flush(mm);
	mm->brk_start = mm->brk = 0;
	mm->mmap_top = MM_STACK_TOP - MM_STACK_RESERVE;
	mm_unlock(mm);
	return ret;
}

int mm_map_image(struct mm *mm, u64 start, u64 end, u32 prot)
{
	int ret = mutex_lock(&mm->lock);

	if (ret)
		return ret;
	ret = vma_range_free(&mm->vmas, start, end) ? mm_map_area(mm, start, end, prot, 0) :
						      -EINVAL;
	mm_unlock(mm);
	return ret;
}

int mm_protect_image(struct mm *mm, u64 start, u64 end, u32 prot)
{
	int ret = mutex_lock(&mm->lock);

	if (ret)
		return ret;
	ret = mm_protect_areas(mm, start, end, mm_vm_prot(prot));
	mm_unlock(mm);
	return ret;
}

int mm_name_image(struct mm *mm, u64 start, u64 end, u32 file, u64 offset)
{
	int ret = mutex_lock(&mm->lock);

	if (ret)
		return ret;
	ret = vma_set_file(&mm->vmas, start, end, file, offset);
	mm_unlock(mm);
	return ret;
}

int mm_image_done(struct mm *mm)
{
	int ret = mutex_lock(&mm->lock);

	if (ret)
		return ret;
	ret = mm_zap_flush(mm);
	mm_unlock(mm);
	return ret;
}

int mm_map_stack(struct mm *mm, u64 bytes)
{
	u64 low = MM_STACK_TOP - max(bytes + PAGE_SIZE, MM_STACK_RESERVE);
	int ret = mutex_lock(&mm->lock);

	if (ret)
		return ret;
	ret = mm_map_area(mm, MM_STACK_TOP - bytes, MM_STACK_TOP, VM_READ | VM_WRITE, 0);
	if (!ret)
		ret = mm_map_area(mm, low, MM_STACK_TOP - bytes, 0, VMA_GUARD);
	mm->mmap_top = low;
	mm_unlock(mm);
	return ret;
}
