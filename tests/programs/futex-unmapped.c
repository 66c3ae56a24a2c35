// SPDX-License-Identifier: MIT
/* A thread that waits on a page which was unmapped is not woken by whoever gets the page's frame. */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "test.h"

#define WAITERS 8
#define PAGES 2048
#define ROUNDS 4
#define PAGE 4096

static volatile int waiting, woken;

static void *waiter(void *arg)
{
	__atomic_add_fetch(&waiting, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, arg, FUTEX_WAIT, 0, NULL, NULL, 0);
	__atomic_add_fetch(&woken, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static char *map(size_t pages)
{
	char *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);

	return p == MAP_FAILED ? NULL : p;
}

int main(void)
{
	char *low = map(WAITERS), *high;
	pthread_t thread;
	long i, taken = 0;
	int round;

	for (i = 0; i < WAITERS; i++)
		pthread_create(&thread, NULL, waiter, low + i * PAGE);
	while (waiting != WAITERS)
		usleep(1000);
	usleep(50000);
	/* Kept apart, so that no address is used twice. */
	high = map(PAGES);
	munmap(low, WAITERS * PAGE);
	mmap(low, WAITERS * PAGE, PROT_NONE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
	for (round = 0; round < ROUNDS && high; round++, high = map(PAGES)) {
		for (i = 0; i < PAGES; i++)
			taken += syscall(SYS_futex, high + i * PAGE, FUTEX_WAKE, 1, NULL, NULL, 0);
	}
	check(!taken, "%ld of somebody else's waiters taken by %d pages", taken, PAGES * ROUNDS);
	usleep(50000);
	check(!woken, "%d of %d waiters woken", woken, WAITERS);
	_exit(test_end());
}
