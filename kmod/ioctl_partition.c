// SPDX-License-Identifier: GPL-2.0-only
/* The ioctls of the partition; uapi.h says what each does. */
#include <linux/capability.h>
#include <linux/errno.h>

#include <crtos/uapi.h>

#include "features.h"
#include "ioctl.h"
#include "log.h"
#include "partition.h"
#include "process.h"
#include "uintr_thread.h"
#include "uintr_uitt.h"
#include "uintr_upid.h"
#include "uintr_wait.h"

long crtos_ioctl_check(struct crtos_session *session, void *arg)
{
	struct crtos_check *check = arg;

	check->version = CRTOS_UAPI_VERSION;
	check->features = crtos_features();
	check->upids_total = crtos_upid_total();
	check->upids_used = crtos_upid_used();
	check->uitts_used = crtos_uitts_used();
	check->receivers = crtos_thread_receivers();
	check->wakes = crtos_wait_wakes();
	return 0;
}

long crtos_ioctl_partition_start(struct crtos_session *session, void *arg)
{
	return capable(CAP_SYS_ADMIN) ? crtos_partition_start(arg) : -EPERM;
}

long crtos_ioctl_partition_stop(struct crtos_session *session, void *arg)
{
	return capable(CAP_SYS_ADMIN) ? crtos_partition_stop(arg) : -EPERM;
}

long crtos_ioctl_partition_status(struct crtos_session *session, void *arg)
{
	crtos_partition_status(arg);
	return 0;
}

long crtos_ioctl_proc_status(struct crtos_session *session, void *arg)
{
	struct crtos_proc_status *status = arg;

	return status->reserved0 ? -EINVAL : crtos_table_status(status);
}

long crtos_ioctl_log(struct crtos_session *session, void *arg)
{
	struct crtos_log_read *read = arg;

	return read->reserved ? -EINVAL : crtos_log_read(read);
}

long crtos_ioctl_partition_panic(struct crtos_session *session, void *arg)
{
	return capable(CAP_SYS_ADMIN) ? crtos_partition_panic() : -EPERM;
}
