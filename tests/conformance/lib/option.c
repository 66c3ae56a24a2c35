// SPDX-License-Identifier: MIT
/* The command line that the boot loader hands over (Multiboot 0.6.96, section 3.3). */
#include "lib.h"

#define HAS_CMDLINE	4

static char line[256];

void option_init(u32 multiboot_info)
{
	const u32 *info = (const u32 *)(u64)multiboot_info;
	const char *from;
	unsigned int i;

	if (!(info[0] & HAS_CMDLINE))
		return;
	from = (const char *)(u64)info[4];
	for (i = 0; i < sizeof(line) - 1 && from[i]; i++)
		line[i] = from[i];
}

bool option(const char *word)
{
	const char *p = line;

	while (*p) {
		const char *w = word;

		while (*w && *p == *w) {
			p++;
			w++;
		}
		if (!*w && (!*p || *p == ' '))
			return true;
		while (*p && *p != ' ')
			p++;
		while (*p == ' ')
			p++;
	}
	return false;
}
