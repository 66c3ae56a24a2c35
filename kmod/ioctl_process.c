// SPDX-License-Identifier: GPL-2.0-only
/* The ioctls of a real-time process and its shadow; uapi.h says what each does. */
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>

#include <crtos/uapi.h>

#include "ioctl.h"
#include "process.h"
#include "session.h"
#include "signals.h"
#include "uintr_thread.h"
#include "uintr_wait.h"

static struct crtos_process *session_process(struct crtos_session *session)
{
	/* Pairs with the store-release in PROC_CREATE. */
	return smp_load_acquire(&session->process);
}

/* The calling thread if it is a shadow of this session's process. */
static struct crtos_thread *session_shadow(struct crtos_session *session)
{
	struct crtos_thread *thread = crtos_thread_current();

	return thread && thread->process && thread->process == session_process(session) ? thread :
											  NULL;
}

long crtos_ioctl_proc_create(struct crtos_session *session, void *arg)
{
	struct crtos_process *process;
	long ret = -EBUSY;

	mutex_lock(&session->lock);
	if (!session->process) {
		ret = crtos_process_create(arg, &process);
		if (!ret)
			crtos_session_set_process(session, process);
	}
	mutex_unlock(&session->lock);
	return ret;
}

long crtos_ioctl_thread_attach(struct crtos_session *session, void *arg)
{
	struct crtos_process *process = session_process(session);

	return process ? crtos_shadow_attach(process, arg) : -ENOENT;
}

long crtos_ioctl_proc_start(struct crtos_session *session, void *arg)
{
	struct crtos_process *process = session_process(session);

	return process ? crtos_process_start(process) : -ENOENT;
}

long crtos_ioctl_thread_wait(struct crtos_session *session, void *arg)
{
	struct crtos_thread *thread = session_shadow(session);
	struct crtos_process *process;

	if (!thread)
		return -EINVAL;
	process = thread->process;
	if (process->notifier == CRTOS_NOTIFIER_UIPI)
		return crtos_wait_notification(thread, NULL, &process->over);
	return crtos_wait_request(thread, &process->over);
}

long crtos_ioctl_zap(struct crtos_session *session, void *arg)
{
	struct crtos_process *process = session_process(session);

	return process ? crtos_mirror_zap(&process->mirror) : -ENOENT;
}

long crtos_ioctl_lend(struct crtos_session *session, void *arg)
{
	struct crtos_process *process = session_process(session);

	return process ? crtos_lent_carry_out(&process->lent, &process->mirror) : -ENOENT;
}

long crtos_ioctl_kick(struct crtos_session *session, void *arg)
{
	struct crtos_thread *thread = session_shadow(session);

	if (!thread)
		return -EINVAL;
	crtos_shadow_kick(thread);
	return 0;
}

long crtos_ioctl_thread_detach(struct crtos_session *session, void *arg)
{
	struct crtos_thread *thread = session_shadow(session);

	if (!thread)
		return -EINVAL;
	crtos_shadow_detach(thread, false);
	crtos_thread_trim(thread);
	return 0;
}

/* A session as the shadow's open() would make it, which may have no path to the device any more. */
long crtos_ioctl_proc_fork(struct crtos_session *session, void *arg)
{
	const struct crtos_proc_fork *request = arg;
	struct crtos_thread *thread = session_shadow(session);
	struct crtos_process *process;
	struct file *file;
	int fd, ret;

	if (!thread || request->reserved)
		return -EINVAL;
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	file = dentry_open(&session->file->f_path, O_RDWR, current_cred());
	if (IS_ERR(file)) {
		ret = PTR_ERR(file);
		goto no_file;
	}
	ret = crtos_process_fork(thread, request->token, &process);
	if (ret)
		goto no_process;
	crtos_session_set_process(file->private_data, process);
	fd_install(fd, file);
	return fd;

no_process:
	fput(file);
no_file:
	put_unused_fd(fd);
	return ret;
}

long crtos_ioctl_signal(struct crtos_session *session, void *arg)
{
	struct crtos_process *process = session_process(session);

	return process ? crtos_signals_send(process, arg) : -ENOENT;
}

long crtos_ioctl_signalfd(struct crtos_session *session, void *arg)
{
	return crtos_signalfd_open(arg);
}
