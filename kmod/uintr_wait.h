/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _CRTOS_UINTR_WAIT_H
#define _CRTOS_UINTR_WAIT_H

#include <linux/ktime.h>
#include <linux/types.h>

struct crtos_thread;
struct crtos_uintr_cpu;

int crtos_wait_notification(struct crtos_thread *thread, ktime_t *until, const bool *over);
int crtos_wait_request(struct crtos_thread *thread, const bool *over);
void crtos_wait_poke(struct crtos_thread *thread);

void crtos_wait_park(struct crtos_thread *thread);
void crtos_wait_unpark(struct crtos_thread *thread);

void crtos_wait_wake(struct crtos_uintr_cpu *cpu);
void crtos_wait_close(struct crtos_uintr_cpu *cpu);

void crtos_wait_count(void);
u64 crtos_wait_wakes(void);

#endif
