// SPDX-License-Identifier: MIT
/*
 * User interrupts between Linux threads, the sender's side: tables, descriptors, and what fork,
 * exec and the end of a thread leave of them.
 *
 *	uintr-sender		all tests; prints TAP
 *	uintr-sender hold WHAT	hold the module by one `receiver`, `descriptor` or `table`, with
 *				/dev/crtos closed, until killed
 */
#define _GNU_SOURCE
#include <string.h>
#include <sys/socket.h>
#include <ucontext.h>

#include "cases.h"

#define ENTRIES 256
#define NOBODY 65534
#define ROUND_TRIPS 2000
#define SLEEPS 50

/* --- senders and their table ----------------------------------------------------------------- */

static void table_of_256(void)
{
	int i;

	become_receiver();
	for (i = 0; i < ENTRIES; i++)
		EXPECT(i, uintr_self(1));
	EXPECT(-ENOSPC, uintr_self(1));
	EXPECT(0, uintr_unsender(200));
	EXPECT(-EINVAL, uintr_unsender(200));
	EXPECT(0, uintr_unsender(100));
	EXPECT(100, uintr_self(2));
	EXPECT(200, uintr_self(3));
	EXPECT(-ENOSPC, uintr_self(1));
	EXPECT(-EINVAL, uintr_unsender(ENTRIES));
	senduipi(100);
	REQUIRE(reaches(&mine.got[2], 1, SECONDS));
	senduipi(ENTRIES - 1);
	REQUIRE(reaches(&mine.got[1], 1, SECONDS));
}

/* SENDUIPI with a fixed encoding of 4 bytes, so that it can be told and skipped. */
static volatile int fault;

static void on_fault(int signal, siginfo_t *info, void *context)
{
	greg_t *rip = &((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];

	(void)info;
	if (memcmp((void *)*rip, "\xf3\x0f\xc7\xf0", 4) &&
	    memcmp((void *)*rip, "\x66\x0f\xff\xc0", 4)) {
		printf("# signal %d at %llx\n", signal, *rip);
		fflush(stdout);
		_exit(1);
	}
	fault = signal;
	*rip += 4;
}

/* The signal that it raises, or 0. */
static int sending_raises(uint64_t index)
{
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

	sigaction(SIGILL, &action, NULL);
	sigaction(SIGSEGV, &action, NULL);
	fault = 0;
	__asm__ volatile(".byte 0xf3, 0x0f, 0xc7, 0xf0" : : "a"(index) : "memory");
	return fault;
}

static void index_that_is_none(void)
{
	EXPECT(SIGILL, sending_raises(0));
	become_receiver();
	EXPECT(SIGILL, sending_raises(0));
	EXPECT(0, uintr_self(1));
	EXPECT(1, uintr_self(2));
	EXPECT(0, sending_raises(0));
	REQUIRE(reaches(&mine.got[1], 1, SECONDS));
	EXPECT(SIGSEGV, sending_raises(2));
	EXPECT(SIGSEGV, sending_raises(ENTRIES - 1));
	EXPECT(SIGSEGV, sending_raises(ENTRIES));
	EXPECT(SIGSEGV, sending_raises(1ull << 32));
	EXPECT(SIGSEGV, sending_raises(UINT64_MAX));
	EXPECT(0, uintr_unsender(0));
	EXPECT(SIGSEGV, sending_raises(0));
	EXPECT(0, sending_raises(1));
	REQUIRE(reaches(&mine.got[2], 1, SECONDS));
	EXPECT(2, mine.total);
	/* The table stays when its owner is no receiver any more. */
	EXPECT(0, uintr_unregister());
	EXPECT(0, sending_raises(1));
	EXPECT(SIGSEGV, sending_raises(0));
}

/* The UPID stays with the old senders: who registers then does not hear them. */
static void unregistered_is_silent(void)
{
	become_receiver();
	EXPECT(0, uintr_self(1));
	senduipi(0);
	REQUIRE(reaches(&mine.total, 1, SECONDS));
	EXPECT(0, uintr_unregister());
	senduipi(0);
	EXPECT(0, uintr_register(&mine));
	stui();
	senduipi(0);
	EXPECT(0, uintr_wait(20000));
	EXPECT(1, mine.total);
	EXPECT(1, uintr_self(2));
	senduipi(1);
	REQUIRE(reaches(&mine.got[2], 1, SECONDS));
}

static void receiver_has_gone(void)
{
	struct thread t = { .vector = 4 };

	thread_start(&t);
	EXPECT(0, uintr_sender(t.fd));
	thread_stop(&t);
	EXPECT(-ESHUTDOWN, uintr_sender(t.fd));
	senduipi(0);
	close(t.fd);
	usleep(10000);
	EXPECT(1, upids_used(1));
	senduipi(0);
	EXPECT(0, uintr_unsender(0));
	EXPECT(0, upids_used(0));
}

/* Two receivers and two senders in one process; each vector goes to its own. */
static void two_threads(void)
{
	struct thread a = { .vector = 1 }, b = { .vector = 2, .spin = 1 };
	unsigned long i;

	thread_start(&a);
	thread_start(&b);
	EXPECT(0, uintr_sender(a.fd));
	EXPECT(1, uintr_sender(b.fd));
	for (i = 1; i <= ROUND_TRIPS; i++) {
		senduipi(i % 2);
		REQUIRE(reaches(i % 2 ? &b.r.got[2] : &a.r.got[1], (i + 1) / 2, SECONDS));
	}
	EXPECT(ROUND_TRIPS / 2, a.r.total);
	EXPECT(ROUND_TRIPS / 2, b.r.total);
	thread_stop(&a);
	senduipi(0);
	senduipi(1);
	REQUIRE(reaches(&b.r.got[2], ROUND_TRIPS / 2 + 1, SECONDS));
	EXPECT(ROUND_TRIPS / 2, a.r.total);
	thread_stop(&b);
}

/* The entry of the other thread serves this one too, which has not called the module. */
static void *send_once(void *arg)
{
	senduipi(0);
	EXPECT(SIGSEGV, sending_raises(1));
	return (void *)(long)uintr_sender(*(int *)arg);
}

static void *invalid_instruction(void *unused)
{
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

	EXPECT(0, sigaction(SIGILL, &action, NULL));
	fault = 0;
	/* UD0, of the size of SENDUIPI. */
	__asm__ volatile(".byte 0x66, 0x0f, 0xff, 0xc0");
	EXPECT(SIGILL, fault);
	return unused;
}

static void table_is_shared_by_threads(void)
{
	pthread_t other;
	void *index;
	int fd;

	become_receiver();
	fd = uintr_vector_fd(8);
	EXPECT(0, uintr_sender(fd));
	EXPECT(0, pthread_create(&other, NULL, send_once, &fd));
	EXPECT(0, pthread_join(other, &index));
	EXPECT(1, (long)index);
	REQUIRE(reaches(&mine.got[8], 1, SECONDS));
	EXPECT(1, mine.total);
	EXPECT(0, pthread_create(&other, NULL, invalid_instruction, NULL));
	EXPECT(0, pthread_join(other, NULL));
	EXPECT(2, uintr_self(8));
}

/* A process that shares the memory shares the table, and keeps it when the other has ended. */
static int send_and_exit(void *unused)
{
	senduipi(0);
	REQUIRE(reaches(&mine.got[8], 1, SECONDS));
	return unused ? 1 : 0;
}

static void table_is_shared_by_processes_of_one_memory(void)
{
	static char stack[16 * PAGE];
	pid_t pid;

	become_receiver();
	EXPECT(0, uintr_self(8));
	pid = clone(send_and_exit, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL);
	REQUIRE(pid > 0);
	REQUIRE(reaches(&mine.got[8], 1, SECONDS));
	EXPECT(0, ended(pid));
	senduipi(0);
	REQUIRE(reaches(&mine.got[8], 2, SECONDS));
}

/* A receiver that runs is notified without the kernel; a few notifications meet it switched out. */
static void running_receiver_needs_no_kernel(void)
{
	struct thread t = { .vector = 1, .spin = 1 };
	struct crtos_check before, after;
	unsigned long i;

	thread_start(&t);
	EXPECT(0, uintr_sender(t.fd));
	EXPECT(0, crtos_check(&before));
	for (i = 1; i <= ROUND_TRIPS; i++) {
		senduipi(0);
		REQUIRE(reaches(&t.r.total, i, SECONDS));
	}
	EXPECT(0, crtos_check(&after));
	REQUIRE(after.wakes - before.wakes <= ROUND_TRIPS / 100);
	thread_stop(&t);
}

static int pipes[2];

static void *reader_thread(void *arg)
{
	struct thread *t = arg;
	char byte;

	t->fd = uintr_register(&t->r);
	if (!t->fd)
		t->fd = uintr_vector_fd(t->vector);
	stui();
	t->ready = 1;
	while (read(pipes[0], &byte, 1) == 1)
		;
	return NULL;
}

/* One that sleeps, but not in wait, finds its interrupts when it runs again. */
static void sleeping_receiver_is_left_alone(void)
{
	struct thread t = { .vector = 1 };
	struct crtos_check before, after;
	unsigned long i;

	EXPECT(0, pipe(pipes));
	EXPECT(0, pthread_create(&t.id, NULL, reader_thread, &t));
	while (!t.ready)
		usleep(100);
	EXPECT(0, uintr_sender(t.fd));
	EXPECT(0, crtos_check(&before));
	for (i = 1; i <= SLEEPS; i++) {
		usleep(2000);
		senduipi(0);
		EXPECT(1, write(pipes[1], "", 1));
		REQUIRE(reaches(&t.r.total, i, SECONDS));
	}
	EXPECT(0, crtos_check(&after));
	REQUIRE(after.wakes - before.wakes <= SLEEPS / 10);
	close(pipes[1]);
	EXPECT(0, pthread_join(t.id, NULL));
}

/* --- descriptors and processes --------------------------------------------------------------- */

union control {
	struct cmsghdr header;
	char space[CMSG_SPACE(sizeof(int))];
};

static void send_descriptor(int socket, int fd)
{
	struct iovec byte = { "", 1 };
	union control control = { .header = {
					  .cmsg_len = CMSG_LEN(sizeof(fd)),
					  .cmsg_level = SOL_SOCKET,
					  .cmsg_type = SCM_RIGHTS,
				  } };
	struct msghdr message = {
		.msg_iov = &byte,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	EXPECT(1, sendmsg(socket, &message, 0));
}

static int receive_descriptor(int socket)
{
	char space;
	struct iovec byte = { &space, 1 };
	union control control;
	struct msghdr message = {
		.msg_iov = &byte,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	int fd;

	EXPECT(1, recvmsg(socket, &message, 0));
	REQUIRE(CMSG_FIRSTHDR(&message) && control.header.cmsg_type == SCM_RIGHTS);
	memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}

/* The child ends when it has seen 10 interrupts. */
static void passed_over_a_socket(void)
{
	int sockets[2], fd, i;
	pid_t pid;
	char byte;

	EXPECT(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	pid = fork_child();
	if (!pid) {
		become_receiver();
		send_descriptor(sockets[1], uintr_vector_fd(33));
		for (i = 1; i <= 10; i++) {
			REQUIRE(reaches(&mine.got[33], (unsigned long)i, SECONDS));
			EXPECT(1, write(sockets[1], "", 1));
		}
		_exit(0);
	}
	fd = receive_descriptor(sockets[0]);
	EXPECT(0, uintr_sender(fd));
	for (i = 0; i < 10; i++) {
		senduipi(0);
		EXPECT(1, read(sockets[0], &byte, 1));
	}
	EXPECT(0, ended(pid));
	EXPECT(-ESHUTDOWN, uintr_sender(fd));
	senduipi(0);
}

static void fork_inherits_nothing(void)
{
	pid_t pid;
	int fd;

	become_receiver();
	fd = uintr_vector_fd(2);
	EXPECT(0, uintr_sender(fd));

	pid = fork_child();
	if (!pid) {
		EXPECT(-EINVAL, uintr_vector_fd(2));
		EXPECT(-EOPNOTSUPP, uintr_wait(1000));
		EXPECT(SIGILL, sending_raises(0));
		_exit(0);
	}
	EXPECT(0, ended(pid));
	EXPECT(0, mine.total);

	/* The descriptor is inherited as any is, and the child's table is its own. */
	pid = fork_child();
	if (!pid) {
		EXPECT(0, uintr_register(&mine));
		stui();
		EXPECT(0, uintr_sender(fd));
		EXPECT(1, uintr_self(3));
		senduipi(1);
		REQUIRE(reaches(&mine.got[3], 1, SECONDS));
		senduipi(0);
		EXPECT(0, mine.got[2]);
		_exit(0);
	}
	REQUIRE(reaches(&mine.got[2], 1, SECONDS));
	EXPECT(0, ended(pid));
	EXPECT(0, mine.got[3]);
	senduipi(0);
	REQUIRE(reaches(&mine.got[2], 2, SECONDS));
	EXPECT(-EINVAL, uintr_unsender(1));
}

/* In the new program. */
static int after_exec(int socket, int fd)
{
	char byte;

	device = open(CRTOS_DEVICE, O_RDWR | O_CLOEXEC);
	EXPECT(0, testui());
	EXPECT(-EINVAL, uintr_vector_fd(1));
	EXPECT(-EINVAL, uintr_unregister());
	EXPECT(-1, fcntl(fd, F_GETFD));
	EXPECT(1, write(socket, "", 1));
	EXPECT(1, read(socket, &byte, 1));
	EXPECT(SIGILL, sending_raises(0));
	return 0;
}

static void exec_clears_everything(void)
{
	char socket[16], descriptor[16], byte;
	int sockets[2], fd;
	pid_t pid;

	EXPECT(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	pid = fork_child();
	if (!pid) {
		become_receiver();
		fd = uintr_vector_fd(1);
		EXPECT(0, uintr_sender(fd));
		send_descriptor(sockets[1], fd);
		EXPECT(1, read(sockets[1], &byte, 1));
		EXPECT(1, mine.got[1]);
		snprintf(socket, sizeof(socket), "%d", sockets[1]);
		snprintf(descriptor, sizeof(descriptor), "%d", fd);
		execl("/proc/self/exe", "uintr-api", "after-exec", socket, descriptor, NULL);
		_exit(1);
	}
	fd = receive_descriptor(sockets[0]);
	EXPECT(0, uintr_sender(fd));
	senduipi(0);
	EXPECT(1, write(sockets[0], "", 1));
	EXPECT(1, read(sockets[0], &byte, 1));
	EXPECT(-ESHUTDOWN, uintr_sender(fd));
	senduipi(0);
	EXPECT(1, write(sockets[0], "", 1));
	EXPECT(0, ended(pid));
}

static void raw_sender(void)
{
	uint64_t address, again;
	pid_t pid;

	EXPECT(-EOPNOTSUPP, uintr_upid_address(&address));
	become_receiver();
	EXPECT(0, uintr_upid_address(&address));
	REQUIRE(address && address % sizeof(struct crtos_upid) == 0);
	EXPECT(0, uintr_sender_raw(address, 9));
	senduipi(0);
	REQUIRE(reaches(&mine.got[9], 1, SECONDS));
	EXPECT(-EINVAL, uintr_sender_raw(address, CRTOS_UINTR_VECTORS));
	EXPECT(-EINVAL, uintr_sender_raw(address + 8, 9));
	EXPECT(-EINVAL, uintr_sender_raw(address ^ sizeof(struct crtos_upid), 9));
	EXPECT(-EINVAL, uintr_sender_raw(address + PAGE, 9));

	pid = fork_child();
	if (!pid) {
		EXPECT(0, uintr_sender_raw(address, 10));
		senduipi(0);
		_exit(0);
	}
	EXPECT(0, ended(pid));
	REQUIRE(reaches(&mine.got[10], 1, SECONDS));

	EXPECT(0, uintr_unregister());
	EXPECT(-EINVAL, uintr_sender_raw(address, 9));
	senduipi(0);
	EXPECT(0, uintr_unsender(0));
	/* The same UPID for a new receiver, which has not exported it. */
	EXPECT(0, uintr_register(&mine));
	EXPECT(-EINVAL, uintr_sender_raw(address, 9));
	EXPECT(0, uintr_upid_address(&again));
	EXPECT((long)address, (long)again);
	EXPECT(0, uintr_sender_raw(address, 9));
}

static void unprivileged(void)
{
	uint64_t address, mine_address;
	int vector;

	become_receiver();
	EXPECT(0, uintr_upid_address(&address));
	EXPECT(0, setgid(NOBODY));
	EXPECT(0, setuid(NOBODY));
	EXPECT(-EPERM, uintr_upid_address(&mine_address));
	EXPECT(-EPERM, uintr_sender_raw(address, 1));
	vector = uintr_vector_fd(11);
	REQUIRE(vector >= 0);
	EXPECT(0, uintr_sender(vector));
	senduipi(0);
	REQUIRE(reaches(&mine.got[11], 1, SECONDS));
}

static const struct test tests[] = {
	{ "a table of 256 entries, the lowest free one first", table_of_256 },
	{ "SENDUIPI with an index that is none", index_that_is_none },
	{ "sending to one who unregistered is silent", unregistered_is_silent },
	{ "sending to a thread that ended is silent", receiver_has_gone },
	{ "two receivers in one process", two_threads },
	{ "one table for all threads of a process", table_is_shared_by_threads },
	{ "one table for two processes of one memory", table_is_shared_by_processes_of_one_memory },
	{ "a running receiver needs no kernel", running_receiver_needs_no_kernel },
	{ "a receiver that sleeps elsewhere is left alone", sleeping_receiver_is_left_alone },
	{ "a descriptor passed over a socket", passed_over_a_socket },
	{ "fork inherits neither receiver nor table", fork_inherits_nothing },
	{ "exec clears receiver, table and descriptor", exec_clears_everything },
	{ "raw senders need an exported UPID", raw_sender },
	{ "without privilege: no raw senders, all else", unprivileged },
};

static void __attribute__((noreturn)) hold(const char *what)
{
	int fd;

	become_receiver();
	if (strcmp(what, "receiver")) {
		fd = uintr_vector_fd(1);
		if (!strcmp(what, "table")) {
			EXPECT(0, uintr_sender(fd));
			close(fd);
		}
		EXPECT(0, uintr_unregister());
	}
	close(device);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "after-exec"))
		return after_exec(atoi(argv[2]), atoi(argv[3]));
	device = open(CRTOS_DEVICE, O_RDWR | O_CLOEXEC);
	if (device < 0) {
		perror(CRTOS_DEVICE);
		return 2;
	}
	if (argc == 3 && !strcmp(argv[1], "hold"))
		hold(argv[2]);
	return RUN_TESTS(tests);
}
