/* SPDX-License-Identifier: MIT */
/* What the files of the library share. */
#ifndef LIBCRTOS_CALL_H
#define LIBCRTOS_CALL_H

#include <errno.h>
#include <sys/ioctl.h>

#define PUBLIC __attribute__((visibility("default")))

/* ioctl() that returns -errno and leaves errno alone. */
static inline int device_call(int dev, unsigned long request, void *argument)
{
	int saved = errno;
	int ret = ioctl(dev, request, argument);

	if (ret < 0)
		ret = -errno;
	errno = saved;
	return ret;
}

#endif
