// SPDX-License-Identifier: MIT
/* Clocks, sleeping and timers: not what time it is, but what may be asked, and how long is long enough. */
#include "diff.h"

#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>

static const int clocks[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 99, -1, -2, -3, -6, -100 };

static double now(int clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec + ts.tv_nsec * 1e-9;
}

static void reading(void)
{
	struct timespec ts;
	struct timex tx;
	unsigned int i;
	struct timeval tv;
	struct timezone tz, zone = { 10000, 0 };

	group("clocks");
	for (i = 0; i < COUNT(clocks); i++) {
		printf("clock %d: ", clocks[i]);
		ts.tv_nsec = -1;
		if (!CALL(clock_gettime, "it", clocks[i], &ts))
			SEE("nanoseconds in range: %d", ts.tv_nsec >= 0 && ts.tv_nsec < 1000000000);
		printf("clock %d: ", clocks[i]);
		CALL(clock_getres, "no room", clocks[i], NULL);
	}
	CALL(clock_getres, "monotonic", CLOCK_MONOTONIC, &ts);
	SEE("%ld.%09ld", ts.tv_sec, ts.tv_nsec);
	CALL(clock_getres, "real time", CLOCK_REALTIME, &ts);
	SEE("%ld.%09ld", ts.tv_sec, ts.tv_nsec);
	CALL(clock_settime, "monotonic", CLOCK_MONOTONIC, &ts);
	CALL(clock_settime, "unknown", 99, &ts);
	ts.tv_nsec = 1000000000;
	CALL(clock_settime, "a bad time", CLOCK_REALTIME, &ts);
	CALL(gettimeofday, "with zone", &tv, &tz);
	SEE("%d %d", tz.tz_minuteswest, tz.tz_dsttime);
	CALL(settimeofday, "a bad zone", NULL, &zone);
	SEE("one second: %d", labs(RAW(SYS_time, NULL) - tv.tv_sec) <= 1);
	memset(&tx, 0, sizeof(tx));
	HIDE(adjtimex, "look", &tx);
	HIDE(clock_adjtime, "look", CLOCK_REALTIME, &tx);
	CALL(clock_adjtime, "monotonic", CLOCK_MONOTONIC, &tx);
	CALL(clock_adjtime, "unknown", 99, &tx);
	tx.modes = ADJ_TICK;
	tx.tick = 1;
	CALL(adjtimex, "a bad tick", &tx);
}

static void sleeping(void)
{
	static const struct {
		const char *name;
		struct timespec ts;
	} times[] = {
		{ "nothing", { 0, 0 } },    { "1 ns", { 0, 1 } },
		{ "2 ms", { 0, 2000000 } }, { "-1 ns", { 0, -1 } },
		{ "-1 s", { -1, 0 } },	    { "1000000000 ns", { 0, 1000000000 } },
		{ "the past", { 1, 0 } },   { "a very long past", { -(1l << 62), 0 } },
	};
	struct timespec ts, remain = { 7, 7 };
	unsigned int i, k;
	double start;

	group("sleeping");
	for (i = 0; i < COUNT(times); i++) {
		printf("%s: ", times[i].name);
		ts = times[i].ts;
		if (ts.tv_sec <= 0)
			CALL(nanosleep, "it", &ts, &remain);
		for (k = 0; k < COUNT(clocks); k++) {
			/* These show that they slept at all. */
			if (i == 2 &&
			    (clocks[k] == CLOCK_MONOTONIC || clocks[k] == CLOCK_REALTIME)) {
				start = now(CLOCK_MONOTONIC);
				CALL(clock_nanosleep, "it", clocks[k], 0, &ts, &remain);
				SEE("long enough: %d", now(CLOCK_MONOTONIC) - start >= 0.002);
			}
			/* What a process has used by now is not known. */
			if (clocks[k] == CLOCK_PROCESS_CPUTIME_ID || clocks[k] == -2 ||
			    clocks[k] == -6)
				continue;
			printf("clock %d: ", clocks[k]);
			CALL(clock_nanosleep, "until then", clocks[k], TIMER_ABSTIME, &ts, NULL);
		}
	}
	SEE("the rest is as it was: %ld %ld", remain.tv_sec, remain.tv_nsec);
	ts = (struct timespec){ 0, 1000 };
	CALL(clock_nanosleep, "unknown flags", CLOCK_MONOTONIC, 8, &ts, NULL);
	CALL(clock_nanosleep, "of the thread's time", CLOCK_THREAD_CPUTIME_ID, 0, &ts, NULL);
	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_nsec += 3000000;
	if (ts.tv_nsec >= 1000000000)
		ts.tv_sec++, ts.tv_nsec -= 1000000000;
	CALL(clock_nanosleep, "until 3 ms from now, real time", CLOCK_REALTIME, TIMER_ABSTIME, &ts,
	     NULL);
	SEE("past: %d", now(CLOCK_REALTIME) >= ts.tv_sec + ts.tv_nsec * 1e-9);
}

static void timers(void)
{
	struct itimerval one = { .it_value = { 100, 0 } }, old,
			 bad = { .it_value = { 0, 1000000 } };
	struct itimerspec spec = { .it_value = { 100, 0 }, .it_interval = { 1, 5 } }, got;
	struct sigevent event = { .sigev_notify = SIGEV_NONE };
	unsigned int i;
	int id = -1;

	group("timers");
	for (i = 0; i < 4; i++) {
		printf("timer %u: ", i);
		CALL(getitimer, "unset", i, &old);
	}
	CALL(setitimer, "100 s", ITIMER_REAL, &one, &old);
	SEE("%ld.%06ld", old.it_value.tv_sec, old.it_value.tv_usec);
	CALL(setitimer, "off", ITIMER_REAL, &(struct itimerval){ 0 }, &old);
	SEE("close to 100 s: %d", old.it_value.tv_sec >= 98 && old.it_value.tv_sec <= 100);
	CALL(setitimer, "a bad time", ITIMER_REAL, &bad, NULL);
	CALL(setitimer, "unknown", 3, &one, NULL);
	CALL(alarm, "50 s", 50);
	SEE("close to 50 s: %d", labs(RAW(SYS_alarm, 0) - 50) <= 2);
	CALL(alarm, "none", 0);
	CALL(timer_create, "none", CLOCK_MONOTONIC, &event, &id);
	SEE("id %d", id);
	CALL(timer_create, "unknown clock", 99, &event, &id);
	event.sigev_notify = 77;
	CALL(timer_create, "unknown way", CLOCK_MONOTONIC, &event, &id);
	event.sigev_notify = SIGEV_SIGNAL;
	event.sigev_signo = 100;
	CALL(timer_create, "unknown signal", CLOCK_MONOTONIC, &event, &id);
	CALL(timer_settime, "100 s", id, 0, &spec, &got);
	SEE("%ld.%09ld", got.it_value.tv_sec, got.it_value.tv_nsec);
	CALL(timer_gettime, "it", id, &got);
	SEE("%d, every %ld.%09ld", got.it_value.tv_sec >= 98, got.it_interval.tv_sec,
	    got.it_interval.tv_nsec);
	spec.it_value.tv_nsec = -1;
	CALL(timer_settime, "a bad time", id, 0, &spec, NULL);
	CALL(timer_settime, "unknown", 77, 0, &spec, NULL);
	CALL(timer_getoverrun, "it", id);
	CALL(timer_getoverrun, "unknown", 77);
	CALL(timer_delete, "it", id);
	CALL(timer_delete, "again", id);
	CALL(timer_gettime, "gone", id, &got);
}

int main(int argc, char **argv)
{
	diff_start(argc, argv);
	reading();
	sleeping();
	timers();
	return diff_end();
}
