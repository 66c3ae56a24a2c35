// SPDX-License-Identifier: GPL-2.0-only
/*
 * Vector descriptors: a file that stands for one user vector of one receiver. It may be passed to
 * another process and outlive the receiver; it keeps the UPID reserved, not the thread alive.
 */
#include <linux/anon_inodes.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "uintr_fd.h"
#include "uintr_upid.h"

struct vector_file {
	struct crtos_upid_slot *slot;
	unsigned int vector;
};

static int vector_file_release(struct inode *inode, struct file *file)
{
	struct vector_file *vf = file->private_data;

	crtos_upid_put(vf->slot);
	kfree(vf);
	return 0;
}

static void vector_file_show(struct seq_file *seq, struct file *file)
{
	struct vector_file *vf = file->private_data;

	seq_printf(seq, "crtos-vector:\t%u\ncrtos-alive:\t%d\n", vf->vector,
		   crtos_upid_alive(vf->slot));
}

static const struct file_operations vector_file_ops = {
	.owner = THIS_MODULE,
	.release = vector_file_release,
	.show_fdinfo = vector_file_show,
	.llseek = noop_llseek,
};

/* Takes a reference to @slot. May sleep. Return: a close-on-exec descriptor or a negative errno. */
int crtos_vector_fd_create(struct crtos_upid_slot *slot, unsigned int vector)
{
	struct vector_file *vf = kmalloc(sizeof(*vf), GFP_KERNEL);
	int fd;

	if (!vf)
		return -ENOMEM;
	vf->slot = crtos_upid_get(slot);
	vf->vector = vector;
	fd = anon_inode_getfd("[crtos-vector]", &vector_file_ops, vf, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		crtos_upid_put(slot);
		kfree(vf);
	}
	return fd;
}

/*
 * Return: the UPID behind a descriptor, with a reference, and its user vector; or ERR_PTR of EBADF,
 * EOPNOTSUPP (not a vector descriptor) or ESHUTDOWN (the receiver has gone).
 */
struct crtos_upid_slot *crtos_vector_fd_target(u64 fd, unsigned int *vector)
{
	struct crtos_upid_slot *slot;
	struct vector_file *vf;
	struct file *file;

	file = fd <= INT_MAX ? fget(fd) : NULL;
	if (!file)
		return ERR_PTR(-EBADF);
	if (file->f_op != &vector_file_ops) {
		slot = ERR_PTR(-EOPNOTSUPP);
		goto out;
	}
	vf = file->private_data;
	if (crtos_upid_alive(vf->slot)) {
		slot = crtos_upid_get(vf->slot);
		*vector = vf->vector;
	} else {
		slot = ERR_PTR(-ESHUTDOWN);
	}
out:
	fput(file);
	return slot;
}
