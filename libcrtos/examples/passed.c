// SPDX-License-Identifier: MIT
/* The right to send is passed over a socket to a process that has nothing else of the receiver. */
#include <err.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <x86gprintrin.h>

#include <crtos/crtos.h>

static volatile int received;

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

union control {
	struct cmsghdr header;
	char space[CMSG_SPACE(sizeof(int))];
};

static void give(int socket, int fd)
{
	union control control = { .header = { .cmsg_len = CMSG_LEN(sizeof(fd)),
					      .cmsg_level = SOL_SOCKET,
					      .cmsg_type = SCM_RIGHTS } };
	struct iovec data = { "v", 1 };
	struct msghdr message = { .msg_iov = &data,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	if (sendmsg(socket, &message, 0) != 1)
		err(1, "sendmsg");
}

static int take(int socket)
{
	union control control;
	char byte;
	struct iovec data = { &byte, 1 };
	struct msghdr message = { .msg_iov = &data,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	int fd;

	if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != 1 || !CMSG_FIRSTHDR(&message))
		errx(1, "no descriptor came");
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

static void sender(int socket)
{
	int dev = must(crtos_open(), CRTOS_DEVICE);

	crtos_senduipi(must(crtos_uintr_register_sender(dev, take(socket), 0), "register_sender"));
	_exit(0);
}

int main(void)
{
	int sockets[2], dev, fd;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets))
		err(1, "socketpair");
	if (fork() == 0)
		sender(sockets[1]);

	dev = must(crtos_open(), CRTOS_DEVICE);
	must(crtos_uintr_register_handler(dev, handler, 0), "register_handler");
	fd = must(crtos_uintr_vector_fd(dev, 12, 0), "vector_fd");
	crtos_stui();
	give(sockets[0], fd);
	close(fd); /* what was passed lives on */
	while (!received)
		sched_yield();
	printf("the other process sent\n");
	return 0;
}
