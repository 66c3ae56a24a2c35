// SPDX-License-Identifier: MIT
/*
 * The system calls of a uintr kernel, by the functions of libcrtos. Errors and their order are those of
 * the kernel's calls; what their two generations do differently is marked.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>

#include "compat.h"
#include "../crtos.h"

#define WAIT_LONGEST 1000000000 /* microseconds */

/* Within this kernel: numbers and arguments are what it expects. All of these calls have three at most. */
static long kernel_call(long number, long a, long b, long c)
{
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "0"(number), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return ret;
}

static long register_handler(int dev, const void *handler, unsigned int flags)
{
	int ret;

	if (compat_first_generation && flags)
		return -EINVAL;
	ret = crtos_uintr_register_handler(dev, handler, flags);
	/* No UPID left: to these programs, that is memory. */
	return ret == -ENOSPC ? -ENOMEM : ret;
}

static long register_sender(int dev, int fd, unsigned int flags)
{
	int ret = crtos_uintr_register_sender(dev, fd, flags);

	if (compat_first_generation && ret >= 0)
		compat_sender_made(ret, fd);
	return ret;
}

static long unregister_sender_by_fd(int dev, int fd, unsigned int flags)
{
	int index, ret;

	if (flags)
		return -EINVAL;
	if (fcntl(fd, F_GETFD) < 0)
		return -EBADF;
	index = compat_sender_take(fd);
	if (index < 0)
		return -EINVAL;
	ret = crtos_uintr_unregister_sender(dev, index, 0);
	/* The session was lost: the call will be made again. */
	if (ret == -EBADF || ret == -ENOTTY)
		compat_sender_made(index, fd);
	return ret;
}

static long wait_without_end(int dev, unsigned int flags)
{
	int ret;

	do
		ret = crtos_uintr_wait(dev, WAIT_LONGEST, flags);
	while (!ret);
	return ret;
}

static long call(int dev, enum compat_nr nr, long a, long b, long c)
{
	switch (nr) {
	case COMPAT_REGISTER_HANDLER:
		return register_handler(dev, (const void *)a, b);
	case COMPAT_UNREGISTER_HANDLER:
		return crtos_uintr_unregister_handler(dev, a);
	case COMPAT_VECTOR_FD:
		return crtos_uintr_vector_fd(dev, a, b);
	case COMPAT_REGISTER_SENDER:
		return register_sender(dev, a, b);
	case COMPAT_UNREGISTER_SENDER:
		if (compat_first_generation)
			return unregister_sender_by_fd(dev, a, b);
		return crtos_uintr_unregister_sender(dev, a, b);
	case COMPAT_WAIT:
		return compat_first_generation ? wait_without_end(dev, a) :
						 crtos_uintr_wait(dev, a, b);
	case COMPAT_REGISTER_SELF:
		return crtos_uintr_register_self(dev, a, b);
	case COMPAT_ALT_STACK:
		return crtos_uintr_alt_stack(dev, (void *)a, b, c);
	case COMPAT_IPI_FD:
		/* A table of send indices cannot be given away: it is of one address space. */
		return (unsigned int)a ? -EINVAL : -EOPNOTSUPP;
	default:
		return -ENOSYS;
	}
}

/* To a program without the module, this kernel is one without the calls. */
static long no_session(int error)
{
	switch (error) {
	case -ENOENT:
	case -ENODEV:
	case -ENXIO:
	case -EPROTONOSUPPORT:
		return -ENOSYS;
	default:
		return error;
	}
}

static long call_or_refuse(unsigned int nr, long a, long b, long c)
{
	struct compat_session session;
	long ret;

	do {
		ret = compat_session_get(&session);
		if (ret)
			return no_session(ret);
		if (session.features & CRTOS_FEATURE_UINTR_KERNEL)
			return kernel_call(compat_first + nr, a, b, c);
		if (!(session.features & CRTOS_FEATURE_UINTR_ENABLED))
			return compat_first_generation ? -EOPNOTSUPP : -ENOSYS;
		ret = call(session.dev, nr, a, b, c);
	} while ((ret == -EBADF || ret == -ENOTTY) && !compat_session_valid(&session));
	return ret;
}

long compat_call(unsigned int nr, long a, long b, long c)
{
	int saved = errno;
	long ret = call_or_refuse(nr, a, b, c);

	errno = ret < 0 ? -ret : saved;
	return ret < 0 ? -1 : ret;
}
