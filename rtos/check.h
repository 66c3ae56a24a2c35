/* SPDX-License-Identifier: MIT */
/* Checks of pointers behind the pointers of remote calls: 0 or -EFAULT (or what Linux says of a count). */
#ifndef RTOS_CHECK_H
#define RTOS_CHECK_H

#include "sys.h"

syscall_fn check_iovec, check_msghdr, check_mmsghdr, check_process_vm;

/*
 * Their first or second argument is a path. What means the program's own file is done here: then CHECK_DONE, with the
 * result in rax.
 */
syscall_fn check_path0, check_path1;
#define CHECK_DONE	1

/* Whether a path means the file of the program. */
bool path_is_exe(u64 path);

/* Take the signal mask for the duration of the call (sys_signal.c). Or -EINTR, -EINVAL. */
syscall_fn check_ppoll, check_pselect, check_epoll_pwait;

/* Does a pidfd_send_signal to the process itself (sys_signal.c): then CHECK_DONE. */
syscall_fn check_pidfd_signal;

#endif
