// SPDX-License-Identifier: MIT
/* Memory. All of it is populated and stays, so locking it is a matter of course. */
#include <linux/errno.h>
#include <linux/mman.h>

#include "mm.h"
#include "process.h"
#include "sys.h"

static struct mm *mm(void)
{
	return current->process->mm;
}

s64 sys_mmap(struct regs *regs)
{
	return mm_mmap(mm(), arg0(regs), arg1(regs), arg2(regs), arg3(regs), (s32)arg4(regs),
		       arg5(regs));
}

s64 sys_munmap(struct regs *regs)
{
	return mm_munmap(mm(), arg0(regs), arg1(regs));
}

s64 sys_mprotect(struct regs *regs)
{
	return mm_mprotect(mm(), arg0(regs), arg1(regs), arg2(regs));
}

s64 sys_mremap(struct regs *regs)
{
	return mm_mremap(mm(), arg0(regs), arg1(regs), arg2(regs), arg3(regs), arg4(regs));
}

s64 sys_brk(struct regs *regs)
{
	return mm_brk(mm(), arg0(regs));
}

s64 sys_madvise(struct regs *regs)
{
	return mm_madvise(mm(), arg0(regs), arg1(regs), arg2(regs));
}

s64 sys_msync(struct regs *regs)
{
	return mm_msync(mm(), arg0(regs), arg1(regs), arg2(regs));
}

s64 sys_mincore(struct regs *regs)
{
	return mm_mincore(mm(), arg0(regs), arg1(regs), arg2(regs));
}

/* Linux would bring the pages in, and fails where it may not. */
s64 sys_mlock(struct regs *regs)
{
	return mm_check_accessible(mm(), arg0(regs), arg1(regs));
}

/* With its flag they would be locked when they come. */
s64 sys_mlock2(struct regs *regs)
{
	if (arg2(regs) & ~(u64)MLOCK_ONFAULT)
		return -EINVAL;
	return arg2(regs) ? mm_check_mapped(mm(), arg0(regs), arg1(regs)) : sys_mlock(regs);
}

s64 sys_munlock(struct regs *regs)
{
	return mm_check_mapped(mm(), arg0(regs), arg1(regs));
}

s64 sys_mlockall(struct regs *regs)
{
	u32 flags = arg0(regs);

	return !flags || flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) || flags == MCL_ONFAULT ?
		       -EINVAL :
		       0;
}
