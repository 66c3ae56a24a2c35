// SPDX-License-Identifier: MIT
/* Which calls are ours: the environment tells, once, before main(). */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat.h"

#define FIRST_CALL 471
/* Below lie calls that every program makes: to take one of them for ours can only be a mistake. */
#define LOWEST_CALL 335
#define HIGHEST_CALL 0xffff

unsigned int compat_first = FIRST_CALL;
unsigned int compat_count = COMPAT_CALLS;
bool compat_first_generation;

/* A program that would run with other calls than its user meant does not run. */
static void refuse(const char *name, const char *value, const char *wanted)
{
	const char *const parts[] = { "libcrtos-uintr: ", name, "=", value, ": ", wanted, "\n" };
	size_t i;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (write(STDERR_FILENO, parts[i], strlen(parts[i])) < 0)
			break;
	_exit(127);
}

static void select_generation(const char *name)
{
	const char *value = secure_getenv(name);

	if (!value || !strcmp(value, "2"))
		return;
	if (strcmp(value, "1"))
		refuse(name, value, "must be 1 or 2");
	compat_first_generation = true;
	compat_count = COMPAT_CALLS_FIRST_GENERATION;
}

static void select_first(const char *name)
{
	const char *value = secure_getenv(name);
	char *end;
	long number;

	if (!value)
		return;
	number = strtol(value, &end, 10);
	if (end == value || *end || number < LOWEST_CALL || number > HIGHEST_CALL)
		refuse(name, value, "must be a number from 335 to 65535");
	compat_first = number;
}

__attribute__((constructor)) static void compat_select(void)
{
	select_generation("CRTOS_UINTR_API");
	select_first("CRTOS_UINTR_NR");
}
