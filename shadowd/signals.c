// SPDX-License-Identifier: MIT

#include "signals.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <ucontext.h>
#include <unistd.h>

#include "core.h"
#include "private_fd.h"
#include "raw.h"
#include "shadow.h"

#define BIT(signal) (1ull << ((signal) - 1))
#define JOB_CONTROL (BIT(SIGTTIN) | BIT(SIGTTOU))
#define OWN_THREAD (BIT(SIGPIPE) | BIT(SIGXFSZ))
#define DIRECT (JOB_CONTROL | OWN_THREAD)
/* Of the shadow's own faults, which are not the program's; and what must not be blocked. */
#define FAULTS (BIT(SIGSEGV) | BIT(SIGBUS) | BIT(SIGILL) | BIT(SIGFPE) | BIT(SIGTRAP) | BIT(SIGSYS))
#define SERVING (~(DIRECT | FAULTS | BIT(CRTOS_SIGNAL)))

#define SA_RESTORER 0x04000000ul

/* As the kernel has it; the library's keeps two signals to itself that a program may use here. */
struct kernel_sigaction {
	void (*handler)(int, siginfo_t *, void *);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

/* entry.S */
void shadow_signal_return(void);

static void set_action(int signal, const struct kernel_sigaction *action)
{
	raw_syscall4(__NR_rt_sigaction, signal, (uintptr_t)action, 0, sizeof(action->mask));
}

static void set_mask(int how, uint64_t mask)
{
	raw_syscall4(__NR_rt_sigprocmask, how, (uintptr_t)&mask, 0, sizeof(mask));
}

/* What the module does not take any more need not be delivered: the process is ending. */
static void hand_over(const siginfo_t *info, uint32_t slot)
{
	struct crtos_signal signal = {
		.signal = info->si_signo,
		.code = info->si_code,
		.slot = slot,
	};

	memcpy(signal.info, (const char *)info + 16, sizeof(signal.info));
	raw_syscall3(__NR_ioctl, shadow.dev, CRTOS_IOC_SIGNAL, (uintptr_t)&signal);
}

/* User interrupts stay out while one of these handlers runs. */
static bool close_uintr(void)
{
	bool open = shadow.notifier == CRTOS_NOTIFIER_UIPI && crtos_testui();

	if (open)
		crtos_clui();
	return open;
}

static void reopen_uintr(bool open)
{
	if (open)
		crtos_stui();
}

static void on_direct(int signal, siginfo_t *info, void *context)
{
	bool open = close_uintr(), own = BIT(signal) & OWN_THREAD && shadow_self;

	(void)context;
	hand_over(info, own ? shadow_self->slot : CRTOS_SLOT_NONE);
	reopen_uintr(open);
}

static greg_t site_address(const int32_t *offset)
{
	const char *address = (const char *)offset + *offset;

	return (greg_t)address;
}

/*
 * The RTOS asks that the call in progress ends. Blocked in the kernel it has ended by this signal; between
 * the last look at the request and the system call it is ended here; before that look it will see for itself.
 */
static void interrupt_call(ucontext_t *context)
{
	greg_t *rip = &context->uc_mcontext.gregs[REG_RIP];
	const struct crtos_scf_slot *slot = shadow_self->port.slot;
	const struct shadow_call_site *site;

	if (CRTOS_SCF_READ(slot->request.interrupt) != shadow_self->port.seq)
		return;
	for (site = __start_shadow_call_sites; site < __stop_shadow_call_sites; site++) {
		if (*rip >= site_address(&site->begin) && *rip < site_address(&site->end)) {
			*rip = site_address(&site->interrupted);
			return;
		}
	}
}

/* The module has news, a request (`ipi`), or the RTOS's wish to interrupt a call. */
static void on_module(int signal, siginfo_t *info, void *context)
{
	bool open = close_uintr();
	int saved = errno;

	(void)signal;
	core_join();
	/* From kernel code only: others may send this number too. */
	if (info->si_code != SI_USER && info->si_code != SI_TKILL) {
		shadow_check_state();
		if (shadow_self)
			interrupt_call(context);
		if (shadow.notifier == CRTOS_NOTIFIER_IPI && shadow_self)
			shadow_service_ipi();
	}
	errno = saved;
	reopen_uintr(open);
}

/* None of them restarts a call: that is the RTOS's to decide. */
static void take(int signal, void (*handler)(int, siginfo_t *, void *), unsigned long flags)
{
	const struct kernel_sigaction action = {
		.handler = handler,
		.flags = SA_SIGINFO | SA_RESTORER | flags,
		.restorer = shadow_signal_return,
	};

	set_action(signal, &action);
}

static bool is_ignored(int signal)
{
	struct kernel_sigaction action = { 0 };

	raw_syscall4(__NR_rt_sigaction, signal, 0, (uintptr_t)&action, sizeof(action.mask));
	return (uintptr_t)action.handler == (uintptr_t)SIG_IGN;
}

void shadow_signals_init(struct crtos_args *args)
{
	int signal;

	args->ignored = args->blocked = 0;
	raw_syscall4(__NR_rt_sigprocmask, SIG_BLOCK, 0, (uintptr_t)&args->blocked,
		     sizeof(args->blocked));
	for (signal = 1; signal <= 64; signal++) {
		if (is_ignored(signal))
			args->ignored |= BIT(signal);
		else if (BIT(signal) & DIRECT)
			take(signal, on_direct, 0);
	}
	/* With `ipi` a request is served in this handler, and may be interrupted by this signal. */
	take(CRTOS_SIGNAL, on_module, SA_NODEFER);
	shadow_signals_serve();
}

void shadow_signals_serve(void)
{
	set_mask(SIG_SETMASK, SERVING);
}

static pthread_t waiter;
static int stopping;

static void *wait_for_signals(void *unused)
{
	const uint64_t waited = SERVING;
	siginfo_t info;

	(void)unused;
	set_mask(SIG_SETMASK, ~FAULTS);
	while (!__atomic_load_n(&stopping, __ATOMIC_ACQUIRE)) {
		if (raw_syscall4(__NR_rt_sigtimedwait, (uintptr_t)&waited, (uintptr_t)&info, 0,
				 sizeof(waited)) > 0 &&
		    !__atomic_load_n(&stopping, __ATOMIC_ACQUIRE))
			hand_over(&info, CRTOS_SLOT_NONE);
	}
	return NULL;
}

int shadow_signals_start(void)
{
	pthread_attr_t attr;
	int error = pthread_attr_init(&attr);

	if (error)
		return -error;
	error = pthread_attr_setstacksize(&attr, PTHREAD_STACK_MIN + 16384);
	if (!error)
		error = pthread_create(&waiter, &attr, wait_for_signals, NULL);
	pthread_attr_destroy(&attr);
	return -error;
}

void shadow_signals_stop(void)
{
	__atomic_store_n(&stopping, 1, __ATOMIC_RELEASE);
	if (waiter && !pthread_kill(waiter, SIGURG))
		pthread_join(waiter, NULL);
}

long shadow_sigaction(uint64_t signal, uint64_t ignored, uint64_t flags)
{
	const struct kernel_sigaction action = {
		.handler = ignored ? (void *)SIG_IGN : (void *)SIG_DFL,
		.flags = flags,
	};

	if (signal < 1 || signal > 64 || ignored > 1 || (flags & ~(SA_NOCLDSTOP | SA_NOCLDWAIT)))
		return -EINVAL;
	if (signal == SIGKILL || signal == SIGSTOP || signal == CRTOS_SIGNAL)
		return -EINVAL;
	if (!ignored && BIT(signal) & DIRECT)
		take(signal, on_direct, 0);
	else if (!(BIT(signal) & FAULTS))
		set_action(signal, &action);
	return 0;
}

long shadow_sigmask(uint64_t mask)
{
	set_mask(SIG_SETMASK, SERVING | (mask & JOB_CONTROL));
	return 0;
}

long shadow_signalfd(int fd, uint64_t mask, uint32_t flags)
{
	const struct crtos_signalfd request = { .fd = fd, .flags = flags, .mask = mask };

	if (is_private_fd(fd, shadow.dev))
		return -EBADF;
	return raw_syscall3(__NR_ioctl, shadow.dev, CRTOS_IOC_SIGNALFD, (uintptr_t)&request);
}

/* Returns when the process goes on, or at once where Linux does not stop it (an orphaned process group). */
long shadow_stop(uint64_t signal)
{
	const struct kernel_sigaction stop = { 0 };
	struct kernel_sigaction old;
	uint64_t mask;

	if (signal != SIGSTOP && signal != SIGTSTP && signal != SIGTTIN && signal != SIGTTOU)
		return -EINVAL;
	if (signal != SIGSTOP)
		raw_syscall4(__NR_rt_sigaction, signal, (uintptr_t)&stop, (uintptr_t)&old,
			     sizeof(mask));
	mask = BIT(signal);
	raw_syscall4(__NR_rt_sigprocmask, SIG_UNBLOCK, (uintptr_t)&mask, (uintptr_t)&mask,
		     sizeof(mask));
	raw_syscall3(__NR_tgkill, getpid(), gettid(), signal);
	set_mask(SIG_SETMASK, mask);
	if (signal != SIGSTOP)
		set_action(signal, &old);
	return 0;
}
