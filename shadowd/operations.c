// SPDX-License-Identifier: MIT
/* The private operations of the protocol. */

#include <errno.h>
#include <linux/futex.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "args.h"
#include "files.h"
#include "raw.h"
#include "shadow.h"
#include "signals.h"

static long op_args(uint64_t buffer, uint64_t room)
{
	if (room >= shadow.args_size &&
	    (buffer < CRTOS_USER_START || buffer > CRTOS_USER_END - shadow.args_size))
		return -EFAULT;
	return args_copy(buffer, room, shadow.args, shadow.args_size);
}

/* A directory /proc/PID stands for that process, too. */
static long proc_directory(int fd)
{
	char path[40], link[40] = "";
	struct statfs fs;
	int length = 0;
	long pid;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fstatfs(fd, &fs) || fs.f_type != PROC_SUPER_MAGIC ||
	    readlink(path, link, sizeof(link) - 1) < 0 ||
	    sscanf(link, "/proc/%ld%n", &pid, &length) != 1 || link[length])
		return -EBADF;
	return pid;
}

/* Linux tells it here only. */
static long op_pidfd(int fd)
{
	char path[40], line[128];
	long pid = -EBADF;
	FILE *info;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	info = fopen(path, "re");
	while (info && fgets(line, sizeof(line), info)) {
		if (!strncmp(line, "Pid:", 4))
			pid = strtol(line + 4, NULL, 10);
	}
	if (info)
		fclose(info);
	return pid == -EBADF ? proc_directory(fd) : pid;
}

long shadow_operation(struct shadow_thread *thread, const struct crtos_scf_call *call)
{
	const uint64_t *args = call->args;

	switch (call->nr) {
	case CRTOS_OP_ARGS:
		return op_args(args[0], args[1]);
	case CRTOS_OP_CLONE:
		return shadow_clone(args[0]);
	case CRTOS_OP_EXIT_THREAD:
		shadow_leave(thread);
		return SHADOW_NO_REPLY;
	case CRTOS_OP_EXIT_GROUP:
		shadow_exit(args[0]);
	case CRTOS_OP_DIE:
		if (args[0] < 1 || args[0] > 64)
			shadow_protocol_error();
		shadow_die(args[0]);
	case CRTOS_OP_DUMP:
		if (args[0] < 1 || args[0] > 64)
			shadow_protocol_error();
		shadow_dump(args[0], args[1], args[2]);
	case CRTOS_OP_ZAP:
		return raw_syscall3(__NR_ioctl, shadow.mirror_dev, CRTOS_IOC_ZAP, 0);
	case CRTOS_OP_LEND:
		return raw_syscall3(__NR_ioctl, shadow.mirror_dev, CRTOS_IOC_LEND, 0);
	case CRTOS_OP_AREA:
		return shadow_area(args);
	case CRTOS_OP_MIRROR:
		return shadow_show_mirror(args[0], args[1]);
	case CRTOS_OP_ROBUST:
		return raw_syscall3(__NR_set_robust_list, args[0], sizeof(struct robust_list_head),
				    0);
	case CRTOS_OP_FORK:
		return shadow_fork(args[0], args[1]);
	case CRTOS_OP_OWN_MIRROR:
		return shadow_own_mirror();
	case CRTOS_OP_EXEC:
		return shadow_exec();
	case CRTOS_OP_SET_EXE:
		return shadow_set_exe(args[0]);
	case CRTOS_OP_FILE:
		return files_number(args[0]);
	case CRTOS_OP_SET_MM:
		return shadow_set_mm(args);
	case CRTOS_OP_MAPS:
		return shadow_maps(args[0], args[1], args[2]);
	case CRTOS_OP_PIDFD:
		return op_pidfd(args[0]);
	case CRTOS_OP_ON_EXE:
		return shadow_on_exe(args);
	case CRTOS_OP_STOP:
		return shadow_stop(args[0]);
	case CRTOS_OP_SIGNALFD:
		return shadow_signalfd(args[0], args[1], args[2]);
	case CRTOS_OP_SIGMASK:
		return shadow_sigmask(args[0]);
	case CRTOS_OP_SIGACTION:
		return shadow_sigaction(args[0], args[1], args[2]);
	case CRTOS_OP_SETNAME:
		return raw_syscall6(__NR_prctl, PR_SET_NAME, args[0], 0, 0, 0, 0);
	}
	shadow_protocol_error();
}
