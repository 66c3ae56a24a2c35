// SPDX-License-Identifier: MIT
/*
 * messages CPU1 CPU2 ROUNDS: what it costs Linux threads to notify each other, by user interrupts and by what Linux has
 * always had. Per mechanism a line "message KIND NAME MARK NANOSECONDS", with marks MARK and MARK + 1 for the counting
 * plugin around ROUNDS rounds, all set on CPU1:
 *
 *	post	one thread notifies, nobody waits
 *	running	there and back between two threads that run; they spin on what the notification changes
 *	blocked	there and back between two threads that block in the kernel
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <x86gprintrin.h>

#include <crtos/crtos.h>

#include "mark.h"

#define FIRST_MARK 10
#define WARM_UP 100

/* One end of the exchange: what its thread receives by. */
struct end {
	int cpu;
	pid_t tid;
	int fd; /* eventfd, or the end of the pipe to read from */
	int write_fd; /* eventfd, or the end of the pipe to write to */
	unsigned int index; /* SENDUIPI to this end */
	volatile unsigned long got; /* notifications that its handler, or its peer, has counted */
	unsigned int word; /* futex */
	unsigned long taken;
};

struct mechanism {
	const char *kind;
	const char *name;
	void (*open)(struct end *self); /* in the receiving thread */
	void (*post)(struct end *to);
	void (*take)(struct end *self); /* NULL: nobody receives */
	void (*close)(struct end *self);
};

static int dev;
static struct end ends[2];
static __thread struct end *self_end;
static pthread_barrier_t barrier;
static volatile bool stop;
static const struct mechanism *mechanism;

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "messages: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	must(!sched_setaffinity(0, sizeof(set), &set), "sched_setaffinity");
}

/* Three instructions for each PAUSE, which report.py takes off again. */
static void spin_while(const volatile unsigned long *word, unsigned long value)
{
	__asm__ volatile("1:	pause\n"
			 "	cmp %1, %0\n"
			 "	je 1b"
			 :
			 : "m"(*word), "r"(value)
			 : "cc", "memory");
}

static void no_open(struct end *self)
{
	(void)self;
}

/* Shared memory alone: the bound for all others. */
static void memory_post(struct end *to)
{
	to->got++;
}

static void spin_take(struct end *self)
{
	spin_while(&self->got, self->taken++);
}

/* --- user interrupts --- */

__attribute__((interrupt, target("general-regs-only,uintr"))) static void
uintr_handler(struct __uintr_frame *frame, unsigned long long vector)
{
	(void)frame;
	(void)vector;
	self_end->got++;
}

static void uintr_open(struct end *self)
{
	int ret;

	ret = crtos_uintr_register_handler(dev, (void *)uintr_handler, 0);
	must(ret >= 0, "register_handler");
	/* Any thread of the process may use the index. */
	ret = crtos_uintr_register_self(dev, 0, 0);
	must(ret >= 0, "register_self");
	self->index = ret;
	crtos_stui();
}

static void uintr_open_closed(struct end *self)
{
	uintr_open(self);
	crtos_clui();
}

static void uintr_post(struct end *to)
{
	crtos_senduipi(to->index);
}

static void uintr_take_blocked(struct end *self)
{
	crtos_clui();
	while (self->got == self->taken) {
		crtos_uintr_wait(dev, 1000000000, 0);
		crtos_stui();
		crtos_clui();
	}
	self->taken++;
}

static void uintr_close(struct end *self)
{
	crtos_clui();
	must(!crtos_uintr_unregister_sender(dev, self->index, 0), "unregister_sender");
	must(!crtos_uintr_unregister_handler(dev, 0), "unregister_handler");
}

/* --- signals --- */

static void signal_handler(int number)
{
	(void)number;
	self_end->got++;
}

static void signal_open(struct end *self)
{
	struct sigaction action = { .sa_handler = signal_handler };

	(void)self;
	must(!sigaction(SIGUSR1, &action, NULL), "sigaction");
}

static void signal_open_blocked(struct end *self)
{
	sigset_t set;

	(void)self;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	must(!pthread_sigmask(SIG_BLOCK, &set, NULL), "sigmask");
}

static void signal_post(struct end *to)
{
	syscall(SYS_tgkill, getpid(), to->tid, SIGUSR1);
}

static void signal_take_blocked(struct end *self)
{
	sigset_t set;

	(void)self;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	while (sigwaitinfo(&set, NULL) < 0)
		;
}

static void signal_close_blocked(struct end *self)
{
	static const struct timespec now;
	sigset_t set;

	(void)self;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	while (sigtimedwait(&set, NULL, &now) > 0)
		;
	must(!pthread_sigmask(SIG_UNBLOCK, &set, NULL), "sigmask");
}

/* --- eventfd and pipe --- */

static void eventfd_open(struct end *self)
{
	self->fd = self->write_fd = eventfd(0, EFD_CLOEXEC);
	must(self->fd >= 0, "eventfd");
}

static void eventfd_post(struct end *to)
{
	const uint64_t one = 1;

	must(write(to->write_fd, &one, sizeof(one)) == sizeof(one), "write");
}

static void eventfd_take(struct end *self)
{
	uint64_t n;

	must(read(self->fd, &n, sizeof(n)) == sizeof(n), "read");
}

static void eventfd_close(struct end *self)
{
	close(self->fd);
}

static void pipe_open(struct end *self)
{
	int fds[2];

	must(!pipe2(fds, O_CLOEXEC), "pipe");
	self->fd = fds[0];
	self->write_fd = fds[1];
}

static void pipe_post(struct end *to)
{
	must(write(to->write_fd, "", 1) == 1, "write");
}

static void pipe_take(struct end *self)
{
	char c;

	must(read(self->fd, &c, 1) == 1, "read");
}

static void pipe_close(struct end *self)
{
	close(self->fd);
	close(self->write_fd);
}

/* --- futex --- */

static void futex_post(struct end *to)
{
	__atomic_add_fetch(&to->word, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &to->word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void futex_take(struct end *self)
{
	while (__atomic_load_n(&self->word, __ATOMIC_SEQ_CST) == self->taken)
		syscall(SYS_futex, &self->word, FUTEX_WAIT_PRIVATE, (unsigned int)self->taken, NULL,
			NULL, 0);
	self->taken++;
}

static const struct mechanism mechanisms[] = {
	{ "post", "user-interrupt", uintr_open_closed, uintr_post, NULL, uintr_close },
	{ "post", "eventfd", eventfd_open, eventfd_post, NULL, eventfd_close },
	{ "post", "pipe", pipe_open, pipe_post, NULL, pipe_close },
	{ "post", "futex", no_open, futex_post, NULL, no_open },
	{ "post", "signal", signal_open_blocked, signal_post, NULL, signal_close_blocked },
	{ "running", "memory", no_open, memory_post, spin_take, no_open },
	{ "running", "user-interrupt", uintr_open, uintr_post, spin_take, uintr_close },
	{ "running", "signal", signal_open, signal_post, spin_take, no_open },
	{ "blocked", "user-interrupt", uintr_open, uintr_post, uintr_take_blocked, uintr_close },
	{ "blocked", "eventfd", eventfd_open, eventfd_post, eventfd_take, eventfd_close },
	{ "blocked", "pipe", pipe_open, pipe_post, pipe_take, pipe_close },
	{ "blocked", "futex", no_open, futex_post, futex_take, no_open },
	{ "blocked", "signal", signal_open_blocked, signal_post, signal_take_blocked,
	  signal_close_blocked },
};

static void start_end(struct end *self)
{
	int cpu = self->cpu;

	memset(self, 0, sizeof(*self));
	self->cpu = cpu;
	self->tid = gettid();
	self_end = self;
	pin(cpu);
	mechanism->open(self);
}

/* Answers what arrives, until what arrives is the end. */
static void *peer(void *arg)
{
	struct end *self = &ends[1];

	(void)arg;
	start_end(self);
	pthread_barrier_wait(&barrier);
	for (;;) {
		mechanism->take(self);
		if (stop)
			break;
		mechanism->post(&ends[0]);
	}
	pthread_barrier_wait(&barrier);
	mechanism->close(self);
	return NULL;
}

static void round_trip(void)
{
	mechanism->post(&ends[1]);
	mechanism->take(&ends[0]);
}

static void post_only(void)
{
	mechanism->post(&ends[0]);
}

/* MARK() wants constants. */
static void mark(unsigned int id)
{
	switch (id) {
#define CASE(n)          \
	case n:          \
		MARK(n); \
		break
#define CASES(n)     \
	CASE(n);     \
	CASE(n + 1); \
	CASE(n + 2); \
	CASE(n + 3); \
	CASE(n + 4); \
	CASE(n + 5); \
	CASE(n + 6); \
	CASE(n + 7)
		CASES(10);
		CASES(18);
		CASES(26);
		CASES(34);
	default:
		must(false, "too many marks");
	}
}

static void measure(const struct mechanism *m, unsigned int first_mark, unsigned long rounds)
{
	void (*round)(void) = m->take ? round_trip : post_only;
	pthread_t thread;
	uint64_t start;
	unsigned long i;

	mechanism = m;
	stop = false;
	if (m->take)
		must(!pthread_create(&thread, NULL, peer, NULL), "pthread_create");
	start_end(&ends[0]);
	if (m->take)
		pthread_barrier_wait(&barrier);
	for (i = 0; i < WARM_UP; i++)
		round();
	start = now();
	mark(first_mark);
	for (i = 0; i < rounds; i++)
		round();
	mark(first_mark + 1);
	printf("message %s %s %u %lu\n", m->kind, m->name, first_mark, (now() - start) / rounds);
	if (m->take) {
		stop = true;
		m->post(&ends[1]);
		pthread_barrier_wait(&barrier);
		pthread_join(thread, NULL);
	}
	m->close(&ends[0]);
}

int main(int argc, char **argv)
{
	unsigned long rounds;
	unsigned int i;

	if (argc != 4)
		return 2;
	ends[0].cpu = atoi(argv[1]);
	ends[1].cpu = atoi(argv[2]);
	rounds = strtoul(argv[3], NULL, 10);
	dev = crtos_open();
	if (dev < 0) {
		errno = -dev;
		must(false, "crtos_open");
	}
	must(!pthread_barrier_init(&barrier, NULL, 2), "pthread_barrier_init");
	for (i = 0; i < sizeof(mechanisms) / sizeof(mechanisms[0]); i++)
		measure(&mechanisms[i], FIRST_MARK + 2 * i, rounds);
	return 0;
}
