// SPDX-License-Identifier: GPL-2.0-only
/* The RTOS image: from the firmware path, checked against boot.h. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>

#include <crtos/uapi.h>

#include "image.h"
#include "main.h"
#include "message.h"

static const char *image_fault(const struct firmware *firmware)
{
	const struct crtos_image *image = crtos_image_header(firmware);

	if (firmware->size < sizeof(*image) || image->magic != CRTOS_IMAGE_MAGIC)
		return "it is not a crtos RTOS image";
	if (image->version != CRTOS_BOOT_VERSION)
		return "it was built for another version of this module";
	if (image->header_size < sizeof(*image) || image->link_base != CRTOS_LINK_BASE)
		return "its header is not valid";
	if (image->file_size != firmware->size)
		return "it is cut short or has trailing bytes";
	if (image->mem_size < image->file_size || image->mem_size > CRTOS_IMAGE_MAX)
		return "it does not fit into 2 MiB";
	if (image->entry < CRTOS_LINK_BASE + image->header_size ||
	    image->entry >= CRTOS_LINK_BASE + image->file_size)
		return "its entry point lies outside of it";
	if (strnlen(image->build, sizeof(image->build)) == sizeof(image->build))
		return "its version text is not terminated";
	return NULL;
}

/**
 * crtos_image_load() - read and check the image
 * @firmware: to be released by release_firmware()
 * @message: receives the reason of a failure
 *
 * May sleep. Return: 0, -ENOENT or -ENOEXEC.
 */
int crtos_image_load(const struct firmware **firmware, char *message)
{
	const char *fault;

	if (firmware_request_nowarn(firmware, CRTOS_FIRMWARE, crtos_device.this_device)) {
		crtos_message(message,
			      "%s not found in the firmware path (/lib/firmware); install the RTOS image",
			      CRTOS_FIRMWARE);
		return -ENOENT;
	}
	fault = image_fault(*firmware);
	if (!fault)
		return 0;
	release_firmware(*firmware);
	crtos_message(message, "%s in the firmware path cannot be started: %s; install it again",
		      CRTOS_FIRMWARE, fault);
	return -ENOEXEC;
}

/*
 * Whether there is a valid image: 0 or a negative errno. May sleep. The answer is kept for a
 * second: anybody may ask, and some kernels log each file that was not found.
 */
int crtos_image_check(void)
{
	static DEFINE_MUTEX(lock);
	static unsigned long expires;
	static int answer;
	char message[CRTOS_MESSAGE_BYTES];
	const struct firmware *firmware;
	int ret;

	mutex_lock(&lock);
	if (!expires || time_after(jiffies, expires)) {
		answer = crtos_image_load(&firmware, message);
		if (!answer)
			release_firmware(firmware);
		expires = (jiffies + HZ) ?: 1;
	}
	ret = answer;
	mutex_unlock(&lock);
	return ret;
}

MODULE_FIRMWARE(CRTOS_FIRMWARE);
