/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _CRTOS_IMAGE_H
#define _CRTOS_IMAGE_H

#include <linux/firmware.h>
#include <crtos/boot.h>

#define CRTOS_FIRMWARE	"crtos/rtos.bin"

int crtos_image_load(const struct firmware **firmware, char *message);
int crtos_image_check(void);

static inline const struct crtos_image *crtos_image_header(const struct firmware *firmware)
{
	return (const struct crtos_image *)firmware->data;
}

#endif
