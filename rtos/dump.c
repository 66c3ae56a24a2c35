// SPDX-License-Identifier: MIT
/* What a core file and /proc/self/maps tell of a program: <crtos/core.h>. */
#include <asm/unistd_64.h>
#include <linux/errno.h>
#include <linux/mman.h>
#include <linux/signal.h>

#include <crtos/core.h>

#include "cpu.h"
#include "dump.h"
#include "kstring.h"
#include "log.h"
#include "page.h"
#include "process.h"
#include "scf.h"
#include "sigframe.h"
#include "sys.h"
#include "uaccess.h"

#define DUMPING                                                                                 \
	(SIGNAL_BIT(SIGQUIT) | SIGNAL_BIT(SIGILL) | SIGNAL_BIT(SIGTRAP) | SIGNAL_BIT(SIGABRT) | \
	 SIGNAL_BIT(SIGBUS) | SIGNAL_BIT(SIGFPE) | SIGNAL_BIT(SIGSEGV) | SIGNAL_BIT(SIGXCPU) |  \
	 SIGNAL_BIT(SIGXFSZ) | SIGNAL_BIT(SIGSYS))

/* --- areas --------------------------------------------------------------------------------------- */

/* Where a list of areas is written, and what of memory is left out: the place itself. */
struct areas {
	u64 to;
	u32 count, room;
	u64 hole, hole_end;
};

static u32 area_flags(const struct mm *mm, const struct vma *vma)
{
	u32 flags = 0;

	if (vma->prot & VM_READ)
		flags |= CRTOS_AREA_READ;
	if (vma->prot & VM_WRITE)
		flags |= CRTOS_AREA_WRITE;
	if (vma->prot & VM_EXEC)
		flags |= CRTOS_AREA_EXEC;
	if (vma->flags & VMA_SHARED)
		flags |= CRTOS_AREA_SHARED;
	if (vma->start < mm->brk && vma->end > mm->brk_start)
		flags |= CRTOS_AREA_HEAP;
	if (vma->end == MM_STACK_TOP)
		flags |= CRTOS_AREA_STACK;
	return flags;
}

static int put_area(struct areas *a, const struct mm *mm, const struct vma *vma, u64 start, u64 end)
{
	const struct crtos_area area = {
		.start = start,
		.end = end,
		.offset = vma->offset + (start - vma->start),
		.file = vma->file,
		.flags = area_flags(mm, vma),
	};

	if (start >= end || a->count == a->room)
		return 0;
	if (copy_to_user(a->to + a->count * sizeof(area), &area, sizeof(area)))
		return -EFAULT;
	a->count++;
	return 0;
}

static int put_areas(struct areas *a, struct mm *mm)
{
	const struct vma *vma;
	int ret = mutex_lock(&mm->lock);

	if (ret)
		return ret;
	for (vma = vma_find(&mm->vmas, 0); vma && !ret; vma = vma_next(&mm->vmas, vma)) {
		/* Linux has no area for the stack's guard. */
		if (vma->flags & VMA_GUARD)
			continue;
		ret = put_area(a, mm, vma, vma->start, min(vma->end, max(vma->start, a->hole)));
		if (!ret)
			ret = put_area(a, mm, vma, max(vma->start, min(vma->end, a->hole_end)),
				       vma->end);
	}
	mutex_unlock(&mm->lock);
	return ret;
}

/* With what may be added meanwhile, by the place for the list too. */
static u32 count_areas(const struct mm *mm)
{
	const struct list *link;
	u32 count = 8;

	list_for_each(link, &mm->vmas)
		count++;
	return count;
}

static s64 map_room(u64 bytes)
{
	return mm_mmap(current->process->mm, 0, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

s64 dump_maps(u64 flags)
{
	struct mm *mm = current->process->mm;
	struct areas a = { .room = count_areas(mm) };
	u64 bytes = ALIGN_UP(a.room * sizeof(struct crtos_area), PAGE_SIZE);
	s64 ret = map_room(bytes);

	if (ret < 0)
		return ret;
	a.to = a.hole = ret;
	a.hole_end = a.hole + bytes;
	ret = put_areas(&a, mm);
	if (!ret)
		ret = scf(CRTOS_OP_MAPS, a.to, a.count, flags);
	mm_munmap(mm, a.hole, bytes);
	return ret;
}

/* --- threads ------------------------------------------------------------------------------------- */

static void fill_registers(struct crtos_registers *to, const struct thread *t)
{
	const struct regs *r = thread_regs(t);
	bool called = r->vector == TRAP_SYSCALL && r->error != NO_CALL;

	*to = (struct crtos_registers){
		.r15 = r->r15,
		.r14 = r->r14,
		.r13 = r->r13,
		.r12 = r->r12,
		.rbp = r->rbp,
		.rbx = r->rbx,
		.r11 = r->r11,
		.r10 = r->r10,
		.r9 = r->r9,
		.r8 = r->r8,
		/* One in a system call has no result yet: Linux shows that it was interrupted. */
		.rax = called && t != current && !t->frozen ? (u64)-ERESTARTSYS : r->rax,
		.rcx = r->rcx,
		.rdx = r->rdx,
		.rsi = r->rsi,
		.rdi = r->rdi,
		.orig_rax = called ? r->error : ~0ull,
		.rip = r->rip,
		.cs = r->cs,
		.rflags = r->rflags,
		.rsp = r->rsp,
		.ss = r->ss,
		.fs_base = thread_fs_base(t),
		.gs_base = thread_gs_base(t),
	};
}

/* `at` moves behind the records, whose FPU states follow from `fpu` on. */
static int put_threads(const struct process *p, u64 *at, u64 fpu, u32 count)
{
	struct list *link;

	list_for_each(link, &p->threads) {
		const struct thread *t = list_entry(link, struct thread, process_link);
		struct crtos_core_thread record = { .slot = t->slot };

		if (!count--)
			break;
		fill_registers(&record.regs, t);
		if (copy_to_user(*at, &record, sizeof(record)) ||
		    copy_to_user(fpu, t->xsave, thread_fpu_bytes()))
			return -EFAULT;
		*at += sizeof(record);
		fpu += ALIGN_UP(thread_fpu_bytes(), 64);
	}
	return 0;
}

/* --- the whole ----------------------------------------------------------------------------------- */

/* All other threads are frozen. */
static s64 write_core(const struct signal_info *info, u32 slot, u64 *bytes)
{
	struct process *p = current->process;
	struct crtos_core core = {
		.slot = slot,
		.threads = p->thread_count,
		.xsave_bytes = ALIGN_UP(thread_fpu_bytes(), 64),
	};
	struct areas a = { .room = count_areas(p->mm) };
	u64 at, records;
	s64 base;

	CRTOS_ASSERT(sizeof(core.info) == sizeof(*info));
	memcpy(core.info, info, sizeof(*info));
	records = sizeof(core) + core.threads * sizeof(struct crtos_core_thread) +
		  a.room * sizeof(struct crtos_area);
	*bytes = ALIGN_UP(ALIGN_UP(records, 64) + core.threads * core.xsave_bytes, PAGE_SIZE);
	base = map_room(*bytes);
	if (base < 0)
		return base;
	a.hole = base;
	a.hole_end = base + *bytes;
	a.to = base + sizeof(core) + core.threads * sizeof(struct crtos_core_thread);
	if (put_areas(&a, p->mm))
		return -EFAULT;
	core.areas = a.count;
	at = base + sizeof(core);
	thread_fpu_save();
	if (put_threads(p, &at, ALIGN_UP(a.to + a.count * sizeof(struct crtos_area), 64),
			core.threads) ||
	    copy_to_user(base, &core, sizeof(core)))
		return -EFAULT;
	return base;
}

/*
 * A vfork child's memory is its parent's, which goes on: nothing of it is written. Without memory for the list
 * there is no core file either.
 */
void process_die(const struct signal_info *info, u32 slot)
{
	struct process *p = current->process;
	u64 bytes;
	s64 core;

	if (!(SIGNAL_BIT(info->sig) & DUMPING) || p->exiting || p->vfork_parent || !p->started)
		process_exit(CRTOS_OP_DIE, info->sig);
	process_freeze();
	core = current->killed ? -EINTR : write_core(info, slot, &bytes);
	if (core < 0)
		process_exit(CRTOS_OP_DIE, info->sig);
	process_exit_args(CRTOS_OP_DUMP, info->sig, core, bytes);
}
