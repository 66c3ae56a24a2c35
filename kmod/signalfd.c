// SPDX-License-Identifier: GPL-2.0-only
/*
 * signalfd for real-time programs. Their signals are with the RTOS, which shows what is pending for a
 * process and each of its threads in the SCF header. A descriptor is, as on Linux, about the signals
 * of whoever uses it; here that is the real-time thread whose shadow is current.
 *
 * All who poll wait on one queue, which lives as long as the module: whoever is woken for nothing
 * looks and sleeps on. For the order between a poll and a new signal see boot.h, `watched`.
 */
#include <linux/anon_inodes.h>
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "process.h"
#include "signals.h"
#include "uintr_thread.h"

#define RECORD_BYTES	128	/* struct signalfd_siginfo */

struct signalfd {
	u64 mask;		/* read and written whole */
};

static DECLARE_WAIT_QUEUE_HEAD(pollers);

/* Hard interrupt, too. */
void crtos_signalfd_wake(void)
{
	wake_up_poll(&pollers, EPOLLIN);
}

/* Ask the RTOS to tell of these. Return: whether there is a process to be told of. */
static bool watch(struct crtos_process *process, u64 mask)
{
	struct crtos_proc_signals *signals;
	unsigned long flags;
	bool there;

	raw_spin_lock_irqsave(&process->thread_lock, flags);
	there = process->entry;
	if (there) {
		signals = &process->entry->signals;
		WRITE_ONCE(signals->watched, signals->watched | mask);
	}
	raw_spin_unlock_irqrestore(&process->thread_lock, flags);
	return there;
}

static __poll_t signalfd_poll(struct file *file, struct poll_table_struct *wait)
{
	const struct signalfd *signalfd = file->private_data;
	struct crtos_thread *thread = crtos_thread_current();
	u64 mask = READ_ONCE(signalfd->mask), *pending;

	poll_wait(file, &pollers, wait);
	if (!thread || !thread->process || !watch(thread->process, mask))
		return 0;
	smp_mb();	/* `watched`, then what is pending; pairs with the RTOS's fence */
	pending = thread->process->scf->pending;
	if ((READ_ONCE(pending[0]) | READ_ONCE(pending[1 + thread->slot])) & mask)
		return EPOLLIN;
	return 0;
}

/* The rest is the RTOS's to do: see <crtos/scf.h>, CRTOS_SIGNALFD_READ. */
static ssize_t signalfd_read(struct file *file, char __user *buffer, size_t bytes, loff_t *position)
{
	const struct signalfd *signalfd = file->private_data;
	const struct crtos_thread *thread = crtos_thread_current();
	struct crtos_scf_header *scf;

	if (bytes < RECORD_BYTES || !thread || !thread->process)
		return -EINVAL;
	scf = thread->process->scf;
	scf->signalfd[thread->slot] = (struct crtos_signalfd_read){
		.mask = READ_ONCE(signalfd->mask),
		.nonblock = !!(file->f_flags & O_NONBLOCK),
	};
	return -CRTOS_SIGNALFD_READ;
}

static void signalfd_show(struct seq_file *seq, struct file *file)
{
	const struct signalfd *signalfd = file->private_data;

	seq_printf(seq, "sigmask:\t%016llx\n", READ_ONCE(signalfd->mask));
}

static int signalfd_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static const struct file_operations signalfd_ops = {
	.owner = THIS_MODULE,
	.read = signalfd_read,
	.poll = signalfd_poll,
	.show_fdinfo = signalfd_show,
	.release = signalfd_release,
	.llseek = noop_llseek,
};

static int change(int fd, u64 mask)
{
	struct file *file = fget(fd);
	struct signalfd *signalfd;
	int ret = -EINVAL;

	if (!file)
		return -EBADF;
	if (file->f_op == &signalfd_ops) {
		signalfd = file->private_data;
		WRITE_ONCE(signalfd->mask, mask);
		crtos_signalfd_wake();
		ret = fd;
	}
	fput(file);
	return ret;
}

/* CRTOS_IOC_SIGNALFD. May sleep. Return: the descriptor, or an errno. */
int crtos_signalfd_open(const struct crtos_signalfd *request)
{
	struct signalfd *signalfd;
	int fd;

	if (request->flags & ~(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	if (request->fd != -1)
		return change(request->fd, request->mask);
	signalfd = kzalloc(sizeof(*signalfd), GFP_KERNEL_ACCOUNT);
	if (!signalfd)
		return -ENOMEM;
	signalfd->mask = request->mask;
	fd = anon_inode_getfd("[signalfd]", &signalfd_ops, signalfd, O_RDWR | request->flags);
	if (fd < 0)
		kfree(signalfd);
	return fd;
}
