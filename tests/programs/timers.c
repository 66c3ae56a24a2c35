// SPDX-License-Identifier: MIT
/* Clocks and sleeps: order, lengths, errors. */
#include <sched.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "test.h"

static int64_t now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

static struct timespec spec(int64_t ns)
{
	return (struct timespec){ ns / 1000000000, ns % 1000000000 };
}

int main(void)
{
	struct timespec ts = spec(20000000), left;
	int64_t start, end, real;
	struct timeval tv;
	struct itimerspec timer = { .it_value = { 0, 10000000 } };
	uint64_t expirations = 0;
	int i, good = 1, fd;

	start = now(CLOCK_MONOTONIC);
	for (i = 0; i < 10000; i++) {
		end = now(CLOCK_MONOTONIC);
		good &= end >= start;
		start = end;
	}
	check(good, "monotonic time never goes back");
	start = now(CLOCK_MONOTONIC);
	check(!nanosleep(&ts, &left), "nanosleep");
	end = now(CLOCK_MONOTONIC);
	check(end - start >= 20000000 && end - start < 2000000000, "20 ms took %lld us",
	      (long long)(end - start) / 1000);
	ts = spec(now(CLOCK_REALTIME) + 10000000);
	check(!clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &ts, NULL), "sleep to a real time");
	real = now(CLOCK_REALTIME);
	check(real >= ts.tv_sec * 1000000000ll + ts.tv_nsec, "woken %lld us after it",
	      (long long)(real - ts.tv_sec * 1000000000ll - ts.tv_nsec) / 1000);
	ts = spec(0);
	check(!clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL), "sleep to the past");
	ts = (struct timespec){ 0, 1000000000 };
	check(nanosleep(&ts, NULL) == -1 && errno == EINVAL, "too many nanoseconds");
	ts = (struct timespec){ -1, 0 };
	check(nanosleep(&ts, NULL) == -1 && errno == EINVAL, "negative time");
	check(clock_gettime(77, &ts) == -1 && errno == EINVAL, "no such clock");
	gettimeofday(&tv, NULL);
	real = now(CLOCK_REALTIME) / 1000 - (tv.tv_sec * 1000000ll + tv.tv_usec);
	check(real >= 0 && real < 1000000, "gettimeofday and real time agree");
	check(!clock_getres(CLOCK_MONOTONIC, &ts) && !ts.tv_sec && ts.tv_nsec >= 1, "resolution");
	fd = timerfd_create(CLOCK_MONOTONIC, 0);
	start = now(CLOCK_MONOTONIC);
	check(fd >= 0 && !timerfd_settime(fd, 0, &timer, NULL), "timerfd");
	check(read(fd, &expirations, 8) == 8 && expirations == 1, "it expired once");
	check(now(CLOCK_MONOTONIC) - start >= 9000000, "not before its time");
	return test_end();
}
