// SPDX-License-Identifier: MIT
/*
 * The rules of signals: what is queued and in which order, what receivers are told, which thread takes it,
 * what becomes of interrupted calls. Only of a program to itself. With an argument it dies by that signal.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "test.h"

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1u << 31)
#endif

#define RT (SIGRTMIN + 3)

static volatile int count, order[16], values[16], tids[16];
static siginfo_t last;
static mcontext_t context;

static void note(int sig, siginfo_t *info, void *uc)
{
	if (count < 16) {
		order[count] = sig;
		values[count] = info->si_value.sival_int;
		tids[count] = gettid();
	}
	last = *info;
	context = ((ucontext_t *)uc)->uc_mcontext;
	count++;
}

static void act(int sig, void (*fn)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action = { .sa_sigaction = fn, .sa_flags = SA_SIGINFO | flags };

	sigaction(sig, &action, NULL);
	count = 0;
}

static sigset_t set_of(int a, int b)
{
	sigset_t set;

	sigemptyset(&set);
	if (a)
		sigaddset(&set, a);
	if (b)
		sigaddset(&set, b);
	return set;
}

static void mask(int how, int a, int b)
{
	sigset_t set = set_of(a, b);

	pthread_sigmask(how, &set, NULL);
}

static void queue(int sig, int value)
{
	sigqueue(getpid(), sig, (union sigval){ .sival_int = value });
}

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

static void nap(void)
{
	const struct timespec ms = { 0, 1000000 };

	nanosleep(&ms, NULL);
}

/* --- queues and order ----------------------------------------------------------------------------- */

static void queues(void)
{
	struct sigaction all = { .sa_sigaction = note, .sa_flags = SA_SIGINFO };
	sigset_t set;
	int i, good = 1;

	sigfillset(&all.sa_mask);
	sigaction(RT, &all, NULL);
	sigaction(RT + 1, &all, NULL);
	sigaction(SIGUSR1, &all, NULL);
	sigaction(SIGUSR2, &all, NULL);
	mask(SIG_BLOCK, RT, RT + 1);
	mask(SIG_BLOCK, SIGUSR1, SIGUSR2);
	count = 0;
	for (i = 0; i < 3; i++) {
		queue(RT + 1, 10 + i);
		queue(RT, i);
		queue(SIGUSR2, 20 + i);
	}
	kill(getpid(), SIGUSR1);
	kill(getpid(), SIGUSR1);
	sigpending(&set);
	check(sigismember(&set, RT) && sigismember(&set, SIGUSR1) && !sigismember(&set, SIGTERM),
	      "pending");
	mask(SIG_SETMASK, 0, 0);
	check(count == 8, "%d signals delivered", count);
	for (i = 0; i < 3; i++) {
		good &= order[2 + i] == RT && values[2 + i] == i;
		good &= order[5 + i] == RT + 1 && values[5 + i] == 10 + i;
	}
	check(good, "real-time signals in the order they were sent, the lowest first");
	check(order[0] == SIGUSR1 && order[1] == SIGUSR2 && values[1] == 20,
	      "others once, with what the first one said: %d %d %d", order[0], order[1], values[1]);

	/* Without a mask all are delivered at once, each on top of the last. */
	act(SIGUSR1, note, 0);
	act(SIGUSR2, note, 0);
	act(SIGINT, note, 0);
	mask(SIG_BLOCK, SIGUSR1, SIGUSR2);
	mask(SIG_BLOCK, SIGINT, 0);
	raise(SIGUSR2);
	raise(SIGINT);
	kill(getpid(), SIGUSR1);
	mask(SIG_SETMASK, 0, 0);
	check(count == 3 && order[0] == SIGUSR1 && order[1] == SIGUSR2 && order[2] == SIGINT,
	      "a thread's before the process's, the last one delivered runs first: %d %d %d",
	      order[0], order[1], order[2]);

	act(RT, note, 0);
	mask(SIG_BLOCK, RT, SIGUSR1);
	queue(RT, 1);
	raise(RT);
	raise(SIGUSR1);
	signal(RT, SIG_IGN);
	act(RT, note, 0);
	mask(SIG_SETMASK, 0, 0);
	check(count == 1 && order[0] == SIGUSR1, "ignoring discards what is pending");
	signal(SIGCHLD, SIG_DFL);
	mask(SIG_BLOCK, SIGCHLD, 0);
	raise(SIGCHLD);
	sigpending(&set);
	check(sigismember(&set, SIGCHLD), "pending though its default is nothing");
	mask(SIG_SETMASK, 0, 0);
}

static void limit(void)
{
	struct rlimit few = { 200, 200 };
	struct timespec zero = { 0, 0 };
	sigset_t set = set_of(RT, 0);
	siginfo_t info;
	int sent, got, good = 1;

	check(!setrlimit(RLIMIT_SIGPENDING, &few), "RLIMIT_SIGPENDING");
	getrlimit(RLIMIT_SIGPENDING, &few);
	mask(SIG_BLOCK, RT, SIGUSR1);
	for (sent = 0; sent < 100000; sent++) {
		if (sigqueue(getpid(), RT, (union sigval){ .sival_int = sent }))
			break;
	}
	/* Others of this user may have some. */
	check(errno == EAGAIN && sent >= 150 && sent <= 200 && few.rlim_cur == 200,
	      "%d signals are the limit", sent);
	check(!kill(getpid(), SIGUSR1), "but not for kill()");
	check(pthread_kill(pthread_self(), RT + 1) == EAGAIN, "and for pthread_kill()");
	for (got = 0; sigtimedwait(&set, &info, &zero) == RT; got++)
		good &= info.si_value.sival_int == got && info.si_code == SI_QUEUE;
	check(good && got == sent && errno == EAGAIN, "all of them are there: %d", got);
	act(SIGUSR1, note, 0);
	mask(SIG_SETMASK, 0, 0);
	check(count == 1 && last.si_pid == getpid(), "and the other one too");
}

/* --- what is told ------------------------------------------------------------------------------------ */

static void *volatile instruction;

static void past(int sig, siginfo_t *info, void *uc)
{
	greg_t *r = ((ucontext_t *)uc)->uc_mcontext.gregs;

	note(sig, info, uc);
	instruction = (void *)r[REG_RIP];
	r[REG_EFL] &= ~0x100ll;
	if (sig != SIGTRAP)
		r[REG_RIP] += 2;	/* all that are tried here have two bytes */
}

static void infos(void)
{
	siginfo_t info = { .si_code = SI_USER, .si_value = { .sival_int = 5 } };
	volatile int *nowhere = (int *)0x7654320;

	act(SIGUSR1, note, 0);
	raise(SIGUSR1);
	check(last.si_code == SI_TKILL && last.si_pid == getpid() && last.si_uid == getuid(),
	      "raise: code %d", last.si_code);
	kill(getpid(), SIGUSR1);
	check(last.si_code == SI_USER && last.si_pid == getpid() && last.si_uid == getuid(),
	      "kill: code %d", last.si_code);
	queue(SIGUSR1, 77);
	check(last.si_code == SI_QUEUE && last.si_pid == getpid() && last.si_value.sival_int == 77,
	      "sigqueue: code %d", last.si_code);
	check(!syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, &info) && last.si_code == SI_USER &&
		      last.si_value.sival_int == 5,
	      "one may say anything to oneself");
	check(syscall(SYS_rt_sigqueueinfo, getppid(), SIGUSR1, &info) == -1 && errno == EPERM,
	      "but not to others");
	info.si_code = SI_TKILL;
	check(syscall(SYS_rt_tgsigqueueinfo, getppid(), getppid(), SIGUSR1, &info) == -1 &&
		      errno == EPERM,
	      "nor to their threads");
	check(syscall(SYS_tgkill, getpid(), gettid(), 65) == -1 && errno == EINVAL,
	      "no such signal");
	check(!syscall(SYS_tgkill, getpid(), gettid(), 0), "no signal");
	check(syscall(SYS_tgkill, -1, gettid(), 10) == -1 && errno == EINVAL, "no such process");

	act(SIGSEGV, past, 0);
	asm volatile("movb %%al, (%0)" : : "r"(nowhere) : "memory");
	check(last.si_addr == (void *)0x7654320 && last.si_code == SEGV_MAPERR &&
		      context.gregs[REG_TRAPNO] == 14 && context.gregs[REG_ERR] == 6 &&
		      context.gregs[REG_CR2] == 0x7654320,
	      "a fault at %p: code %d, trap %lld, error %llx, cr2 %llx", last.si_addr, last.si_code,
	      context.gregs[REG_TRAPNO], context.gregs[REG_ERR], context.gregs[REG_CR2]);
	asm volatile("movb %%al, (%0)" : : "r"("constant") : "memory");
	check(last.si_code == SEGV_ACCERR && context.gregs[REG_ERR] == 7,
	      "a write to a constant: error %llx", context.gregs[REG_ERR]);
	asm volatile("movb (%0), %%al" : : "r"(0x1234567800000000) : "memory", "rax");
	check(last.si_code == SI_KERNEL && !last.si_addr && context.gregs[REG_TRAPNO] == 13,
	      "no address at all: code %d, trap %lld", last.si_code, context.gregs[REG_TRAPNO]);
	act(SIGFPE, past, 0);
	asm volatile("div %%ecx" : : "c"(0), "d"(1), "a"(1));
	check(last.si_code == FPE_INTDIV && last.si_addr == instruction &&
		      context.gregs[REG_TRAPNO] == 0,
	      "a division by zero: code %d", last.si_code);
	act(SIGILL, past, 0);
	asm volatile("ud2");
	check(last.si_code == ILL_ILLOPN && last.si_addr == instruction, "ud2: code %d",
	      last.si_code);
	act(SIGTRAP, past, 0);
	asm volatile("int3");
	check(count == 1 && last.si_code == SI_KERNEL, "int3: code %d", last.si_code);
	asm volatile("lea -128(%%rsp), %%rsp; pushf; orl $0x100, (%%rsp); popf; nop; lea 128(%%rsp), %%rsp"
		     :
		     :
		     : "cc", "memory");
	check(count == 2 && last.si_code == TRAP_TRACE && last.si_addr == instruction &&
		      context.gregs[REG_TRAPNO] == 1,
	      "a single step: code %d", last.si_code);
}

/* --- handlers ---------------------------------------------------------------------------------------- */

static char stack[65536];
static volatile int depth, deepest, runs, flags_inside, set_inside, on_stack;

static void nest(int sig)
{
	if (++depth > deepest)
		deepest = depth;
	if (++runs < 3)
		raise(sig);
	depth--;
}

static void inside(int sig)
{
	stack_t now, other = { .ss_sp = stack, .ss_size = 32768 };
	char here;

	on_stack = &here >= stack && &here < stack + sizeof(stack);
	sigaltstack(NULL, &now);
	flags_inside = now.ss_flags;
	set_inside = sigaltstack(&other, NULL) ? errno : 0;
	if (sig == SIGUSR1 && depth++ == 0)
		raise(SIGUSR2);
}

static void handlers(void)
{
	struct sigaction action = { .sa_handler = nest, .sa_flags = SA_NODEFER }, old;
	stack_t alt = { .ss_sp = stack, .ss_size = sizeof(stack) }, now;

	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	check(deepest == 3, "SA_NODEFER: %d deep", deepest);
	action.sa_flags = 0;
	sigaction(SIGUSR1, &action, NULL);
	deepest = runs = 0;
	raise(SIGUSR1);
	check(deepest == 1 && runs == 3, "without: %d deep, %d times", deepest, runs);

	act(SIGUSR1, note, SA_RESETHAND);
	raise(SIGUSR1);
	sigaction(SIGUSR1, NULL, &old);
	check(count == 1 && old.sa_handler == SIG_DFL, "SA_RESETHAND");
	action.sa_flags = 0x7fffffff & ~SA_RESTART;
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGUSR1, NULL, &old);
	check(!(old.sa_flags & 0x400), "unknown flags are not kept: %x", old.sa_flags);
	action.sa_flags = 0;
	check(sigaction(SIGKILL, &action, NULL) == -1 && errno == EINVAL,
	      "SIGKILL cannot be caught");
	check(!sigaction(SIGKILL, NULL, &old) && old.sa_handler == SIG_DFL, "but asked about");

	alt.ss_size = 2047;
	check(sigaltstack(&alt, NULL) == -1 && errno == ENOMEM, "too small a stack");
	alt.ss_flags = 4;
	check(sigaltstack(&alt, NULL) == -1 && errno == EINVAL, "flags that are none");
	alt = (stack_t){ .ss_sp = stack, .ss_size = sizeof(stack) };
	sigaltstack(&alt, NULL);
	action.sa_handler = inside;
	action.sa_flags = SA_ONSTACK;
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGUSR2, &action, NULL);
	depth = 0;
	raise(SIGUSR1);
	check(on_stack && flags_inside == SS_ONSTACK && set_inside == EPERM,
	      "on the alternate stack, flags %x", flags_inside);
	sigaltstack(NULL, &now);
	check(!now.ss_flags && now.ss_sp == stack, "and off it again");
	alt.ss_flags = SS_AUTODISARM;
	check(!sigaltstack(&alt, NULL), "SS_AUTODISARM");
	depth = 1;
	raise(SIGUSR1);
	check(on_stack && flags_inside == SS_DISABLE && !set_inside, "disarmed inside, flags %x",
	      flags_inside);
	sigaltstack(NULL, &now);
	check((unsigned int)now.ss_flags == SS_AUTODISARM && now.ss_size == sizeof(stack),
	      "armed again after it, flags %x", now.ss_flags);
	alt.ss_flags = SS_DISABLE;
	sigaltstack(&alt, NULL);
	sigaltstack(NULL, &now);
	check(now.ss_flags == SS_DISABLE, "disabled");
}

/* --- waiting ------------------------------------------------------------------------------------------ */

struct waiter {
	void *(*fn)(void *);
	pthread_t thread;
	volatile int tid, done, result, error;
	int word;
};

static void *futex_waiter(void *arg)
{
	struct waiter *w = arg;

	w->tid = gettid();
	w->result = syscall(SYS_futex, &w->word, FUTEX_WAIT_PRIVATE, 0, NULL);
	w->error = errno;
	w->done = 1;
	return NULL;
}

static void *sleeper(void *arg)
{
	struct timespec long_time = { 1000, 0 }, left = { 0, 0 };
	struct waiter *w = arg;

	w->tid = gettid();
	w->result = nanosleep(&long_time, &left);
	w->error = w->result && left.tv_sec >= 900 && left.tv_sec < 1000 ? errno : -1;
	w->done = 1;
	return NULL;
}

static void *suspended(void *arg)
{
	struct waiter *w = arg;
	sigset_t none = set_of(0, 0);

	mask(SIG_BLOCK, SIGUSR1, 0);
	w->tid = gettid();
	w->result = sigsuspend(&none);
	w->error = errno;
	pthread_sigmask(SIG_BLOCK, NULL, &none);
	if (!sigismember(&none, SIGUSR1))
		w->error = -1;
	w->done = 1;
	return NULL;
}

static void *waits_for_rt(void *arg)
{
	struct waiter *w = arg;
	sigset_t set = set_of(RT, 0);
	siginfo_t info;

	w->tid = gettid();
	w->result = sigwaitinfo(&set, &info);
	w->error = w->result > 0 ? info.si_value.sival_int : errno;
	w->done = 1;
	return NULL;
}

static void start(struct waiter *w)
{
	w->tid = w->done = w->word = 0;
	pthread_create(&w->thread, NULL, w->fn, w);
	while (!w->tid)
		nap();
}

/* Until it is done, since it may not wait yet when the first one comes; or so many times. */
static void signal_it(struct waiter *w, int sig, int times)
{
	int64_t end = now() + 20000000000ll;

	while (!w->done && now() < end && (times < 0 || times-- > 0)) {
		pthread_kill(w->thread, sig);
		nap();
	}
}

static void waits(void)
{
	struct timespec ms5 = { 0, 5000000 }, zero = { 0, 0 };
	struct waiter w = { .fn = futex_waiter };
	struct pollfd none = { .fd = -1 };
	sigset_t set = set_of(RT, 0), empty = set_of(0, 0);
	siginfo_t info;
	int64_t begin;

	act(SIGUSR1, note, SA_RESTART);
	start(&w);
	signal_it(&w, SIGUSR1, 30);
	check(!w.done && count >= 20, "a futex wait goes on after %d handlers", count);
	w.word = 1;
	syscall(SYS_futex, &w.word, FUTEX_WAKE_PRIVATE, 1);
	pthread_join(w.thread, NULL);
	check(w.done && (!w.result || w.error == EAGAIN), "until it is woken");
	act(SIGUSR1, note, 0);
	start(&w);
	signal_it(&w, SIGUSR1, -1);
	pthread_join(w.thread, NULL);
	check(w.result == -1 && w.error == EINTR, "or ends, without SA_RESTART: %d", w.error);

	act(SIGUSR1, note, SA_RESTART);
	w.fn = sleeper;
	start(&w);
	signal_it(&w, SIGUSR1, -1);
	pthread_join(w.thread, NULL);
	check(w.result == -1 && w.error == EINTR,
	      "a sleep ends in any case, and tells what was left");
	w.fn = suspended;
	start(&w);
	signal_it(&w, SIGUSR1, -1);
	pthread_join(w.thread, NULL);
	check(w.result == -1 && w.error == EINTR, "sigsuspend, and its mask is gone: %d", w.error);
	w.fn = waits_for_rt;
	mask(SIG_BLOCK, RT, 0);
	start(&w);
	signal_it(&w, SIGUSR1, -1);
	pthread_join(w.thread, NULL);
	check(w.result == -1 && w.error == EINTR, "sigwaitinfo ends by another signal: %d",
	      w.error);
	start(&w);
	queue(RT, 123);
	pthread_join(w.thread, NULL);
	check(w.result == RT && w.error == 123, "sigwaitinfo in another thread: %d", w.error);

	queue(RT, 9);
	check(sigtimedwait(&set, &info, &zero) == RT && info.si_value.sival_int == 9,
	      "sigtimedwait");
	check(sigtimedwait(&set, &info, &zero) == -1 && errno == EAGAIN, "nothing there");
	begin = now();
	check(sigtimedwait(&set, &info, &ms5) == -1 && errno == EAGAIN && now() - begin >= 5000000,
	      "nothing comes within 5 ms");
	ms5.tv_nsec = -1;
	check(sigtimedwait(&set, &info, &ms5) == -1 && errno == EINVAL, "no such time");
	act(RT, note, 0);
	queue(RT, 6);
	check(ppoll(&none, 1, NULL, &empty) == -1 && errno == EINTR && count == 1 &&
		      last.si_value.sival_int == 6,
	      "ppoll lets a pending signal in");
	pthread_sigmask(SIG_BLOCK, NULL, &set);
	check(sigismember(&set, RT), "and blocks it again");
	mask(SIG_SETMASK, 0, 0);
}

/* --- threads ------------------------------------------------------------------------------------------ */

static volatile int spin_on, spinner_tid;

static void *spinner(void *arg)
{
	(void)arg;
	spinner_tid = gettid();
	while (spin_on)
		;
	return NULL;
}

static void threads(void)
{
	pthread_t thread;

	act(SIGUSR1, note, 0);
	spin_on = 1;
	pthread_create(&thread, NULL, spinner, NULL);
	while (!spinner_tid)
		nap();
	kill(getpid(), SIGUSR1);
	while (!count)
		nap();
	check(tids[0] == getpid(), "the first thread takes what is for the process");
	count = 0;
	mask(SIG_BLOCK, SIGUSR1, 0);
	kill(getpid(), SIGUSR1);
	while (!count)
		nap();
	check(tids[0] == spinner_tid, "or one that does not block it, while it computes");
	spin_on = 0;
	pthread_join(thread, NULL);
	count = 0;
	pthread_kill(pthread_self(), SIGUSR1);
	kill(getpid(), SIGUSR1);
	check(!count, "none, if all do");
	mask(SIG_SETMASK, 0, 0);
	check(count == 2, "a thread's and the process's are two: %d", count);
}

/* Death by a signal that another thread sends, while all that do not block it wait. */
static void *killer(void *arg)
{
	mask(SIG_BLOCK, *(int *)arg, 0);
	kill(getpid(), *(int *)arg);
	while (spin_on)
		;
	return NULL;
}

static int die(int sig)
{
	pthread_t thread;

	spin_on = 1;
	pthread_create(&thread, NULL, killer, &sig);
	while (spin_on)
		pause();
	return 1;
}

/* Calls that do not wait are not interrupted, however often and at whichever moment a handler is called. */
static void calls_that_do_not_wait(void)
{
	const struct itimerval often = { { 0, 400 }, { 0, 400 } }, never = { 0 };
	int i, fd = memfd_create("signal-rules", 0), interrupted = 0, wrong = 0;
	struct stat st;

	act(SIGALRM, note, 0);
	setitimer(ITIMER_REAL, &often, NULL);
	for (i = 0; i < 3000 || (count < 500 && i < 100000); i++) {
		int copy = fcntl(fd, F_DUPFD, 200);

		interrupted += copy < 0 && errno == EINTR;
		wrong += copy != 200;
		errno = 0;
		wrong += fstat(fd, &st) || pwrite(fd, "x", 1, i % 100) != 1 || dup2(fd, 201) != 201;
		interrupted += errno == EINTR;
		errno = 0;
		wrong += copy >= 0 && close(copy);
		interrupted += errno == EINTR;
	}
	setitimer(ITIMER_REAL, &never, NULL);
	printf("# %d signals in %d rounds\n", count, i);
	check(count >= 500 && !interrupted && !wrong,
	      "calls that do not wait: %d interrupted, %d wrong", interrupted, wrong);
	close(fd);
	close(201);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return die(atoi(argv[1]));
	queues();
	limit();
	infos();
	handlers();
	waits();
	threads();
	calls_that_do_not_wait();
	return test_end();
}
