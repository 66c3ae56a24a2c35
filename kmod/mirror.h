/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _CRTOS_MIRROR_H
#define _CRTOS_MIRROR_H

#include <linux/fs.h>
#include <linux/mutex.h>
#include <linux/xarray.h>

#include <crtos/boot.h>

/* The user half of a real-time process's address space, as its shadow sees it. */
struct crtos_mirror {
	struct mutex lock;		/* look-up and insertion as one step, against zaps */
	struct inode *inode;		/* its i_mapping finds every PTE that maps a page of ours */
	struct xarray pages;		/* inserted pages by virtual page number */
	struct crtos_proc *entry;	/* NULL: closed, nothing is mapped any more */
	u64 frames_start;		/* physical range that the RTOS may map */
	u64 frames_end;
};

/* Whether that frame is one that the RTOS may give to its programs. */
static inline bool crtos_mirror_frame_valid(const struct crtos_mirror *mirror, u64 phys)
{
	return phys >= mirror->frames_start && phys < mirror->frames_end;
}

int crtos_mirror_init(struct crtos_mirror *mirror);
void crtos_mirror_open(struct crtos_mirror *mirror, struct crtos_proc *entry, u64 frames_start,
		       u64 frames_end);
void crtos_mirror_close(struct crtos_mirror *mirror);
void crtos_mirror_destroy(struct crtos_mirror *mirror);

int crtos_mirror_mmap(struct crtos_mirror *mirror, struct vm_area_struct *vma);
int crtos_mirror_zap(struct crtos_mirror *mirror);

int crtos_mirror_fs_init(void);
void crtos_mirror_fs_exit(void);

#endif
