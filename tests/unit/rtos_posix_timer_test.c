// SPDX-License-Identifier: MIT
/* sources: rtos/posix_timer.c rtos/cpu_timer.c rtos/sys_timer.c rtos/signals.c rtos/sigqueue.c rtos/sigframe.c rtos/sys_signal.c rtos/sys_time.c */
/* cflags: -Irtos -DUNIT_TEST */
/* When timers expire, and what their signals tell. */
#include "rtos_signal_fake.h"

#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

#define MS	1000000ull
#define SPEC	(DATA + 256)
#define OLD	(DATA + 512)
#define ID	(DATA + 768)
#define EVENT	DATA

#define T (fake_threads)
#define S (fake_process->signals)

static u64 begin;

static int setup(void **state)
{
	fake_signal_setup(state);
	begin = fake_now;
	T[0].sigmask = ~0ull;
	return 0;
}

static u64 get_ns(u64 at)
{
	return get64(at) * NSEC_PER_SEC + get64(at + 8);
}

static void put_ns(u64 at, u64 ns)
{
	put64(at, ns / NSEC_PER_SEC);
	put64(at + 8, ns % NSEC_PER_SEC);
}

static s64 create(s32 clock, int notify, int signal, s32 tid)
{
	struct regs r = { .rdi = (u32)clock, .rsi = EVENT, .rdx = ID };
	s64 ret;
	u32 id;

	put64(EVENT, 0x1234567890);
	put64(EVENT + 8, (u64)(u32)notify << 32 | (u32)signal);
	put64(EVENT + 16, (u32)tid);
	ret = sys_timer_create(&r);
	if (ret)
		return ret;
	assert_int_equal(get_user32(&id, ID), 0);
	return id;
}

static s64 set(s64 id, u64 value, u64 interval, int flags)
{
	struct regs r = { .rdi = id, .rsi = flags, .rdx = SPEC, .r10 = OLD };

	put_ns(SPEC, interval);
	put_ns(SPEC + 16, value);
	return sys_timer_settime(&r);
}

static u64 left(s64 id)
{
	struct regs r = { .rdi = id, .rsi = OLD };

	assert_int_equal(sys_timer_gettime(&r), 0);
	return get_ns(OLD + 16);
}

static s64 overrun(s64 id)
{
	struct regs r = { .rdi = id };

	return sys_timer_getoverrun(&r);
}

static s64 delete (s64 id)
{
	struct regs r = { .rdi = id };

	return sys_timer_delete(&r);
}

static struct signal_info take(int sig)
{
	struct signal_info info;

	assert_int_equal(signal_take(~0ull, &info), sig);
	return info;
}

static void assert_nothing_pending(void)
{
	assert_int_equal(S->pending.set | current->signals.pending.set, 0);
}

static void once(void **state)
{
	s64 id = create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 0);
	struct signal_info info;

	(void)state;
	assert_int_equal(left(id), 0);
	assert_int_equal(set(id, 10 * MS, 0, 0), 0);
	fake_pass(begin + 4 * MS);
	assert_int_equal(left(id), 6 * MS);
	fake_pass(begin + 10 * MS - 1);
	assert_nothing_pending();
	fake_pass(begin + 10 * MS);
	info = take(SIGUSR1);
	assert_int_equal(info.code, SI_TIMER);
	assert_int_equal(info.timer, id);
	assert_int_equal(info.value, 0x1234567890);
	assert_int_equal(info.overrun, 0);
	assert_int_equal(left(id), 0);
	assert_int_equal(fake_pass(begin + 100 * MS), 0);
	assert_nothing_pending();
}

static void periodically(void **state)
{
	s64 id = create(CLOCK_BOOTTIME, SIGEV_SIGNAL, SIGRTMIN, 0);
	u64 i;

	(void)state;
	set(id, 10 * MS, 3 * MS, 0);
	for (i = 0; i < 4; i++) {
		fake_pass(begin + (10 + i * 3) * MS);
		assert_int_equal(take(SIGRTMIN).overrun, 0);
		assert_int_equal(left(id), 3 * MS);
		assert_nothing_pending();
	}
	/* Not taken for long: one signal, one interrupt, and what was missed is counted. */
	assert_int_equal(fake_pass(begin + 42 * MS + 1), 1);
	assert_int_equal(left(id), MS - 1);
	assert_int_equal(take(SIGRTMIN).overrun, 6);
	assert_int_equal(overrun(id), 6);
	assert_nothing_pending();
	/* In step with the beginning all the same. */
	assert_int_equal(left(id), MS - 1);
	fake_pass(begin + 43 * MS);
	assert_int_equal(take(SIGRTMIN).overrun, 0);
	assert_int_equal(overrun(id), 0);
	/* The interval counts for nothing without a value. */
	set(id, 0, 3 * MS, 0);
	assert_int_equal(left(id), 0);
	assert_int_equal(get_ns(OLD), 0);
	assert_int_equal(fake_pass(begin + 100 * MS), 0);
}

static void overruns_have_a_limit(void **state)
{
	s64 id = create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 0);

	(void)state;
	set(id, 1, 1, 0);
	fake_pass(begin + 10 * NSEC_PER_SEC);
	assert_int_equal(take(SIGUSR1).overrun, INT32_MAX);
}

static void what_it_was_set_to(void **state)
{
	s64 id = create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 0);

	(void)state;
	set(id, 20 * MS, 7 * MS, 0);
	fake_pass(begin + 5 * MS);
	assert_int_equal(set(id, begin + 30 * MS, 0, TIMER_ABSTIME), 0);
	assert_int_equal(get_ns(OLD), 7 * MS);
	assert_int_equal(get_ns(OLD + 16), 15 * MS);
	assert_int_equal(left(id), 25 * MS);
	/* A time that is past: at once. */
	set(id, begin, 0, TIMER_ABSTIME);
	assert_int_equal(left(id), 1);
	fake_pass(fake_now);
	take(SIGUSR1);
	/* Far away. */
	set(id, INT64_MAX, INT64_MAX, 0);
	assert_true(left(id) > 1ull << 62);
}

static void a_signal_from_before_is_not_counted(void **state)
{
	s64 id = create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 0);

	(void)state;
	set(id, 10 * MS, 1 * MS, 0);
	fake_pass(begin + 20 * MS);
	set(id, 10 * MS, 0, 0);
	assert_int_equal(take(SIGUSR1).overrun, 0);
	assert_int_equal(left(id), 10 * MS);
	fake_pass(begin + 30 * MS);
	take(SIGUSR1);
	assert_nothing_pending();
	/* Nor does it arm what was disarmed. */
	set(id, MS, MS, 0);
	fake_pass(begin + 35 * MS);
	set(id, 0, 0, 0);
	take(SIGUSR1);
	assert_int_equal(left(id), 0);
	assert_int_equal(fake_pass(begin + 40 * MS), 0);
}

static void one_signal_however_often_it_is_set(void **state)
{
	const struct signal_info other = { .sig = SIGRTMIN, .code = SI_QUEUE };
	s64 id = create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGRTMIN, 0);
	u64 i;

	(void)state;
	for (i = 1; i <= 3; i++) {
		set(id, MS, MS, 0);
		fake_pass(begin + i * 10 * MS);
		signal_send(fake_process, NULL, &other);
	}
	assert_true(take(SIGRTMIN).overrun >= 9);
	for (i = 0; i < 3; i++)
		assert_int_equal(take(SIGRTMIN).code, SI_QUEUE);
	assert_nothing_pending();
}

static void real_time_that_is_set(void **state)
{
	s64 id = create(CLOCK_REALTIME, SIGEV_SIGNAL, SIGUSR1, 0);
	s64 relative = create(CLOCK_REALTIME, SIGEV_SIGNAL, SIGUSR2, 0);

	(void)state;
	set(id, begin + fake_real_offset + 10 * NSEC_PER_SEC, 0, TIMER_ABSTIME);
	set(relative, 10 * NSEC_PER_SEC, 0, 0);
	assert_int_equal(left(id), 10 * NSEC_PER_SEC);
	fake_pass(begin + NSEC_PER_SEC / 2);
	/* Back. */
	fake_real_offset -= 20 * NSEC_PER_SEC;
	assert_int_equal(left(id), 29 * NSEC_PER_SEC + NSEC_PER_SEC / 2);
	fake_pass(begin + 11 * NSEC_PER_SEC);
	take(SIGUSR2);
	assert_nothing_pending();
	/* Forward, beyond it. */
	fake_real_offset += 100 * NSEC_PER_SEC;
	fake_pass(begin + 11 * NSEC_PER_SEC + POSIX_TIMER_LOOK_NS);
	take(SIGUSR1);
}

static void ignored_signals(void **state)
{
	s64 id = create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 0);

	(void)state;
	T[0].sigmask = 0;
	S->action[SIGUSR1 - 1].handler = (u64)SIG_IGN;
	set(id, MS, 1000, 0);
	/* It goes on, but at a pace. */
	assert_in_range(fake_pass(begin + 10 * MS), 5, 10);
	assert_nothing_pending();
	/* Caught again it is there. */
	S->action[SIGUSR1 - 1].handler = 0x400000;
	fake_pass(begin + 12 * MS);
	assert_true(take(SIGUSR1).overrun >= 9000);
	/* Pending, and then ignored. */
	fake_pass(begin + 13 * MS);
	assert_int_equal(S->pending.set, SIGNAL_BIT(SIGUSR1));
	S->action[SIGUSR1 - 1].handler = (u64)SIG_IGN;
	signal_action_changed(fake_process, SIGUSR1);
	assert_nothing_pending();
	assert_in_range(fake_pass(begin + 23 * MS), 5, 10);
}

static void for_a_thread(void **state)
{
	s64 id;

	(void)state;
	assert_int_equal(create(CLOCK_MONOTONIC, SIGEV_THREAD_ID, SIGUSR1, 999), -EINVAL);
	id = create(CLOCK_MONOTONIC, SIGEV_THREAD_ID, SIGUSR1, 102);
	T[2].sigmask = ~0ull;
	set(id, MS, MS, 0);
	fake_pass(begin + MS);
	assert_int_equal(T[2].signals.pending.set, SIGNAL_BIT(SIGUSR1));
	assert_int_equal(S->pending.set, 0);
	/* It ends: its signal is gone, and nobody gets another. */
	current = &T[2];
	signal_thread_leaves();
	list_remove(&T[2].process_link);
	current = &T[0];
	fake_pass(begin + 10 * MS);
	assert_int_equal(S->pending.set | T[2].signals.pending.set, 0);
	assert_int_equal(delete (id), 0);
}

static void silent(void **state)
{
	s64 id = create(CLOCK_MONOTONIC, SIGEV_NONE, -5, 0);

	(void)state;
	assert_true(id >= 0);
	set(id, 10 * MS, 4 * MS, 0);
	assert_int_equal(fake_pass(begin + 11 * MS), 0);
	assert_int_equal(left(id), 3 * MS);
	set(id, 10 * MS, 0, 0);
	fake_pass(begin + 50 * MS);
	assert_int_equal(left(id), 0);
	assert_nothing_pending();
}

static void what_is_refused(void **state)
{
	struct regs r = { .rdi = CLOCK_MONOTONIC, .rdx = 0x300000 };
	u32 queued = S->queued;

	(void)state;
	assert_int_equal(create(77, SIGEV_SIGNAL, SIGUSR1, 0), -EINVAL);
	assert_int_equal(create(CLOCK_MONOTONIC_RAW, SIGEV_SIGNAL, SIGUSR1, 0), -EOPNOTSUPP);
	assert_int_equal(create(CLOCK_MONOTONIC, SIGEV_SIGNAL, 0, 0), -EINVAL);
	assert_int_equal(create(CLOCK_MONOTONIC, SIGEV_SIGNAL, 65, 0), -EINVAL);
	assert_int_equal(create(CLOCK_MONOTONIC, 3, SIGUSR1, 0), -EINVAL);
	assert_int_equal(sys_timer_create(&r), -EFAULT);
	assert_int_equal(S->queued, queued);
	assert_int_equal(set(0, 1, 0, 0), -EINVAL);
	assert_int_equal(set(100000, 1, 0, 0), -EINVAL);
	assert_int_equal(overrun(0), -EINVAL);
	assert_int_equal(delete (0), -EINVAL);
	assert_int_equal(delete (-1), -EINVAL);
	r = (struct regs){ .rdi = create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 0), .rdx = SPEC };
	put64(SPEC, 0);
	put64(SPEC + 8, NSEC_PER_SEC);
	put_ns(SPEC + 16, 5);
	assert_int_equal(sys_timer_settime(&r), -EINVAL);
	r.rdx = 0;
	assert_int_equal(sys_timer_settime(&r), -EINVAL);
	r.rdx = 0x300000;
	assert_int_equal(sys_timer_settime(&r), -EFAULT);
}

static void as_many_as_there_can_be(void **state)
{
	struct regs r = { .rdi = CLOCK_MONOTONIC, .rdx = ID };
	u32 i, id;

	(void)state;
	for (i = 0; i < POSIX_TIMERS_MAX; i++) {
		assert_int_equal(sys_timer_create(&r), 0);
		assert_int_equal(get_user32(&id, ID), 0);
		assert_int_equal(id, i);
	}
	assert_int_equal(sys_timer_create(&r), -EAGAIN);
	assert_int_equal(delete (7), 0);
	assert_int_equal(sys_timer_create(&r), 0);
	get_user32(&id, ID);
	assert_int_equal(id, 7);
	/* Without an event it is SIGALRM, with the number as its value. */
	set(7, 1, 0, 0);
	fake_pass(begin + 1);
	assert_int_equal(take(SIGALRM).value, 7);
	/* A signal goes with its timer. */
	set(7, 1, 1, 0);
	fake_pass(begin + 5);
	delete (7);
	assert_nothing_pending();
	set(8, 100, 0, 0);
	signal_exec(fake_process);
	assert_int_equal(S->queued, 0);
	assert_int_equal(fake_pass(begin + 1000), 0);
}

static s64 setitimer_us(int which, u64 value, u64 interval)
{
	struct regs r = { .rdi = which, .rsi = SPEC, .rdx = OLD, .error = 38 };

	put64(SPEC, interval / 1000000);
	put64(SPEC + 8, interval % 1000000);
	put64(SPEC + 16, value / 1000000);
	put64(SPEC + 24, value % 1000000);
	return sys_setitimer(&r);
}

static void the_interval_timer(void **state)
{
	struct regs r = { .rdi = ITIMER_REAL, .rsi = OLD };
	struct signal_info info;

	(void)state;
	assert_int_equal(setitimer_us(ITIMER_REAL, 5000, 2000), 0);
	assert_int_equal(get64(OLD + 24), 0);
	fake_pass(begin + 4 * MS);
	assert_int_equal(sys_getitimer(&r), 0);
	assert_int_equal(get64(OLD + 24), 1000);
	assert_int_equal(get64(OLD + 8), 2000);
	fake_pass(begin + 5 * MS);
	info = take(SIGALRM);
	assert_int_equal(info.code, SI_KERNEL);
	assert_int_equal(info.overrun, 0);
	fake_pass(begin + 13 * MS);
	take(SIGALRM);
	assert_nothing_pending();
	fake_pass(begin + 15 * MS);
	take(SIGALRM);
	/* It survives exec. */
	signal_exec(fake_process);
	fake_pass(begin + 17 * MS);
	take(SIGALRM);
	put64(SPEC + 24, 1000000);
	r = (struct regs){ .rdi = ITIMER_REAL, .rsi = SPEC };
	assert_int_equal(sys_setitimer(&r), -EINVAL);
	/* Without a value it ends. */
	r.rsi = 0;
	assert_int_equal(sys_setitimer(&r), 0);
	assert_int_equal(fake_pass(begin + 50 * MS), 0);
	assert_int_equal(setitimer_us(9, 1, 1), -EINVAL);
	assert_int_equal(fake_call_nr, __NR_getuid);
}

static s64 alarm_after(u64 seconds)
{
	struct regs r = { .rdi = seconds };

	return sys_alarm(&r);
}

static void alarms(void **state)
{
	(void)state;
	assert_int_equal(alarm_after(10), 0);
	fake_pass(begin + 2400 * MS);
	assert_int_equal(alarm_after(10), 8);
	fake_pass(begin + 3000 * MS);
	assert_int_equal(alarm_after(1), 9);
	fake_pass(begin + 3900 * MS);
	assert_int_equal(alarm_after(1), 1);
	fake_pass(begin + 4900 * MS);
	take(SIGALRM);
	assert_int_equal(alarm_after(5), 0);
	assert_int_equal(alarm_after(0), 5);
	assert_int_equal(fake_pass(begin + 50000 * MS), 0);
	assert_nothing_pending();
}

/* As ITIMER_REAL with its signal pending: the signal stays, and another one is not added. */
static void an_alarm_that_is_pending(void **state)
{
	(void)state;
	alarm_after(1);
	fake_pass(begin + 1000 * MS);
	alarm_after(1);
	fake_pass(begin + 3000 * MS);
	take(SIGALRM);
	assert_nothing_pending();
	alarm_after(1);
	fake_pass(begin + 4000 * MS);
	take(SIGALRM);
}

/* --- processor time --------------------------------------------------------------------------------- */

static void of_a_thread(void **state)
{
	s64 id;

	(void)state;
	fake_run(&T[1]);
	id = create(CLOCK_THREAD_CPUTIME_ID, SIGEV_SIGNAL, SIGUSR1, 0);
	set(id, 10 * MS, 0, 0);
	fake_pass(begin + 4 * MS);
	assert_int_equal(left(id), 6 * MS);
	/* Another one runs, and then nobody. */
	fake_run(&T[0]);
	assert_int_equal(fake_pass(begin + 50 * MS), 0);
	assert_int_equal(left(id), 6 * MS);
	fake_run(NULL);
	assert_int_equal(fake_pass(begin + 100 * MS), 0);
	fake_run(&T[1]);
	fake_pass(begin + 106 * MS - 1);
	assert_nothing_pending();
	fake_pass(begin + 106 * MS);
	take(SIGUSR1);
	assert_int_equal(left(id), 0);
	/* By its number, from another one. */
	fake_run(&T[0]);
	id = create(~101u << 3 | 4 | 2, SIGEV_SIGNAL, SIGUSR2, 0);
	set(id, 5 * MS, 5 * MS, 0);
	fake_pass(begin + 150 * MS);
	assert_nothing_pending();
	fake_run(&T[1]);
	fake_pass(begin + 161 * MS);
	assert_int_equal(take(SIGUSR2).overrun, 1);
	/* Set to a time that is past, it does not wait for its thread. */
	fake_run(&T[0]);
	set(id, 1, 0, TIMER_ABSTIME);
	fake_pass(fake_now);
	take(SIGUSR2);
	assert_int_equal(create(~999u << 3 | 4 | 2, SIGEV_SIGNAL, SIGUSR2, 0), -EINVAL);
	assert_int_equal(create(~5u << 3 | 2, SIGEV_SIGNAL, SIGUSR2, 0), -EINVAL);
	assert_int_equal(create(~100u << 3 | 3, SIGEV_SIGNAL, SIGUSR2, 0), -EINVAL);
}

static void of_the_process(void **state)
{
	s64 id, sooner;
	u64 i;

	(void)state;
	fake_run(&T[0]);
	id = create(CLOCK_PROCESS_CPUTIME_ID, SIGEV_SIGNAL, SIGUSR1, 0);
	sooner = create(CLOCK_PROCESS_CPUTIME_ID, SIGEV_SIGNAL, SIGUSR2, 0);
	set(id, 10 * MS, 10 * MS, 0);
	set(sooner, 7 * MS, 0, TIMER_ABSTIME);
	for (i = 1; i <= 7; i++) {
		fake_pass(begin + i * MS);
		fake_run(&T[i % 4]);
	}
	take(SIGUSR2);
	assert_int_equal(left(id), 3 * MS);
	fake_run(NULL);
	fake_pass(begin + 100 * MS);
	fake_run(&T[2]);
	fake_pass(begin + 103 * MS);
	take(SIGUSR1);
	/* One after the other, without a switch. */
	set(sooner, 2 * MS, 0, 0);
	set(id, 3 * MS, 10 * MS, 0);
	fake_pass(begin + 105 * MS);
	take(SIGUSR2);
	fake_pass(begin + 106 * MS);
	take(SIGUSR1);
	/* Periods are of that time, too. */
	fake_pass(begin + 115 * MS);
	assert_nothing_pending();
	fake_pass(begin + 116 * MS);
	take(SIGUSR1);
	delete (id);
	fake_pass(begin + 200 * MS);
	assert_nothing_pending();
}

static void interval_timers_of_processor_time(void **state)
{
	(void)state;
	fake_run(&T[0]);
	assert_int_equal(setitimer_us(ITIMER_PROF, 3000, 2000), 0);
	assert_int_equal(setitimer_us(ITIMER_VIRTUAL, 4000, 0), 0);
	fake_pass(begin + 3 * MS);
	assert_int_equal(take(SIGPROF).code, SI_KERNEL);
	fake_pass(begin + 4 * MS);
	take(SIGVTALRM);
	fake_run(NULL);
	fake_pass(begin + 50 * MS);
	fake_run(&T[1]);
	fake_pass(begin + 51 * MS);
	take(SIGPROF);
	T[1].sigmask = T[0].sigmask = 0;
	S->action[SIGPROF - 1].handler = (u64)SIG_IGN;
	assert_in_range(fake_pass(begin + 151 * MS), 45, 51);
	fake_run(&T[0]);
}

static void few_timers_of_processor_time(void **state)
{
	s64 id = 0;
	int i;

	(void)state;
	for (i = 0; i < CPU_TIMERS_MAX; i++)
		id = create(CLOCK_PROCESS_CPUTIME_ID, SIGEV_SIGNAL, SIGUSR1, 0);
	assert_true(id > 0);
	assert_int_equal(create(CLOCK_THREAD_CPUTIME_ID, SIGEV_SIGNAL, SIGUSR1, 0), -EAGAIN);
	assert_true(create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 0) > 0);
	delete (id);
	assert_true(create(CLOCK_THREAD_CPUTIME_ID, SIGEV_SIGNAL, SIGUSR1, 0) > 0);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, fake_signal_teardown)
	const struct CMUnitTest tests[] = {
		TEST(once),
		TEST(periodically),
		TEST(overruns_have_a_limit),
		TEST(what_it_was_set_to),
		TEST(a_signal_from_before_is_not_counted),
		TEST(one_signal_however_often_it_is_set),
		TEST(real_time_that_is_set),
		TEST(ignored_signals),
		TEST(for_a_thread),
		TEST(silent),
		TEST(what_is_refused),
		TEST(as_many_as_there_can_be),
		TEST(the_interval_timer),
		TEST(alarms),
		TEST(an_alarm_that_is_pending),
		TEST(of_a_thread),
		TEST(of_the_process),
		TEST(interval_timers_of_processor_time),
		TEST(few_timers_of_processor_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
