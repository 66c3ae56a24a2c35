/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _CRTOS_FEATURES_H
#define _CRTOS_FEATURES_H

#include <linux/types.h>

int crtos_features_init(void);
bool crtos_features_uintr(void);
u32 crtos_features(void);

#endif
