/* SPDX-License-Identifier: MIT */
/*
 * What a fuzzing thread may do next: steps by weight, each drawn from the thread's state alone. What comes of it, and
 * what other threads do to the descriptors and mappings meanwhile, does not change what is drawn after it.
 */
#ifndef FUZZ_STEPS_H
#define FUZZ_STEPS_H

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "descriptors.h"
#include "receiver.h"

#include "fuzz-fields.h"

#define WORKERS_MAX 16
#define THREADS 3
#define LIFE 1500 /* steps of a thread */
#define CHILD_LIFE 15
#define TICK_USEC 5000 /* blocked calls are interrupted that often */
#define FREQUENT 6 /* weight of commands that must have succeeded */
#define SETTLED 30 /* seconds */
#define AREAS 4
#define SESSIONS 4 /* places of the pool where a worker has its own */
#define MIRROR 0x100000000ull
#define MIRROR_STEP 0x10000ull

/* Shared by all. */
static struct shared {
	volatile unsigned long calls[COMMANDS], successes[COMMANDS];
	volatile unsigned long steps;
	volatile pid_t workers[WORKERS_MAX + 1]; /* 0: gives the others its process group */
} * shared;

static unsigned int workers = 4;
static int with_partition, unprivileged;
static int passing[2]; /* a pair of sockets, all workers have both ends */
static int pipe_ends[2];
static char *own_path;

/* Of a worker. */
static volatile int pool[POOL];
static void *volatile areas[AREAS];
static volatile pid_t tids[THREADS];

/* Of a thread. */
struct fuzzer {
	uint64_t state;
	struct receiver counts;
	unsigned char *argument;
	int session; /* where it has begun a process */
	int shadow; /* receives as a shadow, if at all */
	int child; /* forked by a thread: no more forks, no more threads */
	int listing;
};

static __thread sigjmp_buf *jump;

/* --- steps ----------------------------------------------------------------------------------- */

static int pooled(struct fuzzer *f)
{
	return pool[random_below(&f->state, POOL)];
}

static void keep(unsigned int place, int fd)
{
	int old;

	if (fd < 0)
		return;
	if (place < SESSIONS)
		place += SESSIONS;
	old = __atomic_exchange_n(&pool[place], fd, __ATOMIC_RELAXED);
	if (old >= 0)
		close(old);
}

/* Most go to a good place, some across the end of a page, some nowhere. */
static void *place_argument(struct fuzzer *f)
{
	unsigned int choice = random_below(&f->state, 40);
	uint64_t edge = random_edge(&f->state);

	if (choice == 0)
		return (void *)edge;
	if (choice == 1)
		return f->argument + ARGUMENT_BYTES - 4;
	return f->argument;
}

static int concerns_partition(unsigned long number)
{
	unsigned int i;

	for (i = 0; i < COMMANDS; i++)
		if (commands[i].number == number)
			return commands[i].partition;
	return 0;
}

/* One bit that is wrong makes KICK a PARTITION_PANIC. */
static unsigned long choose_number(struct fuzzer *f, const struct command *command)
{
	unsigned long wrong = command->number ^ 1ul << random_below(&f->state, 32);

	if (random_below(&f->state, 60) || concerns_partition(wrong))
		return command->number;
	return wrong;
}

static void step_ioctl(struct fuzzer *f)
{
	const struct names names = { pool, (uint64_t)count_interrupt,
				     (uint64_t)f->argument + ARGUMENT_BYTES };
	const struct command *command = random_command(&f->state, with_partition, f->shadow);
	unsigned int place = random_below(&f->state, POOL);
	int fd = random_below(&f->state, 8) ? device : pooled(f), ret;
	sigset_t undisturbed, mask;
	unsigned long number;
	void *where;

	sigemptyset(&undisturbed);
	if (random_below(&f->state, 4))
		sigfillset(&undisturbed);
	random_argument(&f->state, command, &names, f->argument);
	number = choose_number(f, command);
	where = place_argument(f);
	if (f->listing) {
		printf("# %s %#lx %p\n", command->name, number, where == f->argument ? 0 : where);
		return;
	}
	receiver = &f->counts;
	/* A process's calls go to the session that has it. */
	if (command->number >= CRTOS_IOC_PROC_CREATE && _IOC_NR(command->number) >= 0x60)
		fd = f->shadow && place % 2 ? f->session : pool[place % SESSIONS];
	/* Else no start would ever come to its end. */
	if (command->partition)
		pthread_sigmask(SIG_BLOCK, &undisturbed, &mask);
	ret = ioctl(fd, number, where);
	if (command->partition)
		pthread_sigmask(SIG_SETMASK, &mask, NULL);
	shared->calls[command - commands]++;
	if (ret < 0)
		return;
	shared->successes[command - commands]++;
	if (number == CRTOS_IOC_UINTR_VECTOR_FD || number == CRTOS_IOC_PROC_FORK)
		keep(place, ret);
}

static int counted_ioctl(int fd, unsigned long number, void *argument)
{
	unsigned int i = 0;
	int ret;

	while (commands[i].number != number)
		i++;
	shared->calls[i]++;
	ret = ioctl(fd, number, argument);
	shared->successes[i] += ret >= 0;
	return ret;
}

/* The beginning of a process, as a shadow makes it: by chance alone few would come that far. */
static void step_shadow(struct fuzzer *f)
{
	unsigned int place = random_below(&f->state, 2 * SESSIONS);
	int fd = pool[place < SESSIONS ? place : 0];
	unsigned int slot = random_below(&f->state, 2), far = random_below(&f->state, 8);
	struct crtos_proc_create create = { .notifier = random_below(&f->state, 3) };
	struct crtos_thread_attach attach = { .slot = slot };
	struct crtos_proc_fork fork = { .token = far };

	if (create.notifier == CRTOS_NOTIFIER_UIPI)
		attach.handler = (uint64_t)count_interrupt;
	receiver = &f->counts;
	f->session = fd;
	counted_ioctl(fd, CRTOS_IOC_PROC_CREATE, &create);
	if (far > 0)
		counted_ioctl(fd, CRTOS_IOC_THREAD_ATTACH, &attach);
	if (far > 1)
		counted_ioctl(fd, CRTOS_IOC_PROC_START, NULL);
	if (far > 5)
		keep(place, counted_ioctl(fd, CRTOS_IOC_PROC_FORK, &fork));
}

static void step_open(struct fuzzer *f)
{
	unsigned int place = random_below(&f->state, SESSIONS);
	int fd = open(CRTOS_DEVICE, O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		fd = __atomic_exchange_n(&pool[place], fd, __ATOMIC_RELAXED);
	if (fd >= 0)
		close(fd);
}

static void step_close(struct fuzzer *f)
{
	int old = __atomic_exchange_n(&pool[random_below(&f->state, POOL)], -1, __ATOMIC_RELAXED);

	if (old >= 0)
		close(old);
}

static void step_dup(struct fuzzer *f)
{
	unsigned int place = random_below(&f->state, POOL);

	keep(place, dup(pooled(f)));
}

static void step_map_scf(struct fuzzer *f)
{
	unsigned int place = random_below(&f->state, AREAS), length = random_below(&f->state, 8);
	void *area = mmap(NULL, length ? CRTOS_SCF_SIZE : 4096, PROT_READ | PROT_WRITE,
			  random_below(&f->state, 8) ? MAP_SHARED : MAP_PRIVATE, pooled(f),
			  (off_t)CRTOS_MMAP_SCF);

	if (area != MAP_FAILED)
		areas[place] = area;
}

static void step_map_mirror(struct fuzzer *f)
{
	uint64_t at = MIRROR + random_below(&f->state, 4) * MIRROR_STEP;
	uint64_t offset = random_below(&f->state, 8) ? at : random_edge(&f->state) & ~4095ull;

	mmap((void *)at, MIRROR_STEP, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, pooled(f),
	     (off_t)offset);
}

static void step_unmap(struct fuzzer *f)
{
	unsigned int place = random_below(&f->state, AREAS);

	munmap((void *)(MIRROR + place * MIRROR_STEP), MIRROR_STEP >> random_below(&f->state, 2));
	if (areas[place])
		munmap(areas[place], CRTOS_SCF_SIZE);
	areas[place] = NULL;
}

/* By the kernel, so that what is not there gives EFAULT. */
static void step_touch_mirror(struct fuzzer *f)
{
	void *at = (void *)(MIRROR + random_below(&f->state, 4) * MIRROR_STEP);

	if (write(pipe_ends[1], at, 16) == 16 && read(pipe_ends[0], at, 16) != 16)
		return;
}

/* As a confused or hostile shadow. */
static void step_scribble(struct fuzzer *f)
{
	volatile uint32_t *area = areas[random_below(&f->state, AREAS)];
	unsigned int word = random_below(&f->state, CRTOS_SCF_SIZE / 4);
	uint32_t value = random_below(&f->state, 2) ? (uint32_t)random_edge(&f->state) : 1;

	/* Half of them at slot 0. */
	if (random_below(&f->state, 2))
		word = CRTOS_SCF_SLOTS_OFFSET / 4 + word % (sizeof(struct crtos_scf_slot) / 4);
	if (area)
		area[word] = value;
}

static void fuzz(struct fuzzer *f, unsigned int steps);

static void step_fork(struct fuzzer *f)
{
	uint64_t state = random_number(&f->state);
	int way = (int)random_below(&f->state, 3);

	if (f->child || f->listing || syscall(SYS_fork))
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	f->child = 1;
	f->state = state;
	fuzz(f, CHILD_LIFE);
	if (way == 0)
		execl(own_path, own_path, "-l", "0", NULL);
	if (way == 1)
		kill(getpid(), SIGKILL);
	_exit(0);
}

static void step_kill(struct fuzzer *f)
{
	pid_t pid = shared->workers[1 + random_below(&f->state, workers)];

	/* Rarely: all of its threads live long enough to come somewhere. */
	if (!random_below(&f->state, 40) && pid > 0)
		kill(pid, SIGKILL);
}

static void step_pass(struct fuzzer *f)
{
	send_descriptor(passing[0], pooled(f), MSG_DONTWAIT);
}

static void step_take(struct fuzzer *f)
{
	unsigned int place = random_below(&f->state, POOL);

	keep(place, receive_descriptor(passing[1], MSG_DONTWAIT));
}

/* SIGILL without a table, SIGSEGV with a wrong index. */
static void step_senduipi(struct fuzzer *f)
{
	uint64_t index = random_below(&f->state, 8) ? random_below(&f->state, 8) :
						      random_edge(&f->state);

	senduipi(index);
}

static void step_uif(struct fuzzer *f)
{
	if (random_below(&f->state, 4))
		stui();
	else
		clui();
}

static void step_move(struct fuzzer *f)
{
	move_to_cpu(0, (int)random_below(&f->state, 4));
}

static const struct {
	const char *name;
	void (*step)(struct fuzzer *f);
	unsigned int weight;
} steps[] = {
	{ "ioctl", step_ioctl, 100 },
	{ "begin a process", step_shadow, 12 },
	{ "open", step_open, 8 },
	{ "close", step_close, 5 },
	{ "dup", step_dup, 2 },
	{ "map the SCF buffer", step_map_scf, 6 },
	{ "map the mirror", step_map_mirror, 5 },
	{ "unmap", step_unmap, 3 },
	{ "touch the mirror", step_touch_mirror, 4 },
	{ "scribble", step_scribble, 8 },
	{ "fork", step_fork, 2 },
	{ "kill", step_kill, 1 },
	{ "pass a descriptor", step_pass, 4 },
	{ "take a descriptor", step_take, 4 },
	{ "senduipi", step_senduipi, 14 },
	{ "uif", step_uif, 6 },
	{ "move", step_move, 4 },
};

#define STEPS (sizeof(steps) / sizeof(steps[0]))

static unsigned int random_step(uint64_t *state)
{
	unsigned int sum = 0, i, choice;

	for (i = 0; i < STEPS; i++)
		sum += steps[i].weight;
	choice = random_below(state, sum);
	for (i = 0; choice >= steps[i].weight; i++)
		choice -= steps[i].weight;
	return i;
}

/* What a step draws must not depend on what came of it: each has a state of its own. */
static void fuzz(struct fuzzer *f, unsigned int count)
{
	sigjmp_buf here;
	volatile unsigned int left = count;
	volatile uint64_t state = f->state;
	uint64_t next;
	unsigned int step;

	jump = &here;
	sigsetjmp(here, 1);
	while (left) {
		left--;
		next = state;
		step = random_step(&next);
		f->state = random_number(&next) | 1;
		state = next;
		if (f->listing)
			printf("# %s\n", steps[step].name);
		if (!f->listing || steps[step].step == step_ioctl)
			steps[step].step(f);
		__atomic_fetch_add(&shared->steps, 1, __ATOMIC_RELAXED);
	}
}

#endif
