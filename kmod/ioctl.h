/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _CRTOS_IOCTL_H
#define _CRTOS_IOCTL_H

#include <linux/compiler.h>
#include <linux/types.h>

struct crtos_session;

/*
 * One function per command of uapi.h: `arg` is a kernel copy of its structure, `session` the open
 * file's. What is in `arg` on return goes back to the caller, on success and on error, for the
 * commands that have an out direction.
 */
long crtos_ioctl_check(struct crtos_session *session, void *arg);

long crtos_ioctl_uintr_register(struct crtos_session *session, void *arg);
long crtos_ioctl_uintr_unregister(struct crtos_session *session, void *arg);
long crtos_ioctl_uintr_vector_fd(struct crtos_session *session, void *arg);
long crtos_ioctl_uintr_sender(struct crtos_session *session, void *arg);
long crtos_ioctl_uintr_unsender(struct crtos_session *session, void *arg);
long crtos_ioctl_uintr_wait(struct crtos_session *session, void *arg);
long crtos_ioctl_uintr_self(struct crtos_session *session, void *arg);
long crtos_ioctl_uintr_stack(struct crtos_session *session, void *arg);
long crtos_ioctl_uintr_upid_address(struct crtos_session *session, void *arg);

long crtos_ioctl_partition_start(struct crtos_session *session, void *arg);
long crtos_ioctl_partition_stop(struct crtos_session *session, void *arg);
long crtos_ioctl_partition_status(struct crtos_session *session, void *arg);
long crtos_ioctl_proc_status(struct crtos_session *session, void *arg);
long crtos_ioctl_log(struct crtos_session *session, void *arg);
long crtos_ioctl_partition_panic(struct crtos_session *session, void *arg);

long crtos_ioctl_proc_create(struct crtos_session *session, void *arg);
long crtos_ioctl_thread_attach(struct crtos_session *session, void *arg);
long crtos_ioctl_proc_start(struct crtos_session *session, void *arg);
long crtos_ioctl_thread_wait(struct crtos_session *session, void *arg);
long crtos_ioctl_zap(struct crtos_session *session, void *arg);
long crtos_ioctl_kick(struct crtos_session *session, void *arg);
long crtos_ioctl_thread_detach(struct crtos_session *session, void *arg);
long crtos_ioctl_proc_fork(struct crtos_session *session, void *arg);
long crtos_ioctl_lend(struct crtos_session *session, void *arg);
long crtos_ioctl_signal(struct crtos_session *session, void *arg);
long crtos_ioctl_signalfd(struct crtos_session *session, void *arg);

#endif
