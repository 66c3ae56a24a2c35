/* SPDX-License-Identifier: MIT */
/* What is told of a signal: struct siginfo of x86-64 Linux. */
#ifndef RTOS_SIGINFO_H
#define RTOS_SIGINFO_H

#include <crtos/assert.h>

#include "types.h"

#define SIGNALS		64
#define SIGNAL_BIT(sig)	(1ull << ((sig) - 1))
#define SIGNAL_RT_MIN	32	/* from here on a signal is queued as often as it is sent */

struct signal_info {
	s32 sig, error, code, pad;
	union {
		u64 addr;			/* of a fault */
		struct {
			union {
				s32 pid;
				s32 timer;
			};
			union {
				u32 uid;
				s32 overrun;
			};
			union {
				u64 value;	/* union sigval */
				s32 status;	/* of SIGCHLD, with the times */
			};
			s64 utime, stime;
		};
		u64 raw[14];
	};
};
CRTOS_ASSERT_SIZE(struct signal_info, 128);
CRTOS_ASSERT_OFFSET(struct signal_info, addr, 16);
CRTOS_ASSERT_OFFSET(struct signal_info, value, 24);
CRTOS_ASSERT_OFFSET(struct signal_info, utime, 32);

#endif
