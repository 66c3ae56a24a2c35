// SPDX-License-Identifier: MIT
/* The handler runs on a stack of its own, whatever the thread has made of its. */
#include <err.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <x86gprintrin.h>

#include <crtos/crtos.h>

static char stack[16384];
static volatile uintptr_t frame_address;

__attribute__((interrupt, target("general-regs-only,uintr"))) static void
handler(struct __uintr_frame *frame, unsigned long long vector)
{
	(void)vector;
	frame_address = (uintptr_t)frame;
}

static int must(int ret, const char *what)
{
	if (ret < 0) {
		errno = -ret;
		err(1, "%s", what);
	}
	return ret;
}

static const char *interrupted_on(int index)
{
	frame_address = 0;
	crtos_senduipi(index);
	while (!frame_address)
		;
	return frame_address - (uintptr_t)stack < sizeof(stack) ? "its own" : "the thread's";
}

int main(void)
{
	int dev = must(crtos_open(), CRTOS_DEVICE);
	int index;

	must(crtos_uintr_register_handler(dev, handler, 0), "register_handler");
	index = must(crtos_uintr_register_self(dev, 0, 0), "register_self");
	crtos_stui();
	must(crtos_uintr_alt_stack(dev, stack, sizeof(stack), 0), "alt_stack");
	printf("the handler ran on %s stack\n", interrupted_on(index));
	must(crtos_uintr_alt_stack(dev, NULL, 0, 0), "alt_stack");
	printf("and then on %s stack\n", interrupted_on(index));
	return 0;
}
