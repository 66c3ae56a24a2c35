// SPDX-License-Identifier: MIT
/* A receiver, and a child that inherits its descriptor and sends. */
#include <err.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <x86gprintrin.h>

#include <crtos/crtos.h>

static volatile unsigned int received;

__attribute__((interrupt, target("general-regs-only,uintr"))) static void
handler(struct __uintr_frame *frame, unsigned long long vector)
{
	(void)frame;
	received |= 1u << vector;
}

static int must(int ret, const char *what)
{
	if (ret < 0) {
		errno = -ret;
		err(1, "%s", what);
	}
	return ret;
}

static void sender(int dev, int fd)
{
	int index = must(crtos_uintr_register_sender(dev, fd, 0), "register_sender");

	crtos_senduipi(index);
	must(crtos_uintr_unregister_sender(dev, index, 0), "unregister_sender");
	_exit(0);
}

int main(void)
{
	int dev = must(crtos_open(), CRTOS_DEVICE);
	int status, fd;

	must(crtos_uintr_register_handler(dev, handler, 0), "register_handler");
	fd = must(crtos_uintr_vector_fd(dev, 3, 0), "vector_fd");
	crtos_stui();

	/* The child is no receiver: that is the state of a thread. */
	if (fork() == 0)
		sender(dev, fd);
	wait(&status);
	if (status)
		return 1;
	while (!(received & 1u << 3))
		sched_yield();
	printf("vector 3 came from the child\n");
	return 0;
}
