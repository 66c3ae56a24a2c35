// SPDX-License-Identifier: MIT
/*
 * Priority inheritance: by the system call itself, and as glibc's mutexes have it.
 *
 * pi [realtime] - what needs real-time priorities is skipped if they cannot be had; with the argument that is
 * a failure. All threads share one processor, as they do on the RTOS.
 */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "test.h"

#define MS 1000000ll

static bool realtime;

static long futex(volatile uint32_t *addr, int op, uint32_t value, const void *time,
		  volatile uint32_t *addr2, uint32_t value3)
{
	return syscall(SYS_futex, addr, op, value, time, addr2, value3);
}

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 * MS + ts.tv_nsec;
}

static struct timespec in(clockid_t clock, int64_t ns)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	ns += ts.tv_sec * 1000 * MS + ts.tv_nsec;
	return (struct timespec){ ns / (1000 * MS), ns % (1000 * MS) };
}

static void compute(int64_t ns)
{
	int64_t end = now() + ns;

	while (now() < end)
		;
}

/* For the main thread, whose priority is above all others'. */
static void until(volatile uint32_t *word, uint32_t bits)
{
	const struct timespec ms = { 0, MS };

	while ((*word & bits) == 0)
		nanosleep(&ms, NULL);
}

static pthread_t start(int priority, void *(*fn)(void *arg), void *arg)
{
	const struct sched_param param = { .sched_priority = priority };
	pthread_attr_t attr;
	pthread_t thread;
	int ret;

	pthread_attr_init(&attr);
	if (realtime) {
		pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
		pthread_attr_setschedpolicy(&attr, SCHED_FIFO);
		pthread_attr_setschedparam(&attr, &param);
	}
	ret = pthread_create(&thread, &attr, fn, arg);
	if (ret) {
		printf("Bail out! pthread_create: %s\n", strerror(ret));
		exit(1);
	}
	pthread_attr_destroy(&attr);
	return thread;
}

static void mutex_init(pthread_mutex_t *m, int protocol, int type, int robust)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setprotocol(&attr, protocol);
	pthread_mutexattr_settype(&attr, type);
	pthread_mutexattr_setrobust(&attr, robust);
	pthread_mutex_init(m, &attr);
	pthread_mutexattr_destroy(&attr);
}

/* --- the system call ------------------------------------------------------------------------------------ */

static volatile uint32_t word, word2, cond;
static volatile uint32_t flag;
static long results[4];
static int errors[4];

#define REFUSED(error, call, what)                                               \
	do {                                                                     \
		long ret = (call);                                               \
		check(ret == -1 && errno == (error), "%s: %ld, errno %d", what, ret, \
		      ret == -1 ? errno : 0);                                    \
	} while (0)

static void refusals(void)
{
	const struct timespec bad = { 0, 1000 * MS }, past = { 0, 0 };
	uint32_t self = gettid();
	void *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile uint32_t *odd = (volatile uint32_t *)((char *)&word + 1);

	check(!futex(&word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0) && word == self,
	      "the word is the owner's number");
	REFUSED(EDEADLK, futex(&word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0), "its own");
	REFUSED(EDEADLK, futex(&word, FUTEX_TRYLOCK_PI_PRIVATE, 0, NULL, NULL, 0), "try its own");
	check(!futex(&word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0) && !word, "unlock");
	REFUSED(EPERM, futex(&word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0), "unlock, nobody's");
	word = 0x3ffffff0;
	REFUSED(ESRCH, futex(&word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0), "no such owner");
	REFUSED(EPERM, futex(&word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0),
		"unlock, another's");
	word = FUTEX_OWNER_DIED;
	check(!futex(&word, FUTEX_LOCK_PI_PRIVATE, 0, &past, NULL, 0) &&
		      word == (self | FUTEX_OWNER_DIED),
	      "a dead owner's, however late");
	check(!futex(&word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0) && !word, "and unlock");
	REFUSED(EINVAL, futex(&word, FUTEX_LOCK_PI_PRIVATE, 0, &bad, NULL, 0), "bad time");
	REFUSED(EINVAL, futex(odd, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0), "odd address");
	REFUSED(EFAULT, futex(page, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0), "read-only page");
	REFUSED(EFAULT, futex(page, FUTEX_LOCK_PI, 0, NULL, NULL, 0), "the same, shared");
	munmap(page, 4096);
	REFUSED(EFAULT, futex(page, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0), "no page");
	REFUSED(ENOSYS,
		futex(&word, FUTEX_LOCK_PI_PRIVATE | FUTEX_CLOCK_REALTIME, 0, NULL, NULL, 0),
		"a clock for FUTEX_LOCK_PI");
	REFUSED(EINVAL, futex(&word, FUTEX_WAIT_REQUEUE_PI_PRIVATE, 0, NULL, &word, 0),
		"a condition that is its lock");
	REFUSED(EAGAIN, futex(&cond, FUTEX_WAIT_REQUEUE_PI_PRIVATE, 1, NULL, &word, 0),
		"a condition of another value");
	REFUSED(EINVAL, futex(&cond, FUTEX_CMP_REQUEUE_PI_PRIVATE, 2, (void *)9, &word, 0),
		"to wake two");
	REFUSED(EAGAIN, futex(&cond, FUTEX_CMP_REQUEUE_PI_PRIVATE, 1, (void *)9, &word, 1),
		"requeue of another value");
}

static void *lock_raw(void *arg)
{
	long self = (long)(intptr_t)arg;

	results[self] = futex(&word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0);
	errors[self] = word & ~FUTEX_WAITERS;
	if (!results[self])
		futex(&word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0);
	return (void *)(intptr_t)gettid();
}

static void *try_raw(void *arg)
{
	struct timespec ts;

	results[0] = futex(&word, FUTEX_TRYLOCK_PI_PRIVATE, 0, NULL, NULL, 0);
	errors[0] = errno;
	ts = in(CLOCK_REALTIME, 10 * MS);
	results[1] = futex(&word, FUTEX_LOCK_PI_PRIVATE, 0, &ts, NULL, 0);
	errors[1] = errno;
	ts = in(CLOCK_MONOTONIC, 10 * MS);
	results[2] = futex(&word, FUTEX_LOCK_PI2_PRIVATE, 0, &ts, NULL, 0);
	errors[2] = errno;
	ts = in(CLOCK_REALTIME, 10 * MS);
	results[3] = futex(&word, FUTEX_LOCK_PI2_PRIVATE | FUTEX_CLOCK_REALTIME, 0, &ts, NULL, 0);
	errors[3] = errno;
	return arg;
}

static void waiting(void)
{
	pthread_t thread;
	void *tid;

	futex(&word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0);
	thread = start(10, try_raw, NULL);
	pthread_join(thread, NULL);
	check(results[0] == -1 && errors[0] == EAGAIN, "try another's");
	check(results[1] == -1 && errors[1] == ETIMEDOUT, "time-out, FUTEX_LOCK_PI");
	check(results[2] == -1 && errors[2] == ETIMEDOUT, "time-out, FUTEX_LOCK_PI2");
	check(results[3] == -1 && errors[3] == ETIMEDOUT, "time-out, FUTEX_LOCK_PI2, real time");
	word &= ~FUTEX_WAITERS;
	thread = start(10, lock_raw, (void *)0);
	until(&word, FUTEX_WAITERS);
	check(word == (gettid() | FUTEX_WAITERS), "somebody waits");
	REFUSED(EINVAL, futex(&word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), "a plain wake");
	check(!futex(&word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0), "handed over");
	pthread_join(thread, &tid);
	check(!results[0] && errors[0] == (intptr_t)tid, "to the one who waited");
	check(!word, "and free in the end");
}

static void *die_holding_raw(void *arg)
{
	futex(&word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0);
	flag = 1;
	until(&word, FUTEX_WAITERS);
	return arg;
}

static void death(void)
{
	pthread_t dying, heir;
	void *tid;

	flag = 0;
	dying = start(10, die_holding_raw, NULL);
	until(&flag, 1);
	heir = start(10, lock_raw, (void *)0);
	pthread_join(dying, NULL);
	pthread_join(heir, &tid);
	check(!results[0] && errors[0] == (int)((intptr_t)tid | FUTEX_OWNER_DIED),
	      "a dead owner's waiter has the lock, and the mark: %x", errors[0]);
	word = 0;
}

/* Two locks, two threads, the other way round: the second to wait is refused. */
static void *lock_both(void *arg)
{
	long self = (long)(intptr_t)arg;
	volatile uint32_t *first = self ? &word : &word2, *second = self ? &word2 : &word;

	futex(first, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0);
	__atomic_fetch_add(&flag, 1, __ATOMIC_SEQ_CST);
	while (flag != 2)
		sched_yield();
	results[self] = futex(second, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0);
	errors[self] = errno;
	if (!results[self])
		futex(second, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0);
	futex(first, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0);
	return NULL;
}

static void deadlock(void)
{
	pthread_t a, b;
	int refused;

	flag = 0;
	a = start(10, lock_both, (void *)1);
	b = start(10, lock_both, (void *)0);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	refused = results[0] ? 0 : 1;
	check(results[refused] == -1 && errors[refused] == EDEADLK && !results[!refused],
	      "of two that wait for each other one is refused");
	check(!word && !word2, "both locks are free again");
}

static void *wait_requeue(void *arg)
{
	long self = (long)(intptr_t)arg;

	__atomic_fetch_add(&flag, 1, __ATOMIC_SEQ_CST);
	results[self] = futex(&cond, FUTEX_WAIT_REQUEUE_PI_PRIVATE, 0, NULL, &word, 0);
	if (results[self])
		return NULL;
	errors[self] = (word & FUTEX_TID_MASK) == (uint32_t)gettid() ? 0 : EPERM;
	futex(&word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0);
	return NULL;
}

static void requeue(void)
{
	const struct timespec ms = { 0, MS };
	struct timespec ts = in(CLOCK_MONOTONIC, 10 * MS);
	pthread_t thread[3];
	long i, n = 0, more;

	REFUSED(ETIMEDOUT, futex(&cond, FUTEX_WAIT_REQUEUE_PI_PRIVATE, 0, &ts, &word, 0),
		"time-out at the condition");
	flag = 0;
	for (i = 0; i < 3; i++)
		thread[i] = start(10, wait_requeue, (void *)(intptr_t)i);
	futex(&word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0);
	/* They are counted as they come: one more than it may wake is moved at a time. */
	while (n < 3) {
		more = futex(&cond, FUTEX_CMP_REQUEUE_PI_PRIVATE, 1, (void *)0, &word, 0);
		if (more < 0)
			break;
		n += more;
		nanosleep(&ms, NULL);
	}
	check(n == 3, "three moved from the condition to the lock: %ld", n);
	check(word == (gettid() | FUTEX_WAITERS), "for which they wait");
	futex(&word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0);
	for (i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
	check(!results[0] && !results[1] && !results[2], "all three waits succeeded");
	check(!errors[0] && !errors[1] && !errors[2], "each with the lock");
	check(!word, "which is free in the end");
}

static volatile uint32_t handled;

static void handler(int sig)
{
	(void)sig;
	handled++;
}

/* The handler runs in the middle of the wait, which goes on whatever the flags of the handler. */
static void signals(void)
{
	struct sigaction action = { .sa_handler = handler };
	pthread_t thread;

	sigaction(SIGUSR1, &action, NULL);
	futex(&word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0);
	thread = start(10, lock_raw, (void *)0);
	until(&word, FUTEX_WAITERS);
	pthread_kill(thread, SIGUSR1);
	until(&handled, ~0u);
	check(handled == 1, "a handler ran during the wait");
	futex(&word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0);
	pthread_join(thread, NULL);
	check(!results[0], "and the wait went on");
}

/* --- mutexes ----------------------------------------------------------------------------------------------- */

static pthread_mutex_t mutex, mutex2;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static unsigned long counter, turns;

#define THREADS 4
#define ROUNDS 2000

static void *count(void *arg)
{
	int i;

	for (i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&mutex);
		counter++;
		if (i % 16 == 0)
			sched_yield();
		pthread_mutex_unlock(&mutex);
	}
	return arg;
}

static void exclusion(void)
{
	pthread_t thread[THREADS];
	int i;

	mutex_init(&mutex, PTHREAD_PRIO_INHERIT, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED);
	for (i = 0; i < THREADS; i++)
		thread[i] = start(10, count, NULL);
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	check(counter == THREADS * ROUNDS, "%d threads count to %lu", THREADS, counter);
	pthread_mutex_destroy(&mutex);
}

static void *time_out(void *arg)
{
	struct timespec ts = in(CLOCK_REALTIME, 10 * MS);

	errors[0] = pthread_mutex_timedlock(&mutex, &ts);
	ts = in(CLOCK_MONOTONIC, 10 * MS);
	errors[1] = pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, &ts);
	errors[2] = pthread_mutex_trylock(&mutex);
	return arg;
}

static void *wait_for_turn(void *arg)
{
	unsigned long self = (unsigned long)(uintptr_t)arg;

	pthread_mutex_lock(&mutex);
	while (turns < ROUNDS) {
		if (turns % THREADS == self) {
			turns++;
			pthread_cond_broadcast(&condition);
		} else {
			pthread_cond_wait(&condition, &mutex);
		}
	}
	pthread_mutex_unlock(&mutex);
	return NULL;
}

static void kinds(void)
{
	pthread_t thread[THREADS];
	unsigned long i;

	mutex_init(&mutex, PTHREAD_PRIO_INHERIT, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_STALLED);
	pthread_mutex_lock(&mutex);
	check(pthread_mutex_lock(&mutex) == EDEADLK, "an error-checking mutex, twice");
	thread[0] = start(10, time_out, NULL);
	pthread_join(thread[0], NULL);
	check(errors[0] == ETIMEDOUT, "timedlock: %d", errors[0]);
	check(errors[1] == ETIMEDOUT, "clocklock: %d", errors[1]);
	check(errors[2] == EBUSY, "trylock: %d", errors[2]);
	pthread_mutex_unlock(&mutex);
	check(pthread_mutex_unlock(&mutex) == EPERM, "unlocked twice");
	for (i = 0; i < THREADS; i++)
		thread[i] = start(10, wait_for_turn, (void *)(uintptr_t)i);
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	check(turns == ROUNDS, "%d threads in turn by a condition: %lu", THREADS, turns);
	pthread_mutex_destroy(&mutex);
}

static void *die_holding(void *arg)
{
	pthread_mutex_lock(&mutex);
	flag = 1;
	if (arg)
		until((volatile uint32_t *)&mutex.__data.__lock, FUTEX_WAITERS);
	return NULL;
}

static void *inherit(void *arg)
{
	errors[0] = pthread_mutex_lock(&mutex);
	if (errors[0] == EOWNERDEAD && arg)
		pthread_mutex_consistent(&mutex);
	errors[1] = pthread_mutex_unlock(&mutex);
	return NULL;
}

static void robust(void)
{
	pthread_t dying, heir;

	mutex_init(&mutex, PTHREAD_PRIO_INHERIT, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ROBUST);
	dying = start(10, die_holding, NULL);
	pthread_join(dying, NULL);
	check(pthread_mutex_lock(&mutex) == EOWNERDEAD, "the owner died before anybody waited");
	check(!pthread_mutex_consistent(&mutex), "made consistent");
	check(!pthread_mutex_unlock(&mutex), "unlocked");
	flag = 0;
	dying = start(10, die_holding, &mutex);
	until(&flag, 1);
	heir = start(10, inherit, &mutex);
	pthread_join(dying, NULL);
	pthread_join(heir, NULL);
	check(errors[0] == EOWNERDEAD && !errors[1], "the owner died while one waited: %d",
	      errors[0]);
	check(!pthread_mutex_lock(&mutex), "a consistent one is as before");
	pthread_mutex_unlock(&mutex);
	dying = start(10, die_holding, NULL);
	pthread_join(dying, NULL);
	heir = start(10, inherit, NULL);
	pthread_join(heir, NULL);
	check(errors[0] == EOWNERDEAD, "the owner died again: %d", errors[0]);
	check(pthread_mutex_lock(&mutex) == ENOTRECOVERABLE, "one left inconsistent is lost");
	pthread_mutex_destroy(&mutex);
}

/* --- priorities --------------------------------------------------------------------------------------------- */

/*
 * Low and medium compute from the moment that all threads are there, whatever it took to make them: the one that
 * runs is the one with the higher priority.
 */
static volatile uint32_t holds, wants, middle_holds, go, finished;
static uint32_t high_finished, medium_finished, low_finished;
static int own_priority;

static uint32_t place(void)
{
	return __atomic_add_fetch(&finished, 1, __ATOMIC_SEQ_CST);
}

static void *low(void *arg)
{
	struct sched_param param;

	pthread_mutex_lock(&mutex);
	holds = 1;
	while (!go)
		;
	compute(20 * MS);
	/* Not glibc's notion of it. */
	syscall(SYS_sched_getparam, 0, &param);
	own_priority = param.sched_priority;
	pthread_mutex_unlock(&mutex);
	low_finished = place();
	return arg;
}

static void *medium(void *arg)
{
	while (!go)
		;
	compute(200 * MS);
	medium_finished = place();
	return arg;
}

static void *high(void *arg)
{
	pthread_mutex_t *m = arg;

	wants = 1;
	pthread_mutex_lock(m);
	high_finished = place();
	pthread_mutex_unlock(m);
	return NULL;
}

static void *middle(void *arg)
{
	pthread_mutex_lock(&mutex2);
	middle_holds = 1;
	pthread_mutex_lock(&mutex);
	pthread_mutex_unlock(&mutex);
	pthread_mutex_unlock(&mutex2);
	return arg;
}

static void inversion(int protocol, bool chain)
{
	pthread_t threads[4];
	int i, n = 0;

	mutex_init(&mutex, protocol, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED);
	mutex_init(&mutex2, protocol, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED);
	holds = wants = middle_holds = go = finished = 0;
	threads[n++] = start(10, low, NULL);
	until(&holds, 1);
	if (chain) {
		threads[n++] = start(15, middle, NULL);
		until(&middle_holds, 1);
	}
	threads[n++] = start(40, high, chain ? &mutex2 : &mutex);
	until(&wants, 1);
	threads[n++] = start(30, medium, NULL);
	go = 1;
	for (i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	pthread_mutex_destroy(&mutex);
	pthread_mutex_destroy(&mutex2);
}

/* The waiter is below medium until it is raised above. */
static void raise_a_waiter(int to)
{
	pthread_t threads[3];
	int i;

	mutex_init(&mutex, PTHREAD_PRIO_INHERIT, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED);
	holds = wants = go = finished = 0;
	threads[0] = start(10, low, NULL);
	until(&holds, 1);
	threads[1] = start(20, high, &mutex);
	until(&wants, 1);
	until((volatile uint32_t *)&mutex.__data.__lock, FUTEX_WAITERS);
	threads[2] = start(30, medium, NULL);
	pthread_setschedprio(threads[1], to);
	go = 1;
	for (i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	pthread_mutex_destroy(&mutex);
}

static void priorities(void)
{
	inversion(PTHREAD_PRIO_INHERIT, false);
	check(high_finished == 1 && medium_finished == 2, "medium does not delay high: %u, %u",
	      high_finished, medium_finished);
	check(low_finished == 3, "nor does low, when it has unlocked: %u", low_finished);
	check(own_priority == 10, "low's own priority was %d all the while", own_priority);
	inversion(PTHREAD_PRIO_NONE, false);
	check(medium_finished == 1, "without inheritance it does: %u", medium_finished);
	inversion(PTHREAD_PRIO_INHERIT, true);
	check(high_finished == 1 && medium_finished == 2, "nor by a chain of locks: %u, %u",
	      high_finished, medium_finished);
	raise_a_waiter(40);
	check(high_finished == 1, "who waits is raised, and so the owner: %u", high_finished);
	raise_a_waiter(25);
	check(medium_finished == 1, "to no more than that: %u", medium_finished);
}

static void *lock_in_order(void *arg)
{
	long self = (long)(intptr_t)arg;

	__atomic_fetch_add(&flag, 1, __ATOMIC_SEQ_CST);
	pthread_mutex_lock(&mutex);
	results[self] = place();
	pthread_mutex_unlock(&mutex);
	return NULL;
}

/* Each blocks before the next is made: the higher ones come last, two are equal. */
static void order(void)
{
	static const int priority[4] = { 10, 20, 30, 20 };
	const struct timespec ms = { 0, MS };
	pthread_t thread[4];
	long i;

	mutex_init(&mutex, PTHREAD_PRIO_INHERIT, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED);
	finished = flag = 0;
	pthread_mutex_lock(&mutex);
	for (i = 0; i < 4; i++) {
		thread[i] = start(priority[i], lock_in_order, (void *)(intptr_t)i);
		while (flag != i + 1)
			nanosleep(&ms, NULL);
	}
	/* The last has counted itself and has only to block, for which it has as long as this one sleeps. */
	for (i = 0; i < 10; i++)
		nanosleep(&ms, NULL);
	pthread_mutex_unlock(&mutex);
	for (i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	check(results[2] == 1 && results[1] == 2 && results[3] == 3 && results[0] == 4,
	      "waiters in the order of priority, then of arrival: %ld %ld %ld %ld", results[0],
	      results[1], results[2], results[3]);
	pthread_mutex_destroy(&mutex);
}

static void one_processor(void)
{
	cpu_set_t set;
	int cpu = 0;

	sched_getaffinity(0, sizeof(set), &set);
	while (!CPU_ISSET(cpu, &set))
		cpu++;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

int main(int argc, char **argv)
{
	const struct sched_param above = { .sched_priority = 50 };
	bool wanted = argc > 1 && !strcmp(argv[1], "realtime");

	one_processor();
	refusals();
	waiting();
	death();
	deadlock();
	requeue();
	signals();
	exclusion();
	kinds();
	robust();
	realtime = !sched_setscheduler(0, SCHED_FIFO, &above);
	if (realtime) {
		priorities();
		order();
	} else if (wanted) {
		check(0, "real-time priorities: %s", strerror(errno));
	} else {
		printf("ok %d # SKIP no real-time priorities: %s\n", ++test_count, strerror(errno));
	}
	return test_end();
}
