/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _CRTOS_DUMP_H
#define _CRTOS_DUMP_H

#include <linux/fs.h>

ssize_t crtos_session_write(struct file *file, const char __user *user, size_t count, loff_t *pos);

#endif
