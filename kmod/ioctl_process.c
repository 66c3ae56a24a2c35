// SPDX-License-Identifier: GPL-2.0-only
/* The ioctls of a real-time process and its shadow; uapi.h says what each does. */
#include <linux/errno.h>
#include <linux/fs.h>

#include <crtos/uapi.h>

#include "ioctl.h"
#include "process.h"
#include "session.h"
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
		if (!ret) {
			/* From here on mappings of this file belong to the mirror's inode. */
			session->file->f_mapping = process->mirror.inode->i_mapping;
			/* Pairs with the load-acquire in session_process() and in mmap. */
			smp_store_release(&session->process, process);
		}
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
