/* SPDX-License-Identifier: MIT */
/* The first line of a script: "#!", its interpreter, perhaps one argument. */
#ifndef RTOS_SCRIPT_H
#define RTOS_SCRIPT_H

#include "types.h"

/* What is looked at of a file; a name that does not end within is none. */
#define SCRIPT_BYTES	256u

static inline bool is_script(const char *text, u64 bytes)
{
	return bytes >= 2 && text[0] == '#' && text[1] == '!';
}

/*
 * Takes apart, in place, the first `bytes` (at most SCRIPT_BYTES) of a script; there is room for a byte more. *arg
 * is NULL if there is none. 0, or -ENOEXEC for a line that names nothing, as on Linux.
 */
int script_parse(char *text, u64 bytes, char **interp, char **arg);

#endif
