/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _CRTOS_MESSAGE_H
#define _CRTOS_MESSAGE_H

#include <linux/kernel.h>
#include <crtos/uapi.h>

/* The text for people that goes with an errno; `message` has CRTOS_MESSAGE_BYTES. */
#define crtos_message(message, format, ...) \
	snprintf(message, CRTOS_MESSAGE_BYTES, format, ##__VA_ARGS__)

#endif
