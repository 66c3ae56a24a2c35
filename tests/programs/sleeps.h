/* SPDX-License-Identifier: MIT */
/*
 * Sleeps for the tests of CRTOS_WAITING_*: a system call that cannot miss an interrupt, calls of every
 * kind that block for ever, and a helper that acts when the receiver sleeps.
 */
#ifndef SLEEPS_H
#define SLEEPS_H

#include <linux/futex.h>
#include <linux/io_uring.h>
#include <mqueue.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "cases.h"

#define FLAGS CRTOS_WAITING_RECEIVER
#define SKIPPED (-EALREADY) /* guarded_call() met an interrupt before its system call */

/* --- a system call that cannot miss an interrupt --------------------------------------------- */

struct call {
	long number;
	long argument[6];
};

/*
 * The call, unless *count is no longer `seen`. An interrupt between the look and the SYSCALL
 * instruction goes on at guarded_skip, for it would not end the call that follows.
 */
long guarded_call(const struct call *call, const volatile unsigned long *count, unsigned long seen);
extern const char guarded_begin[], guarded_end[], guarded_skip[];

__asm__(".text\n"
	"guarded_call:\n"
	"	push %rbx\n"
	"	push %r12\n"
	"	mov %rsi, %rbx\n"
	"	mov %rdx, %r12\n"
	"	mov %rdi, %r11\n"
	"	mov (%r11), %rax\n"
	"	mov 8(%r11), %rdi\n"
	"	mov 16(%r11), %rsi\n"
	"	mov 24(%r11), %rdx\n"
	"	mov 32(%r11), %r10\n"
	"	mov 40(%r11), %r8\n"
	"	mov 48(%r11), %r9\n"
	"guarded_begin:\n"
	"	cmp %r12, (%rbx)\n"
	"	jne guarded_skip\n"
	"	syscall\n"
	"guarded_end:\n"
	"	pop %r12\n"
	"	pop %rbx\n"
	"	ret\n"
	"guarded_skip:\n"
	"	mov $-114, %rax\n"
	"	jmp guarded_end\n");
_Static_assert(EALREADY == 114, "guarded_call() returns it");

__attribute__((interrupt, target("general-regs-only,uintr"))) static void
count_and_guard(struct __uintr_frame *frame, unsigned long long vector)
{
	struct receiver *r = receiver;

	r->interrupted_rip = frame->rip;
	if (vector < CRTOS_UINTR_VECTORS)
		r->got[vector]++;
	r->total++;
	if (frame->rip >= (uint64_t)guarded_begin && frame->rip < (uint64_t)guarded_end)
		frame->rip = (uint64_t)guarded_skip;
}

/* --- a sender that waits until the receiver sleeps ------------------------------------------- */

static volatile pid_t sleeper; /* set just before the call */

static inline char state_of(pid_t tid)
{
	char name[64], text[512], *state = NULL;
	FILE *file;

	snprintf(name, sizeof(name), "/proc/self/task/%d/stat", tid);
	file = fopen(name, "r");
	if (file && fgets(text, sizeof(text), file))
		state = strrchr(text, ')');
	if (file)
		fclose(file);
	return state ? state[2] : '?';
}

static inline void wait_for_state(char wanted)
{
	double end = now() + SECONDS;

	while (!sleeper || state_of(sleeper) != wanted) {
		REQUIRE(now() < end);
		usleep(200);
	}
}

static pthread_t helper;

static inline void start_helper(void *(*run)(void *))
{
	EXPECT(0, pthread_create(&helper, NULL, run, NULL));
}

static inline void become(uint32_t flags)
{
	struct crtos_uintr_handler arg = { .handler = (uint64_t)count_and_guard, .flags = flags };

	receiver = &mine;
	EXPECT(0, device_call(CRTOS_IOC_UINTR_REGISTER, &arg));
	EXPECT(0, uintr_self(1));
	stui();
}

static inline long sleep_in(struct call call)
{
	sleeper = gettid();
	return guarded_call(&call, &mine.total, mine.total);
}

#define CALL(...) ((struct call){ __VA_ARGS__ })

/* --- every kind of sleep --------------------------------------------------------------------- */

static const struct timespec long_time = { .tv_sec = 1000 };
static int fds[2];
static char buffer[64];

static struct call read_pipe(void)
{
	EXPECT(0, pipe(fds));
	return CALL(SYS_read, { fds[0], (long)buffer, 1 });
}

static struct call write_full_pipe(void)
{
	static char page[PAGE];

	EXPECT(0, pipe2(fds, O_NONBLOCK));
	while (write(fds[1], page, sizeof(page)) > 0)
		;
	EXPECT(0, fcntl(fds[1], F_SETFL, 0));
	return CALL(SYS_write, { fds[1], (long)page, 1 });
}

static struct call read_socket(void)
{
	EXPECT(0, socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	return CALL(SYS_recvfrom, { fds[0], (long)buffer, 1 });
}

static struct call read_eventfd(void)
{
	return CALL(SYS_read, { eventfd(0, 0), (long)buffer, 8 });
}

static struct call accept_socket(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	EXPECT(0, bind(fd, (struct sockaddr *)&address, sizeof(address.sun_family)));
	EXPECT(0, listen(fd, 1));
	return CALL(SYS_accept, { fd });
}

static struct pollfd polled;

static struct call poll_forever(void)
{
	EXPECT(0, pipe(fds));
	polled = (struct pollfd){ fds[0], POLLIN, 0 };
	return CALL(SYS_poll, { (long)&polled, 1, -1 });
}

static struct call poll_long(void)
{
	struct call call = poll_forever();

	call.argument[2] = 1000000;
	return call;
}

static struct call ppoll_with_mask(void)
{
	static uint64_t mask = 1 << (SIGUSR2 - 1);

	poll_forever();
	return CALL(SYS_ppoll, { (long)&polled, 1, (long)&long_time, (long)&mask, sizeof(mask) });
}

static struct call select_forever(void)
{
	static fd_set set;

	EXPECT(0, pipe(fds));
	FD_SET(fds[0], &set);
	return CALL(SYS_select, { fds[0] + 1, (long)&set });
}

static struct call epoll_forever(void)
{
	static struct epoll_event event = { .events = EPOLLIN };
	int fd = epoll_create1(0);

	EXPECT(0, pipe(fds));
	EXPECT(0, epoll_ctl(fd, EPOLL_CTL_ADD, fds[0], &event));
	return CALL(SYS_epoll_wait, { fd, (long)&event, 1, -1 });
}

static int futex_word;

static struct call futex_forever(void)
{
	return CALL(SYS_futex, { (long)&futex_word, FUTEX_WAIT });
}

static struct call futex_long(void)
{
	return CALL(SYS_futex, { (long)&futex_word, FUTEX_WAIT, 0, (long)&long_time });
}

static struct timespec left;

static struct call sleep_long(void)
{
	return CALL(SYS_nanosleep, { (long)&long_time, (long)&left });
}

static struct call sleep_on_clock(void)
{
	return CALL(SYS_clock_nanosleep, { CLOCK_MONOTONIC, 0, (long)&long_time, (long)&left });
}

static struct call sleep_until(void)
{
	static struct timespec end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += 1000;
	return CALL(SYS_clock_nanosleep, { CLOCK_MONOTONIC, TIMER_ABSTIME, (long)&end });
}

static struct call pause_forever(void)
{
	return CALL(SYS_pause, { 0 });
}

static struct call suspend_forever(void)
{
	static uint64_t mask = 1 << (SIGUSR2 - 1);

	return CALL(SYS_rt_sigsuspend, { (long)&mask, sizeof(mask) });
}

static struct call wait_for_signal(void)
{
	static uint64_t mask = 1 << (SIGUSR1 - 1);

	return CALL(SYS_rt_sigtimedwait, { (long)&mask, 0, 0, sizeof(mask) });
}

static struct call wait_for_child(void)
{
	pid_t pid = fork_child();

	while (!pid)
		pause();
	return CALL(SYS_wait4, { pid });
}

static struct call receive_message(void)
{
	int id = msgget(IPC_PRIVATE, 0600);

	REQUIRE(id >= 0);
	return CALL(SYS_msgrcv, { id, (long)buffer, 8 });
}

static struct call receive_from_queue(void)
{
	mqd_t queue = mq_open("/uintr-waiting", O_RDONLY | O_CREAT, 0600, NULL);
	static char message[8192];

	REQUIRE(queue >= 0);
	mq_unlink("/uintr-waiting");
	return CALL(SYS_mq_timedreceive, { queue, (long)message, sizeof(message) });
}

static struct call lock_file(void)
{
	int a = open("/tmp/uintr-waiting", O_RDWR | O_CREAT, 0600);
	int b = open("/tmp/uintr-waiting", O_RDWR);

	EXPECT(0, flock(a, LOCK_EX));
	return CALL(SYS_flock, { b, LOCK_EX });
}

static struct call lock_record(void)
{
	static struct flock lock = { .l_type = F_WRLCK, .l_len = 1 };
	int a = open("/tmp/uintr-waiting", O_RDWR | O_CREAT, 0600);
	int b = open("/tmp/uintr-waiting", O_RDWR);

	EXPECT(0, fcntl(a, F_OFD_SETLK, &lock));
	return CALL(SYS_fcntl, { b, F_OFD_SETLKW, (long)&lock });
}

static struct call io_uring(void)
{
	static struct io_uring_params params;
	int fd = (int)syscall(SYS_io_uring_setup, 1, &params);

	REQUIRE(fd >= 0);
	return CALL(SYS_io_uring_enter, { fd, 0, 1, IORING_ENTER_GETEVENTS });
}

static const struct sleep_kind {
	const char *name;
	struct call (*prepare)(void);
} kinds[] = {
	{ "read of a pipe", read_pipe },
	{ "write to a full pipe", write_full_pipe },
	{ "recv of a socket", read_socket },
	{ "read of an eventfd", read_eventfd },
	{ "accept", accept_socket },
	{ "poll", poll_forever },
	{ "poll with a time-out", poll_long },
	{ "ppoll with a signal mask", ppoll_with_mask },
	{ "select", select_forever },
	{ "epoll_wait", epoll_forever },
	{ "futex", futex_forever },
	{ "futex with a time-out", futex_long },
	{ "nanosleep", sleep_long },
	{ "clock_nanosleep", sleep_on_clock },
	{ "clock_nanosleep to a point in time", sleep_until },
	{ "pause", pause_forever },
	{ "sigsuspend", suspend_forever },
	{ "sigtimedwait", wait_for_signal },
	{ "wait4", wait_for_child },
	{ "msgrcv", receive_message },
	{ "mq_receive", receive_from_queue },
	{ "flock", lock_file },
	{ "a lock of records", lock_record },
	{ "io_uring_enter", io_uring },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

#endif
