/* SPDX-License-Identifier: MIT */
/*
 * The memory of a process: what brk, mmap and their relatives do.
 *
 * Nothing is demand-paged. A page gets its frame when it first becomes accessible, by mmap or mprotect,
 * and keeps it until it is unmapped; an area that is PROT_NONE from the start has none. So a page that
 * is present in the tables never faults, and a program that got its memory never waits for it.
 *
 * A page that was unmapped, or lost a permission, may still be present in the shadow's mirror. Its
 * frame is put into `zap` until the module has confirmed that the range is gone there.
 *
 * Operations may block (the mirror, files, the mutex) and need `current` to be a thread of the process.
 * They return 0 or a negative errno, addresses where said.
 */
#ifndef RTOS_MM_H
#define RTOS_MM_H

#include <crtos/scf.h>

#include "list.h"
#include "mutex.h"
#include "vm.h"
#include "vma.h"

/* Top of the stack area; the search for free addresses goes down from below the stack's guard. */
#define MM_STACK_TOP		(CRTOS_USER_END - 0x10000)
#define MM_STACK_DEFAULT	(1ull << 20)
#define MM_STACK_MAX		(64ull << 20)
#define MM_STACK_RESERVE	(8ull << 20)	/* stack and its guard, at least */
/* Where position-independent programs are put: no randomisation, every run has the same layout. */
#define MM_PIE_BASE		0x200000000000ull

#define MM_ZAP_FRAMES		510		/* one page with struct mm_zap */

/* Frames that left the tables, and the range in which the mirror may still show them. */
struct mm_zap {
	u64 count;
	u64 reserved;
	u64 frame[MM_ZAP_FRAMES];
};

struct crtos_proc;
struct crtos_lend_list;

/*
 * `entry` is that of the process whose session shows this memory: its root is mirrored, and it is asked for
 * zaps. A vfork child uses its parent's memory, through the parent's session.
 */
struct mm {
	struct vm vm;
	struct crtos_proc *entry;	/* NULL: no mirror shows it */
	unsigned int users;		/* processes; 1 but for the time of a vfork */
	struct list vmas;
	struct mutex lock;
	u64 brk_start, brk;
	u64 mmap_top;
	u64 zap_start, zap_end;		/* empty: nothing to zap */
	struct mm_zap *zap;
	struct crtos_lend_list *lend_list;	/* NULL before the first lent page */
	bool lend_due;			/* a child of fork has not got its lent pages yet */
};

/* An empty one with one user; NULL: no memory. */
struct mm *mm_create(void);
/*
 * A user less. The last one frees everything, when the mirror is gone and no thread is left: long, with
 * preemption points.
 */
void mm_put(struct mm *mm);
/* From now on `entry` stands for it. */
void mm_show(struct mm *mm, struct crtos_proc *entry);
/* The mirror of `entry` is closed for good. */
void mm_hide(struct mm *mm, const struct crtos_proc *entry);
/*
 * What fork does: copies all of `from` to `to`, which is empty. What nobody may write to is shared until
 * that changes. The mutex of `from` is held. 0, -ENOMEM, or -EINTR if `current` is killed; `to` then holds a part.
 */
int mm_fork(struct mm *to, struct mm *from);
/* Stores to memory that need not be that of `current`; false: it is not mapped writable, or lent. */
bool mm_poke32(struct mm *mm, u64 addr, u32 value);
/* Unmaps everything, for exec. */
int mm_clear(struct mm *mm);

s64 mm_mmap(struct mm *mm, u64 addr, u64 bytes, u64 prot, u64 flags, s64 fd, u64 offset);
int mm_munmap(struct mm *mm, u64 addr, u64 bytes);
int mm_mprotect(struct mm *mm, u64 addr, u64 bytes, u64 prot);
s64 mm_mremap(struct mm *mm, u64 addr, u64 old_bytes, u64 bytes, u64 flags, u64 new_addr);
/* The new break, or the old one if it cannot be changed. */
u64 mm_brk(struct mm *mm, u64 addr);
int mm_madvise(struct mm *mm, u64 addr, u64 bytes, int advice);
int mm_msync(struct mm *mm, u64 addr, u64 bytes, int flags);
int mm_mincore(struct mm *mm, u64 addr, u64 bytes, u64 vector);
/* 0 if all of the range is mapped, and may be accessed, else -ENOMEM: for mlock and its like. */
int mm_check_mapped(struct mm *mm, u64 addr, u64 bytes);
int mm_check_accessible(struct mm *mm, u64 addr, u64 bytes);

/* --- files that Linux shares ------------------------------------------------------------------- */

/* What a child of fork has of them, when it begins. What fails is left to mm_lend_fault(). */
void mm_lend_all(struct mm *mm);
/*
 * A page that may be accessed was not there: the file has become longer, perhaps. 0: it is there now;
 * -EFAULT: it is behind the end of the file. -EINVAL: addr is not in such a mapping, or the access is not allowed.
 */
int mm_lend_fault(struct mm *mm, u64 addr, u32 access);

/* --- for exec ------------------------------------------------------------------------------- */

/* Maps [start, end), page aligned and free, populated and zeroed. */
int mm_map_image(struct mm *mm, u64 start, u64 end, u32 prot);
/* Sets the protection of populated pages without asking for the zap; mm_image_done() does. */
int mm_protect_image(struct mm *mm, u64 start, u64 end, u32 prot);
int mm_image_done(struct mm *mm);
/* What Linux knows a file by (CRTOS_OP_FILE); 0 if it has no name. May block. */
u32 mm_file_number(s64 fd);
/* What of an image is a copy of a file, and from where in it (vma.h). */
int mm_name_image(struct mm *mm, u64 start, u64 end, u32 file, u64 offset);
/* Stack of `bytes`, populated, with a guard below it; sets where mmap searches. */
int mm_map_stack(struct mm *mm, u64 bytes);
/* Reads a file to user memory by remote calls. Bytes read (less than asked at its end) or -errno. */
s64 mm_read_file(s64 fd, u64 to, u64 bytes, u64 offset);

#endif
