// SPDX-License-Identifier: MIT
/*
 * signalfd. The descriptor is a file of the module's (CRTOS_IOC_SIGNALFD), so that all that can be done with
 * descriptors on Linux can be done with it. What is pending is shown to the module, which makes it readable; reading
 * it leads back here, for the signals are here (CRTOS_SIGNALFD_READ).
 */
#include <asm/unistd_64.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/signal.h>

#include "core.h"
#include "process.h"
#include "scf.h"
#include "signalfd.h"
#include "signals.h"
#include "sys.h"
#include "uaccess.h"

/* struct signalfd_siginfo */
struct record {
	u32 sig;
	s32 error, code;
	u32 pid, uid;
	s32 fd;
	u32 timer, band, overrun, trap;
	s32 status, number;
	u64 pointer, utime, stime, addr;
	u16 addr_lsb, pad;
	s32 call;
	u64 call_addr;
	u32 arch;
	u8 reserved[28];
};
CRTOS_ASSERT_SIZE(struct record, 128);
CRTOS_ASSERT_OFFSET(struct record, pointer, 48);
CRTOS_ASSERT_OFFSET(struct record, addr, 72);

#define FAULTS                                                                                 \
	(SIGNAL_BIT(SIGSEGV) | SIGNAL_BIT(SIGBUS) | SIGNAL_BIT(SIGILL) | SIGNAL_BIT(SIGTRAP) | \
	 SIGNAL_BIT(SIGFPE))

/* As on Linux: of a signal number only what the kernel says of that signal, which is a code above 0. */
static void fill(struct record *r, const struct signal_info *info)
{
	*r = (struct record){ .sig = info->sig, .error = info->error, .code = info->code };

	if (info->code == SI_TIMER) {
		r->timer = info->timer;
		r->overrun = info->overrun;
		r->pointer = info->value;
		r->number = info->value;
		return;
	}
	if (info->code == SI_SIGIO ||
	    (info->sig == SIGPOLL && info->code > 0 && info->code < SI_KERNEL)) {
		r->band = info->raw[0];
		r->fd = info->raw[1];
		return;
	}
	if (info->code > 0 && info->code < SI_KERNEL && (SIGNAL_BIT(info->sig) & FAULTS)) {
		r->addr = info->addr;
		return;
	}
	r->pid = info->pid;
	r->uid = info->uid;
	if (info->code < 0) {
		r->pointer = info->value;
		r->number = info->value;
	} else if (info->sig == SIGCHLD && info->code > 0 && info->code < SI_KERNEL) {
		r->status = info->status;
		r->utime = info->utime;
		r->stime = info->stime;
	}
}

/* One of a set: its number; -EAGAIN none, and `wait` is false; -ERESTARTSYS. */
static int take(u64 set, bool wait, struct signal_info *info)
{
	int sig;

	for (;;) {
		sig = signal_take(set, info);
		if (sig)
			return sig;
		if (!wait)
			return -EAGAIN;
		if (signal_pending() || current->killed)
			return -ERESTARTSYS;
		current->signals.reads = set;
		thread_block(TIME_NEVER);
		current->signals.reads = 0;
	}
}

/* What the module says may be wrong, if the shadow has written there: to its own program's harm. */
static s64 read(u64 buffer, u64 bytes)
{
	struct crtos_signalfd_read how = current->process->scf->signalfd[current->slot];
	struct signal_info info;
	struct record record;
	u64 done;
	int ret;

	if (bytes < sizeof(record))
		return -EINVAL;
	how.mask &= ~SIGNALS_UNBLOCKABLE;
	for (done = 0; bytes - done >= sizeof(record); done += sizeof(record)) {
		ret = take(how.mask, !done && !how.nonblock, &info);
		if (ret < 0)
			return done ? (s64)done : ret;
		fill(&record, &info);
		if (copy_to_user(buffer + done, &record, sizeof(record)))
			return done ? (s64)done : -EFAULT;
		preempt_point();
	}
	return done;
}

s64 signalfd_read(const struct regs *regs)
{
	u64 first[2];

	switch (regs->error) {
	case __NR_read:
		return read(arg1(regs), arg2(regs));
	case __NR_readv:
		/* The first buffer is the one that was tried. */
		return copy_from_user(first, arg1(regs), sizeof(first)) ? -EFAULT :
									  read(first[0], first[1]);
	}
	return -EINVAL;
}

void signalfd_notify(struct process *p, const struct thread *thread, int sig)
{
	struct list *link;

	list_for_each(link, &p->threads) {
		struct thread *t = list_entry(link, struct thread, process_link);

		if ((t->signals.reads & SIGNAL_BIT(sig)) && (!thread || t == thread))
			thread_wake(t, 0);
	}
	/* Between what is shown and the look at `watched`: pairs with the module's, in its poll. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!(READ_ONCE(p->ctl->signals.watched) & SIGNAL_BIT(sig)))
		return;
	__atomic_store_n(&p->ctl->rt.signalfd, 1, __ATOMIC_SEQ_CST);
	doorbell_linux();
}

static s64 signalfd(struct regs *regs, u64 flags)
{
	u64 mask;

	if (arg2(regs) != sizeof(mask))
		return -EINVAL;
	if (copy_from_user(&mask, arg1(regs), sizeof(mask)))
		return -EFAULT;
	if (flags & ~(u64)(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	return scf(CRTOS_OP_SIGNALFD, (s32)arg0(regs), mask & ~SIGNALS_UNBLOCKABLE, flags);
}

s64 sys_signalfd(struct regs *regs)
{
	return signalfd(regs, 0);
}

s64 sys_signalfd4(struct regs *regs)
{
	return signalfd(regs, (u32)arg3(regs));
}
