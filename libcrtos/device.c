// SPDX-License-Identifier: MIT
/* Sessions of /dev/crtos. */

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "call.h"
#include "crtos.h"

PUBLIC int crtos_open(void)
{
	struct crtos_check check;
	int saved = errno;
	int dev = open(CRTOS_DEVICE, O_RDWR | O_CLOEXEC);
	int ret;

	if (dev < 0) {
		ret = -errno;
		errno = saved;
		return ret;
	}
	ret = crtos_check(dev, &check);
	if (!ret && check.version != CRTOS_UAPI_VERSION)
		ret = -EPROTONOSUPPORT;
	if (ret) {
		crtos_close(dev);
		return ret == -ENOTTY ? -EPROTONOSUPPORT : ret;
	}
	return dev;
}

PUBLIC int crtos_close(int dev)
{
	int saved = errno;
	int ret = close(dev) ? -errno : 0;

	errno = saved;
	return ret;
}

PUBLIC int crtos_check(int dev, struct crtos_check *check)
{
	return device_call(dev, CRTOS_IOC_CHECK, check);
}
