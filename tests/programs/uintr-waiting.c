// SPDX-License-Identifier: MIT
/*
 * System calls that a user interrupt ends (CRTOS_WAITING_*): every kind of sleep, and what is left
 * alone. Races are the matter of uintr-waiting-races.
 */
#define _GNU_SOURCE
#include "sleeps.h"

/* --- every kind of sleep --------------------------------------------------------------------- */

static void *send_to_sleeper(void *unused)
{
	(void)unused;
	wait_for_state('S');
	senduipi(0);
	return NULL;
}

static const struct sleep_kind *kind;

static void ends_with_eintr(void)
{
	struct call call;
	sigset_t mask;

	become(FLAGS);
	call = kind->prepare();
	start_helper(send_to_sleeper);
	EXPECT(-EINTR, sleep_in(call));
	EXPECT(1, mine.total);
	EXPECT((long)guarded_end, mine.interrupted_rip);
	EXPECT(0, pthread_join(helper, NULL));
	EXPECT(1, mine.total);
	EXPECT(1, testui());
	EXPECT(0, sigprocmask(SIG_SETMASK, NULL, &mask));
	EXPECT(0, sigismember(&mask, SIGUSR2));
	if (call.number == SYS_nanosleep)
		REQUIRE(left.tv_sec > 0 && left.tv_sec < long_time.tv_sec);
}

static void sleeps_that_end(void)
{
	size_t i;
	char name[100];

	for (i = 0; i < KINDS; i++) {
		kind = &kinds[i];
		snprintf(name, sizeof(name), "ended with EINTR: %s", kind->name);
		run_test(&(struct test){ name, ends_with_eintr });
	}
}

/* --- what does not end a call ---------------------------------------------------------------- */

static volatile int step;

/* A user interrupt, then, when it has had time to do harm, the byte that is read. */
static void *send_and_write(void *unused)
{
	wait_for_state('S');
	senduipi(0);
	usleep(20000);
	step = 1;
	EXPECT(1, write(fds[1], "", 1));
	return unused;
}

static void without_flags(void)
{
	struct call call = read_pipe();

	become(0);
	start_helper(send_and_write);
	EXPECT(1, sleep_in(call));
	EXPECT(1, step);
	EXPECT(1, mine.total);
}

static void with_uif_clear(void)
{
	struct call call = read_pipe();

	become(FLAGS);
	clui();
	start_helper(send_and_write);
	EXPECT(1, sleep_in(call));
	EXPECT(1, step);
	EXPECT(0, mine.total);
	stui();
	REQUIRE(reaches(&mine.total, 1, SECONDS));
}

static void pending_when_it_blocks(void)
{
	struct call call = read_pipe();

	become(FLAGS);
	clui();
	senduipi(0);
	EXPECT(0, mine.total);
	stui();
	EXPECT(1, mine.total);
	/* That one has been delivered: it does not count for what follows. */
	start_helper(send_to_sleeper);
	EXPECT(-EINTR, sleep_in(call));
	EXPECT(2, mine.total);
}

static volatile int signals_seen;

static void on_signal(int signal)
{
	(void)signal;
	signals_seen++;
}

static void catch_signal(int flags)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = flags };

	EXPECT(0, sigaction(SIGUSR1, &action, NULL));
}

static void *signal_and_write(void *unused)
{
	wait_for_state('S');
	EXPECT(0, tgkill(getpid(), sleeper, SIGUSR1));
	while (!signals_seen)
		sched_yield();
	wait_for_state('S');
	step = 1;
	EXPECT(1, write(fds[1], "", 1));
	return unused;
}

static void signal_restarts(void)
{
	struct call call = read_pipe();

	become(FLAGS);
	catch_signal(SA_RESTART);
	start_helper(signal_and_write);
	EXPECT(1, sleep_in(call));
	EXPECT(1, step);
	EXPECT(0, mine.total);
}

static void *signal_and_send(void *unused)
{
	wait_for_state('S');
	EXPECT(0, tgkill(getpid(), sleeper, SIGUSR1));
	while (!signals_seen)
		sched_yield();
	wait_for_state('S');
	senduipi(0);
	return unused;
}

static void signal_restarts_then_interrupt(void)
{
	struct call call = read_pipe();

	become(FLAGS);
	catch_signal(SA_RESTART);
	start_helper(signal_and_send);
	EXPECT(-EINTR, sleep_in(call));
	EXPECT(1, signals_seen);
	EXPECT(1, mine.total);
}

static void *stop_and_write(void *unused)
{
	pid_t pid, whole = getpid();

	wait_for_state('S');
	pid = fork_child();
	if (!pid) {
		kill(whole, SIGSTOP);
		usleep(20000);
		kill(whole, SIGCONT);
		_exit(0);
	}
	EXPECT(0, ended(pid));
	wait_for_state('S');
	step = 1;
	EXPECT(1, write(fds[1], "", 1));
	return unused;
}

static void stopping_restarts(void)
{
	struct call call = poll_long();

	become(FLAGS);
	start_helper(stop_and_write);
	EXPECT(1, sleep_in(call));
	EXPECT(1, step);
	EXPECT(0, mine.total);
}

/* The parent of vfork sleeps uninterruptibly until the child, in the same memory, has ended. */
static void uninterruptible(void)
{
	volatile long wakes = 0;
	pid_t pid;

	become(FLAGS);
	pid = vfork();
	if (!pid) {
		senduipi(0);
		usleep(20000);
		wakes = (long)mine.total;
		_exit(0);
	}
	REQUIRE(pid > 0);
	EXPECT(0, wakes);
	EXPECT(1, mine.total);
	EXPECT(0, ended(pid));
}

static int pi_futex;

static void *hold_lock(void *unused)
{
	EXPECT(0, syscall(SYS_futex, &pi_futex, FUTEX_LOCK_PI, 0, NULL));
	step = 1;
	wait_for_state('S');
	senduipi(0);
	REQUIRE(reaches(&mine.total, 1, SECONDS));
	wait_for_state('S');
	step = 2;
	EXPECT(0, syscall(SYS_futex, &pi_futex, FUTEX_UNLOCK_PI));
	return unused;
}

/* Its users take any return for success. */
static void lock_without_eintr(void)
{
	receiver = &mine;
	EXPECT(0,
	       device_call(CRTOS_IOC_UINTR_REGISTER,
			   &(struct crtos_uintr_handler){ (uint64_t)count_interrupt, FLAGS, 0 }));
	EXPECT(0, uintr_self(1));
	stui();
	start_helper(hold_lock);
	while (!step)
		sched_yield();
	sleeper = gettid();
	EXPECT(0, syscall(SYS_futex, &pi_futex, FUTEX_LOCK_PI, 0, NULL));
	EXPECT(2, step);
	EXPECT(1, mine.total);
}

/* A blocking call of the handler itself: UIF = 0. */
static volatile long handler_read = -1;

__attribute__((interrupt, target("general-regs-only,uintr"))) static void
read_in_handler(struct __uintr_frame *frame, unsigned long long vector)
{
	long ret;

	(void)frame;
	mine.got[vector]++;
	if (mine.total++)
		return;
	sleeper = (pid_t)mine.order[0];
	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(SYS_read), "D"(fds[0]), "S"(buffer), "d"(1)
			 : "rcx", "r11", "memory");
	handler_read = ret;
}

static void handler_blocks(void)
{
	EXPECT(0, pipe(fds));
	mine.order[0] = (unsigned int)gettid();
	receiver = &mine;
	EXPECT(0,
	       device_call(CRTOS_IOC_UINTR_REGISTER,
			   &(struct crtos_uintr_handler){ (uint64_t)read_in_handler, FLAGS, 0 }));
	EXPECT(0, uintr_self(1));
	EXPECT(1, uintr_self(0));
	stui();
	start_helper(send_and_write);
	senduipi(1);
	REQUIRE(reaches(&mine.total, 2, SECONDS));
	EXPECT(1, handler_read);
	EXPECT(1, step);
}

/* --- registration ---------------------------------------------------------------------------- */

static void flags_of_registration(void)
{
	struct crtos_uintr_handler arg = { (uint64_t)count_interrupt, 0, 0 };
	static const uint32_t good[] = { 0x1000, 0x2000, 0x3000 },
			      bad[] = { 1, 0x800, 0x4000, 0x7000 };
	size_t i;

	receiver = &mine;
	for (i = 0; i < 4; i++) {
		arg.flags = bad[i];
		EXPECT(-EINVAL, device_call(CRTOS_IOC_UINTR_REGISTER, &arg));
	}
	for (i = 0; i < 3; i++) {
		arg.flags = good[i];
		EXPECT(0, device_call(CRTOS_IOC_UINTR_REGISTER, &arg));
		EXPECT(0, uintr_unregister());
	}
}

static void flag_of_sender(void)
{
	struct call call = read_pipe();

	become(CRTOS_WAITING_SENDER);
	start_helper(send_to_sleeper);
	EXPECT(-EINTR, sleep_in(call));
	EXPECT(1, mine.total);
}

/* The flag goes with the registration. */
static void flag_is_dropped(void)
{
	struct call call = read_pipe();

	become(FLAGS);
	EXPECT(0, uintr_unregister());
	EXPECT(0, uintr_register_handler((uint64_t)count_and_guard));
	EXPECT(1, uintr_self(1));
	EXPECT(0, uintr_unsender(0));
	EXPECT(0, uintr_self(1));
	stui();
	start_helper(send_and_write);
	EXPECT(1, sleep_in(call));
	EXPECT(1, mine.total);
}

static void wait_with_flags(void)
{
	become(FLAGS);
	EXPECT(0, uintr_wait(20000));
	start_helper(send_to_sleeper);
	sleeper = gettid();
	EXPECT(-EINTR, uintr_wait(2 * SECONDS * 1000000));
	EXPECT(1, mine.total);
}

static const struct test tests[] = {
	{ "flags of registration", flags_of_registration },
	{ "WAITING_SENDER alone", flag_of_sender },
	{ "without the flags the sleep goes on", without_flags },
	{ "the flags end with the registration", flag_is_dropped },
	{ "with UIF = 0 the sleep goes on", with_uif_clear },
	{ "an interrupt delivered before does not count", pending_when_it_blocks },
	{ "a signal alone restarts the call", signal_restarts },
	{ "a call restarted by a signal ends by an interrupt", signal_restarts_then_interrupt },
	{ "stop and continue restart the call", stopping_restarts },
	{ "an uninterruptible sleep goes on", uninterruptible },
	{ "a lock that knows no EINTR is taken", lock_without_eintr },
	{ "the handler's own calls are not ended", handler_blocks },
	{ "wait works as without the flags", wait_with_flags },
};

int main(void)
{
	device = open(CRTOS_DEVICE, O_RDWR | O_CLOEXEC);
	if (device < 0) {
		perror(CRTOS_DEVICE);
		return 2;
	}
	sleeps_that_end();
	return RUN_TESTS(tests);
}
