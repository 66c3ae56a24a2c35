// SPDX-License-Identifier: MIT
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <asm/unistd_64.h>

#include "log.h"
#include "mm_areas.h"
#include "mm_lent.h"
#include "mm_pages.h"
#include "page.h"
#include "process.h"
#include "scf.h"
#include "uaccess.h"

#define PROT_KNOWN	(PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM | PROT_GROWSDOWN | PROT_GROWSUP)
#define MAP_32BIT_END	0x80000000ull
#define READ_CHUNK	(1ull << 30)

/* The flags that MAP_SHARED_VALIDATE takes, for they are older than it is; some change nothing. */
#define MAP_VALIDATED                                                                           \
	(MAP_TYPE | MAP_FIXED | MAP_32BIT | MAP_FIXED_NOREPLACE | MAP_GROWSDOWN | MAP_DENYWRITE | \
	 MAP_EXECUTABLE | MAP_LOCKED | MAP_NORESERVE | MAP_POPULATE | MAP_NONBLOCK | MAP_STACK |  \
	 MAP_HUGETLB | MAP_UNINITIALIZED | MAP_HUGE_MASK << MAP_HUGE_SHIFT)

static bool in_user_range(u64 addr, u64 bytes)
{
	return addr >= CRTOS_USER_START && addr < CRTOS_USER_END && bytes <= CRTOS_USER_END - addr;
}

/* The hardware can neither write nor, without protection keys, execute what it cannot read. */
u32 mm_vm_prot(u64 prot)
{
	u32 vm = 0;

	if (prot & PROT_WRITE)
		vm |= VM_READ | VM_WRITE;
	if (prot & PROT_EXEC)
		vm |= VM_READ | VM_EXEC;
	if (prot & PROT_READ)
		vm |= VM_READ;
	return vm;
}

/*
 * Asked before an area is marked as populated: so what is walked page by page, to free it too, is never
 * larger than the memory there is.
 */
static bool affordable(u64 bytes)
{
	return bytes >> PAGE_SHIFT <= page_free_count();
}

void mm_unlock(struct mm *mm)
{
	mm_count(mm);
	mutex_unlock(&mm->lock);
}

/* --- under the mutex ---------------------------------------------------------------------------- */

int mm_unmap_areas(struct mm *mm, u64 start, u64 end)
{
	struct vma *vma, *next;
	int ret;

	ret = vma_split(&mm->vmas, start);
	if (!ret)
		ret = vma_split(&mm->vmas, end);
	if (ret)
		return ret;
	for (vma = vma_find(&mm->vmas, start); vma && vma->start < end; vma = next) {
		next = vma_next(&mm->vmas, vma);
		ret = 0;
		if (vma->flags & VMA_LENT)
			ret = mm_lent_unmap(mm, vma->start, vma->end);
		else if (vma->flags & VMA_POPULATED)
			ret = mm_unpopulate(mm, vma->start, vma->end);
		if (ret)
			return ret;
		vma_remove(vma);
	}
	return 0;
}

static int new_area(struct mm *mm, u64 start, u64 end, const struct vma *like)
{
	struct vma *vma = vma_crowded(&mm->vmas) ? NULL : kalloc(sizeof(*vma));

	if (!vma)
		return -ENOMEM;
	vma->start = start;
	vma->end = end;
	vma->prot = like->prot;
	vma->flags = like->flags;
	vma->file = like->file;
	vma->offset = like->offset;
	vma_insert(&mm->vmas, vma);
	return 0;
}

int mm_map_area(struct mm *mm, u64 start, u64 end, u32 prot, u32 flags)
{
	const struct vma area = { .prot = prot, .flags = flags | (prot ? VMA_POPULATED : 0) };
	int ret;

	if (prot && !affordable(end - start))
		return -ENOMEM;
	ret = new_area(mm, start, end, &area);
	if (ret)
		return ret;
	ret = prot ? mm_populate(mm, start, end, prot) : 0;
	if (ret) {
		mm_unmap_areas(mm, start, end);
		mm_zap_flush(mm);
		return ret;
	}
	vma_merge(&mm->vmas, start, end);
	return 0;
}

/* The border is at areas' borders, and the range is full. */
static int protect(struct mm *mm, u64 start, u64 end, u32 prot)
{
	struct vma *vma;
	int ret;

	for (vma = vma_find(&mm->vmas, start); prot && vma && vma->start < end;
	     vma = vma_next(&mm->vmas, vma)) {
		if (vma->prot || (vma->flags & VMA_LENT))
			continue;
		if (!(vma->flags & VMA_POPULATED) && !affordable(vma->end - vma->start))
			return -ENOMEM;
		/* Not yet accessible: if this fails nobody sees what it did. */
		vma->flags |= VMA_POPULATED;
		ret = mm_populate(mm, vma->start, vma->end, 0);
		if (ret)
			return ret;
	}
	for (vma = vma_find(&mm->vmas, start); (prot & VM_WRITE) && vma && vma->start < end;
	     vma = vma_next(&mm->vmas, vma)) {
		ret = mm_unshare(mm, vma, vma->start, vma->end);
		if (ret)
			return ret;
	}
	for (vma = vma_find(&mm->vmas, start); vma && vma->start < end;
	     vma = vma_next(&mm->vmas, vma)) {
		if (vma->flags & VMA_LENT) {
			ret = prot & ~vma->prot ? mm_lend(mm, vma->start, vma->end, prot) : 0;
			if (ret)
				return ret;
			mm_protect_pages(mm, vma->start, vma->end, prot, 0);
		} else if (vma->flags & VMA_POPULATED) {
			mm_protect_pages(mm, vma->start, vma->end, prot, vma->prot & ~prot);
		}
		vma->prot = prot;
	}
	vma_merge(&mm->vmas, start, end);
	return 0;
}

int mm_protect_areas(struct mm *mm, u64 start, u64 end, u32 prot)
{
	int ret;

	if (!vma_range_full(&mm->vmas, start, end))
		return -ENOMEM;
	ret = vma_split(&mm->vmas, start);
	if (!ret)
		ret = vma_split(&mm->vmas, end);
	return ret ? ret : protect(mm, start, end, prot);
}

static u64 find_free(const struct mm *mm, u64 hint, u64 bytes, u64 flags)
{
	u64 top = flags & MAP_32BIT ? MAP_32BIT_END : mm->mmap_top;

	hint = ALIGN_DOWN(hint, PAGE_SIZE);
	if (hint && in_user_range(hint, bytes) && hint + bytes <= top &&
	    vma_range_free(&mm->vmas, hint, hint + bytes))
		return hint;
	return vma_gap(&mm->vmas, CRTOS_USER_START, top, bytes);
}

/* Where to map; for MAP_FIXED, the range is freed. */
static s64 make_room(struct mm *mm, u64 addr, u64 bytes, u64 flags)
{
	int ret;

	if (!(flags & (MAP_FIXED | MAP_FIXED_NOREPLACE))) {
		addr = find_free(mm, addr, bytes, flags);
		return addr ? (s64)addr : -ENOMEM;
	}
	if (addr & ~PAGE_MASK)
		return -EINVAL;
	if (addr < CRTOS_USER_START)
		return -EPERM;
	if (!in_user_range(addr, bytes))
		return -ENOMEM;
	if (flags & MAP_FIXED_NOREPLACE)
		return vma_range_free(&mm->vmas, addr, addr + bytes) ? (s64)addr : -EEXIST;
	ret = mm_unmap_areas(mm, addr, addr + bytes);
	if (!ret)
		ret = mm_zap_flush(mm);
	return ret ? ret : (s64)addr;
}

/* --- files -------------------------------------------------------------------------------------- */

s64 mm_read_file(s64 fd, u64 to, u64 bytes, u64 offset)
{
	struct process *p = current->process;
	u64 done = 0, chunk;
	s64 ret;

	while (done < bytes) {
		/* A shadow that answers at once, as often as it likes, must not keep others from running. */
		preempt_point();
		chunk = min(bytes - done, READ_CHUNK);
		ret = scf(__NR_pread64, fd, to + done, chunk, offset + done);
		if (ret == -EINTR && !current->killed && !p->closed)
			continue;
		if (ret < 0)
			return ret;
		if ((u64)ret > chunk) {
			process_end(p, CRTOS_END_PROTOCOL);
			return -EINTR;
		}
		if (!ret)
			break;
		done += ret;
	}
	return done;
}

/* Of a shared mapping Linux says more. */
static s64 check_file(s64 fd)
{
	s64 mode = scf(__NR_fcntl, fd, F_GETFL);

	if (mode < 0)
		return mode;
	return (mode & O_ACCMODE) == O_WRONLY ? -EACCES : 0;
}

u32 mm_file_number(s64 fd)
{
	s64 file = scf(CRTOS_OP_FILE, fd);

	return file > 0 ? file : 0;
}

static int map_lent(struct mm *mm, u64 start, u64 bytes, u64 prot, s64 fd, u64 offset)
{
	const struct vma area = {
		.prot = mm_vm_prot(prot),
		.flags = VMA_POPULATED | VMA_SHARED | VMA_FILE | VMA_LENT,
		.file = mm_file_number(fd),
		.offset = offset,
	};
	u64 end = start + bytes;
	int ret = new_area(mm, start, end, &area);

	if (ret)
		return ret;
	ret = mm_lent_map(mm, start, end, prot, fd, offset);
	if (!ret && area.prot)
		ret = mm_lend(mm, start, end, area.prot);
	if (ret) {
		mm_unmap_areas(mm, start, end);
		return ret;
	}
	vma_merge(&mm->vmas, start, end);
	return 0;
}

/*
 * A private mapping is a copy of the file when it is mapped: later changes of the file are not seen, and what
 * lies behind its end reads as zeros.
 */
static int map_file(struct mm *mm, u64 start, u64 bytes, u64 prot, s64 fd, u64 offset)
{
	s64 ret = mm_map_area(mm, start, start + bytes, VM_READ | VM_WRITE, VMA_FILE);

	if (ret)
		return ret;
	ret = vma_set_file(&mm->vmas, start, start + bytes, mm_file_number(fd), offset);
	if (!ret)
		ret = mm_read_file(fd, start, bytes, offset);
	if (ret >= 0)
		ret = mm_protect_areas(mm, start, start + bytes, mm_vm_prot(prot));
	if (ret >= 0)
		return mm_zap_flush(mm);
	mm_unmap_areas(mm, start, start + bytes);
	mm_zap_flush(mm);
	/* Not something with contents at offsets: a directory, a pipe, a terminal. */
	return ret == -EISDIR || ret == -ESPIPE || ret == -EINVAL ? -ENODEV : ret;
}

/* --- system calls ------------------------------------------------------------------------------- */

s64 mm_mmap(struct mm *mm, u64 addr, u64 bytes, u64 prot, u64 flags, s64 fd, u64 offset)
{
	u64 type = flags & MAP_TYPE;
	s64 ret;

	if (!bytes || (offset & ~PAGE_MASK))
		return -EINVAL;
	if (type != MAP_SHARED && type != MAP_PRIVATE && type != MAP_SHARED_VALIDATE)
		return -EINVAL;
	if (type == MAP_SHARED_VALIDATE && (flags & MAP_ANONYMOUS))
		return -EINVAL;
	if (type == MAP_SHARED_VALIDATE && (flags & ~(u64)MAP_VALIDATED))
		return -EOPNOTSUPP;
	bytes = ALIGN_UP(bytes, PAGE_SIZE);
	if (!bytes || bytes > CRTOS_USER_END || (flags & MAP_HUGETLB))
		return -ENOMEM;
	if (offset + bytes < offset)
		return -EOVERFLOW;
	if (!(flags & MAP_ANONYMOUS)) {
		ret = check_file(fd);
		if (ret)
			return ret;
	}
	ret = mutex_lock(&mm->lock);
	if (ret)
		return ret;
	ret = make_room(mm, addr, bytes, flags);
	if (ret < 0)
		goto unlock;
	addr = ret;
	if (flags & MAP_ANONYMOUS)
		ret = mm_map_area(mm, addr, addr + bytes, mm_vm_prot(prot),
				  type == MAP_PRIVATE ? 0 : VMA_SHARED);
	else if (type == MAP_PRIVATE)
		ret = map_file(mm, addr, bytes, prot, fd, offset);
	else
		ret = map_lent(mm, addr, bytes, prot, fd, offset);
unlock:
	mm_unlock(mm);
	return ret < 0 ? ret : (s64)addr;
}

int mm_munmap(struct mm *mm, u64 addr, u64 bytes)
{
	int ret;

	bytes = ALIGN_UP(bytes, PAGE_SIZE);
	if ((addr & ~PAGE_MASK) || !bytes || !in_user_range(addr, bytes))
		return -EINVAL;
	ret = mutex_lock(&mm->lock);
	if (ret)
		return ret;
	ret = mm_unmap_areas(mm, addr, addr + bytes);
	if (!ret)
		ret = mm_zap_flush(mm);
	mm_unlock(mm);
	return ret;
}

/* The end of what is mapped from `start` on without a hole, at most `end`. */
static u64 full_until(const struct mm *mm, u64 start, u64 end)
{
	const struct vma *vma = vma_find(&mm->vmas, start);

	for (; vma && vma->start <= start && start < end; vma = vma_next(&mm->vmas, vma))
		start = vma->end;
	return min(start, end);
}

int mm_mprotect(struct mm *mm, u64 addr, u64 bytes, u64 prot)
{
	u64 end, able;
	int ret, refused;

	/* Areas that grow: upward there are none, downward only the stack. */
	if ((addr & ~PAGE_MASK) || (prot & ~(u64)PROT_KNOWN) || (prot & PROT_GROWSUP) ||
	    (prot & PROT_GROWSDOWN && addr < mm->mmap_top))
		return -EINVAL;
	if (!bytes)
		return 0;
	bytes = ALIGN_UP(bytes, PAGE_SIZE);
	if (!bytes || addr + bytes < addr)
		return -ENOMEM;
	ret = mutex_lock(&mm->lock);
	if (ret)
		return ret;
	/* What is there before the first hole, or before what cannot be changed, is changed. */
	able = end = full_until(mm, addr, addr + bytes);
	refused = mm_lent_mprotect(mm, addr, end, prot, &able);
	if (able > addr)
		ret = mm_protect_areas(mm, addr, able, mm_vm_prot(prot));
	if (!ret)
		ret = refused;
	if (!ret && end < addr + bytes)
		ret = -ENOMEM;
	if (ret != -EINTR) {
		int zapped = mm_zap_flush(mm);

		ret = zapped ? zapped : ret;
	}
	mm_unlock(mm);
	return ret;
}

static s64 remap_move(struct mm *mm, struct vma *vma, u64 old_bytes, u64 bytes, u64 to)
{
	u64 from = vma->start;
	int ret;

	if ((vma->flags & VMA_POPULATED) && bytes > old_bytes && !affordable(bytes - old_bytes))
		return -ENOMEM;
	ret = new_area(mm, to, to + bytes, vma);
	if (ret)
		return ret;
	if (vma->prot && bytes > old_bytes)
		ret = mm_populate(mm, to + old_bytes, to + bytes, vma->prot);
	else
		ret = 0;
	if (!ret)
		ret = mm_move_pages(mm, from, to, min(old_bytes, bytes));
	if (ret) {
		mm_unmap_areas(mm, to, to + bytes);
		mm_zap_flush(mm);
		return ret;
	}
	/* What a smaller size leaves behind goes too. */
	ret = mm_unmap_areas(mm, from, from + old_bytes);
	if (!ret)
		ret = mm_zap_flush(mm);
	vma_merge(&mm->vmas, to, to + bytes);
	return ret ? ret : (s64)to;
}

static int grow_lent(struct mm *mm, const struct vma *vma, u64 addr, u64 old_bytes, u64 bytes)
{
	u64 end = addr + old_bytes;
	struct vma more = *vma;
	int ret;

	more.offset += end - vma->start;
	ret = new_area(mm, end, addr + bytes, &more);
	if (ret)
		return ret;
	ret = mm_lent_grow(mm, addr, old_bytes, bytes, vma->prot);
	if (ret)
		mm_unmap_areas(mm, end, addr + bytes);
	else
		vma_merge(&mm->vmas, end, addr + bytes);
	return ret;
}

static s64 move_lent(struct mm *mm, struct vma *vma, u64 old_bytes, u64 bytes, u64 to)
{
	int ret = new_area(mm, to, to + bytes, vma);

	if (ret)
		return ret;
	ret = mm_lent_move(mm, vma->start, old_bytes, to, bytes, vma->prot);
	if (ret) {
		mm_unmap_areas(mm, to, to + bytes);
		return ret;
	}
	vma_remove(vma);
	vma_merge(&mm->vmas, to, to + bytes);
	return to;
}

static s64 remap(struct mm *mm, u64 addr, u64 old_bytes, u64 bytes, u64 flags, u64 new_addr)
{
	struct vma *vma = vma_find(&mm->vmas, addr);
	u64 end = addr + old_bytes;
	s64 ret;

	if (!vma || vma->start > addr || (vma->flags & VMA_GUARD))
		return -EFAULT;
	/* As on Linux only what grows or moves must be one area. */
	if (!(flags & MREMAP_FIXED) && bytes <= old_bytes) {
		ret = bytes < old_bytes ? mm_unmap_areas(mm, addr + bytes, end) : 0;
		if (!ret)
			ret = mm_zap_flush(mm);
		return ret ? ret : (s64)addr;
	}
	if (vma->end < end)
		return -EFAULT;
	if (!(flags & MREMAP_FIXED)) {
		if (in_user_range(addr, bytes) && addr + bytes <= MM_STACK_TOP &&
		    vma_range_free(&mm->vmas, end, addr + bytes)) {
			if (vma->flags & VMA_LENT)
				ret = grow_lent(mm, vma, addr, old_bytes, bytes);
			else
				ret = mm_map_area(mm, end, addr + bytes, vma->prot,
						  vma->flags & ~VMA_POPULATED);
			return ret ? ret : (s64)addr;
		}
		if (!(flags & MREMAP_MAYMOVE))
			return -ENOMEM;
	}
	ret = make_room(mm, new_addr, bytes, flags & MREMAP_FIXED ? MAP_FIXED : 0);
	if (ret < 0)
		return ret;
	new_addr = ret;
	ret = vma_split(&mm->vmas, addr);
	if (!ret)
		ret = vma_split(&mm->vmas, end);
	if (ret)
		return ret;
	vma = vma_find(&mm->vmas, addr);
	if (vma->flags & VMA_LENT)
		return move_lent(mm, vma, old_bytes, bytes, new_addr);
	return remap_move(mm, vma, old_bytes, bytes, new_addr);
}

s64 mm_mremap(struct mm *mm, u64 addr, u64 old_bytes, u64 bytes, u64 flags, u64 new_addr)
{
	s64 ret;

	if ((addr & ~PAGE_MASK) || (flags & ~(u64)(MREMAP_MAYMOVE | MREMAP_FIXED)) ||
	    ((flags & MREMAP_FIXED) && !(flags & MREMAP_MAYMOVE)))
		return -EINVAL;
	old_bytes = ALIGN_UP(old_bytes, PAGE_SIZE);
	bytes = ALIGN_UP(bytes, PAGE_SIZE);
	/* Linux duplicates a shared mapping when the old size is 0; that is not done here. */
	if (!old_bytes || !bytes)
		return -EINVAL;
	if (!in_user_range(addr, old_bytes))
		return -EFAULT;
	if (bytes > CRTOS_USER_END)
		return flags & MREMAP_FIXED ? -EINVAL : -ENOMEM;
	if (!(flags & MREMAP_FIXED))
		new_addr = 0;
	else if ((new_addr & ~PAGE_MASK) || !in_user_range(new_addr, bytes) ||
		 (new_addr < addr + old_bytes && addr < new_addr + bytes))
		return -EINVAL;
	ret = mutex_lock(&mm->lock);
	if (ret)
		return ret;
	ret = remap(mm, addr, old_bytes, bytes, flags, new_addr);
	mm_unlock(mm);
	return ret;
}

static int brk_to(struct mm *mm, u64 addr)
{
	u64 old = ALIGN_UP(mm->brk, PAGE_SIZE), new = ALIGN_UP(addr, PAGE_SIZE);
	int ret = 0;

	if (new > old) {
		if (new > mm->mmap_top || !vma_range_free(&mm->vmas, old, new))
			return -ENOMEM;
		ret = mm_map_area(mm, old, new, VM_READ | VM_WRITE, 0);
	} else if (new < old) {
		ret = mm_unmap_areas(mm, new, old);
		if (!ret)
			ret = mm_zap_flush(mm);
	}
	return ret;
}

u64 mm_brk(struct mm *mm, u64 addr)
{
	if (addr < mm->brk_start || addr > CRTOS_USER_END || mutex_lock(&mm->lock))
		return mm->brk;
	if (!brk_to(mm, addr))
		mm->brk = addr;
	mm_unlock(mm);
	return mm->brk;
}

static int discard(struct mm *mm, u64 start, u64 end)
{
	struct vma *vma;
	int ret;

	for (vma = vma_find(&mm->vmas, start); vma && vma->start < end;
	     vma = vma_next(&mm->vmas, vma)) {
		u64 from = max(start, vma->start), to = min(end, vma->end);

		if (!(vma->flags & VMA_POPULATED) || (vma->flags & (VMA_SHARED | VMA_FILE)))
			continue;
		ret = mm_unshare(mm, vma, from, to);
		if (ret)
			return ret;
		mm_zero_pages(mm, from, to);
	}
	return mm_zap_flush(mm);
}

int mm_madvise(struct mm *mm, u64 addr, u64 bytes, int advice)
{
	int ret, hole;

	if (addr & ~PAGE_MASK)
		return -EINVAL;
	if (advice == MADV_HWPOISON || advice == MADV_SOFT_OFFLINE)
		return -EPERM;
	if (advice < 0 || advice == 5 || advice == 6 || advice == 7 || advice == MADV_REMOVE ||
	    advice > MADV_COLLAPSE)
		return -EINVAL;
	if (!bytes)
		return 0;
	if (ALIGN_UP(bytes, PAGE_SIZE) < bytes)
		return -EINVAL;
	hole = mm_check_mapped(mm, addr, bytes);
	if (advice != MADV_DONTNEED || (hole && hole != -ENOMEM))
		return hole;
	ret = mutex_lock(&mm->lock);
	if (ret)
		return ret;
	/* Around holes too. */
	ret = discard(mm, addr, addr + ALIGN_UP(bytes, PAGE_SIZE));
	mm_unlock(mm);
	return ret ? ret : hole;
}

int mm_check_mapped(struct mm *mm, u64 addr, u64 bytes)
{
	u64 end = ALIGN_UP(addr + bytes, PAGE_SIZE);

	if (addr + bytes < addr || end < addr)
		return -EINVAL;
	addr = ALIGN_DOWN(addr, PAGE_SIZE);
	return end == addr || vma_range_full(&mm->vmas, addr, end) ? 0 : -ENOMEM;
}

int mm_check_accessible(struct mm *mm, u64 addr, u64 bytes)
{
	const struct vma *vma;
	int ret = mm_check_mapped(mm, addr, bytes);

	if (ret || !bytes)
		return ret;
	for (vma = vma_find(&mm->vmas, addr); vma && vma->start < addr + bytes;
	     vma = vma_next(&mm->vmas, vma)) {
		if (!vma->prot)
			return -ENOMEM;
	}
	return 0;
}

int mm_msync(struct mm *mm, u64 addr, u64 bytes, int flags)
{
	if ((addr & ~PAGE_MASK) || (flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) ||
	    ((flags & MS_ASYNC) && (flags & MS_SYNC)))
		return -EINVAL;
	if (mm_check_mapped(mm, addr, bytes))
		return -ENOMEM;
	return mm_lent_msync(mm, addr, addr + ALIGN_UP(bytes, PAGE_SIZE), flags);
}

int mm_mincore(struct mm *mm, u64 addr, u64 bytes, u64 vector)
{
	u64 end;

	if (addr & ~PAGE_MASK)
		return -EINVAL;
	if (mm_check_mapped(mm, addr, bytes))
		return -ENOMEM;
	for (end = addr + bytes; addr < end; addr += PAGE_SIZE) {
		u8 present = vm_lookup(&mm->vm, addr, NULL) != 0;

		preempt_point();
		if (copy_to_user(vector++, &present, 1))
			return -EFAULT;
	}
	return 0;
}
