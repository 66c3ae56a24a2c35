// SPDX-License-Identifier: MIT

#include "handover.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define VARIABLE "CRTOS_SHADOW"
#define VARIABLE_PATH "CRTOS_SHADOW_PATH"
#define VARIABLE_STATS "CRTOS_SHADOW_STATS"

/* The first number is the version of this line. */
#define FORMAT_VERSION 1

int handover_give(const struct handover *h)
{
	char line[160];

	snprintf(line, sizeof(line),
		 "%u %" PRIu32 " %" PRIu32 " %" PRIu32 " %" PRIu32 " %" PRIu32 " %d %d %" PRIu64,
		 FORMAT_VERSION, h->notifier, h->policy, h->priority, h->spin, h->rt_spin, h->stats,
		 h->restore_stack, h->stack);
	if (setenv(VARIABLE, line, 1) || setenv(VARIABLE_PATH, h->path, 1))
		return -ENOMEM;
	if (!h->stats_file)
		unsetenv(VARIABLE_STATS);
	else if (setenv(VARIABLE_STATS, h->stats_file, 1))
		return -ENOMEM;
	return 0;
}

int handover_take(struct handover *h)
{
	const char *line = getenv(VARIABLE);
	unsigned int version, stats, restore_stack;

	h->path = getenv(VARIABLE_PATH);
	h->stats_file = getenv(VARIABLE_STATS);
	if (!line || !h->path)
		return -EINVAL;
	if (sscanf(line,
		   "%u %" SCNu32 " %" SCNu32 " %" SCNu32 " %" SCNu32 " %" SCNu32 " %u %u %" SCNu64,
		   &version, &h->notifier, &h->policy, &h->priority, &h->spin, &h->rt_spin, &stats,
		   &restore_stack, &h->stack) != 9 ||
	    version != FORMAT_VERSION)
		return -EINVAL;
	h->stats = stats;
	h->restore_stack = restore_stack;
	unsetenv(VARIABLE);
	unsetenv(VARIABLE_PATH);
	unsetenv(VARIABLE_STATS);
	return 0;
}
