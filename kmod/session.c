// SPDX-License-Identifier: GPL-2.0-only
/* Sessions: an open file of the device with at most one real-time process. */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include <crtos/uapi.h>

#include "process.h"
#include "session.h"

int crtos_session_open(struct inode *inode, struct file *file)
{
	struct crtos_session *session = kzalloc(sizeof(*session), GFP_KERNEL);

	if (!session)
		return -ENOMEM;
	mutex_init(&session->lock);
	init_waitqueue_head(&session->dump_wait);
	session->file = file;
	file->private_data = session;
	return 0;
}

/* The session takes over the reference. Its lock is held, or nobody else knows the session yet. */
void crtos_session_set_process(struct crtos_session *session, struct crtos_process *process)
{
	/* From here on mappings of this file belong to the mirror's inode. */
	session->file->f_mapping = process->mirror.inode->i_mapping;
	/* Pairs with the load-acquire in the ioctls and in mmap. */
	smp_store_release(&session->process, process);
}

/* Mappings hold the file, so none is left. */
int crtos_session_release(struct inode *inode, struct file *file)
{
	struct crtos_session *session = file->private_data;

	if (session->process) {
		file->f_mapping = inode->i_mapping;
		crtos_process_close(session->process);
	}
	kfree(session);
	return 0;
}

int crtos_session_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct crtos_session *session = file->private_data;
	/* Pairs with PROC_CREATE: f_mapping is that of the mirror. */
	struct crtos_process *process = smp_load_acquire(&session->process);

	if (!process)
		return -ENODEV;
	if (vma->vm_pgoff == CRTOS_MMAP_SCF >> PAGE_SHIFT)
		return crtos_process_mmap_scf(process, vma);
	return crtos_mirror_mmap(&process->mirror, vma);
}
