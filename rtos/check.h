/* SPDX-License-Identifier: MIT */
/* Checks of pointers behind the pointers of remote calls: 0 or -EFAULT (or what Linux says of a count). */
#ifndef RTOS_CHECK_H
#define RTOS_CHECK_H

#include "sys.h"

syscall_fn check_iovec, check_msghdr, check_mmsghdr, check_process_vm;

/* Take the signal mask for the duration of the call (sys_signal.c). Or -EINTR, -EINVAL. */
syscall_fn check_ppoll, check_pselect, check_epoll_pwait;

#endif
