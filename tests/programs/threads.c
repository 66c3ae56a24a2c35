// SPDX-License-Identifier: MIT
/* Threads of the C library: creation, joining, mutexes, conditions, thread-local variables. */
#define _GNU_SOURCE
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "test.h"

#define THREADS	8
#define ROUNDS	2000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static long counter, turn;
static __thread long mine;
static pid_t tids[THREADS];
static sem_t semaphore;

static void *work(void *arg)
{
	long self = (long)(intptr_t)arg, i;

	tids[self] = syscall(SYS_gettid);
	pthread_barrier_wait(&barrier);
	for (i = 0; i < ROUNDS; i++) {
		mine += self + 1;
		pthread_mutex_lock(&lock);
		counter++;
		pthread_mutex_unlock(&lock);
	}
	/* One after the other, last first. */
	pthread_mutex_lock(&lock);
	while (turn != self)
		pthread_cond_wait(&changed, &lock);
	turn--;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	sem_post(&semaphore);
	return (void *)(intptr_t)mine;
}

static void *nothing(void *arg)
{
	return arg;
}

int main(void)
{
	pthread_t thread[THREADS];
	long i, j, good = 1;
	void *result = NULL;
	int error;

	pthread_barrier_init(&barrier, NULL, THREADS + 1);
	sem_init(&semaphore, 0, 0);
	turn = THREADS - 1;
	for (i = 0; i < THREADS; i++)
		good &= !pthread_create(&thread[i], NULL, work, (void *)(intptr_t)i);
	if (!check(good, "%d threads created", THREADS))
		return 1;
	pthread_barrier_wait(&barrier);
	for (i = 0; i < THREADS; i++)
		sem_wait(&semaphore);
	for (i = 0; i < THREADS; i++) {
		pthread_join(thread[i], &result);
		good &= (long)(intptr_t)result == (i + 1) * ROUNDS;
	}
	check(good, "each joined with the value of its own variable");
	check(counter == THREADS * ROUNDS, "the shared counter is %ld", counter);
	check(turn == -1, "all had their turn");
	for (i = 0; i < THREADS; i++) {
		for (j = 0; j < i; j++)
			good &= tids[i] != tids[j];
		good &= tids[i] != getpid();
	}
	check(good, "all thread ids differ");
	for (i = 0, error = 0; i < 100 && good && !error; i++) {
		error = pthread_create(&thread[0], NULL, nothing, (void *)(intptr_t)i);
		if (!error)
			error = pthread_join(thread[0], &result);
		good = !error && (long)(intptr_t)result == i;
	}
	check(good, "%ld threads one after the other: %s", i, strerror(error));
	return test_end();
}
