// SPDX-License-Identifier: MIT
/* User interrupts between Linux threads. */

#include "call.h"
#include "crtos.h"

PUBLIC int crtos_uintr_register_handler(int dev, const void *handler, unsigned int flags)
{
	struct crtos_uintr_handler argument = { .handler = (uintptr_t)handler, .flags = flags };

	return device_call(dev, CRTOS_IOC_UINTR_REGISTER, &argument);
}

PUBLIC int crtos_uintr_unregister_handler(int dev, unsigned int flags)
{
	__u32 argument = flags;

	return device_call(dev, CRTOS_IOC_UINTR_UNREGISTER, &argument);
}

PUBLIC int crtos_uintr_vector_fd(int dev, uint64_t vector, unsigned int flags)
{
	struct crtos_uintr_vector argument = { .vector = vector, .flags = flags };

	return device_call(dev, CRTOS_IOC_UINTR_VECTOR_FD, &argument);
}

PUBLIC int crtos_uintr_register_sender(int dev, int fd, unsigned int flags)
{
	struct crtos_uintr_sender argument = { .flags = flags };

	/* Raw senders have a function of their own: a descriptor is never taken for an address. */
	if (flags)
		return -EINVAL;
	if (fd < 0)
		return -EBADF;
	argument.target = fd;
	return device_call(dev, CRTOS_IOC_UINTR_SENDER, &argument);
}

PUBLIC int crtos_uintr_register_sender_raw(int dev, uint64_t upid, unsigned int vector)
{
	struct crtos_uintr_sender argument = {
		.target = upid,
		.flags = CRTOS_SENDER_RAW,
		.vector = vector,
	};

	return device_call(dev, CRTOS_IOC_UINTR_SENDER, &argument);
}

PUBLIC int crtos_uintr_unregister_sender(int dev, unsigned int index, unsigned int flags)
{
	struct crtos_uintr_index argument = { .index = index, .flags = flags };

	return device_call(dev, CRTOS_IOC_UINTR_UNSENDER, &argument);
}

PUBLIC int crtos_uintr_wait(int dev, uint64_t usec, unsigned int flags)
{
	struct crtos_uintr_wait argument = { .usec = usec, .flags = flags };

	return device_call(dev, CRTOS_IOC_UINTR_WAIT, &argument);
}

PUBLIC int crtos_uintr_register_self(int dev, uint64_t vector, unsigned int flags)
{
	struct crtos_uintr_vector argument = { .vector = vector, .flags = flags };

	return device_call(dev, CRTOS_IOC_UINTR_SELF, &argument);
}

PUBLIC int crtos_uintr_alt_stack(int dev, void *sp, size_t size, unsigned int flags)
{
	struct crtos_uintr_stack argument = { .sp = (uintptr_t)sp, .size = size, .flags = flags };

	return device_call(dev, CRTOS_IOC_UINTR_STACK, &argument);
}

PUBLIC int crtos_uintr_upid_address(int dev, uint64_t *address)
{
	__u64 value = 0;
	int ret = device_call(dev, CRTOS_IOC_UINTR_UPID_ADDRESS, &value);

	if (ret >= 0)
		*address = value;
	return ret;
}
