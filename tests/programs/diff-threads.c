// SPDX-License-Identifier: MIT
/* Threads and futexes; what of them needs priority inheritance is tested elsewhere. */
#include "diff.h"

#include <linux/futex.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <time.h>

static unsigned int word, second;
static volatile int started;

struct robust {
	void *next;
	long offset;
	void *pending;
};

static void *waiter(void *arg)
{
	__atomic_add_fetch(&started, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&word, __ATOMIC_SEQ_CST) == 0)
		RAW(SYS_futex, &word, FUTEX_WAIT | (long)arg, 0, NULL, NULL, 0);
	return NULL;
}

/* Threads that wait, for certain: no call that wakes none of them counts. */
static void wake_waiters(int flag)
{
	pthread_t threads[3];
	int i, woken = 0;

	started = word = 0;
	for (i = 0; i < 3; i++)
		if (pthread_create(&threads[i], NULL, waiter, (void *)(long)flag))
			exit(1);
	while (started < 3)
		sched_yield();
	/* All are on their way into the futex, and stay there: the word does not change. */
	while (woken < 3)
		woken += RAW(SYS_futex, &word, FUTEX_WAKE | flag, 3, NULL, NULL, 0);
	SEE("at least three were woken: %d", woken >= 3);
	__atomic_store_n(&word, 1, __ATOMIC_SEQ_CST);
	for (i = 0; i < 3; i++) {
		RAW(SYS_futex, &word, FUTEX_WAKE | flag, 3, NULL, NULL, 0);
		pthread_join(threads[i], NULL);
	}
	word = 0;
}

static void futexes(void)
{
	struct timespec zero = { 0, 0 }, bad = { 0, 1000000000 }, negative = { -1, 0 },
			past = { 1, 0 };
	unsigned int flag, i;

	group("futexes");
	for (flag = 0; flag <= FUTEX_PRIVATE_FLAG; flag += FUTEX_PRIVATE_FLAG) {
		SEE("private: %d", flag != 0);
		word = 0;
		second = 5;
		CALL(futex, "wait, another value", &word, FUTEX_WAIT | flag, 1, NULL, NULL, 0);
		CALL(futex, "wait, no time", &word, FUTEX_WAIT | flag, 0, &zero, NULL, 0);
		CALL(futex, "wait, a bad time", &word, FUTEX_WAIT | flag, 0, &bad, NULL, 0);
		CALL(futex, "wait, a negative time", &word, FUTEX_WAIT | flag, 0, &negative, NULL,
		     0);
		CALL(futex, "wait, a bad time, another value", &word, FUTEX_WAIT | flag, 1, &bad,
		     NULL, 0);
		CALL(futex, "wait, an odd address", (char *)&word + 1, FUTEX_WAIT | flag, 1, NULL,
		     NULL, 0);
		CALL(futex, "wait, real time", &word, FUTEX_WAIT | FUTEX_CLOCK_REALTIME | flag, 0,
		     &zero, NULL, 0);
		CALL(futex, "wait with bits, the past", &word, FUTEX_WAIT_BITSET | flag, 0, &past,
		     NULL, 1);
		CALL(futex, "wait with bits, the past of real time", &word,
		     FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME | flag, 0, &past, NULL, 1);
		CALL(futex, "wait without bits", &word, FUTEX_WAIT_BITSET | flag, 0, &past, NULL,
		     0);
		CALL(futex, "wake none", &word, FUTEX_WAKE | flag, 1, NULL, NULL, 0);
		CALL(futex, "wake -1", &word, FUTEX_WAKE | flag, -1, NULL, NULL, 0);
		CALL(futex, "wake, an odd address", (char *)&word + 2, FUTEX_WAKE | flag, 1, NULL,
		     NULL, 0);
		CALL(futex, "wake without bits", &word, FUTEX_WAKE_BITSET | flag, 1, NULL, NULL, 0);
		CALL(futex, "wake, real time", &word, FUTEX_WAKE | FUTEX_CLOCK_REALTIME | flag, 1,
		     NULL, NULL, 0);
		CALL(futex, "requeue none", &word, FUTEX_REQUEUE | flag, 1, 1, &second, 0);
		CALL(futex, "requeue, another value", &word, FUTEX_CMP_REQUEUE | flag, 1, 1,
		     &second, 9);
		CALL(futex, "requeue, the value", &word, FUTEX_CMP_REQUEUE | flag, 1, 1, &second,
		     0);
		CALL(futex, "requeue -1", &word, FUTEX_CMP_REQUEUE | flag, -1, 1, &second, 0);
		CALL(futex, "requeue, wake -1 others", &word, FUTEX_CMP_REQUEUE | flag, 1, -1,
		     &second, 0);
		for (i = 0; i < 8; i++) {
			printf("operation %u: ", i);
			CALL(futex, "wake with it", &word, FUTEX_WAKE_OP | flag, 1, 1, &second,
			     FUTEX_OP(i, 3, i, 5));
			SEE("%u", second);
		}
		CALL(futex, "wake, an unknown comparison", &word, FUTEX_WAKE_OP | flag, 1, 1,
		     &second, FUTEX_OP(FUTEX_OP_SET, 77, 9, 5));
		SEE("%u", second);
		CALL(futex, "wake, a shifted operand", &word, FUTEX_WAKE_OP | flag, 1, 1, &second,
		     FUTEX_OP((FUTEX_OP_SET | 8u), 4, 0, 5));
		SEE("%u", second);
		CALL(futex, "wait in a hole", wild[0].at, FUTEX_WAIT | flag, 1, NULL, NULL, 0);
		if (flag) {
			CALL(futex, "wake in a hole", wild[0].at, FUTEX_WAKE | flag, 1, NULL, NULL,
			     0);
			CALL(futex, "wake in read-only", wild[2].at, FUTEX_WAKE | flag, 1, NULL,
			     NULL, 0);
			CALL(futex, "wait in read-only", wild[2].at, FUTEX_WAIT | flag, 1, NULL,
			     NULL, 0);
		} else {
			CALL(futex, "wake in a hole", wild[0].at, FUTEX_WAKE | flag, 1, NULL, NULL,
			     0);
			DEVIATES(wake_in_read_only, futex, "wake in read-only", wild[2].at,
				 FUTEX_WAKE | flag, 1, NULL, NULL, 0);
			DEVIATES(wait_in_read_only, futex, "wait in read-only", wild[2].at,
				 FUTEX_WAIT | flag, 1, NULL, NULL, 0);
		}
		wake_waiters(flag);
	}
	CALL(futex, "unknown", &word, 77, 1, NULL, NULL, 0);
	CALL(futex, "a file descriptor", &word, FUTEX_FD, 1, NULL, NULL, 0);
}

static void *nothing(void *arg)
{
	return arg;
}

static void *leaving(void *arg)
{
	RAW(SYS_exit, 0);
	return arg;
}

static void making(void)
{
	static char stack[PAGE];
	struct clone_args args;
	struct robust list = { NULL, 0, NULL };
	pthread_attr_t attributes;
	pthread_t threads[20];
	unsigned long size;
	unsigned int i, k;
	void *head;

	group("threads");
	for (k = 0; k < 3; k++) {
		for (i = 0; i < COUNT(threads); i++)
			SEE("made: %d", pthread_create(&threads[i], NULL, nothing, &word));
		for (i = 0; i < COUNT(threads); i++)
			SEE("joined: %d", pthread_join(threads[i], &head) || head != &word);
	}
	pthread_attr_init(&attributes);
	SEE("size: %d", pthread_attr_setstacksize(&attributes, 1 << 16));
	SEE("made: %d", pthread_create(&threads[0], &attributes, nothing, NULL));
	SEE("joined: %d", pthread_join(threads[0], NULL));
	SEE("made: %d", pthread_create(&threads[0], NULL, leaving, NULL));
	SEE("it left: %d", pthread_join(threads[0], NULL));
	CALL(clone, "a thread without signal handlers", CLONE_VM | CLONE_THREAD, stack + PAGE, NULL,
	     NULL, 0);
	CALL(clone, "handlers without memory", CLONE_SIGHAND, stack + PAGE, NULL, NULL, 0);
	CALL(clone, "a root and its own name space", CLONE_FS | CLONE_NEWNS, stack + PAGE, NULL,
	     NULL, 0);
	memset(&args, 0, sizeof(args));
	args.flags = CLONE_VM | CLONE_THREAD;
	CALL(clone3, "a thread without signal handlers", &args, sizeof(args));
	CALL(clone3, "too small", &args, 8);
	CALL(clone3, "too large", &args, PAGE + 1);
	args.flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD;
	args.stack_size = 5;
	CALL(clone3, "a size without a stack", &args, sizeof(args));
	args.stack = (unsigned long)stack;
	args.stack_size = 0;
	CALL(clone3, "a stack without a size", &args, sizeof(args));
	args.stack_size = PAGE;
	args.exit_signal = 1 << 20;
	CALL(clone3, "an unknown signal", &args, sizeof(args));
	HIDE(set_tid_address, "none", NULL);
	list.next = &list;
	CALL(set_robust_list, "a list", &list, sizeof(list));
	CALL(set_robust_list, "an odd size", &list, 8);
	CALL(get_robust_list, "mine", 0, &head, &size);
	SEE("%d %lu", head == &list, size);
	CALL(get_robust_list, "nobody", 1 << 30, &head, &size);
	CALL(set_robust_list, "none", NULL, sizeof(list));
}

int main(int argc, char **argv)
{
	diff_start(argc, argv);
	wild_start();
	futexes();
	making();
	diff_end();
	RAW(SYS_exit_group, 1 << 8);
	return 1;
}
