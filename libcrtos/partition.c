// SPDX-License-Identifier: MIT
/* The real-time partition: start, stop, status and log. */

#include <limits.h>

#include "call.h"
#include "crtos.h"

PUBLIC int crtos_partition_start(int dev, struct crtos_partition_start *start)
{
	int ret;

	start->message[0] = '\0';
	ret = device_call(dev, CRTOS_IOC_PARTITION_START, start);
	start->message[CRTOS_MESSAGE_BYTES - 1] = '\0';
	return ret;
}

PUBLIC int crtos_partition_stop(int dev, struct crtos_partition_stop *stop)
{
	int ret;

	stop->message[0] = '\0';
	ret = device_call(dev, CRTOS_IOC_PARTITION_STOP, stop);
	stop->message[CRTOS_MESSAGE_BYTES - 1] = '\0';
	return ret;
}

PUBLIC int crtos_partition_status(int dev, struct crtos_partition_status *status)
{
	int ret = device_call(dev, CRTOS_IOC_PARTITION_STATUS, status);

	if (ret >= 0)
		status->build[sizeof(status->build) - 1] = '\0';
	return ret;
}

PUBLIC int crtos_partition_panic(int dev)
{
	return device_call(dev, CRTOS_IOC_PARTITION_PANIC, NULL);
}

PUBLIC int crtos_proc_status(int dev, struct crtos_proc_status *status)
{
	int ret = device_call(dev, CRTOS_IOC_PROC_STATUS, status);

	if (ret >= 0)
		status->comm[sizeof(status->comm) - 1] = '\0';
	return ret;
}

PUBLIC int crtos_log_read(int dev, uint64_t *position, void *buffer, size_t size)
{
	struct crtos_log_read argument = {
		.position = *position,
		.buffer = (uintptr_t)buffer,
		.size = size > INT_MAX ? INT_MAX : size,
	};
	int ret = device_call(dev, CRTOS_IOC_LOG, &argument);

	if (ret >= 0)
		*position = argument.position;
	return ret;
}
