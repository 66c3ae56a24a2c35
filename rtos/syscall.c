// SPDX-License-Identifier: MIT
/*
 * The table of system calls, and what becomes of one.
 *
 * Pointers of remote calls. The shadow uses them as they are, in an address space where the program's
 * range shows the program's memory, nothing is below it and the rest is the shadow's own. So no pointer
 * to that may get there: one that is as bad takes its place, and Linux says what is wrong with the call,
 * in its own order. Only where a buffer starts is checked, not where it ends: between CRTOS_USER_END and
 * the shadow, a position-independent program, lies a gap of 5 TiB with nothing mapped, and Linux moves at
 * most 2 GiB at a time. Other threads may change what lies behind a pointer after it was checked; that
 * harms nobody but the program's own shadow.
 */
#include <asm/unistd_64.h>
#include <linux/errno.h>

#include "check.h"
#include "futex.h"
#include "log.h"
#include "process.h"
#include "scf.h"
#include "signalfd.h"
#include "sys.h"

enum class {
	CLASS_NONE,
	CLASS_REALTIME,
	CLASS_DUAL,
	CLASS_REMOTE,
	CLASS_REFUSED,
};

struct row {
	syscall_fn *fn;
	u8 class;
	u8 pointers, maybe; /* one bit per argument */
	u16 error;
};

#define P0 (1u << 0)
#define P1 (1u << 1)
#define P2 (1u << 2)
#define P3 (1u << 3)
#define P4 (1u << 4)
#define P5 (1u << 5)
#define M1 (1u << 9)
#define M2 (1u << 10)
#define M3 (1u << 11)
#define M4 (1u << 12)

#define ROW_REALTIME(what, mask)                    \
	{                                           \
		.class = CLASS_REALTIME, .fn = what \
	}
#define ROW_DUAL(what, mask)                    \
	{                                       \
		.class = CLASS_DUAL, .fn = what \
	}
#define ROW_REMOTE(what, mask)                                                                   \
	{                                                                                        \
		.class = CLASS_REMOTE, .fn = what, .pointers = (mask)&0xff, .maybe = (mask) >> 8 \
	}
#define ROW_REFUSED(what, mask)                       \
	{                                             \
		.class = CLASS_REFUSED, .error = what \
	}

#define LINUX_USER_END (1ull << 56)
#define KERNEL_HALF (~0ull << 63)

#define SYSCALL(nr, name, class, what, mask) [nr] = ROW_##class(what, mask),
static const struct row rows[CRTOS_SCF_COUNTED_CALLS] = {
#include "syscalls.def"
};

bool sys_user_pointer(u64 addr)
{
	return !addr || addr - CRTOS_USER_START < CRTOS_USER_END - CRTOS_USER_START;
}

/* Whether the shadow could have memory there: below it has none, above is no user's memory. */
bool sys_shadow_pointer(u64 addr)
{
	return addr >= CRTOS_USER_END && addr < LINUX_USER_END;
}

static inline bool pointers_valid(u32 mask, const u64 args[6])
{
	for (; mask; mask &= mask - 1) {
		if (sys_shadow_pointer(args[__builtin_ctz(mask)]))
			return false;
	}
	return true;
}

/* With others in the place of those that may not be passed on: unmapped too, and as well aligned. */
static __attribute__((noinline, cold)) s64 remote_bad(u32 mask, const struct regs *regs)
{
	u64 args[6] = {
		arg0(regs), arg1(regs), arg2(regs), arg3(regs), arg4(regs), arg5(regs),
	};

	for (; mask; mask &= mask - 1) {
		u64 *arg = &args[__builtin_ctz(mask)];

		if (sys_shadow_pointer(*arg))
			*arg = CRTOS_USER_END | (*arg & ~PAGE_MASK);
	}
	return scf_call(regs->error, args);
}

/*
 * What Linux looks at in the shadow: at its mask when it uses a terminal, at its robust locks when it is killed. Told
 * before the next remote call, so that who has none to make does not wait for one.
 */
static void tell(void)
{
	if (current->mask_untold)
		scf(CRTOS_OP_SIGMASK, current->sigmask & SIGNALS_OF_TERMINALS);
	current->mask_untold = false;
	if (current->robust_untold)
		futex_tell_robust();
}

/* Waits are ended by every handler, these whatever its flags are: most have a mask for as long as they last. */
static bool waits_once(u64 nr)
{
	switch (nr) {
	case __NR_poll:
	case __NR_ppoll:
	case __NR_select:
	case __NR_pselect6:
	case __NR_epoll_wait:
	case __NR_epoll_pwait:
	case __NR_epoll_pwait2:
	case __NR_semop:
	case __NR_semtimedop:
	case __NR_msgrcv:
	case __NR_msgsnd:
		return true;
	}
	return false;
}

/*
 * A call that was interrupted: what is made of it depends on whether a handler is called, and on the call.
 * Linux tells the shadow EINTR in either case, since a handler of the shadow's was called. One that had not
 * begun may be of those that never give EINTR: the signal has come before it.
 */
static __attribute__((noinline)) s64 failed(const struct regs *regs, s64 ret)
{
	/* SIGPIPE comes before EPIPE. */
	process_take_signals(current->process);
	if (ret == -CRTOS_SIGNALFD_READ)
		return signalfd_read(regs);
	if ((ret != -EINTR && ret != -CRTOS_SCF_NOT_BEGUN) || current->killed)
		return ret;
	if (waits_once(regs->error))
		return -ERESTARTNOHAND;
	if (ret == -CRTOS_SCF_NOT_BEGUN)
		return -ERESTARTNOINTR;
	return regs->error == __NR_close ? ret : -ERESTARTSYS;
}

static inline s64 remote(const struct row *row, struct regs *regs)
{
	const u64 args[6] = {
		arg0(regs), arg1(regs), arg2(regs), arg3(regs), arg4(regs), arg5(regs),
	};
	s64 ret;

	/* What may be a number cannot be replaced. */
	if (!pointers_valid(row->maybe, args))
		return -EFAULT;
	if (row->fn) {
		ret = row->fn(regs);
		if (ret)
			return ret == CHECK_DONE ? (s64)regs->rax : ret;
	}
	if (__builtin_expect(current->untold, 0))
		tell();
	if (__builtin_expect(pointers_valid(row->pointers, args), 1))
		ret = scf_call(regs->error, args);
	else
		ret = remote_bad(row->pointers, regs);
	return __builtin_expect(ret < 0, 0) ? failed(regs, ret) : ret;
}

s64 sys_remote_pointers(struct regs *regs, u32 pointers)
{
	return remote(&(const struct row){ .class = CLASS_REMOTE, .pointers = pointers }, regs);
}

s64 sys_remote(struct regs *regs)
{
	return sys_remote_pointers(regs, 0);
}

void syscall_dispatch(struct regs *regs)
{
	const struct row *row = &rows[CRTOS_SCF_COUNTED_CALLS - 1]; /* CLASS_NONE */

	if (regs->error < CRTOS_SCF_COUNTED_CALLS)
		row = &rows[regs->error];
	switch (row->class) {
	case CLASS_REMOTE:
		regs->rax = remote(row, regs);
		break;
	case CLASS_REALTIME:
	case CLASS_DUAL:
		current->process->scf->rt.local_calls++;
		regs->rax = row->fn(regs);
		break;
	case CLASS_REFUSED:
		regs->rax = -(s64)row->error;
		break;
	default:
		regs->rax = -(s64)ENOSYS;
	}
	if (__builtin_expect(sys_restarts(regs->rax), 0))
		current->attention = true;
}
