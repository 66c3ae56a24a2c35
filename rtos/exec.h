/* SPDX-License-Identifier: MIT */
/* A program in the making: between exec.c and exec_stack.c. */
#ifndef RTOS_EXEC_H
#define RTOS_EXEC_H

#include "args.h"
#include "elf.h"
#include "mm.h"

struct file {
	s64 fd;
	u64 bias;
	u32 number;			/* mm_file_number() */
	struct elf_image elf;
};

struct exec {
	u64 scratch;
	u64 path;			/* user address */
	struct args args;
	struct file program, interp;	/* fd -1: none */
	/* What the new program finds on its stack: user addresses. */
	u64 stack;			/* argc */
	u64 auxv, auxv_bytes;
};

/* Where the strings go: the top of the stack but for a null. */
static inline u64 exec_strings(const struct exec *e)
{
	return MM_STACK_TOP - 16 - e->args.bytes;
}

/* Fills the stack. May block. 0 or -EFAULT. */
int exec_stack(struct exec *e);
/* Tells Linux where things are on it, for /proc/PID of the shadow and for a core file. May block. */
void exec_tell_stack(const struct exec *e);

#endif
