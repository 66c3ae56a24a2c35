// SPDX-License-Identifier: MIT
/* A thread sleeps until another one has something for it. */
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <x86gprintrin.h>

#include <crtos/crtos.h>

#define SECOND 1000000 /* microseconds */

static volatile int received;
static int mailbox;
static int dev;

__attribute__((interrupt, target("general-regs-only,uintr"))) static void
handler(struct __uintr_frame *frame, unsigned long long vector)
{
	(void)frame;
	(void)vector;
	received = 1;
}

static int must(int ret, const char *what)
{
	if (ret < 0) {
		errno = -ret;
		err(1, "%s", what);
	}
	return ret;
}

static void *sender(void *fd)
{
	int index = must(crtos_uintr_register_sender(dev, *(int *)fd, 0), "register_sender");

	mailbox = 42;
	crtos_senduipi(index);
	return NULL;
}

int main(void)
{
	pthread_t thread;
	int fd, ret;

	dev = must(crtos_open(), CRTOS_DEVICE);
	must(crtos_uintr_register_handler(dev, handler, 0), "register_handler");
	fd = must(crtos_uintr_vector_fd(dev, 0, 0), "vector_fd");
	if (pthread_create(&thread, NULL, sender, &fd))
		return 1;

	/*
	 * UIF is clear here. Were it set, the interrupt might come between the look at `received` and
	 * the wait, which would then sleep for its full time.
	 */
	while (!received) {
		ret = crtos_uintr_wait(dev, SECOND, 0);
		if (ret != -EINTR)
			must(ret, "wait");
		crtos_stui(); /* what is pending is delivered here */
		crtos_clui();
	}
	printf("woken for %d\n", mailbox);
	pthread_join(thread, NULL);
	return 0;
}
