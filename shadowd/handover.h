/* SPDX-License-Identifier: MIT */
/*
 * What `crtos run` tells shadowd, whose process it becomes: in environment variables that shadowd takes
 * away, so that command line and environment are the program's from the first moment.
 */
#ifndef SHADOWD_HANDOVER_H
#define SHADOWD_HANDOVER_H

#include <stdbool.h>
#include <stdint.h>

#define SPIN_FOREVER UINT32_MAX

struct handover {
	uint32_t notifier; /* enum crtos_notifier */
	uint32_t policy;
	uint32_t priority;
	uint32_t spin; /* microseconds before a shadow thread blocks, or SPIN_FOREVER */
	uint32_t rt_spin;
	bool stats;
	bool restore_stack; /* the soft RLIMIT_STACK is to be set back to `stack` */
	uint64_t stack;
	const char *stats_file; /* absolute, or NULL */
	const char *path; /* of the executable */
};

/* Puts it into the environment. 0 or -ENOMEM. */
int handover_give(const struct handover *handover);
/* Takes it out again. -EINVAL: this was not started by `crtos run`. Strings stay in the environment's memory. */
int handover_take(struct handover *handover);

#endif
