// SPDX-License-Identifier: MIT
/*
 * Timers that send signals, and the clocks of processor time. With an argument: what is left of them after
 * exec.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/resource.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>

#include "test.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

#define MS 1000000ll
#define RT (SIGRTMIN + 2)

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

static int64_t ns_of(struct timespec ts)
{
	return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

/* As the kernel has it: its numbers, and its timers themselves. */
static int create(clockid_t clock, int notify, int sig, pid_t tid)
{
	struct sigevent event = {
		.sigev_notify = notify,
		.sigev_signo = sig,
		.sigev_value.sival_int = 4711,
	};
	int id;

	event.sigev_notify_thread_id = tid;
	return syscall(SYS_timer_create, clock, &event, &id) ? -1 : id;
}

static int set(int id, int flags, int64_t value, int64_t interval)
{
	const struct itimerspec new = { spec(interval), spec(value) };

	return syscall(SYS_timer_settime, id, flags, &new, NULL);
}

static int64_t left(int id)
{
	struct itimerspec now_is = { 0 };

	return syscall(SYS_timer_gettime, id, &now_is) ? -1 : ns_of(now_is.it_value);
}

static sigset_t set_of(int sig)
{
	sigset_t s;

	sigemptyset(&s);
	sigaddset(&s, sig);
	return s;
}

/* Within 20 seconds, and not before `earliest`. */
static int comes(int sig, int64_t earliest, siginfo_t *info)
{
	struct timespec long_time = { 20, 0 };
	sigset_t s = set_of(sig);

	return sigtimedwait(&s, info, &long_time) == sig && now(CLOCK_MONOTONIC) >= earliest;
}

static int pending(int sig)
{
	sigset_t s;

	sigpending(&s);
	return sigismember(&s, sig);
}

static void wait_until(int64_t time)
{
	const struct timespec ts = spec(time);

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL))
		;
}

/* --- timers ------------------------------------------------------------------------------------------ */

static void clocks(void)
{
	static const clockid_t known[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME,
					   CLOCK_TAI };
	siginfo_t info;
	unsigned int i;
	int64_t took;
	int id, good;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		int64_t begin = now(CLOCK_MONOTONIC);

		id = create(known[i], SIGEV_SIGNAL, RT, 0);
		check(id >= 0 && !left(id), "a timer of clock %d", known[i]);
		set(id, 0, 5 * MS, 0);
		good = comes(RT, begin + 5 * MS, &info);
		took = now(CLOCK_MONOTONIC) - begin;
		check(good && info.si_code == SI_TIMER && info.si_timerid == id &&
			      info.si_value.sival_int == 4711 && !info.si_overrun,
		      "expires once, after 5 ms: %lld us", (long long)took / 1000);
		begin = now(CLOCK_MONOTONIC);
		set(id, TIMER_ABSTIME, now(known[i]) + 5 * MS, 0);
		check(comes(RT, begin + 4 * MS, &info), "at a time");
		set(id, TIMER_ABSTIME, 1, 0);
		check(comes(RT, 0, &info), "at a time that is past");
		check(!syscall(SYS_timer_delete, id), "deleted");
	}
}

static void periods(void)
{
	int id = create(CLOCK_MONOTONIC, SIGEV_SIGNAL, RT, 0), i, good = 1;
	int64_t begin = now(CLOCK_MONOTONIC), total, after;
	struct itimerspec was, none = { 0 };
	siginfo_t info;

	set(id, 0, 20 * MS, 2 * MS);
	check(left(id) > 0 && left(id) <= 20 * MS, "%lld us are left", (long long)left(id) / 1000);
	for (i = total = 0; i < 20; i++, total++) {
		good &= comes(RT, begin + 20 * MS + total * 2 * MS, &info);
		total += info.si_overrun;
		good &= syscall(SYS_timer_getoverrun, id) == info.si_overrun;
	}
	check(good, "20 signals of a period of 2 ms, %lld of them late", (long long)total - 20);
	wait_until(now(CLOCK_MONOTONIC) + 50 * MS);
	good = comes(RT, 0, &info);
	after = (now(CLOCK_MONOTONIC) - begin - 20 * MS) / (2 * MS);
	check(good && info.si_overrun >= 23 && total + info.si_overrun <= after,
	      "an overrun of %d, %lld periods in all", info.si_overrun, (long long)after);
	check(!pending(RT) || left(id) > 0, "and it goes on");
	good = !syscall(SYS_timer_settime, id, 0, &none, &was);
	check(good && ns_of(was.it_interval) == 2 * MS, "disarmed, it had a period of %lld",
	      (long long)ns_of(was.it_interval));
	check(!left(id), "nothing is left");
	syscall(SYS_timer_delete, id);

	id = create(CLOCK_MONOTONIC, SIGEV_NONE, 0, 0);
	set(id, 0, 10 * MS, 10 * MS);
	wait_until(now(CLOCK_MONOTONIC) + 15 * MS);
	check(left(id) > 0 && left(id) <= 10 * MS, "a timer without a signal runs: %lld us",
	      (long long)left(id) / 1000);
	syscall(SYS_timer_delete, id);
}

static void *receiver(void *arg)
{
	siginfo_t info;

	*(volatile pid_t *)arg = gettid();
	return (void *)(intptr_t)(comes(RT + 1, 0, &info) && info.si_code == SI_TIMER);
}

static sem_t called;
static volatile int call_value;

static void call(union sigval value)
{
	call_value = value.sival_int;
	sem_post(&called);
}

static void threads(void)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_THREAD,
		.sigev_value.sival_int = 5,
		.sigev_notify_function = call,
	};
	const struct itimerspec soon = { .it_value = { 0, 1000000 } };
	volatile pid_t tid = 0;
	pthread_t thread;
	timer_t timer;
	void *good;
	int id;

	pthread_create(&thread, NULL, receiver, (void *)&tid);
	while (!tid)
		usleep(1000);
	id = create(CLOCK_MONOTONIC, SIGEV_THREAD_ID, RT + 1, tid);
	set(id, 0, 5 * MS, 0);
	pthread_join(thread, &good);
	check(good != NULL, "for one thread");
	set(id, 0, MS, MS);
	wait_until(now(CLOCK_MONOTONIC) + 5 * MS);
	check(!pending(RT + 1), "that is for nobody when it has ended");
	check(!syscall(SYS_timer_delete, id), "deleted");
	sem_init(&called, 0, 0);
	check(!timer_create(CLOCK_MONOTONIC, &event, &timer), "SIGEV_THREAD");
	timer_settime(timer, 0, &soon, NULL);
	while (sem_wait(&called))
		;
	check(call_value == 5, "calls a function in a thread");
	timer_delete(timer);
}

static void errors(void)
{
	struct itimerspec bad = { .it_value = { 0, 1000000000 } };
	int id = create(CLOCK_MONOTONIC, SIGEV_SIGNAL, RT, 0), other;

	check(syscall(SYS_timer_settime, id, 0, &bad, NULL) == -1 && errno == EINVAL,
	      "no such time");
	check(syscall(SYS_timer_settime, id, 0, NULL, NULL) == -1 && errno == EINVAL,
	      "none at all");
	check(syscall(SYS_timer_settime, id, 0, 8, NULL) == -1 && errno == EFAULT,
	      "a wild pointer");
	syscall(SYS_timer_delete, id);
	check(set(id, 0, 1, 1) == -1 && errno == EINVAL, "no such timer");
	check(left(id) == -1 && errno == EINVAL, "to ask");
	check(syscall(SYS_timer_getoverrun, id) == -1 && errno == EINVAL, "for its overruns");
	check(syscall(SYS_timer_delete, id) == -1 && errno == EINVAL, "to delete");
	check(create(77, SIGEV_SIGNAL, RT, 0) == -1 && errno == EINVAL, "no such clock");
	check(create(CLOCK_MONOTONIC_RAW, SIGEV_SIGNAL, RT, 0) == -1 && errno == EOPNOTSUPP,
	      "one that has no timers");
	check(create(CLOCK_MONOTONIC, SIGEV_SIGNAL, 65, 0) == -1 && errno == EINVAL,
	      "no such signal");
	check(create(CLOCK_MONOTONIC, 3, RT, 0) == -1 && errno == EINVAL, "no such notification");
	check(create(CLOCK_MONOTONIC, SIGEV_THREAD_ID, RT, getppid()) == -1 && errno == EINVAL,
	      "another process's thread");
	check(syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, &id) == 0, "without an event");
	set(id, 0, 1000, 0);
	siginfo_t info = { 0 };
	check(comes(SIGALRM, 0, &info) && info.si_value.sival_int == id, "it is SIGALRM");
	check(syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, &other) == 0 && other != id,
	      "another one is another one");
	syscall(SYS_timer_delete, id);
	syscall(SYS_timer_delete, other);
}

/* --- of the process ----------------------------------------------------------------------------------- */

static void process_timer(void)
{
	struct itimerval value = { { 0, 3000 }, { 0, 10000 } }, was;
	int64_t begin = now(CLOCK_MONOTONIC);
	siginfo_t info;
	int i, good = 1;

	check(!setitimer(ITIMER_REAL, &value, &was) && !was.it_value.tv_usec, "setitimer");
	getitimer(ITIMER_REAL, &was);
	check(was.it_value.tv_usec > 0 && was.it_value.tv_usec <= 10000 &&
		      was.it_interval.tv_usec == 3000,
	      "%ld us are left", (long)was.it_value.tv_usec);
	for (i = 0; i < 5; i++)
		good &= comes(SIGALRM, begin + 10 * MS + i * 3 * MS, &info) &&
			info.si_code == SI_KERNEL;
	check(good, "SIGALRM every 3 ms");
	value.it_value.tv_usec = 1000000;
	check(setitimer(ITIMER_REAL, &value, NULL) == -1 && errno == EINVAL, "no such time");
	check(setitimer(9, &value, NULL) == -1 && errno == EINVAL, "no such timer");
	check(alarm(100) <= 1, "alarm replaces it");
	check(alarm(7) == 100, "and tells what was left");
	check(alarm(0) == 7, "and ends");
	while (pending(SIGALRM))
		comes(SIGALRM, 0, &info);
	begin = now(CLOCK_MONOTONIC);
	alarm(1);
	check(comes(SIGALRM, begin + 1000 * MS, &info) && info.si_code == SI_KERNEL,
	      "after a second");
}

/* --- processor time ----------------------------------------------------------------------------------- */

static volatile int go;
static volatile clockid_t other_clock;

static void *spin_for_20_ms(void *arg)
{
	clockid_t clock;

	(void)arg;
	pthread_getcpuclockid(pthread_self(), &clock);
	other_clock = clock;
	while (now(CLOCK_THREAD_CPUTIME_ID) < 20 * MS)
		;
	go = 2;
	while (go == 2)
		usleep(1000);
	return NULL;
}

static void processor_time(void)
{
	int64_t thread = now(CLOCK_THREAD_CPUTIME_ID), process = now(CLOCK_PROCESS_CPUTIME_ID),
		mine;
	int64_t begin = now(CLOCK_MONOTONIC), seen = thread, last = thread;
	struct rusage usage;
	struct tms ticks;
	clockid_t clock;
	pthread_t id;
	int good = 1;

	while (seen < thread + 20 * MS) {
		seen = now(CLOCK_THREAD_CPUTIME_ID);
		good &= seen >= last;
		last = seen;
	}
	check(good, "a thread's time never goes back");
	check(now(CLOCK_MONOTONIC) - begin >= 20 * MS - MS, "and not faster than time does");
	check(now(CLOCK_PROCESS_CPUTIME_ID) - process >= 20 * MS, "it is the process's too");
	getrusage(RUSAGE_SELF, &usage);
	check((usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000ll + usage.ru_utime.tv_usec +
			      usage.ru_stime.tv_usec >=
		      19000,
	      "getrusage tells of it");
	check(times(&ticks) != (clock_t)-1 && ticks.tms_utime + ticks.tms_stime >= 1,
	      "and so does times");
	thread = now(CLOCK_THREAD_CPUTIME_ID);
	wait_until(now(CLOCK_MONOTONIC) + 200 * MS);
	check(now(CLOCK_THREAD_CPUTIME_ID) - thread < 100 * MS,
	      "who sleeps uses none: %lld us in 200 ms",
	      (long long)(now(CLOCK_THREAD_CPUTIME_ID) - thread) / 1000);
	thread = now(CLOCK_THREAD_CPUTIME_ID);
	process = now(CLOCK_PROCESS_CPUTIME_ID);
	pthread_create(&id, NULL, spin_for_20_ms, NULL);
	while (go != 2)
		usleep(1000);
	mine = now(CLOCK_THREAD_CPUTIME_ID) - thread;
	check(now(other_clock) >= 20 * MS, "another thread's: %lld us",
	      (long long)now(other_clock) / 1000);
	check(now(CLOCK_PROCESS_CPUTIME_ID) - process >= 20 * MS + mine,
	      "the process's is the sum");
	check(!clock_getcpuclockid(getpid(), &clock) && now(clock) >= process, "by its number");
	check(now(CLOCK_THREAD_CPUTIME_ID) < now(CLOCK_PROCESS_CPUTIME_ID), "which is more");
	go = 3;
	pthread_join(id, NULL);
	check(now(CLOCK_PROCESS_CPUTIME_ID) - process >= 20 * MS,
	      "and remains when a thread has ended");
}

/* Computes until it comes; it is taken. */
static int comes_while_computing(int sig, siginfo_t *info)
{
	int64_t end = now(CLOCK_MONOTONIC) + 20000 * MS;

	while (!pending(sig) && now(CLOCK_MONOTONIC) < end)
		;
	return pending(sig) && comes(sig, 0, info);
}

static void processor_timers(void)
{
	static const int which[] = { ITIMER_VIRTUAL, ITIMER_PROF }, sigs[] = { SIGVTALRM, SIGPROF };
	const struct itimerval once = { .it_value = { 0, 20000 } };
	int id = create(CLOCK_THREAD_CPUTIME_ID, SIGEV_SIGNAL, RT, 0), i, good;
	int64_t begin = now(CLOCK_THREAD_CPUTIME_ID);
	siginfo_t info;

	set(id, 0, 20 * MS, 0);
	wait_until(now(CLOCK_MONOTONIC) + 60 * MS);
	check(!pending(RT) && left(id) > 0,
	      "a timer of processor time stands while its thread sleeps");
	good = comes_while_computing(RT, &info);
	check(good && info.si_code == SI_TIMER && now(CLOCK_THREAD_CPUTIME_ID) - begin >= 20 * MS,
	      "and expires while it computes");
	begin = now(CLOCK_PROCESS_CPUTIME_ID);
	syscall(SYS_timer_delete, id);
	id = create(CLOCK_PROCESS_CPUTIME_ID, SIGEV_SIGNAL, RT, 0);
	set(id, TIMER_ABSTIME, begin + 20 * MS, 0);
	good = comes_while_computing(RT, &info);
	check(good && now(CLOCK_PROCESS_CPUTIME_ID) - begin >= 20 * MS,
	      "at a time of the process's");
	syscall(SYS_timer_delete, id);
	for (i = 0; i < 2; i++) {
		begin = now(CLOCK_PROCESS_CPUTIME_ID);
		good = !setitimer(which[i], &once, NULL) && comes_while_computing(sigs[i], &info);
		/* Linux counts whole ticks here. */
		check(good && now(CLOCK_PROCESS_CPUTIME_ID) - begin >= 10 * MS, "setitimer %d",
		      which[i]);
	}
}

static int after_exec(int id)
{
	struct itimerval was;

	check(left(id) == -1 && errno == EINVAL, "no timer is left after exec");
	getitimer(ITIMER_REAL, &was);
	check(was.it_value.tv_sec > 900, "but the alarm is");
	alarm(0);
	return test_end();
}

int main(int argc, char **argv)
{
	sigset_t block = set_of(RT);
	char number[16];
	int id;

	if (argc > 1)
		return after_exec(atoi(argv[1]));
	sigaddset(&block, RT + 1);
	sigaddset(&block, SIGALRM);
	sigaddset(&block, SIGVTALRM);
	sigaddset(&block, SIGPROF);
	sigprocmask(SIG_BLOCK, &block, NULL);
	clocks();
	periods();
	threads();
	errors();
	process_timer();
	processor_time();
	processor_timers();
	if (test_failures)
		return test_end();
	id = create(CLOCK_MONOTONIC, SIGEV_SIGNAL, RT, 0);
	set(id, 0, 1000000 * MS, 0);
	alarm(1000);
	snprintf(number, sizeof(number), "%d", id);
	execl(argv[0], argv[0], number, NULL);
	check(0, "exec: %m");
	return test_end();
}
