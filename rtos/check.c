// SPDX-License-Identifier: MIT
#include <asm/unistd_64.h>
#include <linux/errno.h>
#include <linux/fcntl.h>

#include "check.h"
#include "dump.h"
#include "kstring.h"
#include "process.h"
#include "scf.h"
#include "uaccess.h"

#define OWN_NAME_ROOM	32
#define IOVECS_MAX 1024 /* UIO_MAXIOV */
#define MESSAGES_MAX 1024
#define BATCH 16

struct iovec {
	u64 base, bytes;
};

struct msghdr {
	u64 name;
	u32 name_bytes, pad;
	u64 iov, iovs;
	u64 control, control_bytes;
	u32 flags, pad2;
};
CRTOS_ASSERT_SIZE(struct msghdr, 56);

struct mmsghdr {
	struct msghdr header;
	u32 bytes, pad;
};
CRTOS_ASSERT_SIZE(struct mmsghdr, 64);

/* What cannot be read here Linux cannot read either, and it says so at its own time. */
static s64 check_iovecs(u64 array, u64 count)
{
	struct iovec iov[BATCH];
	u64 i, n;

	/* Linux refuses more, before it looks at any. */
	if (count > IOVECS_MAX)
		return 0;
	for (; count; count -= n, array += n * sizeof(iov[0])) {
		n = min(count, (u64)BATCH);
		preempt_point();
		if (copy_from_user(iov, array, n * sizeof(iov[0])))
			return 0;
		for (i = 0; i < n; i++) {
			if (sys_shadow_pointer(iov[i].base))
				return -EFAULT;
		}
	}
	return 0;
}

s64 check_iovec(struct regs *regs)
{
	return check_iovecs(arg1(regs), arg2(regs));
}

static s64 check_header(u64 addr)
{
	struct msghdr h;

	if (copy_from_user(&h, addr, sizeof(h)))
		return 0;
	if (sys_shadow_pointer(h.name) || sys_shadow_pointer(h.iov) ||
	    sys_shadow_pointer(h.control))
		return -EFAULT;
	return check_iovecs(h.iov, h.iovs);
}

s64 check_msghdr(struct regs *regs)
{
	return check_header(arg1(regs));
}

s64 check_mmsghdr(struct regs *regs)
{
	u32 i, count = arg2(regs);
	s64 ret;

	/* Linux takes no more than that. */
	for (i = 0; i < count && i < MESSAGES_MAX; i++) {
		preempt_point();
		ret = check_header(arg1(regs) + i * sizeof(struct mmsghdr));
		if (ret)
			return ret;
	}
	return 0;
}

/*
 * What of "/proc/self/", or of the same with the program's number, a path names: to Linux that would be
 * the shadow's. In `text`, which has room for all that is of interest here; NULL: nothing.
 */
static const char *own_name(u64 path, char text[OWN_NAME_ROOM])
{
	static const char head[] = "/proc/", self[] = "self/", thread_self[] = "thread-self/";
	char *at = text + sizeof(head) - 1;
	u32 pid = 0;

	if (strncpy_from_user(text, path, OWN_NAME_ROOM) < 0 ||
	    memcmp(text, head, sizeof(head) - 1))
		return NULL;
	if (!memcmp(at, self, sizeof(self) - 1))
		return at + sizeof(self) - 1;
	if (!memcmp(at, thread_self, sizeof(thread_self) - 1))
		return at + sizeof(thread_self) - 1;
	while (*at >= '0' && *at <= '9' && pid <= INT32_MAX / 10)
		pid = pid * 10 + *at++ - '0';
	return pid && pid == (u32)current->process->pid && *at == '/' ? at + 1 : NULL;
}

bool path_is_exe(u64 path)
{
	char text[OWN_NAME_ROOM];
	const char *name = own_name(path, text);

	return name && !strcmp(name, "exe");
}

static bool opens_for_reading(const struct regs *regs, u64 *flags)
{
	if (regs->error != __NR_open && regs->error != __NR_openat)
		return false;
	*flags = regs->error == __NR_open ? arg1(regs) : arg2(regs);
	return (*flags & (O_ACCMODE | O_PATH | O_DIRECTORY)) == O_RDONLY;
}

static s64 check_path(struct regs *regs, u64 path)
{
	char text[OWN_NAME_ROOM];
	const char *name = own_name(path, text);
	u64 flags;

	if (!name)
		return 0;
	if (!strcmp(name, "maps") && opens_for_reading(regs, &flags)) {
		regs->rax = dump_maps(flags);
		return CHECK_DONE;
	}
	if (strcmp(name, "exe"))
		return 0;
	regs->rax = scf(CRTOS_OP_ON_EXE, regs->error, arg0(regs), arg1(regs), arg2(regs),
			arg3(regs), arg4(regs));
	return CHECK_DONE;
}

s64 check_path0(struct regs *regs)
{
	return check_path(regs, arg0(regs));
}

s64 check_path1(struct regs *regs)
{
	return check_path(regs, arg1(regs));
}

s64 check_process_vm(struct regs *regs)
{
	s64 ret = check_iovecs(arg1(regs), arg2(regs));

	/* In another process any address is good. */
	if (!ret && (s32)arg0(regs) == current->process->pid)
		ret = check_iovecs(arg3(regs), arg4(regs));
	return ret;
}
