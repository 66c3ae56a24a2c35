/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _CRTOS_SESSION_H
#define _CRTOS_SESSION_H

#include <linux/fs.h>
#include <linux/atomic.h>
#include <linux/mutex.h>
#include <linux/wait.h>

struct crtos_process;

/* An open file of the device. */
struct crtos_session {
	struct file *file;
	struct mutex lock;		/* one PROC_CREATE */
	struct crtos_process *process;	/* set once, with release */
	atomic_t dumped;		/* threads that have taken their program's registers */
	wait_queue_head_t dump_wait;	/* for them */
};

int crtos_session_open(struct inode *inode, struct file *file);
int crtos_session_release(struct inode *inode, struct file *file);
int crtos_session_mmap(struct file *file, struct vm_area_struct *vma);
void crtos_session_set_process(struct crtos_session *session, struct crtos_process *process);

#endif
