/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _CRTOS_MAIN_H
#define _CRTOS_MAIN_H

#include <linux/miscdevice.h>

extern struct miscdevice crtos_device;

#endif
