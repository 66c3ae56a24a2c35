// SPDX-License-Identifier: MIT
/*
 * Many senders, and receivers that sleep on every CPU, each for so many seconds: none may be lost. CPUs may come and
 * go meanwhile.
 *
 *	stress-crowd SECONDS
 */
#define _GNU_SOURCE
#include "stress.h"

#define SENDERS 4
#define MANY 10 /* fewer would say nothing */

static double seconds;

/* --- several senders, one receiver ----------------------------------------------------------- */

static struct {
	struct receiver r;
	volatile int fd[SENDERS + 1]; /* the last one is for the end */
	volatile int ready, stop, over, done;
	volatile unsigned long sent[SENDERS];
	unsigned long timeouts;
	volatile int lost;
} crowd;

/* To block without a look before is right here: somebody sends as long as this thread lives. */
static void *crowd_receiver(void *arg)
{
	unsigned int state = 7;
	unsigned long i;

	EXPECT(0, uintr_register(&crowd.r));
	stui();
	for (i = 0; i <= SENDERS; i++) {
		crowd.fd[i] = uintr_vector_fd(i);
		REQUIRE(crowd.fd[i] >= 0);
	}
	crowd.ready = 1;
	while (!crowd.over) {
		if (!uintr_wait(LONG_USEC))
			crowd.timeouts++;
		burn(random_below(&state, 1000));
	}
	crowd.done = 1;
	return arg;
}

/* Each vector has one sender, who waits for the last one to be taken: nothing may coalesce. */
static void *crowd_sender(void *arg)
{
	unsigned long number = (unsigned long)arg;
	unsigned int state = (unsigned int)number + 1;
	int index = uintr_sender(crowd.fd[number]);

	REQUIRE(index >= 0);
	while (!crowd.stop) {
		senduipi((uint64_t)index);
		crowd.sent[number]++;
		if (!reaches(&crowd.r.got[number], crowd.sent[number], LOST)) {
			crowd.lost = 1;
			break;
		}
		burn(random_below(&state, 500));
	}
	return NULL;
}

static void crowded(void)
{
	pthread_t receiver_id, id[SENDERS];
	double end = now() + seconds;
	unsigned long i, taken = 0;
	int index;

	EXPECT(0, pthread_create(&receiver_id, NULL, crowd_receiver, NULL));
	REQUIRE(await(&crowd.ready));
	for (i = 0; i < SENDERS; i++)
		EXPECT(0, pthread_create(&id[i], NULL, crowd_sender, (void *)i));
	while (now() < end && !crowd.lost)
		usleep(1000);
	for (i = 0; i < SENDERS; i++)
		REQUIRE(reaches(&crowd.sent[i], MANY, LOST));
	crowd.stop = 1;
	for (i = 0; i < SENDERS; i++)
		EXPECT(0, pthread_join(id[i], NULL));
	index = uintr_sender(crowd.fd[SENDERS]);
	REQUIRE(index >= 0);
	crowd.over = 1;
	while (!crowd.done) {
		senduipi((uint64_t)index);
		usleep(1000);
	}
	EXPECT(0, pthread_join(receiver_id, NULL));

	for (i = 0; i < SENDERS; i++) {
		EXPECT(crowd.sent[i], crowd.r.got[i]);
		taken += crowd.r.got[i];
	}
	printf("# %lu interrupts\n", taken);
	fflush(stdout);
	EXPECT(0, crowd.lost);
	EXPECT(0, crowd.timeouts);
	EXPECT(taken + crowd.r.got[SENDERS], crowd.r.total);
}

/* --- receivers that sleep on every CPU ------------------------------------------------------- */

struct sleeper {
	pthread_t id;
	struct receiver r;
	int cpu;
	volatile int fd, ready, stop, lost;
};

static void *sleeper_thread(void *arg)
{
	struct sleeper *s = arg;
	unsigned long seen = 0;

	EXPECT(0, uintr_register(&s->r));
	s->fd = uintr_vector_fd(VECTOR);
	REQUIRE(s->fd >= 0);
	stui();
	s->ready = 1;
	while (!s->stop) {
		move_to_cpu(0, s->cpu);
		if (!block_for_next(&s->r, seen, LONG_USEC)) {
			s->lost = 1;
			break;
		}
		seen++;
	}
	return NULL;
}

/* Rare interrupts: the CPU where one fell asleep may have gone before it comes. */
static void sleepers(void)
{
	struct sleeper *s = calloc((size_t)cpus, sizeof(*s));
	int i, rounds, *index = calloc((size_t)cpus, sizeof(*index));
	unsigned int state = 5;
	double end;

	for (i = 0; i < cpus; i++) {
		s[i].cpu = i;
		EXPECT(0, pthread_create(&s[i].id, NULL, sleeper_thread, &s[i]));
		REQUIRE(await(&s[i].ready));
		index[i] = uintr_sender(s[i].fd);
		REQUIRE(index[i] >= 0);
	}
	end = now() + seconds;
	for (rounds = 1; now() < end; rounds++) {
		usleep(random_below(&state, 500000));
		for (i = 0; i < cpus; i++) {
			senduipi((uint64_t)index[i]);
			REQUIRE(reaches(&s[i].r.total, (unsigned long)rounds, LOST));
		}
	}
	for (i = 0; i < cpus; i++) {
		s[i].stop = 1;
		senduipi((uint64_t)index[i]);
		EXPECT(0, pthread_join(s[i].id, NULL));
		EXPECT(0, s[i].lost);
		EXPECT(rounds, s[i].r.total);
	}
}

int main(int argc, char **argv)
{
	seconds = argc == 2 ? atof(argv[1]) : 0;
	if (seconds <= 0) {
		fprintf(stderr, "usage: stress-crowd SECONDS\n");
		return 2;
	}
	stress_begin();
	case_seconds += (unsigned int)seconds;
	run_test(&(struct test){ "four senders, one receiver", crowded });
	run_test(&(struct test){ "receivers that sleep on every CPU", sleepers });
	return test_end();
}
