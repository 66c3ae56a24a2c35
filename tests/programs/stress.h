/* SPDX-License-Identifier: MIT */
/* What the stress tests of user interrupts share. */
#ifndef STRESS_H
#define STRESS_H

#include <sys/mman.h>
#include <sys/pidfd.h>

#include "cases.h"

#define LOST 20 /* seconds after which an interrupt counts as lost */
#define LONG_USEC 1000000000 /* a wait that ends by its time hides what was lost */
#define VECTOR 21

static int cpus;

/* The same numbers in every run; rand() has a lock that a killed thread could hold. */
static inline unsigned int random_below(unsigned int *state, unsigned int limit)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state % limit;
}

static inline void burn(unsigned int turns)
{
	while (turns--)
		__builtin_ia32_pause();
}

static inline void *shared(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	REQUIRE(p != MAP_FAILED);
	return p;
}

/*
 * Block until there is one more interrupt than were seen. To look and to block must not be torn
 * apart by the interrupt itself: UIF = 0, and the wait ends at once if it has come. Return: 0 when
 * the time is over.
 */
static inline int block_for_next(const struct receiver *r, unsigned long seen, uint64_t usec)
{
	int over = 0;

	while (r->total == seen && !over) {
		clui();
		over = r->total == seen && !uintr_wait(usec);
		stui();
	}
	return !over;
}

/* A descriptor of another process. */
static inline int fetch_descriptor(pid_t pid, int fd)
{
	int pidfd = pidfd_open(pid, 0), copy = pidfd_getfd(pidfd, fd, 0);

	close(pidfd);
	return copy;
}

static inline int await(const volatile int *flag)
{
	double end = now() + LOST;

	while (!*flag && now() < end)
		usleep(100);
	return *flag;
}

/* Before anything else. */
static inline void stress_begin(void)
{
	device = open(CRTOS_DEVICE, O_RDWR | O_CLOEXEC);
	if (device < 0) {
		perror(CRTOS_DEVICE);
		exit(2);
	}
	cpus = (int)sysconf(_SC_NPROCESSORS_CONF);
}

#endif
