/* SPDX-License-Identifier: MIT */
/*
 * What programs for Intel's uintr kernel bring along: the numbers, calls by syscall(), and the compiler's
 * names of the instructions. UINTR_FIRST_CALL: some kernels had the calls elsewhere.
 */
#ifndef INTEL_UINTR_H
#define INTEL_UINTR_H

#pragma GCC target("uintr")

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <x86gprintrin.h>

#ifndef UINTR_FIRST_CALL
#define UINTR_FIRST_CALL 471
#endif

#define uintr_register_handler(handler, flags) syscall(UINTR_FIRST_CALL, handler, flags)
#define uintr_unregister_handler(flags) syscall(UINTR_FIRST_CALL + 1, flags)
#define uintr_register_sender(fd, flags) syscall(UINTR_FIRST_CALL + 3, fd, flags)
#define uintr_unregister_sender(which, flags) syscall(UINTR_FIRST_CALL + 4, which, flags)
#ifdef UINTR_FIRST_GENERATION
#define uintr_create_fd(vector, flags) syscall(UINTR_FIRST_CALL + 2, vector, flags)
#define uintr_wait(flags) syscall(UINTR_FIRST_CALL + 5, flags)
#else
#define uintr_vector_fd(vector, flags) syscall(UINTR_FIRST_CALL + 2, vector, flags)
#define uintr_wait(usec, flags) syscall(UINTR_FIRST_CALL + 5, usec, flags)
#define uintr_register_self(vector, flags) syscall(UINTR_FIRST_CALL + 6, vector, flags)
#define uintr_alt_stack(sp, size, flags) syscall(UINTR_FIRST_CALL + 7, sp, size, flags)
#define uintr_ipi_fd(flags) syscall(UINTR_FIRST_CALL + 8, flags)
#endif

#define SECONDS 20

static volatile unsigned long received;
static volatile unsigned long long received_vector;
static volatile uintptr_t handler_stack;

__attribute__((interrupt, target("general-regs-only,uintr"), unused)) static void
handle(struct __uintr_frame *frame, unsigned long long vector)
{
	handler_stack = (uintptr_t)frame;
	received_vector = vector;
	received++;
}

/* What a call returns, or the negative error. */
static inline long result(long ret)
{
	return ret == -1 ? -errno : ret;
}

__attribute__((unused)) static int comes_to(volatile unsigned long *count, unsigned long number)
{
	time_t end = time(NULL) + SECONDS;

	while (*count < number && time(NULL) <= end)
		sched_yield();
	return *count >= number;
}

/* How a child ended: its status, or the negative signal. */
__attribute__((unused)) static int ended(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -1000;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

__attribute__((unused)) static int pass_descriptor(int socket, int fd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .header = { .cmsg_len = CMSG_LEN(sizeof(int)),
				  .cmsg_level = SOL_SOCKET,
				  .cmsg_type = SCM_RIGHTS } };
	struct iovec iov = { "", 1 };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };

	*(int *)CMSG_DATA(&control.header) = fd;
	return sendmsg(socket, &message, 0) == 1;
}

__attribute__((unused)) static int receive_descriptor(int socket)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	char byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };

	if (recvmsg(socket, &message, 0) != 1 || !CMSG_FIRSTHDR(&message))
		return -1;
	return *(int *)CMSG_DATA(CMSG_FIRSTHDR(&message));
}

#endif
