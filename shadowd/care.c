// SPDX-License-Identifier: MIT

#include "care.h"

#include <errno.h>
#include <linux/close_range.h>
#include <linux/prctl.h>
#include <sys/resource.h>

#include "raw.h"

/* Numbers that the headers of the oldest supported system do not have. */
#define NR_MAP_SHADOW_STACK 453
#define NR_MSEAL 462
#define NR_URETPROBE 335
#define NR_UPROBE 336

const unsigned char care_class[CRTOS_SCF_COUNTED_CALLS] = {
	/* Address space: the mirror shows the program's; what else is there is the shadow's own. */
	[__NR_mmap] = CARE_REFUSE,
	[__NR_mprotect] = CARE_REFUSE,
	[__NR_munmap] = CARE_REFUSE,
	[__NR_brk] = CARE_REFUSE,
	[__NR_mremap] = CARE_REFUSE,
	[__NR_madvise] = CARE_REFUSE,
	[__NR_remap_file_pages] = CARE_REFUSE,
	[__NR_shmat] = CARE_REFUSE,
	[__NR_shmdt] = CARE_REFUSE,
	[__NR_mlock] = CARE_REFUSE,
	[__NR_munlock] = CARE_REFUSE,
	[__NR_mlockall] = CARE_REFUSE,
	[__NR_munlockall] = CARE_REFUSE,
	[__NR_mlock2] = CARE_REFUSE,
	[__NR_mbind] = CARE_REFUSE,
	[__NR_pkey_mprotect] = CARE_REFUSE,
	[__NR_pkey_alloc] = CARE_REFUSE,
	[__NR_pkey_free] = CARE_REFUSE,
	[__NR_userfaultfd] = CARE_REFUSE,
	[NR_MAP_SHADOW_STACK] = CARE_REFUSE,
	[NR_MSEAL] = CARE_REFUSE,

	/* Processes and threads: private operations of the protocol do these. */
	[__NR_clone] = CARE_REFUSE,
	[__NR_clone3] = CARE_REFUSE,
	[__NR_fork] = CARE_REFUSE,
	[__NR_vfork] = CARE_REFUSE,
	[__NR_execve] = CARE_REFUSE,
	[__NR_execveat] = CARE_REFUSE,
	[__NR_exit] = CARE_REFUSE,
	[__NR_exit_group] = CARE_REFUSE,
	[__NR_set_tid_address] = CARE_REFUSE,
	[__NR_set_robust_list] = CARE_REFUSE,
	[__NR_rseq] = CARE_REFUSE,
	[__NR_membarrier] = CARE_REFUSE,

	/* Signals of the program are delivered by the RTOS. */
	[__NR_rt_sigaction] = CARE_REFUSE,
	[__NR_rt_sigprocmask] = CARE_REFUSE,
	[__NR_rt_sigreturn] = CARE_REFUSE,
	[__NR_rt_sigpending] = CARE_REFUSE,
	[__NR_rt_sigtimedwait] = CARE_REFUSE,
	[__NR_rt_sigsuspend] = CARE_REFUSE,
	[__NR_sigaltstack] = CARE_REFUSE,
	[__NR_pause] = CARE_REFUSE,
	[__NR_restart_syscall] = CARE_REFUSE,

	/* How code runs: that of the shadow is not meant. */
	[__NR_arch_prctl] = CARE_REFUSE,
	[__NR_modify_ldt] = CARE_REFUSE,
	[__NR_set_thread_area] = CARE_REFUSE,
	[__NR_get_thread_area] = CARE_REFUSE,
	[__NR_iopl] = CARE_REFUSE,
	[__NR_ioperm] = CARE_REFUSE,
	[__NR_personality] = CARE_REFUSE,
	[__NR_seccomp] = CARE_REFUSE,
	[__NR_io_uring_setup] = CARE_REFUSE,
	[__NR_io_uring_enter] = CARE_REFUSE,
	[__NR_io_uring_register] = CARE_REFUSE,
	[NR_URETPROBE] = CARE_REFUSE,
	[NR_UPROBE] = CARE_REFUSE,

	[__NR_ppoll] = CARE_SPECIAL,
	[__NR_pselect6] = CARE_SPECIAL,
	[__NR_epoll_pwait] = CARE_SPECIAL,
	[__NR_epoll_pwait2] = CARE_SPECIAL,
	[__NR_prctl] = CARE_SPECIAL,
	[__NR_close_range] = CARE_SPECIAL,
	[__NR_dup2] = CARE_SPECIAL | CARE_FD,
	[__NR_dup3] = CARE_SPECIAL | CARE_FD,

	/* To the program the shadow's own descriptors are not open. */
	[__NR_read] = CARE_FD,
	[__NR_write] = CARE_FD,
	[__NR_close] = CARE_FD,
	[__NR_fstat] = CARE_FD,
	[__NR_lseek] = CARE_FD,
	[__NR_ioctl] = CARE_FD,
	[__NR_pread64] = CARE_FD,
	[__NR_pwrite64] = CARE_FD,
	[__NR_readv] = CARE_FD,
	[__NR_writev] = CARE_FD,
	[__NR_preadv] = CARE_FD,
	[__NR_pwritev] = CARE_FD,
	[__NR_preadv2] = CARE_FD,
	[__NR_pwritev2] = CARE_FD,
	[__NR_sendfile] = CARE_FD,
	[__NR_dup] = CARE_FD,
	[__NR_fcntl] = CARE_FD,
	[__NR_flock] = CARE_FD,
	[__NR_fsync] = CARE_FD,
	[__NR_fdatasync] = CARE_FD,
	[__NR_ftruncate] = CARE_FD,
	[__NR_fallocate] = CARE_FD,
	[__NR_getdents] = CARE_FD,
	[__NR_getdents64] = CARE_FD,
	[__NR_fchdir] = CARE_FD,
	[__NR_fchmod] = CARE_FD,
	[__NR_fchown] = CARE_FD,
	[__NR_fstatfs] = CARE_FD,
	[__NR_syncfs] = CARE_FD,
	[__NR_fadvise64] = CARE_FD,
	[__NR_readahead] = CARE_FD,
	[__NR_sync_file_range] = CARE_FD,
	[__NR_splice] = CARE_FD,
	[__NR_vmsplice] = CARE_FD,
	[__NR_copy_file_range] = CARE_FD,
};

/* Everything in the range but the shadow's own descriptors. */
static long close_range_around(unsigned int first, unsigned int last, unsigned int flags,
			       unsigned int dev)
{
	long ret = 0;

	/* With CLOEXEC nothing is closed now, and ours are close-on-exec anyhow. */
	if (first > last || dev + 1 < first || dev > last || (flags & CLOSE_RANGE_CLOEXEC) ||
	    (flags & ~CLOSE_RANGE_UNSHARE))
		return raw_syscall3(__NR_close_range, first, last, flags);
	if (first < dev) {
		ret = raw_syscall3(__NR_close_range, first, dev - 1, flags);
		flags &= ~CLOSE_RANGE_UNSHARE;
	}
	if (!ret && dev + 1 < last)
		ret = raw_syscall3(__NR_close_range, dev + 2, last, flags);
	return ret;
}

/* EBUSY is what Linux says where dup2() meets a descriptor that is just being opened. */
static long dup_onto(const struct crtos_scf_call *call, unsigned int dev)
{
	struct rlimit limit = { 0 };

	if (is_private_fd(call->args[0], dev))
		return -EBADF;
	if (is_private_fd(call->args[1], dev)) {
		raw_syscall4(__NR_prlimit64, 0, RLIMIT_NOFILE, 0, (uint64_t)&limit);
		return (uint32_t)call->args[1] < limit.rlim_cur ? -EBUSY : -EBADF;
	}
	return raw_syscall3(call->nr, call->args[0], call->args[1], call->args[2]);
}

/* EINVAL is what a kernel without the option says. */
static long prctl_call(const uint64_t *args)
{
	switch ((int)args[0]) {
	case PR_SET_SECCOMP:
	case PR_SET_TSC:
	case PR_SET_MM:
	case PR_SET_SYSCALL_USER_DISPATCH:
	case PR_SET_UNALIGN:
	case PR_SET_ENDIAN:
	case PR_SET_VMA:
	case 65: /* PR_SET_MDWE */
	case PR_SET_TAGGED_ADDR_CTRL:
		return -EINVAL;
	}
	return raw_syscall6(__NR_prctl, args[0], args[1], args[2], args[3], args[4], 0);
}

/*
 * The mask is for the program's signals, which the RTOS delivers. The shadow would block its own with it,
 * CRTOS_SIGNAL too, by which the module ends it.
 */
static struct crtos_scf_call without_mask(const struct crtos_scf_call *call, unsigned int mask)
{
	struct crtos_scf_call changed = *call;

	changed.args[mask] = 0;
	return changed;
}

long care_call(const struct crtos_scf_call *call, int dev,
	       long (*perform)(const struct crtos_scf_call *call))
{
	struct crtos_scf_call changed;
	const uint64_t *args = call->args;
	unsigned char class = care_class[call->nr];

	if (class & CARE_REFUSE)
		return -ENOSYS;
	switch (call->nr) {
	case __NR_ppoll:
		changed = without_mask(call, 3);
		return perform(&changed);
	case __NR_epoll_pwait:
	case __NR_epoll_pwait2:
		changed = without_mask(call, 4);
		return perform(&changed);
	case __NR_pselect6:
		changed = without_mask(call, 5);
		return perform(&changed);
	case __NR_prctl:
		return prctl_call(args);
	case __NR_close_range:
		return close_range_around(args[0], args[1], args[2], dev);
	case __NR_dup2:
	case __NR_dup3:
		return dup_onto(call, dev);
	}
	if ((class & CARE_FD) && is_private_fd(args[0], dev))
		return -EBADF;
	return perform(call);
}
