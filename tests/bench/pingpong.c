// SPDX-License-Identifier: MIT
/* pingpong CPU1 CPU2 ROUNDS: a byte there and back through two pipes; prints the nanoseconds of a round trip. */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mark.h"

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set)) {
		perror("sched_setaffinity");
		exit(1);
	}
}

int main(int argc, char **argv)
{
	int there[2], back[2], i, rounds;
	uint64_t start = 0;
	char c = 0;

	if (argc != 4 || pipe(there) || pipe(back))
		return 2;
	rounds = atoi(argv[3]);
	if (!fork()) {
		pin(atoi(argv[2]));
		close(there[1]);
		while (read(there[0], &c, 1) == 1 && write(back[1], &c, 1) == 1)
			;
		_exit(0);
	}
	pin(atoi(argv[1]));
	for (i = -100; i < rounds; i++) {
		if (i == 0)
			start = now();
		if (write(there[1], &c, 1) != 1 || read(back[0], &c, 1) != 1)
			return 1;
	}
	printf("rounds %d pipe_ns %lu\n", rounds, (now() - start) / rounds);
	close(there[1]);
	wait(NULL);
	return 0;
}
