// SPDX-License-Identifier: MIT
/* Futexes by the system call itself. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "test.h"

/* Of <linux/futex.h>, which musl-gcc does not see. */
#define FUTEX_WAIT			0
#define FUTEX_WAKE			1
#define FUTEX_WAIT_BITSET		9
#define FUTEX_WAKE_PRIVATE		(1 | 128)
#define FUTEX_CMP_REQUEUE_PRIVATE	(4 | 128)
#define FUTEX_WAKE_OP_PRIVATE		(5 | 128)
#define FUTEX_WAIT_BITSET_PRIVATE	(9 | 128)
#define FUTEX_WAKE_BITSET_PRIVATE	(10 | 128)
#define FUTEX_CLOCK_REALTIME		256
#define FUTEX_OP_ADD			1
#define FUTEX_OP_CMP_EQ			0
#define FUTEX_OP(op, arg, cmp, cmparg)	((op) << 28 | (cmp) << 24 | (arg) << 12 | (cmparg))

static volatile uint32_t word, word2, ready;
static long results[4];

static long futex(volatile uint32_t *addr, int op, uint32_t value, const void *time,
		  volatile uint32_t *addr2, uint32_t value3)
{
	return syscall(SYS_futex, addr, op, value, time, addr2, value3);
}

static void *waiter(void *arg)
{
	long self = (long)(intptr_t)arg;

	__atomic_fetch_add(&ready, 1, __ATOMIC_SEQ_CST);
	results[self] = futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, NULL, NULL, 1u << self);
	__atomic_fetch_sub(&ready, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void pause_ms(long ms)
{
	struct timespec ts = { 0, ms * 1000000 };

	nanosleep(&ts, NULL);
}

static void robust(void);

int main(void)
{
	struct timespec ms10 = { 0, 10000000 }, bad = { 0, 1000000000 }, abs;
	pthread_t thread[4];
	long i, n;

	check(futex(&word, FUTEX_WAIT, 1, NULL, NULL, 0) == -1 && errno == EAGAIN, "other value");
	check(futex(&word, FUTEX_WAIT, 0, &ms10, NULL, 0) == -1 && errno == ETIMEDOUT, "time-out");
	clock_gettime(CLOCK_MONOTONIC, &abs);
	check(futex(&word, FUTEX_WAIT_BITSET, 0, &abs, NULL, ~0u) == -1 && errno == ETIMEDOUT,
	      "absolute time-out");
	clock_gettime(CLOCK_REALTIME, &abs);
	check(futex(&word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, &abs, NULL, ~0u) == -1 &&
		      errno == ETIMEDOUT,
	      "absolute real time-out");
	check(futex(&word, FUTEX_WAIT, 0, &bad, NULL, 0) == -1 && errno == EINVAL, "bad time");
	check(futex((void *)((char *)&word + 1), FUTEX_WAIT, 0, &ms10, NULL, 0) == -1 &&
		      errno == EINVAL,
	      "odd address");
	check(futex(&word, FUTEX_WAIT_BITSET, 0, NULL, NULL, 0) == -1 && errno == EINVAL,
	      "no bits");
	check(futex(&word, FUTEX_WAKE, 1, NULL, NULL, 0) == 0, "nobody to wake");

	for (i = 0; i < 4; i++)
		pthread_create(&thread[i], NULL, waiter, (void *)(intptr_t)i);
	while (ready != 4)
		pause_ms(1);
	pause_ms(20);
	check(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, 9, NULL, NULL, 4) == 1, "one by its bit");
	check(futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)1, &word2, 1) == -1 &&
		      errno == EAGAIN,
	      "requeue of another value");
	n = futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)1, &word2, 0);
	check(n == 2, "one woken, one moved: %ld", n);
	check(futex(&word2, FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0) == 1, "the moved one");
	n = futex(&word, FUTEX_WAKE_OP_PRIVATE, 9, (void *)9, &word2,
		  FUTEX_OP(FUTEX_OP_ADD, 5, FUTEX_OP_CMP_EQ, 0));
	check(n == 1 && word2 == 5, "wake and add: %ld, %u", n, word2);
	for (i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	check(!results[0] && !results[1] && !results[2] && !results[3], "all waits succeeded");
	robust();
	return test_end();
}

static pthread_mutex_t mutex;

static void *die_holding(void *arg)
{
	pthread_mutex_lock(&mutex);
	return arg;
}

static void robust(void)
{
	pthread_mutexattr_t attr;
	pthread_t thread;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&mutex, &attr);
	pthread_create(&thread, NULL, die_holding, NULL);
	pthread_join(thread, NULL);
	check(pthread_mutex_lock(&mutex) == EOWNERDEAD, "the owner of a robust mutex died");
}
