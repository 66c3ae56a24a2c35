// SPDX-License-Identifier: MIT
/*
 * Pairs of threads play ping-pong by user interrupts, all at once: each ping is answered by exactly one pong.
 *
 *	stress-pairs [-p PAIRS] [-r ROUNDS] [-l SECONDS] [-m MODE] [-o]
 *
 * By default two pairs a CPU, 100000 rounds each. By their number, pairs spin (and yield), block in
 * CRTOS_IOC_UINTR_WAIT or in a system call that user interrupts end; are threads of this process or two processes (the
 * second inherits the first one's descriptor and passes it its own); stay on a CPU or are moved about. Meanwhile all
 * get signals at random. CPUs may come and go. MODE (spin, wait, call) is the only one then. -o: others use
 * user interrupts, too, so that what is in use at the end is not looked at.
 *
 * A player knows how many interrupts it must have got: one more or one less than the ball says ends the test. Nobody
 * gives up waiting: what is stuck when the time is over is shown as it stands. Prints TAP.
 */
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>

#include "descriptors.h"
#include "stress.h"

#define PAIRS_MAX 64
#define LOOKS 100 /* of a spinning player, before it yields */

enum mode { SPIN, WAIT, CALL, MODES };

static const char *const mode_names[MODES] = { "spin", "wait", "call" };

struct player {
	struct receiver r;
	volatile pid_t pid, tid;
	volatile int fd, ready, done;
	volatile unsigned long sent, expected;
};

struct pair {
	struct player player[2];
	unsigned int number;
	enum mode mode;
	int processes, migrating;
	int sockets[2];
	volatile unsigned long ping, pong;
	volatile double seconds;
	pthread_t id[2];
};

static struct pair *pairs;
static unsigned int pair_count;
static unsigned long rounds = 100000;
static double limit = 600, begin;
static volatile unsigned long signals_sent, moves;
static volatile int *over; /* shared: somebody saw what may not be */

/* --- to block in a system call --------------------------------------------------------------- */

extern const char call_start[], call_instruction[], call_end[];

/*
 * To look and to block in one: an interrupt that comes between the two finds itself between call_start and
 * call_instruction, and makes it go on at call_end. Return: as the system call.
 */
__attribute__((noinline, noclone)) static long look_and_call(const volatile unsigned long *count,
							     unsigned long wanted, long number,
							     long a, long b, long c)
{
	long ret = -EINTR;

	__asm__ volatile(".globl call_start, call_instruction, call_end\n"
			 "call_start:\n"
			 "	cmp %[wanted], (%[count])\n"
			 "	jae call_end\n"
			 "	mov %[number], %%rax\n"
			 "call_instruction:\n"
			 "	syscall\n"
			 "call_end:\n"
			 : "+a"(ret)
			 : [count] "r"(count), [wanted] "r"(wanted), [number] "r"(number), "D"(a),
			   "S"(b), "d"(c)
			 : "rcx", "r11", "memory", "cc");
	return ret;
}

__attribute__((target("general-regs-only"))) static inline int between_look_and_call(uint64_t rip)
{
	return rip >= (uint64_t)call_start && rip <= (uint64_t)call_instruction;
}

__attribute__((interrupt, target("general-regs-only,uintr"))) static void
leave_call(struct __uintr_frame *frame, unsigned long long vector)
{
	receiver->got[vector % CRTOS_UINTR_VECTORS]++;
	receiver->total++;
	if (between_look_and_call(frame->rip))
		frame->rip = (uint64_t)call_end;
}

static int no_data[2]; /* a pipe into which nobody writes */

/* A signal ends the call, too. */
static void block_in_call(const volatile unsigned long *count, unsigned long wanted)
{
	const struct timespec long_time = { .tv_sec = 100000 };
	char byte;

	switch (wanted % 3) {
	case 0:
		look_and_call(count, wanted, SYS_pause, 0, 0, 0);
		break;
	case 1:
		look_and_call(count, wanted, SYS_nanosleep, (long)&long_time, 0, 0);
		break;
	default:
		look_and_call(count, wanted, SYS_read, no_data[0], (long)&byte, 1);
		break;
	}
}

/* --- a game ---------------------------------------------------------------------------------- */

static void await_ball(enum mode mode, const struct receiver *r, unsigned long number)
{
	unsigned int looks;

	while (r->total < number) {
		if (mode == WAIT)
			block_for_next(r, number - 1, LONG_USEC);
		else if (mode == CALL)
			block_in_call(&r->total, number);
		else
			for (looks = 0; looks < LOOKS && r->total < number; looks++)
				;
		if (mode == SPIN && r->total < number)
			sched_yield();
	}
}

static int become_player(enum mode mode, struct player *me)
{
	struct crtos_uintr_handler arg = { .handler = (uint64_t)count_interrupt };

	receiver = &me->r;
	me->pid = getpid();
	me->tid = gettid();
	if (mode == CALL) {
		arg.handler = (uint64_t)leave_call;
		arg.flags = CRTOS_WAITING_RECEIVER;
	}
	EXPECT(0, device_call(CRTOS_IOC_UINTR_REGISTER, &arg));
	me->fd = uintr_vector_fd(VECTOR);
	REQUIRE(me->fd >= 0);
	stui();
	me->ready = 1;
	return 0;
}

/* What this player must find before it may go on. */
static void expect_ball(struct pair *p, struct player *me, unsigned long number, unsigned long ball)
{
	if (me->r.total == number && me->r.got[VECTOR] == number && ball == number)
		return;
	printf("# pair %u: %lu interrupts, %lu of them with the vector, ball %lu: wanted %lu\n",
	       p->number, me->r.total, me->r.got[VECTOR], ball, number);
	fflush(stdout);
	*over = 1;
}

static void play(struct pair *p, int number, int index)
{
	struct player *me = &p->player[number];
	unsigned long k;

	for (k = 1; k <= rounds && !*over; k++) {
		me->expected = k;
		if (!number) {
			p->ping = k;
			me->sent++;
			senduipi((uint64_t)index);
			await_ball(p->mode, &me->r, k);
			expect_ball(p, me, k, p->pong);
		} else {
			await_ball(p->mode, &me->r, k);
			expect_ball(p, me, k, p->ping);
			p->pong = k;
			me->sent++;
			senduipi((uint64_t)index);
		}
	}
	if (!number)
		p->seconds = now() - begin;
	me->done = 1;
}

/* Every other pair plays across CPUs, where it has one each. */
static void seat(const struct pair *p, int number)
{
	unsigned int cpu = p->number + (p->number % 2 ? (unsigned int)number : 0);

	if (!p->migrating)
		move_to_cpu(0, (int)(cpu % (unsigned int)cpus));
}

static void play_thread(struct pair *p, int number)
{
	struct player *other = &p->player[!number];
	int index;

	seat(p, number);
	become_player(p->mode, &p->player[number]);
	while (!other->ready)
		usleep(1000);
	index = uintr_sender(other->fd);
	REQUIRE(index >= 0);
	p->player[number].ready = 2;
	while (other->ready < 2)
		usleep(1000);
	play(p, number, index);
}

static void *first_thread(void *arg)
{
	play_thread(arg, 0);
	return NULL;
}

static void *second_thread(void *arg)
{
	play_thread(arg, 1);
	return NULL;
}

/* The child has the descriptor from its parent, and passes its own. */
static void play_processes(struct pair *p)
{
	int index, first_fd, fd;
	pid_t child;

	become_player(p->mode, &p->player[0]);
	first_fd = p->player[0].fd;
	child = fork_child();
	if (!child) {
		seat(p, 1);
		become_player(p->mode, &p->player[1]);
		index = uintr_sender(first_fd);
		REQUIRE(index >= 0);
		REQUIRE(send_descriptor(p->sockets[1], p->player[1].fd, 0) == 1);
		play(p, 1, index);
		_exit(0);
	}
	seat(p, 0);
	do
		fd = receive_descriptor(p->sockets[0], 0);
	while (fd < 0 && errno == EINTR);
	index = uintr_sender(fd);
	REQUIRE(index >= 0);
	play(p, 0, index);
	EXPECT(0, ended(child));
	_exit(0);
}

static void start_pair(struct pair *p)
{
	if (!p->processes) {
		EXPECT(0, pthread_create(&p->id[0], NULL, first_thread, p));
		EXPECT(0, pthread_create(&p->id[1], NULL, second_thread, p));
		return;
	}
	REQUIRE(!socketpair(AF_UNIX, SOCK_STREAM, 0, p->sockets));
	if (!fork_child())
		play_processes(p);
}

/* --- all of them ----------------------------------------------------------------------------- */

/* A ball that comes while this handler runs, or before a restarted call, must be seen too. */
static void on_signal(int signal, siginfo_t *info, void *context)
{
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)signal;
	(void)info;
	if (between_look_and_call((uint64_t)registers[REG_RIP]))
		registers[REG_RIP] = (greg_t)call_end;
}

static unsigned int players_done(void)
{
	unsigned int i, count = 0;

	for (i = 0; i < pair_count; i++)
		count += !!pairs[i].player[0].done + !!pairs[i].player[1].done;
	return count;
}

static void show_player(const struct pair *p, int number)
{
	const struct player *player = &p->player[number];
	char path[64], text[400] = "";
	FILE *file;

	printf("# pair %u player %d (%s, %s, %s): sent %lu, got %lu, wants %lu\n", p->number,
	       number, mode_names[p->mode], p->processes ? "processes" : "threads",
	       p->migrating ? "moved" : "pinned", player->sent, player->r.total, player->expected);
	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", player->pid, player->tid);
	file = fopen(path, "r");
	if (file && fgets(text, sizeof(text), file))
		printf("#   %s", text);
	if (file)
		fclose(file);
}

static void move_and_signal(unsigned int *state)
{
	const struct pair *p = &pairs[random_below(state, pair_count)];
	const struct player *player = &p->player[random_below(state, 2)];

	if (!player->ready || player->done)
		return;
	if (random_below(state, 2)) {
		syscall(SYS_tgkill, player->pid, player->tid, SIGUSR1);
		signals_sent++;
	} else if (p->migrating) {
		move_to_cpu(player->tid, (int)random_below(state, (unsigned int)cpus));
		moves++;
	}
}

static void all_pairs(void)
{
	double end = now() + limit;
	unsigned int state = 17, i;
	int status;

	begin = now();
	for (i = 0; i < pair_count; i++)
		start_pair(&pairs[i]);
	while (players_done() < 2 * pair_count && now() < end && !*over) {
		move_and_signal(&state);
		usleep(random_below(&state, 4000));
	}
	for (i = 0; i < 2 * pair_count; i++)
		if (!pairs[i / 2].player[i % 2].done)
			show_player(&pairs[i / 2], (int)(i % 2));
	fflush(stdout);
	REQUIRE(players_done() == 2 * pair_count && !*over);
	for (i = 0; i < pair_count; i++) {
		EXPECT(rounds, pairs[i].player[0].r.total);
		EXPECT(rounds, pairs[i].player[1].r.total);
		EXPECT(rounds, pairs[i].player[0].sent);
		EXPECT(rounds, pairs[i].player[1].sent);
		printf("# pair %u (%s, %s, %s): %lu rounds in %.1f s\n", i,
		       mode_names[pairs[i].mode], pairs[i].processes ? "processes" : "threads",
		       pairs[i].migrating ? "moved" : "pinned", rounds, pairs[i].seconds);
	}
	printf("# %lu signals, %lu moves\n", signals_sent, moves);
	fflush(stdout);
	/* With so little disturbance it would say nothing. */
	REQUIRE(signals_sent > rounds / 1000 && moves > rounds / 2000);
	for (i = 0; i < pair_count; i++) {
		if (pairs[i].processes)
			REQUIRE(wait(&status) > 0 && !status);
		else
			EXPECT(0, pthread_join(pairs[i].id[0], NULL) ||
					  pthread_join(pairs[i].id[1], NULL));
	}
}

/* Some receivers can be woken out of any system call, if the module offers it. */
static int calls_can_be_ended(void)
{
	struct crtos_uintr_handler arg = { .handler = (uint64_t)count_interrupt,
					   .flags = CRTOS_WAITING_RECEIVER };
	int ret = device_call(CRTOS_IOC_UINTR_REGISTER, &arg);

	if (!ret)
		uintr_unregister();
	return !ret;
}

static unsigned int mode_index(const char *name)
{
	unsigned int i = 0;

	while (i < MODES && strcmp(mode_names[i], name))
		i++;
	return i;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_sigaction = on_signal,
				    .sa_flags = SA_SIGINFO | SA_RESTART };
	unsigned int i, modes, only = MODES;
	int option;

	stress_begin();
	pair_count = 2 * (unsigned int)cpus;
	while ((option = getopt(argc, argv, "p:r:l:m:o")) != -1) {
		if (option == 'p')
			pair_count = (unsigned int)atoi(optarg);
		else if (option == 'r')
			rounds = strtoul(optarg, NULL, 0);
		else if (option == 'l')
			limit = atof(optarg);
		else if (option == 'm')
			only = mode_index(optarg);
		else if (option == 'o')
			not_alone = 1;
		else
			return 2;
	}
	if (!pair_count || pair_count > PAIRS_MAX || !rounds || pipe(no_data))
		return 2;
	sigaction(SIGUSR1, &action, NULL);
	pairs = shared(pair_count * sizeof(*pairs));
	over = shared(sizeof(*over));
	modes = calls_can_be_ended() ? MODES : CALL;
	if (modes < MODES && only == CALL) {
		printf("ok 1 - ping-pong # SKIP the module does not end system calls\n1..1\n");
		return 0;
	}
	if (modes < MODES)
		printf("# the module does not end system calls yet: nobody blocks in one\n");
	for (i = 0; i < pair_count; i++) {
		pairs[i].number = i;
		pairs[i].mode = only < MODES ? only : i % modes;
		pairs[i].processes = (i / modes + i) % 2;
		pairs[i].migrating = i / 2 % 2;
	}
	case_seconds = (unsigned int)limit + 60;
	run_test(&(struct test){ "ping-pong of all pairs at once", all_pairs });
	return test_end();
}
