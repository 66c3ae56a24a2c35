/* SPDX-License-Identifier: MIT */
/* Steps of the tests of signals: to set an action, send, come to a return to user mode, look at frames. */
#ifndef RTOS_SIGNAL_STEPS_H
#define RTOS_SIGNAL_STEPS_H

#include "rtos_signal_fake.h"

#define HANDLER		0x400000ull
#define RESTORER	0x410000ull
#define SS_AUTODISARM	(1u << 31)
#define CODE		0x420000ull	/* where the program is */
#define RT		40

#define T (fake_threads)
#define S (fake_process->signals)

FAKE_UNUSED static void act(int sig, u64 flags, u64 mask)
{
	S->action[sig - 1] = (struct signal_action){
		.handler = HANDLER + sig * 16,
		.flags = flags | SA_SIGINFO | 0x04000000,
		.restorer = RESTORER,
		.mask = mask,
	};
}

FAKE_UNUSED static int send(struct thread *t, int sig, int code, u64 value)
{
	const struct signal_info info = {
		.sig = sig, .code = code, .pid = 77, .uid = 5, .value = value
	};

	return signal_send(fake_process, t, &info);
}

/* After an interrupt in user mode, where nothing is to be restarted. */
FAKE_UNUSED static struct regs in_user_mode(void)
{
	return (struct regs){
		.vector = 32, .rip = CODE, .rsp = STACK_TOP - 64, .rax = 11, .rflags = 0x202
	};
}

FAKE_UNUSED static struct regs after(u64 nr, s64 result)
{
	struct regs r = in_user_mode();

	r.vector = TRAP_SYSCALL;
	r.error = nr;
	r.rax = result;
	return r;
}

FAKE_UNUSED static struct sigframe frame_at(u64 rsp)
{
	struct sigframe f;

	assert_int_equal(copy_from_user(&f, rsp, sizeof(f)), 0);
	return f;
}

/* The handlers that run, the next one first, until the code that was interrupted. */
FAKE_UNUSED static void assert_handlers(struct regs *r, const int *sigs)
{
	for (; *sigs; sigs++) {
		assert_int_equal(r->rdi, *sigs);
		assert_int_equal(r->rip, HANDLER + *sigs * 16);
		r->rsp += 8;	/* the handler's ret, to the restorer */
		signal_return(r);
	}
	assert_int_equal(r->rip, CODE);
}

#define HANDLERS(...) ((const int[]){ __VA_ARGS__, 0 })

#endif
