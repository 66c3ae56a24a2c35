// SPDX-License-Identifier: MIT
/*
 * getppid-loop [-m] N: N null remote calls, and what one took. With -m the loop is marked for counting
 * instructions instead: in front of it is a nop with the displacement 0x43520001, behind it 0x43520002.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MARK(id) \
	asm volatile(".byte 0x0f, 0x1f, 0x84, 0x00; .long 0x43520000 | " #id : : : "memory")

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static long null_call(void)
{
	long ret;

	asm volatile("syscall" : "=a"(ret) : "a"(SYS_getppid) : "rcx", "r11", "memory");
	return ret;
}

int main(int argc, char **argv)
{
	int marked = argc > 1 && !strcmp(argv[1], "-m");
	long n = argc > 1 + marked ? atol(argv[1 + marked]) : 10000, i;
	uint64_t start, end, before, after, least = UINT64_MAX, most = 0;

	for (i = 0; i < 100; i++)
		null_call();
	if (marked) {
		MARK(1);
		for (i = 0; i < n; i++)
			null_call();
		MARK(2);
		return 0;
	}
	start = now();
	for (i = 0; i < n; i++)
		null_call();
	end = now();
	for (i = 0; i < n; i++) {
		before = now();
		null_call();
		after = now();
		if (after - before < least)
			least = after - before;
		if (after - before > most)
			most = after - before;
	}
	printf("calls %ld mean_ns %llu min_ns %llu max_ns %llu\n", n,
	       (unsigned long long)(n ? (end - start) / n : 0), (unsigned long long)(n ? least : 0),
	       (unsigned long long)most);
	return 0;
}
