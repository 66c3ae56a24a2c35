/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _CRTOS_MAILBOX_H
#define _CRTOS_MAILBOX_H

#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

struct crtos_control;

/*
 * What module and RTOS say to each other while a partition runs (boot.h). `lock` guards `control`,
 * the state of the partition and the table of processes; with it held and control not NULL the
 * donated memory is there.
 */
struct crtos_mailbox {
	struct mutex lock;
	struct crtos_control *control;	/* NULL: no partition */
	u32 apic_id;			/* of the real-time core */
	bool running;			/* that core may be sent interrupts */
	bool accepting;			/* processes may be added */
	wait_queue_head_t idle;		/* a process left the table */
};

extern struct crtos_mailbox crtos_mailbox;
extern struct workqueue_struct *crtos_workqueue;

int crtos_mailbox_init(void);
void crtos_mailbox_exit(void);

int crtos_mailbox_open(struct crtos_control *control, u32 apic_id);
void crtos_mailbox_quiesce(void);
void crtos_mailbox_close(void);

void crtos_mailbox_ring(void);
void crtos_mailbox_look(void);
void crtos_mailbox_request(u64 request);

#endif
