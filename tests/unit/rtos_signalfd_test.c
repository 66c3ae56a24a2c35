// SPDX-License-Identifier: MIT
/* sources: rtos/signalfd.c rtos/signals.c rtos/sigqueue.c rtos/sigframe.c rtos/sys_signal.c rtos/sys_time.c rtos/posix_timer.c rtos/cpu_timer.c */
/* cflags: -Irtos -DUNIT_TEST */
/* What Linux is shown of pending signals, what it is told, and what reads of a signalfd take. */
#define FAKE_NO_SIGNALFD
#include "rtos_signal_fake.h"

#include <asm/unistd_64.h>
#include <sys/signalfd.h>

#include "../../rtos/signalfd.h"

#define RT 40
#define RECORD sizeof(struct signalfd_siginfo)

#define T (fake_threads)
#define S (fake_process->signals)

static int setup(void **state)
{
	unsigned int i;

	fake_signal_setup(state);
	sigqueue_show(&S->pending, &fake_scf->pending[0]);
	for (i = 0; i < 4; i++) {
		T[i].sigmask = ~0ull & ~SIGNALS_UNBLOCKABLE;
		sigqueue_show(&T[i].signals.pending, &fake_scf->pending[1 + i]);
	}
	return 0;
}

static void send(struct thread *t, int sig, int code, u64 value)
{
	const struct signal_info info = {
		.sig = sig, .code = code, .pid = 77, .uid = 5, .value = value
	};

	assert_int_equal(signal_send(fake_process, t, &info), 0);
}

/* As the module leaves it, and then as the call comes back. */
static s64 read_fd(u64 mask, bool nonblock, u64 bytes)
{
	const struct regs regs = {
		.vector = TRAP_SYSCALL, .error = __NR_read, .rsi = DATA, .rdx = bytes
	};

	fake_scf->signalfd[current->slot] = (struct crtos_signalfd_read){ .mask = mask,
									  .nonblock = nonblock };
	return signalfd_read(&regs);
}

static struct signalfd_siginfo record(unsigned int i)
{
	struct signalfd_siginfo r;

	assert_int_equal(copy_from_user(&r, DATA + i * RECORD, RECORD), 0);
	return r;
}

static void what_is_pending_is_shown(void **state)
{
	struct signal_info info;

	(void)state;
	send(NULL, SIGUSR1, SI_USER, 0);
	assert_int_equal(fake_scf->pending[0], SIGNAL_BIT(SIGUSR1));
	send(&T[2], RT, SI_QUEUE, 1);
	send(&T[2], RT, SI_QUEUE, 2);
	assert_int_equal(fake_scf->pending[3], SIGNAL_BIT(RT));
	sigqueue_take(&T[2].signals.pending, RT, &info, &S->queued);
	assert_int_equal(fake_scf->pending[3], SIGNAL_BIT(RT));
	sigqueue_take(&T[2].signals.pending, RT, &info, &S->queued);
	assert_int_equal(fake_scf->pending[3], 0);
	sigqueue_discard(&S->pending, ~0ull, &S->queued, 64);
	assert_int_equal(fake_scf->pending[0], 0);
	/* Of which nothing is kept but that there was one. */
	fake_no_memory = true;
	send(NULL, SIGUSR2, SI_USER, 0);
	assert_int_equal(fake_scf->pending[0], SIGNAL_BIT(SIGUSR2));
	fake_no_memory = false;
	assert_int_equal(signal_take(SIGNAL_BIT(SIGUSR2), &info), SIGUSR2);
	assert_int_equal(fake_scf->pending[0], 0);
}

static void linux_is_told_of_what_it_watches(void **state)
{
	struct crtos_proc *ctl = fake_process->ctl;

	(void)state;
	send(NULL, SIGUSR1, SI_USER, 0);
	assert_int_equal(fake_doorbells, 0);
	ctl->signals.watched = SIGNAL_BIT(SIGUSR2) | SIGNAL_BIT(RT);
	send(NULL, SIGHUP, SI_USER, 0);
	assert_int_equal(fake_doorbells, 0);
	assert_int_equal(ctl->rt.signalfd, 0);
	send(NULL, SIGUSR2, SI_USER, 0);
	assert_int_equal(fake_doorbells, 1);
	assert_int_equal(ctl->rt.signalfd, 1);
	ctl->rt.signalfd = 0;
	send(&T[1], RT, SI_QUEUE, 0);
	assert_int_equal(ctl->rt.signalfd, 1);
}

static void reads_take_what_fits(void **state)
{
	const u64 set = SIGNAL_BIT(SIGUSR1) | SIGNAL_BIT(RT);

	(void)state;
	assert_int_equal(read_fd(set, true, RECORD - 1), -EINVAL);
	assert_int_equal(read_fd(set, true, RECORD), -EAGAIN);
	send(NULL, SIGUSR1, SI_USER, 0);
	send(NULL, SIGUSR2, SI_USER, 0);
	send(NULL, RT, SI_QUEUE, 6);
	send(&T[0], RT, SI_QUEUE, 5);
	send(&T[1], RT, SI_QUEUE, 4);
	assert_int_equal(read_fd(set, false, 2 * RECORD + 100), 2 * RECORD);
	assert_int_equal(record(0).ssi_signo, RT);
	assert_int_equal(record(0).ssi_int, 5);
	assert_int_equal(record(0).ssi_pid, 77);
	assert_int_equal(record(1).ssi_signo, SIGUSR1);
	assert_int_equal(record(1).ssi_uid, 5);
	assert_int_equal(read_fd(set, false, 4 * RECORD), RECORD);
	assert_int_equal(record(0).ssi_ptr, 6);
	assert_int_equal(read_fd(set, true, RECORD), -EAGAIN);
	/* Another thread's own, and one that is not meant, stay. */
	assert_int_equal(T[1].signals.pending.set, SIGNAL_BIT(RT));
	assert_int_equal(S->pending.set, SIGNAL_BIT(SIGUSR2));
}

static int comes_while_it_waits(u64 deadline)
{
	assert_int_equal(deadline, TIME_NEVER);
	assert_int_equal(current->signals.reads, SIGNAL_BIT(SIGUSR1));
	fake_wakes = 0;
	send(&T[1], SIGUSR1, SI_USER, 0);
	send(NULL, SIGUSR2, SI_USER, 0);
	assert_int_equal(fake_wakes, 0);
	send(NULL, SIGUSR1, SI_USER, 0);
	assert_int_equal(fake_wakes, 1);
	assert_ptr_equal(fake_woken[0], current);
	return 0;
}

static int is_interrupted(u64 deadline)
{
	(void)deadline;
	send(NULL, SIGALRM, SI_USER, 0);
	return -EINTR;
}

static void reads_wait(void **state)
{
	(void)state;
	fake_on_block = comes_while_it_waits;
	assert_int_equal(read_fd(SIGNAL_BIT(SIGUSR1), false, RECORD), RECORD);
	assert_int_equal(record(0).ssi_signo, SIGUSR1);
	assert_int_equal(current->signals.reads, 0);
	current->sigmask &= ~SIGNAL_BIT(SIGALRM);
	S->action[SIGALRM - 1].handler = 0x400000;
	fake_on_block = is_interrupted;
	assert_int_equal(read_fd(SIGNAL_BIT(SIGUSR1), false, RECORD), -ERESTARTSYS);
	/* What it waits for comes first. */
	send(NULL, SIGUSR1, SI_USER, 0);
	assert_int_equal(read_fd(SIGNAL_BIT(SIGUSR1), false, RECORD), RECORD);
}

static void other_calls_do_not_read(void **state)
{
	const struct regs regs = { .vector = TRAP_SYSCALL, .error = __NR_preadv, .rsi = DATA };

	(void)state;
	assert_int_equal(signalfd_read(&regs), -EINVAL);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, fake_signal_teardown)
	const struct CMUnitTest tests[] = {
		TEST(what_is_pending_is_shown), TEST(linux_is_told_of_what_it_watches),
		TEST(reads_take_what_fits),	TEST(reads_wait),
		TEST(other_calls_do_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
