// SPDX-License-Identifier: MIT
/* What a new program finds on its stack: strings, pointers to them, the auxiliary vector. */
#include <asm/unistd_64.h>
#include <linux/auxvec.h>
#include <linux/errno.h>

#include "cpu.h"
#include "exec.h"
#include "log.h"
#include "process.h"
#include "scf.h"
#include "uaccess.h"

#define HWCAP2_FSGSBASE	2
#define AUX_PAIRS	20

struct aux {
	u64 pair[2 * AUX_PAIRS];
	unsigned int count;
};

static void aux_put(struct aux *aux, u64 type, u64 value)
{
	BUG_ON(aux->count == 2 * AUX_PAIRS);
	aux->pair[aux->count++] = type;
	aux->pair[aux->count++] = value;
}

/* A signal frame: red zone, siginfo and ucontext, XSAVE area with its alignment. */
static u64 minsigstksz(void)
{
	return ALIGN_UP(128 + 128 + 304 + 8 + 64 + cpu.xsave_size + 8, 16);
}

static void aux_fill(struct aux *aux, const struct exec *e, u64 random, u64 platform, u64 execfn)
{
	const struct file *f = &e->program;

	aux_put(aux, AT_HWCAP, cpuid(1, 0).edx);
	aux_put(aux, AT_PAGESZ, PAGE_SIZE);
	aux_put(aux, AT_CLKTCK, 100);
	aux_put(aux, AT_PHDR, f->elf.phdr ? f->elf.phdr + f->bias : 0);
	aux_put(aux, AT_PHENT, sizeof(struct elf64_phdr));
	aux_put(aux, AT_PHNUM, f->elf.phnum);
	aux_put(aux, AT_BASE, e->interp.fd >= 0 ? e->interp.bias + e->interp.elf.low : 0);
	aux_put(aux, AT_FLAGS, 0);
	aux_put(aux, AT_ENTRY, f->elf.entry + f->bias);
	aux_put(aux, AT_UID, (u32)scf(__NR_getuid, 0));
	aux_put(aux, AT_EUID, (u32)scf(__NR_geteuid, 0));
	aux_put(aux, AT_GID, (u32)scf(__NR_getgid, 0));
	aux_put(aux, AT_EGID, (u32)scf(__NR_getegid, 0));
	aux_put(aux, AT_SECURE, 0);
	aux_put(aux, AT_RANDOM, random);
	aux_put(aux, AT_HWCAP2, cpu.fsgsbase ? HWCAP2_FSGSBASE : 0);
	aux_put(aux, AT_PLATFORM, platform);
	aux_put(aux, AT_EXECFN, execfn);
	aux_put(aux, AT_MINSIGSTKSZ, minsigstksz());
	aux_put(aux, AT_NULL, 0);
}

/* Pointers to `count` strings of the block from offset *at, and a NULL. */
static int put_pointers(const struct args *args, u64 *sp, u64 strings, u32 *at, u32 count)
{
	u64 pointer;

	for (; count; count--) {
		preempt_point();
		pointer = strings + *at;
		if (copy_to_user(*sp, &pointer, sizeof(pointer)))
			return -EFAULT;
		*sp += sizeof(pointer);
		*at = args_next(args, *at);
	}
	pointer = 0;
	if (copy_to_user(*sp, &pointer, sizeof(pointer)))
		return -EFAULT;
	*sp += sizeof(pointer);
	return 0;
}

int exec_stack(struct exec *e)
{
	static const char platform[] = "x86_64";
	const struct args *args = &e->args;
	u64 strings = exec_strings(e);
	u64 where = ALIGN_DOWN(strings - sizeof(platform), 16), random = where - 16, sp, argc;
	u32 at = args_next(args, 0);	/* behind the path */
	struct aux aux = { .count = 0 };

	if (args_out(args, strings) || copy_to_user(where, platform, sizeof(platform)))
		return -EFAULT;
	if (scf(__NR_getrandom, random, 16, 1) != 16)
		log_print("%s[%d]: no random bytes for AT_RANDOM", current->process->comm,
			  current->process->pid);
	aux_fill(&aux, e, random, where, strings);
	sp = random - aux.count * sizeof(u64) - (args->argc + args->envc + 3ull) * sizeof(u64);
	sp = e->stack = ALIGN_DOWN(sp, 16);
	argc = args->argc;
	if (copy_to_user(sp, &argc, sizeof(argc)))
		return -EFAULT;
	sp += sizeof(argc);
	if (put_pointers(args, &sp, strings, &at, args->argc) ||
	    put_pointers(args, &sp, strings, &at, args->envc) ||
	    copy_to_user(sp, aux.pair, aux.count * sizeof(u64)))
		return -EFAULT;
	e->auxv = sp;
	e->auxv_bytes = aux.count * sizeof(u64);
	return 0;
}

void exec_tell_stack(const struct exec *e)
{
	u64 strings = exec_strings(e);
	u32 first = args_next(&e->args, 0), at = first, i;

	for (i = 0; i < e->args.argc; i++)
		at = args_next(&e->args, at);
	scf(CRTOS_OP_SET_MM, strings + first, strings + at, strings + e->args.bytes, e->auxv,
	    e->auxv_bytes);
}
