// SPDX-License-Identifier: GPL-2.0-only
/*
 * crtos.ko: user interrupts for the threads of a stock kernel, and a partition of the machine for
 * an RTOS whose programs are served by Linux processes. The interface is include/crtos/uapi.h.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <crtos/uapi.h>

#include "dump.h"
#include "features.h"
#include "ioctl.h"
#include "mailbox.h"
#include "main.h"
#include "mirror.h"
#include "partition.h"
#include "session.h"
#include "signals.h"
#include "uintr_cpu.h"
#include "uintr_thread.h"
#include "uintr_uitt.h"
#include "uintr_upid.h"
#include "vector.h"

#define ARG_ON_STACK	320	/* all but the status of the partition */

static const struct ioctl {
	unsigned int command;
	long (*call)(struct crtos_session *session, void *arg);
} ioctls[] = {
	{ CRTOS_IOC_CHECK, crtos_ioctl_check },
	{ CRTOS_IOC_UINTR_REGISTER, crtos_ioctl_uintr_register },
	{ CRTOS_IOC_UINTR_UNREGISTER, crtos_ioctl_uintr_unregister },
	{ CRTOS_IOC_UINTR_VECTOR_FD, crtos_ioctl_uintr_vector_fd },
	{ CRTOS_IOC_UINTR_SENDER, crtos_ioctl_uintr_sender },
	{ CRTOS_IOC_UINTR_UNSENDER, crtos_ioctl_uintr_unsender },
	{ CRTOS_IOC_UINTR_WAIT, crtos_ioctl_uintr_wait },
	{ CRTOS_IOC_UINTR_SELF, crtos_ioctl_uintr_self },
	{ CRTOS_IOC_UINTR_STACK, crtos_ioctl_uintr_stack },
	{ CRTOS_IOC_UINTR_UPID_ADDRESS, crtos_ioctl_uintr_upid_address },
	{ CRTOS_IOC_PARTITION_START, crtos_ioctl_partition_start },
	{ CRTOS_IOC_PARTITION_STOP, crtos_ioctl_partition_stop },
	{ CRTOS_IOC_PARTITION_STATUS, crtos_ioctl_partition_status },
	{ CRTOS_IOC_PROC_STATUS, crtos_ioctl_proc_status },
	{ CRTOS_IOC_LOG, crtos_ioctl_log },
	{ CRTOS_IOC_PARTITION_PANIC, crtos_ioctl_partition_panic },
	{ CRTOS_IOC_PROC_CREATE, crtos_ioctl_proc_create },
	{ CRTOS_IOC_THREAD_ATTACH, crtos_ioctl_thread_attach },
	{ CRTOS_IOC_PROC_START, crtos_ioctl_proc_start },
	{ CRTOS_IOC_THREAD_WAIT, crtos_ioctl_thread_wait },
	{ CRTOS_IOC_ZAP, crtos_ioctl_zap },
	{ CRTOS_IOC_KICK, crtos_ioctl_kick },
	{ CRTOS_IOC_THREAD_DETACH, crtos_ioctl_thread_detach },
	{ CRTOS_IOC_PROC_FORK, crtos_ioctl_proc_fork },
	{ CRTOS_IOC_SIGNAL, crtos_ioctl_signal },
	{ CRTOS_IOC_LEND, crtos_ioctl_lend },
	{ CRTOS_IOC_SIGNALFD, crtos_ioctl_signalfd },
};

static const struct ioctl *find_ioctl(unsigned int command)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ioctls); i++) {
		if (ioctls[i].command == command)
			return &ioctls[i];
	}
	return NULL;
}

static long call_ioctl(const struct ioctl *ioctl, struct crtos_session *session, void *arg,
		       void __user *user)
{
	size_t size = _IOC_SIZE(ioctl->command);
	long ret;

	if (_IOC_DIR(ioctl->command) & _IOC_WRITE && copy_from_user(arg, user, size))
		return -EFAULT;
	ret = ioctl->call(session, arg);
	/* Also after an error: the message says what it was. */
	if (_IOC_DIR(ioctl->command) & _IOC_READ && copy_to_user(user, arg, size))
		return -EFAULT;
	return ret;
}

static long device_ioctl(struct file *file, unsigned int command, unsigned long user)
{
	const struct ioctl *ioctl = find_ioctl(command);
	u64 small[ARG_ON_STACK / sizeof(u64)] = {};
	void *arg = small;
	long ret;

	if (!ioctl)
		return -ENOTTY;
	if (_IOC_SIZE(command) > sizeof(small))
		arg = kzalloc(_IOC_SIZE(command), GFP_KERNEL);
	if (!arg)
		return -ENOMEM;
	ret = call_ioctl(ioctl, file->private_data, arg, (void __user *)user);
	if (arg != small)
		kfree(arg);
	return ret;
}

static const struct file_operations device_ops = {
	.owner = THIS_MODULE,
	.open = crtos_session_open,
	.release = crtos_session_release,
	.mmap = crtos_session_mmap,
	.write = crtos_session_write,
	.unlocked_ioctl = device_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

struct miscdevice crtos_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "crtos",
	.fops = &device_ops,
	.mode = 0666,
};

static int __init crtos_init(void)
{
	int ret;

	ret = crtos_features_init();
	if (ret)
		return ret;
	ret = crtos_upid_init();
	if (ret)
		return ret;
	ret = crtos_vector_init();
	if (ret)
		goto no_vector;
	ret = crtos_uintr_cpu_init();
	if (ret)
		goto no_uintr_cpu;
	ret = crtos_thread_init();
	if (ret)
		goto no_thread;
	ret = crtos_mirror_fs_init();
	if (ret)
		goto no_mirror_fs;
	ret = crtos_mailbox_init();
	if (ret)
		goto no_mailbox;
	ret = crtos_signals_init();
	if (ret)
		goto no_signals;
	ret = crtos_partition_init();
	if (ret)
		goto no_partition;
	ret = misc_register(&crtos_device);
	if (ret)
		goto no_device;
	return 0;

no_device:
	crtos_partition_exit();
no_partition:
	crtos_signals_exit();
no_signals:
	crtos_mailbox_exit();
no_mailbox:
	crtos_mirror_fs_exit();
no_mirror_fs:
	crtos_thread_exit();
no_thread:
	crtos_uintr_cpu_exit();
no_uintr_cpu:
	crtos_vector_exit();
no_vector:
	crtos_upid_exit();
	return ret;
}

/* Threads with state, open files, send tables and the partition hold the module: none is left. */
static void __exit crtos_exit(void)
{
	misc_deregister(&crtos_device);
	crtos_partition_exit();
	crtos_signals_exit();
	crtos_mailbox_exit();
	crtos_mirror_fs_exit();
	crtos_thread_exit();
	crtos_uitt_exit();
	crtos_uintr_cpu_exit();
	crtos_vector_exit();
	crtos_upid_exit();
}

module_init(crtos_init);
module_exit(crtos_exit);

MODULE_DESCRIPTION("User interrupts on stock kernels, and a partition for an RTOS");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1.0");
