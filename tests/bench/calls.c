// SPDX-License-Identifier: MIT
/*
 * calls BASE ROUNDS FILE: null calls (getppid) and 4 KiB writes, with marks for the counting plugin:
 * BASE and BASE + 1 around idle time, BASE + 2 and 3 around the null calls, BASE + 4 and 5 around the writes.
 * Prints the nanoseconds of each. Runs on Linux and on the real-time core.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mark.h"

#define MARKS(base, n)                   \
	do {                             \
		if ((base) == 0)         \
			MARK(n);         \
		else                     \
			MARK(100 + (n)); \
	} while (0)

int main(int argc, char **argv)
{
	static char buffer[4096];
	const struct timespec idle = { .tv_nsec = 100000000 };
	long base, rounds, i;
	uint64_t start, null, write;
	int fd;

	if (argc != 4)
		return 2;
	base = atol(argv[1]);
	rounds = atol(argv[2]);
	fd = open(argv[3], O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || (base != 0 && base != 100) || rounds < 1)
		return 2;

	for (i = 0; i < 200; i++) {
		syscall(SYS_getppid);
		if (pwrite(fd, buffer, sizeof(buffer), 0) != sizeof(buffer))
			return 1;
	}
	MARKS(base, 0);
	nanosleep(&idle, NULL);
	MARKS(base, 1);

	start = now();
	MARKS(base, 2);
	for (i = 0; i < rounds; i++)
		syscall(SYS_getppid);
	MARKS(base, 3);
	null = now() - start;

	start = now();
	MARKS(base, 4);
	for (i = 0; i < rounds; i++) {
		if (pwrite(fd, buffer, sizeof(buffer), 0) != sizeof(buffer))
			return 1;
	}
	MARKS(base, 5);
	write = now() - start;

	printf("rounds %ld null_ns %lu write_ns %lu\n", rounds, null / rounds, write / rounds);
	return 0;
}
