/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _CRTOS_SIGNALS_H
#define _CRTOS_SIGNALS_H

#include <linux/types.h>

struct crtos_process;
struct crtos_signal;
struct crtos_signalfd;

int crtos_signals_init(void);
void crtos_signals_exit(void);

int crtos_signals_send(struct crtos_process *process, const struct crtos_signal *signal);
unsigned long crtos_signals_look(struct crtos_process *process);

/* signalfd.c */
int crtos_signalfd_open(const struct crtos_signalfd *request);
void crtos_signalfd_wake(void);

#endif
