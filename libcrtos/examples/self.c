// SPDX-License-Identifier: MIT
/* A thread interrupts itself. */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <x86gprintrin.h>

#include <crtos/crtos.h>

static volatile unsigned long long last = ~0ull;

__attribute__((interrupt, target("general-regs-only,uintr"))) static void
handler(struct __uintr_frame *frame, unsigned long long vector)
{
	(void)frame;
	last = vector;
}

static int must(int ret, const char *what)
{
	if (ret < 0) {
		errno = -ret;
		err(1, "%s", what);
	}
	return ret;
}

int main(void)
{
	int dev = must(crtos_open(), CRTOS_DEVICE);
	int index;

	must(crtos_uintr_register_handler(dev, handler, 0), "register_handler");
	index = must(crtos_uintr_register_self(dev, 7, 0), "register_self");

	crtos_clui();
	crtos_senduipi(index);
	printf("kept out: %s\n", last == ~0ull ? "nothing came" : "it came");
	crtos_stui();
	while (last == ~0ull)
		;
	printf("let in: vector %llu\n", last);

	must(crtos_uintr_unregister_handler(dev, 0), "unregister_handler");
	return 0;
}
