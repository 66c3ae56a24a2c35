// SPDX-License-Identifier: MIT

#include "names.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

#include <crtos/scf.h>

static const char *const syscalls[] = {
#include "build/names_table.h"
};

static const char *const notifiers[] = {
	[CRTOS_NOTIFIER_UIPI] = "uipi",
	[CRTOS_NOTIFIER_IPI] = "ipi",
	[CRTOS_NOTIFIER_POLL] = "poll",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const char *syscall_name(unsigned int nr, char *buffer)
{
	if (nr < COUNT(syscalls) && syscalls[nr])
		return syscalls[nr];
	snprintf(buffer, SYSCALL_NAME_BYTES, "%u", nr);
	return buffer;
}

const char *notifier_name(unsigned int notifier)
{
	return notifier < COUNT(notifiers) ? notifiers[notifier] : "?";
}

int notifier_number(const char *name)
{
	unsigned int i;

	for (i = 0; i < COUNT(notifiers); i++)
		if (!strcmp(name, notifiers[i]))
			return i;
	return -1;
}

const char *policy_name(unsigned int policy)
{
	switch (policy) {
	case SCHED_OTHER:
		return "other";
	case SCHED_FIFO:
		return "fifo";
	case SCHED_RR:
		return "rr";
	}
	return "?";
}
