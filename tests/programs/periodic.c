// SPDX-License-Identifier: MIT
/*
 * periodic [-l LOOPS] [-i USEC] [-h MAX] [-p PRIORITY]: wakes up at absolute times and tells how late it was,
 * as cyclictest does: with -h a histogram in microseconds, else one in powers of two, as a picture.
 */
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static void advance(struct timespec *ts, long usec)
{
	ts->tv_nsec += usec * 1000;
	while (ts->tv_nsec >= 1000000000) {
		ts->tv_nsec -= 1000000000;
		ts->tv_sec++;
	}
}

#define OCTAVES	40
#define BAR	50

static unsigned long octave[OCTAVES];	/* [n]: less than 2^n us, not less than half of that */

static void count_octave(int64_t late)
{
	int n = 0;

	for (late /= 1000; late; late /= 2)
		n++;
	octave[n]++;
}

static void print_octaves(long loops)
{
	int first = 0, last = OCTAVES - 1, n, length;

	while (first < last && !octave[first])
		first++;
	while (last > first && !octave[last])
		last--;
	puts("#  latency         count");
	for (n = first; n <= last; n++) {
		length = (octave[n] * BAR + loops - 1) / loops;
		printf("# < %8lu us  %7lu  %.*s\n", 1ul << n, octave[n], length,
		       "##################################################");
	}
}

int main(int argc, char **argv)
{
	long loops = 1000, usec = 1000, most = 0, i, over = 0;
	struct sched_param param = { .sched_priority = 80 };
	int64_t late, least = INT64_MAX, worst = 0, sum = 0;
	unsigned long *bins = NULL;
	struct timespec next, now;
	int option;

	while ((option = getopt(argc, argv, "l:i:h:p:")) != -1) {
		switch (option) {
		case 'l':
			loops = atol(optarg);
			break;
		case 'i':
			usec = atol(optarg);
			break;
		case 'h':
			most = atol(optarg);
			break;
		case 'p':
			param.sched_priority = atoi(optarg);
			break;
		default:
			return 2;
		}
	}
	if (most)
		bins = calloc(most, sizeof(*bins));
	mlockall(MCL_CURRENT | MCL_FUTURE);
	if (sched_setscheduler(0, SCHED_FIFO, &param))
		perror("# sched_setscheduler");
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (i = 0; i < loops; i++) {
		advance(&next, usec);
		if (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL)) {
			puts("clock_nanosleep failed");
			return 1;
		}
		clock_gettime(CLOCK_MONOTONIC, &now);
		late = (now.tv_sec - next.tv_sec) * 1000000000ll + now.tv_nsec - next.tv_nsec;
		if (late < 0) {
			printf("woken %lld ns too early\n", -(long long)late);
			return 1;
		}
		sum += late;
		least = late < least ? late : least;
		worst = late > worst ? late : worst;
		count_octave(late);
		if (bins && late / 1000 < most)
			bins[late / 1000]++;
		else
			over++;
	}
	if (bins) {
		puts("# Histogram");
		for (i = 0; i < most; i++)
			printf("%06ld %06lu\n", i, bins[i]);
		printf("# Histogram Overflows: %05ld\n", over);
	} else {
		print_octaves(loops);
	}
	printf("# Total: %09ld\n", loops);
	printf("# Min Latencies: %05lld\n# Avg Latencies: %05lld\n# Max Latencies: %05lld\n",
	       (long long)least / 1000, loops ? (long long)sum / loops / 1000 : 0,
	       (long long)worst / 1000);
	printf("# ns: min %lld avg %lld max %lld\n", (long long)least,
	       loops ? (long long)sum / loops : 0, (long long)worst);
	return 0;
}
