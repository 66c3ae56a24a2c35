// SPDX-License-Identifier: MIT
/* Signals of a program to itself: what is pending, what handlers see, what is refused. */
#include "diff.h"

#include <time.h>

static volatile int seen, last_code, last_stack;
static char stack[1 << 16];

struct action {
	void *handler;
	unsigned long flags;
	void *restorer;
	unsigned long mask;
};

static void on_signal(int sig, siginfo_t *info, void *context)
{
	char here;

	(void)context;
	seen++;
	last_code = info->si_signo == sig ? info->si_code : -1000;
	last_stack = &here >= stack && &here < stack + sizeof(stack);
}

static void catch (int sig, int flags)
{
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | flags };

	sigaction(sig, &action, NULL);
}

static void see_handled(void)
{
	SEE("handled %d, code %d, on the other stack %d", seen, last_code, last_stack);
	seen = last_code = last_stack = 0;
}

static void actions(void)
{
	struct action ignore = { (void *)1, 0, NULL, -1ul }, old;
	static const int signals[] = { 0, -1, 1, 9, 10, 19, 32, 33, 34, 64, 65, 1000 };
	unsigned int i;

	group("actions");
	for (i = 0; i < COUNT(signals); i++) {
		printf("signal %d: ", signals[i]);
		CALL(rt_sigaction, "a look", signals[i], NULL, &old, 8);
		printf("signal %d: ", signals[i]);
		CALL(rt_sigaction, "ignored", signals[i], &ignore, NULL, 8);
		printf("signal %d: ", signals[i]);
		memset(&old, 0x55, sizeof(old));
		if (!CALL(rt_sigaction, "a look", signals[i], NULL, &old, 8))
			SEE("%ld %lx %lx", (long)old.handler, old.flags, old.mask);
	}
	CALL(rt_sigaction, "an odd size", SIGUSR1, &ignore, NULL, 4);
	ignore.handler = NULL;
	for (i = 0; i < COUNT(signals); i++)
		RAW(SYS_rt_sigaction, signals[i], &ignore, NULL, 8);
}

static void masks(void)
{
	unsigned long set = 1ul << (SIGUSR1 - 1), all = -1ul, old = 0, one = 1ul << (SIGUSR2 - 1),
		      pending;
	struct timespec zero = { 0, 0 }, bad = { 0, -1 };
	siginfo_t info;

	group("masks");
	catch (SIGUSR1, 0);
	catch (SIGUSR2, 0);
	CALL(rt_sigprocmask, "all", SIG_SETMASK, &all, &old, 8);
	SEE("%lx", old);
	CALL(rt_sigprocmask, "a look", SIG_BLOCK, NULL, &old, 8);
	SEE("%lx", old);
	CALL(rt_sigprocmask, "unknown, a look", 77, NULL, &old, 8);
	CALL(rt_sigprocmask, "unknown", 77, &set, &old, 8);
	CALL(rt_sigprocmask, "an odd size", SIG_BLOCK, &set, &old, 16);
	CALL(kill, "myself, blocked", getpid(), SIGUSR1);
	CALL(tgkill, "this thread, blocked", getpid(), getpid(), SIGUSR2);
	CALL(rt_sigpending, "both", &pending, 8);
	SEE("%lx", pending);
	CALL(rt_sigpending, "in 4 bytes", &pending, 4);
	CALL(rt_sigpending, "too large", &pending, 16);
	CALL(rt_sigtimedwait, "the first", &set, &info, &zero, 8);
	SEE("signal %d, mine %d", info.si_signo, info.si_pid == getpid());
	SEE("the code of a signal waited for %d", info.si_code);
	CALL(rt_sigtimedwait, "none", &set, &info, &zero, 8);
	CALL(rt_sigtimedwait, "a bad time", &set, &info, &bad, 8);
	CALL(rt_sigtimedwait, "an odd size", &set, &info, &zero, 7);
	CALL(rt_sigprocmask, "unblock the second", SIG_UNBLOCK, &one, NULL, 8);
	see_handled();
	CALL(rt_sigpending, "none", &pending, 8);
	SEE("%lx", pending);
	pending = 0;
	CALL(kill, "myself, blocked", getpid(), SIGUSR1);
	CALL(rt_sigsuspend, "until it", &pending, 8);
	see_handled();
	CALL(rt_sigsuspend, "an odd size", &pending, 7);
	CALL(rt_sigprocmask, "none", SIG_SETMASK, &pending, NULL, 8);
}

static void sending(void)
{
	siginfo_t info = { .si_code = SI_QUEUE };
	int fd;

	group("sending");
	catch (SIGUSR1, 0);
	CALL(kill, "myself", getpid(), SIGUSR1);
	see_handled();
	CALL(tkill, "this thread", getpid(), SIGUSR1);
	see_handled();
	CALL(tgkill, "this thread", getpid(), getpid(), SIGUSR1);
	see_handled();
	info.si_signo = SIGUSR1;
	info.si_pid = getpid();
	CALL(rt_sigqueueinfo, "myself", getpid(), SIGUSR1, &info);
	SEE("the code that was queued %d", last_code);
	last_code = 0;
	see_handled();
	CALL(rt_tgsigqueueinfo, "this thread", getpid(), getpid(), SIGUSR1, &info);
	SEE("the code that was queued %d", last_code);
	last_code = 0;
	see_handled();
	fd = syscall(SYS_pidfd_open, getpid(), 0);
	CALL(pidfd_send_signal, "myself", fd, SIGUSR1, NULL, 0);
	see_handled();
	CALL(pidfd_send_signal, "myself, with information", fd, SIGUSR1, &info, 0);
	SEE("the code that was queued %d", last_code);
	last_code = 0;
	see_handled();
	close(fd);
	fd = open("/proc/self", O_RDONLY | O_DIRECTORY);
	CALL(pidfd_send_signal, "myself, by a directory", fd, SIGUSR1, NULL, 0);
	see_handled();
	CALL(pidfd_send_signal, "information of another signal", fd, SIGUSR2, &info, 0);
	CALL(pidfd_send_signal, "a bad signal", fd, 65, NULL, 0);
	CALL(pidfd_send_signal, "unreadable information", fd, SIGUSR1, (void *)8, 0);
	close(fd);
	CALL(kill, "nothing to myself", getpid(), 0);
	CALL(kill, "nobody", 1 << 30, SIGUSR1);
	CALL(kill, "a bad signal", getpid(), 65);
	CALL(kill, "a negative signal", getpid(), -1);
	CALL(tkill, "nobody", 1 << 30, SIGUSR1);
	CALL(tkill, "0", 0, SIGUSR1);
	CALL(tkill, "-1", -1, SIGUSR1);
	CALL(tgkill, "another group", 1 << 30, getpid(), SIGUSR1);
	CALL(tgkill, "0", 0, getpid(), SIGUSR1);
	CALL(tgkill, "a bad signal", getpid(), getpid(), 65);
	info.si_code = SI_USER;
	CALL(rt_sigqueueinfo, "nobody, as from a user", 1 << 30, SIGUSR1, &info);
	CALL(rt_sigqueueinfo, "a bad signal", getpid(), 65, &info);
	CALL(rt_tgsigqueueinfo, "nobody", getpid(), 1 << 30, SIGUSR1, &info);
	CALL(restart_syscall, "nothing to go on with");
	SEE("handled %d", seen);
}

static void handlers(void)
{
	stack_t other = { .ss_sp = stack, .ss_size = sizeof(stack) }, old,
		small = { .ss_sp = stack };
	struct action now;

	group("handlers");
	CALL(sigaltstack, "a look", NULL, &old);
	SEE("flags %d, size %ld", old.ss_flags, (long)old.ss_size);
	CALL(sigaltstack, "too small", &small, NULL);
	other.ss_flags = 77;
	CALL(sigaltstack, "unknown flags", &other, NULL);
	other.ss_flags = 0;
	CALL(sigaltstack, "a stack", &other, NULL);
	CALL(sigaltstack, "a look", NULL, &old);
	SEE("flags %d, size %ld, it %d", old.ss_flags, (long)old.ss_size,
	    old.ss_sp == (void *)stack);
	catch (SIGUSR1, SA_ONSTACK);
	CALL(tgkill, "this thread", getpid(), getpid(), SIGUSR1);
	see_handled();
	catch (SIGUSR1, SA_RESETHAND);
	CALL(tgkill, "this thread", getpid(), getpid(), SIGUSR1);
	see_handled();
	CALL(rt_sigaction, "back to the default", SIGUSR1, NULL, &now, 8);
	SEE("%d", now.handler == NULL);
	other.ss_flags = SS_DISABLE;
	CALL(sigaltstack, "none", &other, &old);
	catch (SIGSEGV, 0);
	signal(SIGSEGV, SIG_DFL);
	SEE("a fault: %s", access_of((void *)wild[0].at));
	SEE("a write to read-only: %s", access_of((void *)wild[2].at));
	SEE("a kernel address: %s", access_of((void *)(-1ul << 40)));
	SEE("a non-canonical address: %s", access_of((void *)(1ul << 62)));
}

int main(int argc, char **argv)
{
	diff_start(argc, argv);
	wild_start();
	actions();
	masks();
	sending();
	handlers();
	return diff_end();
}
