// SPDX-License-Identifier: MIT
/*
 * A program as people wrote it for the first generation of Intel's uintr kernel: create_fd,
 * unregister_sender by descriptor, wait without a time. It knows nothing of crtos.
 */
#define _GNU_SOURCE
#define UINTR_FIRST_GENERATION

#include "intel-uintr.h"
#include "test.h"

#define EXPECT(wanted, call) expect(wanted, result(call), #call)

static void expect(long wanted, long found, const char *call)
{
	if (wanted != found)
		printf("# %s: %ld, wanted %ld\n", call, found, wanted);
	check(wanted == found, "%s is %ld", call, wanted);
}

static int go[2];

static void sender(int fd)
{
	char byte;
	long index = uintr_register_sender(fd, 0);

	if (index < 0 || read(go[0], &byte, 1) != 1)
		_exit(1);
	_senduipi((uint64_t)index);
	_exit((int)result(uintr_unregister_sender(fd, 0)));
}

static void waits_for_a_child(int fd)
{
	pid_t pid = fork();

	if (!pid)
		sender(fd);
	_clui();
	check(write(go[1], "", 1) == 1, "the sender may start");
	EXPECT(-EINTR, uintr_wait(0));
	_stui();
	check(comes_to(&received, 1) && received_vector == 7, "wait ends by an interrupt");
	EXPECT(0, ended(pid));
}

/* Two descriptors, so that no index is the descriptor that it came from, and the order matters. */
static void senders_by_descriptor(int first)
{
	int second = (int)uintr_create_fd(8, 0);
	int copy = dup(second);

	EXPECT(0, uintr_register_sender(first, 0));
	EXPECT(1, uintr_register_sender(second, 0));
	EXPECT(-EINVAL, uintr_unregister_sender(second, 1));
	EXPECT(-EBADF, uintr_unregister_sender(99, 0));
	EXPECT(-EINVAL, uintr_unregister_sender(copy, 0));
	EXPECT(0, uintr_unregister_sender(first, 0));
	EXPECT(-EINVAL, uintr_unregister_sender(first, 0));
	_senduipi(1);
	check(comes_to(&received, 2) && received_vector == 8, "the other one still sends");
	EXPECT(0, uintr_register_sender(first, 0));

	/* The number comes again and means another vector. */
	close(second);
	check(uintr_create_fd(9, 0) == second, "a number is used again");
	EXPECT(2, uintr_register_sender(second, 0));
	_senduipi(2);
	check(comes_to(&received, 3) && received_vector == 9, "for another vector");
	EXPECT(0, uintr_unregister_sender(second, 0));
	EXPECT(-EINVAL, uintr_unregister_sender(second, 0));
	EXPECT(2, uintr_register_sender(second, 0));
	close(copy);
	close(second);
}

int main(void)
{
	int fd;

	alarm(10 * SECONDS);
	if (pipe(go))
		return 2;
	EXPECT(-EINVAL, uintr_register_handler(handle, 0x1000));
	EXPECT(-EINVAL, uintr_create_fd(0, 0));
	EXPECT(-EOPNOTSUPP, uintr_wait(0));
	EXPECT(-EBADF, uintr_unregister_sender(-1, 0));
	EXPECT(-EINVAL, uintr_unregister_sender(STDOUT_FILENO, 0));
	EXPECT(-EFAULT, uintr_register_handler(NULL, 0));
	EXPECT(0, uintr_register_handler(handle, 0));
	EXPECT(-EBUSY, uintr_register_handler(handle, 0));
	EXPECT(-EINVAL, uintr_wait(1));
	EXPECT(-ENOSPC, uintr_create_fd(64, 0));
	_stui();
	fd = (int)uintr_create_fd(7, 0);
	check(fd > 2, "create_fd");
	waits_for_a_child(fd);
	senders_by_descriptor(fd);
	EXPECT(0, uintr_unregister_handler(0));
	/* What the second generation has more is no call here. */
	EXPECT(-ENOSYS, syscall(UINTR_FIRST_CALL + 0x1000));
	return test_end();
}
