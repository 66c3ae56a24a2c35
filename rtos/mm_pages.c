// SPDX-License-Identifier: MIT
#include <linux/errno.h>

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

int mm_populate(struct mm *mm, u64 start, u64 end, u32 prot)
{
	u64 addr, frame;

	for (addr = start; addr < end; addr += PAGE_SIZE) {
		if (current->killed)
			return -ENOMEM;
		preempt_point();
		if (vm_lookup(&mm->vm, addr, NULL))
			continue;
		frame = page_free_count() > RESERVED_FRAMES ? page_alloc() : 0;
		if (!frame)
			return -ENOMEM;
		if (vm_map(&mm->vm, addr, frame, prot)) {
			page_free(frame);
			return -ENOMEM;
		}
	}
	return 0;
}

int mm_unpopulate(struct mm *mm, u64 start, u64 end)
{
	u64 addr, frame;
	int ret;

	for (addr = start; addr < end; addr += PAGE_SIZE) {
		breathe(addr);
		if (mm->zap->count == MM_ZAP_FRAMES) {
			ret = mm_zap_flush(mm);
			if (ret)
				return ret;
		}
		frame = vm_unmap(&mm->vm, addr);
		if (!frame)
			continue;
		mm->zap->frame[mm->zap->count++] = frame;
		mm_zap_add(mm, addr, addr + PAGE_SIZE);
	}
	return 0;
}

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

int mm_zap_flush(struct mm *mm)
{
	struct process *p = container_of(mm, struct process, mm);
	struct crtos_proc_rt *rt = &p->ctl->rt;
	u64 seq;
	s64 ret;

	if (mm->zap_start >= mm->zap_end)
		return 0;
	seq = rt->zap_seq + 1;
	rt->zap_start = mm->zap_start;
	rt->zap_end = mm->zap_end;
	store_release(&rt->zap_seq, seq);
	ret = scf(CRTOS_OP_ZAP, 0);
	if (p->closed || current->killed)
		return -EINTR;
	if (ret || load_acquire(&p->ctl->linux_side.zap_done) != seq) {
		log_print("%s[%d]: zap not carried out (%ld): process ended", p->comm, p->pid,
			  (long)ret);
		process_end(p, CRTOS_END_PROTOCOL);
		return -EINTR;
	}
	mm->zap_start = mm->zap_end = 0;
	while (mm->zap->count)
		page_free(mm->zap->frame[--mm->zap->count]);
	return 0;
}
