// SPDX-License-Identifier: MIT
#include <linux/errno.h>

#include "script.h"

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The end of the line, or of what is known of it. */
static char *line_end(char *text, u64 bytes)
{
	u64 i;

	for (i = 2; i < bytes; i++) {
		if (text[i] == '\n' || !text[i])
			break;
	}
	return text + i;
}

int script_parse(char *text, u64 bytes, char **interp, char **arg)
{
	char *end = line_end(text, bytes), *at = text + 2;
	bool whole = end < text + SCRIPT_BYTES;

	*end = '\0';
	while (end > at && blank(end[-1]) && whole)
		*--end = '\0';
	while (blank(*at))
		at++;
	if (!*at)
		return -ENOEXEC;
	*interp = at;
	while (*at && !blank(*at))
		at++;
	/* The name could be longer; of the argument one takes what there is. */
	if (!*at && !whole)
		return -ENOEXEC;
	*arg = NULL;
	if (!*at)
		return 0;
	*at++ = '\0';
	while (blank(*at))
		at++;
	*arg = *at ? at : NULL;
	return 0;
}
