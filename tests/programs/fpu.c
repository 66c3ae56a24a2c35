// SPDX-License-Identifier: MIT
/* Two threads hold different values in the vector registers while they are preempted, by time and by calls. */
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "test.h"

static volatile int stop;

__attribute__((target("avx"))) static long hold_avx(uint64_t seed)
{
	uint64_t in[4] = { seed, ~seed, seed * 3, seed * 5 }, out[4];
	long wrong = 0, i, n;

	while (!stop) {
		for (i = 0; i < 2000; i++) {
			n = 1000;
			asm volatile("vmovups %2, %%ymm15\n1: sub $1, %1; jnz 1b\n"
				     "vmovups %%ymm15, %0"
				     : "=m"(out), "+r"(n)
				     : "m"(in)
				     : "xmm15", "cc");
			wrong += memcmp(in, out, sizeof(in)) != 0;
		}
	}
	return wrong;
}

static long hold_sse(uint64_t seed)
{
	uint64_t in[2] = { seed, ~seed }, out[2];
	long wrong = 0, i, n;

	while (!stop) {
		for (i = 0; i < 2000; i++) {
			n = 1000;
			asm volatile("movups %2, %%xmm15\n1: sub $1, %1; jnz 1b\nmovups %%xmm15, %0"
				     : "=m"(out), "+r"(n)
				     : "m"(in)
				     : "xmm15", "cc");
			wrong += memcmp(in, out, sizeof(in)) != 0;
		}
	}
	return wrong;
}

static void *work(void *arg)
{
	uint64_t seed = (uintptr_t)arg * 0x9e3779b97f4a7c15ull;

	return (void *)(__builtin_cpu_supports("avx") ? hold_avx(seed) : hold_sse(seed));
}

/* Takes the processor away from the two again and again, and spoils the registers. */
static void *disturb(void *arg)
{
	struct timespec ts = { 0, 200000 };

	(void)arg;
	while (!stop) {
		nanosleep(&ts, NULL);
		getppid();
		asm volatile("pcmpeqd %%xmm15, %%xmm15; pcmpeqd %%xmm7, %%xmm7"
			     :
			     :
			     : "xmm7", "xmm15");
	}
	return NULL;
}

int main(void)
{
	struct timespec second = { 1, 0 };
	pthread_t thread[3];
	void *wrong[2];

	check(1, "registers of %d bits", __builtin_cpu_supports("avx") ? 256 : 128);
	pthread_create(&thread[0], NULL, work, (void *)1);
	pthread_create(&thread[1], NULL, work, (void *)2);
	pthread_create(&thread[2], NULL, disturb, NULL);
	nanosleep(&second, NULL);
	stop = 1;
	pthread_join(thread[0], &wrong[0]);
	pthread_join(thread[1], &wrong[1]);
	pthread_join(thread[2], NULL);
	check(!wrong[0] && !wrong[1], "values lost: %ld and %ld", (long)wrong[0], (long)wrong[1]);
	return test_end();
}
