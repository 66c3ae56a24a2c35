// SPDX-License-Identifier: MIT
/*
 * A program as people write it for the second generation of Intel's uintr kernel: vector descriptors,
 * unregister_sender by index, wait with a time, register_self, alt_stack, ipi_fd. It knows nothing of crtos.
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/resource.h>

#include "intel-uintr.h"
#include "test.h"

#define STACK_SIZE 16384
#define SENDERS_MAX 256
#define WAIT_LONGEST 1000000000ul
#define FLAGS_ALL 0x3000u

#define EXPECT(wanted, call) expect(wanted, result(call), #call)

static void expect(long wanted, long found, const char *call)
{
	if (wanted != found)
		printf("# %s: %ld, wanted %ld\n", call, found, wanted);
	check(wanted == found, "%s is %ld", call, wanted);
}

static void become_receiver(void)
{
	received = 0;
	EXPECT(0, uintr_register_handler(handle, 0));
	_stui();
}

/* --- sending --------------------------------------------------------------------------------- */

static void send_and_exit(int fd)
{
	long index = uintr_register_sender(fd, 0);

	if (index < 0)
		_exit(1);
	_senduipi((uint64_t)index);
	_exit(0);
}

static void child_inherits(void)
{
	pid_t pid;
	int fd;

	become_receiver();
	fd = (int)uintr_vector_fd(13, 0);
	check(fd >= 0, "vector_fd");
	pid = fork();
	if (!pid)
		send_and_exit(fd);
	check(comes_to(&received, 1), "a child sends over an inherited descriptor");
	check(received_vector == 13, "its vector arrives");
	EXPECT(0, ended(pid));
	close(fd);
	EXPECT(0, uintr_unregister_handler(0));
}

static void stranger_is_passed(void)
{
	int pair[2], fd;
	pid_t pid;

	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	pid = fork();
	if (!pid)
		send_and_exit(receive_descriptor(pair[1]));
	become_receiver();
	fd = (int)uintr_vector_fd(0, 0);
	check(pass_descriptor(pair[0], fd), "the descriptor is passed over a socket");
	close(fd);
	check(comes_to(&received, 1), "and sent by");
	check(received_vector == 0, "vector 0 arrives");
	EXPECT(0, ended(pid));
	EXPECT(0, uintr_unregister_handler(0));
}

static void oneself(void)
{
	long index;

	become_receiver();
	index = uintr_register_self(63, 0);
	check(index >= 0, "register_self");
	_senduipi((uint64_t)index);
	check(comes_to(&received, 1) && received_vector == 63, "a thread sends to itself");
	_clui();
	_senduipi((uint64_t)index);
	EXPECT(-EINTR, uintr_wait(SECONDS * 1000000ul, 0));
	check(received == 1, "with UIF clear it stays pending");
	_stui();
	check(comes_to(&received, 2), "until UIF is set");
	EXPECT(0, uintr_unregister_sender(index, 0));
	EXPECT(0, uintr_unregister_handler(0));
}

/* --- waiting --------------------------------------------------------------------------------- */

static void waiting(void)
{
	struct timespec start, end;
	int pair[2], fd;
	pid_t pid;
	char byte;

	become_receiver();
	clock_gettime(CLOCK_MONOTONIC, &start);
	EXPECT(0, uintr_wait(50000, 0));
	clock_gettime(CLOCK_MONOTONIC, &end);
	check((end.tv_sec - start.tv_sec) * 1000000000 + end.tv_nsec - start.tv_nsec >= 50000000,
	      "the time of wait is in microseconds");

	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	fd = (int)uintr_vector_fd(5, 0);
	pid = fork();
	if (!pid) {
		if (read(pair[1], &byte, 1) != 1)
			_exit(1);
		send_and_exit(fd);
	}
	_clui();
	check(write(pair[0], "", 1) == 1, "the sender may start");
	EXPECT(-EINTR, uintr_wait(WAIT_LONGEST, 0));
	_stui();
	check(comes_to(&received, 1) && received_vector == 5, "wait ends by an interrupt");
	EXPECT(0, ended(pid));
	EXPECT(0, uintr_unregister_handler(0));
}

/* Once the process sleeps: reads of its state, not time, tell. */
static void send_to_sleeper(pid_t pid, int fd)
{
	char path[32], state = 0;
	FILE *stat;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	while (state != 'S') {
		stat = fopen(path, "r");
		if (!stat || fscanf(stat, "%*d (%*[^)]) %c", &state) != 1)
			_exit(1);
		fclose(stat);
		sched_yield();
	}
	send_and_exit(fd);
}

static void blocked_call_is_ended(unsigned int flags)
{
	int channel[2], fd;
	pid_t pid;
	char byte;

	if (pipe(channel))
		exit(2);
	received = 0;
	EXPECT(0, uintr_register_handler(handle, flags));
	_stui();
	fd = (int)uintr_vector_fd(20, 0);
	pid = fork();
	if (!pid)
		send_to_sleeper(getppid(), fd);
	EXPECT(-EINTR, read(channel[0], &byte, 1));
	check(received == 1 && received_vector == 20, "and the handler has run, flags %x", flags);
	EXPECT(0, ended(pid));
	EXPECT(0, uintr_unregister_handler(0));
	close(fd);
	close(channel[0]);
	close(channel[1]);
}

static void blocking(void)
{
	blocked_call_is_ended(0x1000);
	blocked_call_is_ended(0x2000);
	blocked_call_is_ended(FLAGS_ALL);
}

/* --- the stack ------------------------------------------------------------------------------- */

static int on_stack(const char *stack)
{
	return handler_stack >= (uintptr_t)stack && handler_stack < (uintptr_t)stack + STACK_SIZE;
}

static void alternate_stack(void)
{
	char *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);
	long index;

	become_receiver();
	index = uintr_register_self(1, 0);
	EXPECT(0, uintr_alt_stack(stack, STACK_SIZE, 0));
	_senduipi((uint64_t)index);
	check(comes_to(&received, 1) && on_stack(stack), "the handler runs on the alternate stack");
	EXPECT(0, uintr_alt_stack(NULL, 0, 0));
	_senduipi((uint64_t)index);
	check(comes_to(&received, 2) && !on_stack(stack), "and on the thread's again");
	EXPECT(-EINVAL, uintr_alt_stack(stack, STACK_SIZE, 1));
	EXPECT(0, uintr_unregister_sender(index, 0));
	EXPECT(0, uintr_unregister_handler(0));
}

/* --- errors, and which comes first ------------------------------------------------------------ */

static void errors_of_a_stranger(void)
{
	char *const stack = (char *)&received;

	EXPECT(-EINVAL, uintr_register_handler(NULL, 1));
	EXPECT(-EINVAL, uintr_register_handler(handle, FLAGS_ALL | 0x4000));
	EXPECT(-EFAULT, uintr_register_handler(NULL, 0));
	EXPECT(-EINVAL, uintr_unregister_handler(1));
	EXPECT(-EINVAL, uintr_unregister_handler(0));
	EXPECT(-EINVAL, uintr_vector_fd(0, 1));
	EXPECT(-EINVAL, uintr_vector_fd(64, 0));
	EXPECT(-EINVAL, uintr_register_self(64, 0));
	EXPECT(-EINVAL, uintr_register_sender(-1, 1));
	EXPECT(-EBADF, uintr_register_sender(-1, 0));
	EXPECT(-EBADF, uintr_register_sender(555, 0));
	EXPECT(-EOPNOTSUPP, uintr_register_sender(STDOUT_FILENO, 0));
	EXPECT(-EINVAL, uintr_unregister_sender(0, 1));
	EXPECT(-EINVAL, uintr_unregister_sender(0, 0));
	EXPECT(-EINVAL, uintr_unregister_sender(-1, 0));
	EXPECT(-EINVAL, uintr_unregister_sender(SENDERS_MAX, 0));
	EXPECT(-EINVAL, uintr_wait(0, 1));
	EXPECT(-EINVAL, uintr_wait(WAIT_LONGEST + 1, 0));
	EXPECT(0, uintr_wait(0, 0));
	EXPECT(-EOPNOTSUPP, uintr_wait(1, 0));
	EXPECT(-EINVAL, uintr_alt_stack(stack, STACK_SIZE, 1));
	EXPECT(-EOPNOTSUPP, uintr_alt_stack(stack, STACK_SIZE, 0));
	EXPECT(-EOPNOTSUPP, uintr_alt_stack(NULL, 0, 0));
	EXPECT(-EINVAL, uintr_ipi_fd(1));
	EXPECT(-EOPNOTSUPP, uintr_ipi_fd(0));
}

static void errors_of_a_receiver(void)
{
	struct rlimit limit, few;

	become_receiver();
	EXPECT(-EINVAL, uintr_register_handler(handle, 1));
	EXPECT(-EFAULT, uintr_register_handler(NULL, 0));
	EXPECT(-EBUSY, uintr_register_handler(handle, 0));
	EXPECT(-EINVAL, uintr_vector_fd(64, 1));
	EXPECT(-ENOSPC, uintr_vector_fd(64, 0));
	EXPECT(-ENOSPC, uintr_vector_fd(UINT64_MAX, 0));
	EXPECT(-ENOSPC, uintr_register_self(64, 0));
	getrlimit(RLIMIT_NOFILE, &limit);
	few = limit;
	few.rlim_cur = 3;
	setrlimit(RLIMIT_NOFILE, &few);
	EXPECT(-EMFILE, uintr_vector_fd(0, 0));
	setrlimit(RLIMIT_NOFILE, &limit);
	EXPECT(-EINVAL, uintr_unregister_handler(4));
	EXPECT(0, uintr_unregister_handler(0));
	EXPECT(-EINVAL, uintr_unregister_handler(0));
}

static void receiver_has_gone(void)
{
	int pair[2], fd;
	pid_t pid;
	char byte;

	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	pid = fork();
	if (!pid) {
		uintr_register_handler(handle, 0);
		pass_descriptor(pair[1], (int)uintr_vector_fd(0, 0));
		_exit(read(pair[1], &byte, 1) != 1);
	}
	fd = receive_descriptor(pair[0]);
	EXPECT(0, uintr_register_sender(fd, 0));
	_senduipi(0);
	check(write(pair[0], "", 1) == 1 && !ended(pid), "the receiver ends");
	EXPECT(-ESHUTDOWN, uintr_register_sender(fd, 0));
	_senduipi(0);
	check(1, "sending to one that has gone is silent");
	EXPECT(0, uintr_unregister_sender(0, 0));
}

static void full_table(void)
{
	long i, made = 0;

	become_receiver();
	for (i = 0; i < SENDERS_MAX; i++)
		made += uintr_register_self((uint64_t)i % 64, 0) == i;
	check(made == SENDERS_MAX, "%ld of %d entries, in order", made, SENDERS_MAX);
	EXPECT(-ENOSPC, uintr_register_self(0, 0));
	EXPECT(0, uintr_unregister_sender(77, 0));
	EXPECT(-EINVAL, uintr_unregister_sender(77, 0));
	EXPECT(77, uintr_register_self(0, 0));
	EXPECT(0, uintr_unregister_handler(0));
}

static int dies_by(void (*act)(void))
{
	pid_t pid = fork();

	if (!pid) {
		act();
		_exit(0);
	}
	return ended(pid);
}

static void send_without_table(void)
{
	_senduipi(0);
}

static void send_unregistered(void)
{
	uintr_register_handler(handle, 0);
	uintr_register_self(0, 0);
	_senduipi(1);
}

static void errno_is_kept(void)
{
	errno = EXFULL;
	check(!uintr_register_handler(handle, 0) && errno == EXFULL, "success leaves errno alone");
	EXPECT(0, uintr_unregister_handler(0));
}

int main(void)
{
	static void (*const cases[])(void) = {
		errors_of_a_stranger,
		errors_of_a_receiver,
		child_inherits,
		stranger_is_passed,
		oneself,
		waiting,
		blocking,
		alternate_stack,
		receiver_has_gone,
		full_table,
		errno_is_kept,
	};
	size_t i;

	alarm(10 * SECONDS);
	check(dies_by(send_without_table) == -SIGILL, "SENDUIPI without a table is SIGILL");
	check(dies_by(send_unregistered) == -SIGSEGV, "SENDUIPI with a free index is SIGSEGV");
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cases[i]();
	return test_end();
}
