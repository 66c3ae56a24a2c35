// SPDX-License-Identifier: MIT
/* write4k-loop N [FILE]: N writes of 4 KiB (to /dev/null), and what one took. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static char buffer[4096];

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

int main(int argc, char **argv)
{
	long n = argc > 1 ? atol(argv[1]) : 1000, i;
	int fd = open(argc > 2 ? argv[2] : "/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0600);
	uint64_t start;

	if (fd < 0) {
		perror("open");
		return 1;
	}
	memset(buffer, 'x', sizeof(buffer));
	start = now();
	for (i = 0; i < n; i++) {
		if (write(fd, buffer, sizeof(buffer)) != sizeof(buffer)) {
			perror("write");
			return 1;
		}
	}
	printf("writes %ld mean_ns %llu\n", n, (unsigned long long)(n ? (now() - start) / n : 0));
	return 0;
}
