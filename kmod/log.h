/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _CRTOS_LOG_H
#define _CRTOS_LOG_H

#include <linux/types.h>

struct crtos_log;
struct crtos_log_read;

int crtos_log_init(void);
void crtos_log_exit(void);
void crtos_log_open(struct crtos_log *log);
void crtos_log_close(void);
long crtos_log_read(struct crtos_log_read *read);

#endif
