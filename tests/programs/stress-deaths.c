// SPDX-License-Identifier: MIT
/*
 * Receivers, senders and holders of descriptors die in every order, and so many processes of each at random moments:
 * nothing is left of them, and others are not disturbed. CPUs may come and go meanwhile.
 *
 *	stress-deaths PROCESSES
 */
#define _GNU_SOURCE
#include "stress.h"

#define RECEIVERS 3
#define VICTIMS 4

static unsigned int processes;

/* --- every order of death -------------------------------------------------------------------- */

enum role { RECEIVER, SENDER, HOLDER, ROLES };
enum way { KILLED, EXITS, EXECS, LEAVES, WAYS };

static struct troupe {
	struct receiver r;
	volatile pid_t receiver;
	volatile int fd;
	volatile int ready[ROLES];
	volatile int die[ROLES];
	volatile unsigned long sent;
	volatile int answer; /* to the holder's last attempt to become a sender */
} * troupe;

/* LEAVES gave everything back before. */
static void die(enum way way)
{
	if (way == EXECS)
		execl("/proc/self/exe", "stress-deaths", "nothing", NULL);
	_exit(0);
}

static void receiver_role(enum way way)
{
	EXPECT(0, uintr_register(&troupe->r));
	stui();
	troupe->receiver = getpid();
	troupe->fd = uintr_vector_fd(VECTOR);
	troupe->ready[RECEIVER] = 1;
	while (!troupe->die[RECEIVER])
		uintr_wait(2000);
	if (way == LEAVES)
		EXPECT(0, uintr_unregister());
}

static int fetch_from_receiver(void)
{
	REQUIRE(await(&troupe->ready[RECEIVER]));
	return fetch_descriptor(troupe->receiver, troupe->fd);
}

static void sender_role(enum way way)
{
	int fd = fetch_from_receiver(), index = uintr_sender(fd);

	EXPECT(0, index);
	close(fd);
	troupe->ready[SENDER] = 1;
	while (!troupe->die[SENDER]) {
		senduipi((uint64_t)index);
		if (++troupe->sent % 64 == 0)
			usleep(100);
	}
	if (way == LEAVES)
		EXPECT(0, uintr_unsender((uint32_t)index));
}

static void holder_role(enum way way)
{
	int fd = fetch_from_receiver(), index;

	while (!troupe->die[HOLDER]) {
		index = uintr_sender(fd);
		if (index >= 0)
			EXPECT(0, uintr_unsender((uint32_t)index));
		troupe->answer = index;
		troupe->ready[HOLDER] = 1;
		usleep(500);
	}
	if (way == LEAVES)
		close(fd);
}

/* The survivors go on as if nothing had happened; the holder is told whether the receiver lives. */
static void survivors(const int *alive)
{
	unsigned long sent = troupe->sent, total = troupe->r.total;
	double end = now() + LOST;
	int wanted = alive[RECEIVER] ? 0 : -ESHUTDOWN;

	if (alive[SENDER])
		REQUIRE(reaches(&troupe->sent, sent + 1, LOST));
	if (alive[SENDER] && alive[RECEIVER])
		REQUIRE(reaches(&troupe->r.total, total + 1, LOST));
	if (!alive[HOLDER])
		return;
	while (troupe->answer != wanted && now() < end)
		usleep(100);
	EXPECT(wanted, troupe->answer);
}

static void die_in_order(const enum role *order, enum way way)
{
	static void (*const play_role[ROLES])(enum way) = { receiver_role, sender_role,
							    holder_role };
	int alive[ROLES] = { 1, 1, 1 };
	pid_t pid[ROLES];
	unsigned int i;

	memset(troupe, 0, sizeof(*troupe));
	for (i = 0; i < ROLES; i++) {
		pid[i] = fork_child();
		if (!pid[i]) {
			play_role[i](way);
			die(way);
		}
	}
	for (i = 0; i < ROLES; i++)
		REQUIRE(await(&troupe->ready[i]));
	survivors(alive);
	for (i = 0; i < ROLES; i++) {
		if (way == KILLED)
			kill(pid[order[i]], SIGKILL);
		troupe->die[order[i]] = 1;
		EXPECT(way == KILLED ? -SIGKILL : 0, ended(pid[order[i]]));
		alive[order[i]] = 0;
		survivors(alive);
	}
	REQUIRE(all_given_back());
}

static void orders_of_death(void)
{
	static const enum role orders[6][ROLES] = {
		{ RECEIVER, SENDER, HOLDER }, { RECEIVER, HOLDER, SENDER },
		{ SENDER, RECEIVER, HOLDER }, { SENDER, HOLDER, RECEIVER },
		{ HOLDER, RECEIVER, SENDER }, { HOLDER, SENDER, RECEIVER },
	};
	enum way way;
	int i;

	troupe = shared(sizeof(*troupe));
	for (way = 0; way < WAYS; way++) {
		for (i = 0; i < 6; i++)
			die_in_order(orders[i], way);
	}
}

/* --- deaths at random ------------------------------------------------------------------------ */

struct member {
	pthread_t id;
	struct receiver r;
	volatile int fd;
	volatile int ready, stop;
	unsigned int state;
};

static void *member_thread(void *arg)
{
	struct member *m = arg;

	EXPECT(0, uintr_register(&m->r));
	m->fd = uintr_vector_fd(3);
	REQUIRE(m->fd >= 0);
	stui();
	m->ready = 1;
	while (!m->stop) {
		uintr_wait(random_below(&m->state, 5000));
		if (!random_below(&m->state, 4))
			burn(2000);
		if (!random_below(&m->state, 8))
			sched_yield();
	}
	return NULL;
}

/* Registers and gives back as fast as it can, until it is killed in the middle of it. */
static void restless_victim(void)
{
	struct receiver r = { 0 };
	int fd, index;

	for (;;) {
		EXPECT(0, uintr_register(&r));
		stui();
		fd = uintr_vector_fd(VECTOR);
		index = uintr_sender(fd);
		REQUIRE(fd >= 0 && index >= 0);
		senduipi((uint64_t)index);
		EXPECT(0, uintr_unsender((uint32_t)index));
		close(fd);
		EXPECT(0, uintr_unregister());
	}
}

/* A process that sends to its own threads, and may end by itself before it is killed. */
static void victim(unsigned int state)
{
	struct member members[RECEIVERS] = { 0 };
	unsigned int i, sends, way;
	int index[RECEIVERS];

	if (!random_below(&state, 4))
		restless_victim();
	for (i = 0; i < RECEIVERS; i++) {
		members[i].state = state + i;
		EXPECT(0, pthread_create(&members[i].id, NULL, member_thread, &members[i]));
		REQUIRE(await(&members[i].ready));
		index[i] = uintr_sender(members[i].fd);
		REQUIRE(index[i] >= 0);
	}
	way = random_below(&state, 4);
	for (sends = random_below(&state, 3000); sends; sends--) {
		senduipi((uint64_t)index[random_below(&state, RECEIVERS)]);
		if (!random_below(&state, 64))
			usleep(random_below(&state, 300));
	}
	if (way == 0)
		execl("/proc/self/exe", "stress-deaths", "nothing", NULL);
	if (way == 1)
		raise(SIGSEGV);
	for (i = 0; way == 2 && i < RECEIVERS; i++)
		members[i].stop = 1;
	for (i = 0; way == 2 && i < RECEIVERS; i++) {
		EXPECT(0, pthread_join(members[i].id, NULL));
		senduipi((uint64_t)index[i]);
	}
	_exit(0);
}

/* Two threads that nobody kills: for them nothing may change. */
struct bystander {
	pthread_t id;
	struct receiver r;
	volatile int stop;
	unsigned long sent;
};

static void *bystander_thread(void *arg)
{
	struct bystander *b = arg;
	int index;

	EXPECT(0, uintr_register(&b->r));
	index = uintr_self(VECTOR);
	REQUIRE(index >= 0);
	stui();
	while (!b->stop) {
		senduipi((uint64_t)index);
		b->sent++;
		REQUIRE(reaches(&b->r.got[VECTOR], b->sent, LOST));
		usleep(200);
	}
	EXPECT(b->sent, b->r.total);
	return NULL;
}

static void random_deaths(void)
{
	static struct bystander bystanders[2];
	unsigned int state = 99, rounds = 0, killed = 0, i;
	pid_t pid[VICTIMS];
	int status;

	for (i = 0; i < 2; i++)
		EXPECT(0,
		       pthread_create(&bystanders[i].id, NULL, bystander_thread, &bystanders[i]));
	for (; rounds * VICTIMS < processes; rounds++) {
		for (i = 0; i < VICTIMS; i++) {
			pid[i] = fork_child();
			if (!pid[i])
				victim(1 + rounds * VICTIMS + i);
		}
		usleep(random_below(&state, 40000));
		for (i = 0; i < VICTIMS; i++) {
			kill(pid[i], SIGKILL);
			status = ended(pid[i]);
			REQUIRE(status == 0 || status == -SIGKILL || status == -SIGSEGV);
			killed += status == -SIGKILL;
		}
	}
	for (i = 0; i < 2; i++) {
		bystanders[i].stop = 1;
		EXPECT(0, pthread_join(bystanders[i].id, NULL));
	}
	printf("# %u of %u processes were killed; bystanders sent %lu and %lu\n", killed,
	       rounds * VICTIMS, bystanders[0].sent, bystanders[1].sent);
	fflush(stdout);
	REQUIRE(killed > rounds / 2 && killed < rounds * VICTIMS);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "nothing"))
		return 0;
	processes = argc == 2 ? (unsigned int)atoi(argv[1]) : 0;
	if (!processes) {
		fprintf(stderr, "usage: stress-deaths PROCESSES\n");
		return 2;
	}
	stress_begin();
	case_seconds = 60 + processes;
	run_test(&(struct test){ "every order of death", orders_of_death });
	run_test(&(struct test){ "deaths at random", random_deaths });
	return test_end();
}
