// SPDX-License-Identifier: MIT
/* sources: rtos/signals.c rtos/sigqueue.c rtos/sigframe.c rtos/sys_signal.c rtos/sys_time.c rtos/posix_timer.c rtos/cpu_timer.c */
/* cflags: -Irtos -DUNIT_TEST */
/* What a handler finds, what becomes of a call that it interrupted, and the calls about signals. */
#include "rtos_signal_steps.h"

#include "../../rtos/check.h"

/* --- the frame -------------------------------------------------------------------------------------- */

static void a_frame_tells_all(void **state)
{
	struct regs r = in_user_mode(), before;
	struct sigframe f;

	(void)state;
	r.r12 = 12;
	r.rflags = 0x202 | RFLAGS_TF | 0x400;
	before = r;
	act(RT, SA_NODEFER, SIGNAL_BIT(SIGINT) | SIGNALS_UNBLOCKABLE);
	current->sigmask = SIGNAL_BIT(SIGHUP);
	current->signals.fault_addr = 0x1234;
	send(&T[0], RT, SI_QUEUE, 0x1122334455667788);
	signal_deliver(&r);
	f = frame_at(r.rsp);
	assert_int_equal(r.rsp % 16, 8);
	assert_true(r.rsp + sizeof(f) + FPU_BYTES <= before.rsp - 128);
	assert_int_equal(f.restorer, RESTORER);
	assert_int_equal(r.rsi, r.rsp + offsetof(struct sigframe, info));
	assert_int_equal(r.rdx, r.rsp + offsetof(struct sigframe, uc));
	assert_int_equal(f.info.code, SI_QUEUE);
	assert_int_equal(f.info.pid, 77);
	assert_int_equal(f.info.uid, 5);
	assert_int_equal(f.info.value, 0x1122334455667788);
	assert_int_equal(f.uc.mask, SIGNAL_BIT(SIGHUP));
	assert_int_equal(f.uc.context.cr2, 0x1234);
	assert_int_equal(f.uc.context.rip, CODE);
	assert_int_equal(r.rflags, 0x202);
	assert_int_equal(current->sigmask, SIGNAL_BIT(SIGHUP) | SIGNAL_BIT(SIGINT));
	r.rsp += 8;
	signal_return(&r);
	assert_int_equal(r.rip, before.rip);
	assert_int_equal(r.rsp, before.rsp);
	assert_int_equal(r.r12, 12);
	assert_int_equal(r.rflags, before.rflags);
	assert_int_equal(current->sigmask, SIGNAL_BIT(SIGHUP));
	assert_int_equal(fake_fpu_loads, 1);
}

static void a_handler_for_once(void **state)
{
	struct regs r = in_user_mode();

	(void)state;
	act(SIGUSR1, SA_RESETHAND, 0);
	send(NULL, SIGUSR1, SI_USER, 0);
	signal_deliver(&r);
	assert_int_equal(r.rdi, SIGUSR1);
	assert_int_equal(current->sigmask, SIGNAL_BIT(SIGUSR1));
	current->sigmask = 0;
	send(NULL, SIGUSR1, SI_USER, 0);
	assert_dies(SIGUSR1, signal_deliver(&r));
}

static void altstack(u64 sp, u64 bytes, u32 flags, u64 rsp, int expected)
{
	const struct sigframe_stack s = { .sp = sp, .bytes = bytes, .flags = flags };

	assert_int_equal(sigframe_altstack(&s, rsp), expected);
}

static void the_alternate_stack(void **state)
{
	const u64 at = STACK + PAGE_SIZE;
	struct regs r = in_user_mode();
	u64 first;

	(void)state;
	r.rsp = at - 512;
	altstack(at, 2047, 0, r.rsp, -ENOMEM);
	altstack(at, PAGE_SIZE, 4, r.rsp, -EINVAL);
	altstack(at, PAGE_SIZE, SS_ONSTACK, r.rsp, 0);
	assert_int_equal(sigframe_altstack_now(r.rsp).flags, 0);
	act(SIGUSR1, SA_ONSTACK | SA_NODEFER, 0);
	act(SIGUSR2, 0, 0);
	send(NULL, SIGUSR1, SI_USER, 0);
	signal_deliver(&r);
	assert_true(r.rsp >= at && r.rsp < at + PAGE_SIZE);
	assert_int_equal(sigframe_altstack_now(r.rsp).flags, SS_ONSTACK);
	altstack(at, PAGE_SIZE, 0, r.rsp, -EPERM);
	/* The next two lie below, and one more does not fit, though there is memory. */
	first = r.rsp;
	send(NULL, SIGUSR1, SI_USER, 0);
	signal_deliver(&r);
	assert_true(r.rsp >= at && r.rsp < first - sizeof(struct sigframe));
	send(NULL, SIGUSR1, SI_USER, 0);
	signal_deliver(&r);
	send(NULL, SIGUSR1, SI_USER, 0);
	assert_dies(SIGSEGV, signal_deliver(&r));
}

static void an_alternate_stack_that_disarms_itself(void **state)
{
	struct regs r = in_user_mode();
	struct sigframe f;

	(void)state;
	altstack(STACK, PAGE_SIZE, SS_ONSTACK | SS_AUTODISARM, r.rsp, 0);
	assert_int_equal(sigframe_altstack_now(r.rsp).flags, SS_AUTODISARM);
	/* It is not known to be in use. */
	altstack(STACK, PAGE_SIZE, SS_ONSTACK | SS_AUTODISARM, STACK + 100, 0);
	act(SIGUSR1, SA_ONSTACK, 0);
	send(NULL, SIGUSR1, SI_USER, 0);
	signal_deliver(&r);
	assert_int_equal(sigframe_altstack_now(r.rsp).flags, SS_DISABLE);
	f = frame_at(r.rsp);
	assert_int_equal(f.uc.stack_sp, STACK);
	assert_int_equal(f.uc.stack_flags, SS_ONSTACK | SS_AUTODISARM);
	assert_handlers(&r, HANDLERS(SIGUSR1));
	assert_int_equal(sigframe_altstack_now(r.rsp).sp, STACK);
	assert_int_equal(sigframe_altstack_now(r.rsp).flags, SS_AUTODISARM);
}

static void no_room_for_a_frame(void **state)
{
	struct regs r = in_user_mode();

	(void)state;
	act(SIGUSR1, 0, 0);
	act(SIGSEGV, SA_ONSTACK, 0);
	altstack(STACK, PAGE_SIZE, 0, r.rsp, 0);
	r.rsp = 0x300000;
	send(NULL, SIGUSR1, SI_USER, 0);
	signal_deliver(&r);
	assert_int_equal(r.rdi, SIGSEGV);
	assert_int_equal(frame_at(r.rsp).info.code, SI_KERNEL);
	r = in_user_mode();
	r.rsp = 0x300000;
	current->altstack_size = 0;
	current->sigmask = 0;
	send(NULL, SIGUSR1, SI_USER, 0);
	assert_dies(SIGSEGV, signal_deliver(&r));
}

static void a_fault(void **state)
{
	const struct signal_info info = { .sig = SIGSEGV, .code = SEGV_MAPERR, .addr = 0x1230 };
	struct regs r = in_user_mode();

	(void)state;
	assert_false(signal_fault(&r, &info));
	act(SIGSEGV, 0, 0);
	current->sigmask = SIGNAL_BIT(SIGSEGV);
	assert_false(signal_fault(&r, &info));
	current->sigmask = 0;
	S->action[SIGBUS - 1].handler = (u64)SIG_IGN;
	assert_false(signal_fault(&r, &(struct signal_info){ .sig = SIGBUS }));
	assert_true(signal_fault(&r, &info));
	assert_int_equal(frame_at(r.rsp).info.addr, 0x1230);
	assert_int_equal(frame_at(r.rsp).info.code, SEGV_MAPERR);
	assert_handlers(&r, HANDLERS(SIGSEGV));
}

static void a_frame_that_is_none(void **state)
{
	struct regs r = in_user_mode();

	(void)state;
	r.rsp = 0x300000;
	assert_dies(SIGSEGV, signal_return(&r));
}

/* --- restarts --------------------------------------------------------------------------------------- */

/* rax and rip after a call was interrupted and a handler with these flags, or none (0), has returned. */
static void after_handler(s64 result, int sig, u64 flags, s64 rax, u64 rip)
{
	struct regs r = after(202, result);

	if (sig) {
		act(sig, flags, 0);
		send(NULL, sig, SI_USER, 0);
	}
	signal_deliver(&r);
	if (sig) {
		assert_int_equal(r.rdi, sig);
		r.rsp += 8;
		signal_return(&r);
	}
	assert_int_equal(r.rax, rax);
	assert_int_equal(r.rip, rip);
	/* And whatever rax is, it is not looked at again. */
	if (sig) {
		r.rax = -ERESTARTSYS;
		signal_deliver(&r);
		assert_int_equal(r.rax, -ERESTARTSYS);
		assert_int_equal(r.rip, rip);
	}
}

static void restarts(void **state)
{
	(void)state;
	after_handler(-ERESTARTSYS, SIGUSR1, 0, -EINTR, CODE);
	after_handler(-ERESTARTSYS, SIGUSR1, SA_RESTART, 202, CODE - 2);
	after_handler(-ERESTARTSYS, 0, 0, 202, CODE - 2);
	after_handler(-ERESTARTNOHAND, SIGUSR1, SA_RESTART, -EINTR, CODE);
	after_handler(-ERESTARTNOHAND, 0, 0, 202, CODE - 2);
	after_handler(-ERESTARTNOINTR, SIGUSR1, 0, 202, CODE - 2);
	after_handler(-ERESTARTNOINTR, 0, 0, 202, CODE - 2);
	after_handler(-ERESTART_RESTARTBLOCK, SIGUSR1, SA_RESTART, -EINTR, CODE);
	after_handler(-ERESTART_RESTARTBLOCK, 0, 0, 219, CODE - 2);
	after_handler(-EINTR, SIGUSR1, SA_RESTART, -EINTR, CODE);
	after_handler(3, SIGUSR1, SA_RESTART, 3, CODE);
	after_handler(-515, 0, 0, -515, CODE);
}

static void only_the_first_handler_decides(void **state)
{
	struct regs r = after(202, -ERESTARTSYS);

	(void)state;
	act(SIGINT, SA_RESTART, 0);
	act(SIGUSR1, 0, 0);
	send(NULL, SIGINT, SI_USER, 0);
	send(NULL, SIGUSR1, SI_USER, 0);
	signal_deliver(&r);
	r.rsp += 8;
	signal_return(&r);
	assert_int_equal(r.rdi, SIGINT);
	r.rsp += 8;
	signal_return(&r);
	assert_int_equal(r.rax, 202);
	assert_int_equal(r.rip, CODE - 2);
}

static void is_restart(void **state)
{
	(void)state;
	assert_true(sys_restarts(-512ll));
	assert_true(sys_restarts(-516ll));
	assert_false(sys_restarts(-511ll));
	assert_false(sys_restarts(-517ll));
	assert_false(sys_restarts(0));
	assert_false(sys_restarts(-4ll));
}

/* --- calls ------------------------------------------------------------------------------------------ */

static int send_usr1_after_40(u64 deadline)
{
	assert_true(deadline > fake_now + 40);
	fake_now += 40;
	send(NULL, SIGUSR1, SI_USER, 0);
	return -EINTR;
}

static int sleep_through(u64 deadline)
{
	fake_now = deadline;
	return -ETIMEDOUT;
}

static void a_sleep_goes_on(void **state)
{
	struct regs r = { .rdi = DATA, .rsi = DATA + 16 };

	(void)state;
	put64(DATA, 0);
	put64(DATA + 8, 100);
	fake_now = 1000;
	act(SIGUSR1, SA_RESTART, 0);
	fake_on_block = send_usr1_after_40;
	assert_int_equal(sys_nanosleep(&r), -ERESTART_RESTARTBLOCK);
	assert_int_equal(get64(DATA + 24), 60);
	fake_now += 10;		/* stopped for so long */
	put64(DATA + 8, 100000);	/* what is there now counts for nothing */
	S->action[SIGUSR1 - 1].handler = (u64)SIG_IGN;
	signal_action_changed(fake_process, SIGUSR1);
	fake_on_block = sleep_through;
	assert_int_equal(sys_restart_syscall(&r), 0);
	assert_int_equal(fake_now, 1100);
	assert_int_equal(sys_restart_syscall(&r), -EINTR);
}

static int send_rt(u64 deadline)
{
	(void)deadline;
	send(NULL, RT, SI_QUEUE, 42);
	assert_true(T[0].attention);
	return -EINTR;
}

static s64 timedwait(u64 set, u64 ns)
{
	struct regs r = { .rdi = DATA, .rsi = DATA + 128, .rdx = ns ? DATA + 16 : 0, .r10 = 8 };

	put64(DATA, set);
	put64(DATA + 16, 0);
	put64(DATA + 24, ns);
	return sys_rt_sigtimedwait(&r);
}

static void waiting_for_a_signal(void **state)
{
	const u64 mask = SIGNAL_BIT(RT) | SIGNAL_BIT(SIGUSR1);
	struct signal_info info;

	(void)state;
	for (int i = 0; i < 4; i++)
		T[i].sigmask = mask;
	fake_on_block = send_rt;
	assert_int_equal(timedwait(SIGNAL_BIT(RT), 0), RT);
	assert_int_equal(copy_from_user(&info, DATA + 128, sizeof(info)), 0);
	assert_int_equal(info.value, 42);
	assert_int_equal(info.code, SI_QUEUE);
	assert_int_equal(current->sigmask, mask);
	assert_int_equal(S->fatal, 0);
	/* Its time is over. */
	fake_on_block = sleep_through;
	assert_int_equal(timedwait(SIGNAL_BIT(RT), 50), -EAGAIN);
	/* Another one comes, and is left for its handler. */
	act(SIGUSR2, SA_RESTART, 0);
	send(NULL, SIGUSR2, SI_USER, 0);
	assert_int_equal(timedwait(SIGNAL_BIT(RT), 0), -EINTR);
	assert_int_equal(S->pending.set, SIGNAL_BIT(SIGUSR2));
	/* One that is blocked does not count, and what is there is taken at once. */
	send(NULL, SIGUSR1, SI_USER, 0);
	fake_on_block = NULL;
	assert_int_equal(timedwait(SIGNAL_BIT(SIGUSR1), 0), SIGUSR1);
}

static void a_mask_for_one_call(void **state)
{
	struct regs r = after(130, 0);

	(void)state;
	act(SIGUSR1, SA_RESTART, 0);
	act(SIGUSR2, 0, 0);
	current->sigmask = SIGNAL_BIT(SIGUSR1) | SIGNAL_BIT(SIGUSR2);
	T[1].sigmask = T[2].sigmask = T[3].sigmask = ~0ull;
	send(NULL, SIGUSR1, SI_USER, 0);
	put64(DATA, SIGNAL_BIT(SIGUSR2));
	r.rdi = DATA;
	r.rsi = 8;
	r.rax = sys_rt_sigsuspend(&r);
	assert_int_equal((s64)r.rax, -ERESTARTNOHAND);
	signal_deliver(&r);
	assert_int_equal(r.rdi, SIGUSR1);
	assert_int_equal(frame_at(r.rsp).uc.mask, SIGNAL_BIT(SIGUSR1) | SIGNAL_BIT(SIGUSR2));
	assert_handlers(&r, HANDLERS(SIGUSR1));
	assert_int_equal((s64)r.rax, -EINTR);
	/* A remote call that was not interrupted: nothing is delivered under its mask. */
	r = after(271, 0);
	r.r10 = DATA;
	r.r8 = 8;
	assert_int_equal(check_ppoll(&r), 0);
	assert_int_equal(current->sigmask, SIGNAL_BIT(SIGUSR2));
	send(NULL, SIGUSR1, SI_USER, 0);
	r.rax = 1;
	signal_deliver(&r);
	assert_int_equal(r.rip, CODE);
	assert_int_equal(current->sigmask, SIGNAL_BIT(SIGUSR1) | SIGNAL_BIT(SIGUSR2));
	/* And one that finds a signal is not made. */
	assert_int_equal(check_ppoll(&r), -EINTR);
	r.rax = -EINTR;
	signal_deliver(&r);
	assert_handlers(&r, HANDLERS(SIGUSR1));
	r.r8 = 4;
	assert_int_equal(check_ppoll(&r), -EINVAL);
}

static void who_may_say_what(void **state)
{
	struct signal_info info = { .code = SI_USER, .value = 4 };
	struct regs r = { .rdi = 100, .rsi = RT, .rdx = DATA };

	(void)state;
	T[0].sigmask = ~0ull;
	copy_to_user(DATA, &info, sizeof(info));
	assert_int_equal(sys_rt_sigqueueinfo(&r), 0);
	current = &T[1];
	assert_int_equal(sys_rt_sigqueueinfo(&r), -EPERM);
	info.code = SI_TKILL;
	copy_to_user(DATA, &info, sizeof(info));
	assert_int_equal(sys_rt_sigqueueinfo(&r), -EPERM);
	info.code = SI_QUEUE;
	copy_to_user(DATA, &info, sizeof(info));
	assert_int_equal(sys_rt_sigqueueinfo(&r), 0);
	r.rsi = 65;
	assert_int_equal(sys_rt_sigqueueinfo(&r), -EINVAL);
	r.rdx = 0x300000;
	assert_int_equal(sys_rt_sigqueueinfo(&r), -EFAULT);
	assert_int_equal(fake_calls, 0);
	/* To another process it is Linux's to judge. */
	r = (struct regs){ .rdi = 5, .rsi = RT, .rdx = DATA, .error = 129 };
	assert_int_equal(sys_rt_sigqueueinfo(&r), 0);
	assert_int_equal(fake_call_nr, 129);
	/* A thread that is not there. */
	r = (struct regs){ .rdi = 100, .rsi = 999, .rdx = RT };
	assert_int_equal(sys_tgkill(&r), -ESRCH);
	r.rsi = 102;
	assert_int_equal(sys_tgkill(&r), -0);
	assert_int_equal(T[2].signals.pending.set, SIGNAL_BIT(RT));
	r.rdx = 0;
	assert_int_equal(sys_tgkill(&r), 0);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fake_signal_setup, fake_signal_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_frame_tells_all),
		TEST(a_handler_for_once),
		TEST(the_alternate_stack),
		TEST(an_alternate_stack_that_disarms_itself),
		TEST(no_room_for_a_frame),
		TEST(a_fault),
		TEST(a_frame_that_is_none),
		TEST(restarts),
		TEST(only_the_first_handler_decides),
		TEST(is_restart),
		TEST(a_sleep_goes_on),
		TEST(waiting_for_a_signal),
		TEST(a_mask_for_one_call),
		TEST(who_may_say_what),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
