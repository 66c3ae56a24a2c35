// SPDX-License-Identifier: MIT
/*
 * execve: the RTOS's own, and the only loader. The file is read by remote calls, straight to where it
 * belongs. What can be refused is refused before the old program is given up; after that, as on Linux, a
 * failure ends the process.
 *
 * A program's layout is the same in every run: CRTOS_USER_START < ET_EXEC image, break < MM_PIE_BASE, the
 * image of a PIE, its break < mappings and the interpreter, downwards < stack.
 *
 * Not done: set-user-id (the shadow has the credentials). A program must be readable.
 */
#include <asm/stat.h>
#include <asm/unistd_64.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/stat.h>

#include "check.h"
#include "cpu.h"
#include "elf.h"
#include "exec.h"
#include "fork.h"
#include "futex.h"
#include "kstring.h"
#include "log.h"
#include "mm.h"
#include "page.h"
#include "process.h"
#include "scf.h"
#include "script.h"
#include "sys.h"
#include "uaccess.h"

/* A user area for what Linux writes and reads: a page of data, then a block of arguments. */
#define SCRATCH_TEXT	PAGE_SIZE
#define SCRATCH_BYTES	(2 * PAGE_SIZE + ALIGN_UP(CRTOS_ARGS_MAX, PAGE_SIZE))

#define SCRIPT_DEPTH	5		/* scripts whose interpreters are scripts, as on Linux */
#define BRK_GAP		(16 * PAGE_SIZE)

CRTOS_ASSERT(sizeof(struct elf64_phdr) * ELF_PHDRS_MAX <= PAGE_SIZE);
CRTOS_ASSERT(sizeof(struct exec) <= PAGE_SIZE);

static struct exec *exec_new(void)
{
	struct exec *e = kalloc(sizeof(*e));

	if (!e)
		return NULL;
	args_init(&e->args);
	e->program.fd = e->interp.fd = -1;
	return e;
}

static void exec_free(struct exec *e)
{
	if (e->program.fd >= 0)
		scf(__NR_close, e->program.fd);
	if (e->interp.fd >= 0)
		scf(__NR_close, e->interp.fd);
	args_free(&e->args);
	kfree(e);
}

static int scratch_map(struct exec *e)
{
	s64 ret = mm_mmap(current->process->mm, 0, SCRATCH_BYTES, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (ret < 0)
		return ret;
	e->scratch = ret;
	return 0;
}

/* --- reading and judging ------------------------------------------------------------------------- */

/* Through the scratch page. Bytes read or -errno. */
static s64 read_kernel(struct exec *e, s64 fd, void *to, u64 bytes, u64 offset)
{
	s64 ret = mm_read_file(fd, e->scratch, bytes, offset);

	if (ret > 0 && copy_from_user(to, e->scratch, ret))
		return -EFAULT;
	return ret;
}

static s64 on_path(u32 nr, u64 path, u64 arg, u64 arg2)
{
	if (path_is_exe(path))
		return scf(CRTOS_OP_ON_EXE, nr, AT_FDCWD, path, arg, arg2);
	return scf(nr, AT_FDCWD, path, arg, arg2);
}

static int check_mode(struct exec *e, s64 fd, u64 path)
{
	struct stat st;
	s64 ret = scf(__NR_fstat, fd, e->scratch);

	if (ret < 0)
		return ret;
	if (copy_from_user(&st, e->scratch, sizeof(st)))
		return -EFAULT;
	if (!S_ISREG(st.st_mode))
		return -EACCES;
	/* With the effective ids, as execve. */
	ret = on_path(__NR_faccessat2, path, 1, 0x200);
	return ret == -ENOSYS ? 0 : ret;
}

/* Opens a program and reads its beginning, up to SCRIPT_BYTES: their number or -errno. */
static s64 open_file(struct exec *e, struct file *file, u64 path, char *text)
{
	s64 ret;

	file->fd = on_path(__NR_openat, path, O_RDONLY | O_CLOEXEC, 0);
	if (file->fd < 0)
		return file->fd;
	file->number = mm_file_number(file->fd);
	ret = check_mode(e, file->fd, path);
	return ret ? ret : read_kernel(e, file->fd, text, SCRIPT_BYTES, 0);
}

static int check_elf(struct exec *e, struct file *file, const char *text, u64 bytes)
{
	struct elf64_hdr header;
	struct elf64_phdr *phdr;
	s64 ret;

	memcpy(&header, text, sizeof(header));
	ret = elf_check_header(&file->elf, &header, bytes);
	if (ret)
		return ret;
	phdr = kalloc(PAGE_SIZE);
	if (!phdr)
		return -ENOMEM;
	bytes = file->elf.phnum * sizeof(*phdr);
	ret = read_kernel(e, file->fd, phdr, bytes, file->elf.phoff);
	if (ret >= 0)
		ret = (u64)ret < bytes ? -ENOEXEC : elf_check_segments(&file->elf, phdr);
	kfree(phdr);
	return ret;
}

/* The path stays, and comes behind the interpreter and its argument in the place of argv[0]. */
static int script_args(struct args *args, const char *interp, const char *arg)
{
	u32 path = args_next(args, 0), rest = args->argc ? args_next(args, path) : path;
	struct args new;
	int ret;

	args_init(&new);
	ret = args_part(&new, args, 0, path);
	if (!ret)
		ret = args_text(&new, interp);
	if (!ret && arg)
		ret = args_text(&new, arg);
	if (!ret)
		ret = args_part(&new, args, 0, path);
	if (!ret)
		ret = args_part(&new, args, rest, args->bytes);
	if (ret) {
		args_free(&new);
		return ret;
	}
	new.argc = args->argc + !args->argc + 1 + !!arg;
	new.envc = args->envc;
	args_free(args);
	*args = new;
	return 0;
}

static int open_script(struct exec *e, char *text, u64 bytes)
{
	char *interp, *arg;
	int ret = script_parse(text, bytes, &interp, &arg);

	if (ret)
		return ret;
	scf(__NR_close, e->program.fd);
	e->program.fd = -1;
	e->path = e->scratch + SCRATCH_TEXT;
	if (copy_to_user(e->path, interp, strlen(interp) + 1))
		return -EFAULT;
	return script_args(&e->args, interp, arg);
}

static int open_program(struct exec *e)
{
	char text[SCRIPT_BYTES + 1] = "";
	unsigned int depth;
	s64 ret;

	for (depth = 0; depth <= SCRIPT_DEPTH; depth++) {
		ret = open_file(e, &e->program, e->path, text);
		if (ret < 0)
			return ret;
		if (!is_script(text, ret))
			return check_elf(e, &e->program, text, ret);
		ret = open_script(e, text, ret);
		if (ret)
			return ret;
	}
	return -ELOOP;
}

static int open_interp(struct exec *e)
{
	const struct elf_image *elf = &e->program.elf;
	u64 path = e->scratch + SCRATCH_TEXT, end = path + elf->interp_bytes - 1;
	char text[SCRIPT_BYTES + 1] = "";
	u8 last;
	s64 ret;

	if (!elf->interp_bytes)
		return 0;
	ret = mm_read_file(e->program.fd, path, elf->interp_bytes, elf->interp_offset);
	if (ret < 0)
		return ret;
	if ((u64)ret < elf->interp_bytes)
		return -EIO;
	if (copy_from_user(&last, end, 1))
		return -EFAULT;
	if (last)
		return -ENOEXEC;
	ret = open_file(e, &e->interp, path, text);
	if (ret >= 0)
		ret = check_elf(e, &e->interp, text, ret);
	/* A broken interpreter is its own error on Linux. */
	return ret == -ENOEXEC ? -ELIBBAD : ret;
}

static int open_files(struct exec *e)
{
	int ret = open_program(e);

	return ret ? ret : open_interp(e);
}

/* --- the new image ------------------------------------------------------------------------------- */

static int place(struct mm *mm, struct file *file, u64 base)
{
	const struct elf_image *elf = &file->elf;

	if (elf->pie && elf->high - elf->low > CRTOS_USER_END - base)
		return -ENOMEM;
	file->bias = elf->pie ? base - elf->low : 0;
	/* Also keeps the search for free addresses above and the stack apart from it. */
	if (elf->high + file->bias > mm->mmap_top)
		return -ENOMEM;
	return 0;
}

static int load_segment(struct mm *mm, const struct file *file, const struct elf_segment *s,
			u64 *mapped)
{
	u64 vaddr = s->vaddr + file->bias;
	u64 start = ALIGN_DOWN(vaddr, PAGE_SIZE), end = ALIGN_UP(vaddr + s->memsz, PAGE_SIZE);
	s64 ret;

	/* Two segments may share a page. */
	start = max(start, *mapped);
	if (start < end) {
		ret = mm_map_image(mm, start, end, VM_READ | VM_WRITE);
		if (ret)
			return ret;
		*mapped = end;
	}
	if (!s->filesz)
		return 0;
	ret = mm_read_file(file->fd, vaddr, s->filesz, s->offset);
	if (ret < 0)
		return ret;
	/* Linux would map it and send SIGBUS when what is missing is touched. */
	if ((u64)ret < s->filesz)
		return -EIO;
	start = ALIGN_DOWN(vaddr, PAGE_SIZE);
	return mm_name_image(mm, start, ALIGN_UP(vaddr + s->filesz, PAGE_SIZE), file->number,
			     s->offset - (vaddr - start));
}

static int load_file(struct mm *mm, const struct file *file)
{
	const struct elf_image *elf = &file->elf;
	u64 mapped = 0;
	unsigned int i;
	int ret;

	for (i = 0; i < elf->segments; i++) {
		ret = load_segment(mm, file, &elf->segment[i], &mapped);
		if (ret)
			return ret;
	}
	for (i = 0; i < elf->segments; i++) {
		const struct elf_segment *s = &elf->segment[i];
		u64 vaddr = s->vaddr + file->bias;

		ret = mm_protect_image(mm, ALIGN_DOWN(vaddr, PAGE_SIZE),
				       ALIGN_UP(vaddr + s->memsz, PAGE_SIZE), s->prot);
		if (ret)
			return ret;
	}
	return 0;
}

static int load(struct exec *e, struct process *p)
{
	struct mm *mm = p->mm;
	u64 stack = min(max(p->stack_limit, 4 * CRTOS_ARGS_MAX), MM_STACK_MAX);
	u64 bytes, base;
	int ret;

	ret = mm_map_stack(mm, ALIGN_UP(stack, PAGE_SIZE));
	if (!ret)
		ret = place(mm, &e->program, MM_PIE_BASE);
	if (!ret)
		ret = load_file(mm, &e->program);
	if (ret)
		return ret;
	mm->brk_start = mm->brk = e->program.elf.high + e->program.bias + BRK_GAP;
	if (e->interp.fd >= 0) {
		bytes = e->interp.elf.high - e->interp.elf.low;
		base = vma_gap(&mm->vmas, CRTOS_USER_START, mm->mmap_top, bytes);
		if (!base)
			return -ENOMEM;
		ret = place(mm, &e->interp, base);
		if (!ret)
			ret = load_file(mm, &e->interp);
		if (ret)
			return ret;
	}
	return mm_image_done(mm);
}

/* --- the steps ----------------------------------------------------------------------------------- */

static void set_name(struct process *p, const struct exec *e)
{
	const struct args *args = &e->args;
	u32 at, base = 0;
	unsigned int i;

	for (at = 0; args_byte(args, at); at++) {
		if (args_byte(args, at) == '/')
			base = at + 1;
	}
	for (i = 0; i < sizeof(p->comm) - 1 && args_byte(args, base + i); i++)
		p->comm[i] = args_byte(args, base + i);
	memset(p->comm + i, 0, sizeof(p->comm) - i);
	scf(CRTOS_OP_SETNAME, exec_strings(e) + base);
}

static void set_regs(const struct exec *e, struct regs *regs)
{
	const struct file *first = e->interp.fd >= 0 ? &e->interp : &e->program;

	memset(regs, 0, sizeof(*regs));
	regs->rip = first->elf.entry + first->bias;
	regs->rsp = e->stack;
	regs->cs = USER_CS;
	regs->ss = USER_DS;
	regs->rflags = RFLAGS_FIXED | RFLAGS_IF;
}

/* Empty memory for the new image. That of a vfork parent is left as it was. */
static int own_memory(struct exec *e, struct process *p)
{
	struct mm *old = p->mm, *mm;
	int ret;

	if (!p->vfork_parent)
		return mm_clear(old);
	ret = mm_munmap(old, e->scratch, SCRATCH_BYTES);
	if (ret)
		return ret;
	mm = mm_create();
	if (!mm)
		return -ENOMEM;
	mm_show(mm, p->ctl);
	ret = scf(CRTOS_OP_OWN_MIRROR, 0);
	if (ret) {
		mm_hide(mm, p->ctl);
		mm_put(mm);
		return ret;
	}
	p->mm = mm;
	vm_switch(&mm->vm);
	mm_put(old);
	fork_release(p);
	return 0;
}

/* Files are open and judged, strings are copied: from here on there is no way back. */
static int replace(struct exec *e, struct process *p, struct regs *regs)
{
	int ret;

	futex_exec();
	ret = own_memory(e, p);
	if (!ret)
		ret = load(e, p);
	if (!ret)
		ret = exec_stack(e);
	if (ret)
		return ret;
	signal_exec(p);
	set_name(p, e);
	exec_tell_stack(e);
	scf(CRTOS_OP_SET_EXE, e->program.fd);
	current->clear_child_tid = 0;
	current->robust_list = 0;
	current->altstack_size = 0;
	thread_set_fs_base(current, 0);
	thread_set_gs_base(current, 0);
	thread_fpu_reset();
	set_regs(e, regs);
	return current->killed ? -EINTR : 0;
}

static int first_args(struct exec *e)
{
	u64 block = e->scratch + 2 * PAGE_SIZE;
	struct crtos_args header;
	s64 ret = scf(CRTOS_OP_ARGS, block, CRTOS_ARGS_MAX);

	if (ret < 0)
		return ret;
	if (ret > (s64)CRTOS_ARGS_MAX)
		return -E2BIG;
	if (copy_from_user(&header, block, sizeof(header)))
		return -EFAULT;
	if (header.bytes > CRTOS_ARGS_MAX - sizeof(header))
		return -E2BIG;
	signal_inherit(current->process, header.ignored, header.blocked);
	e->path = block + sizeof(header);
	return args_block(&e->args, e->path, header.bytes, header.argc, header.envc);
}

static const char *reason(int error)
{
	switch (error) {
	case -ENOENT:
		return "No such file or directory";
	case -EACCES:
		return "Permission denied";
	case -ENOEXEC:
		return "Exec format error";
	case -ENOMEM:
		return "Cannot allocate memory in the real-time partition";
	case -E2BIG:
		return "Argument list too long";
	case -EIO:
		return "The file is truncated";
	case -ELIBBAD:
		return "The program interpreter is broken";
	case -ENOTDIR:
		return "Not a directory";
	case -ELOOP:
		return "Too many levels of symbolic links";
	case -EISDIR:
		return "Is a directory";
	case -EPERM:
		return "Operation not permitted";
	case -EINVAL:
		return "Invalid argument";
	}
	return "Cannot be executed";
}

/* As env(1) does: a line on the standard error, and 127 for a program that is not there, else 126. */
static _Noreturn void exec_failed(struct exec *e, int error)
{
	struct process *p = current->process;
	static const char head[] = "crtos run: ";
	const char *parts[2] = { ": ", reason(error) };
	char line[256];
	unsigned int n = sizeof(head) - 1, i;
	u32 at;

	if (current->killed || p->closed) {
		exec_free(e);
		process_exit_thread(0);
	}
	memcpy(line, head, n);
	for (at = 0; at < e->args.bytes && args_byte(&e->args, at) && n < 160; at++)
		line[n++] = args_byte(&e->args, at);
	for (i = 0; i < 2; i++) {
		memcpy(line + n, parts[i], strlen(parts[i]));
		n += strlen(parts[i]);
	}
	line[n++] = '\n';
	log_print("%s[%d]: first exec failed: error %d", p->comm, p->pid, -error);
	if (!mm_clear(p->mm) && !scratch_map(e) && !copy_to_user(e->scratch, line, n))
		scf(__NR_write, 2, e->scratch, n);
	exec_free(e);
	process_exit(CRTOS_OP_EXIT_GROUP, error == -ENOENT ? 127 : 126);
}

void exec_first(struct regs *regs)
{
	struct process *p = current->process;
	struct exec *e = exec_new();
	int ret;

	p->started = true;
	if (!e) {
		process_end(p, CRTOS_END_NO_MEMORY);
		return;
	}
	ret = scratch_map(e);
	if (!ret)
		ret = first_args(e);
	if (!ret)
		ret = open_files(e);
	if (!ret)
		ret = replace(e, p, regs);
	if (ret)
		exec_failed(e, ret);
	exec_free(e);
}

s64 sys_execve(struct regs *regs)
{
	struct process *p = current->process;
	struct exec *e;
	int ret;

	if (!sys_user_pointer(arg0(regs)) || !arg0(regs))
		return -EFAULT;
	e = exec_new();
	if (!e)
		return -ENOMEM;
	e->path = arg0(regs);
	/* Before the scratch area comes to lie where a bad pointer leads. */
	ret = args_string(&e->args, e->path);
	if (!ret && !args_byte(&e->args, 0))
		ret = -ENOENT;
	if (!ret)
		ret = args_array(&e->args, arg1(regs), &e->args.argc);
	if (!ret)
		ret = args_array(&e->args, arg2(regs), &e->args.envc);
	if (!ret)
		ret = scratch_map(e);
	if (ret)
		goto free;
	ret = open_files(e);
	if (!ret)
		ret = process_kill_others(p);
	if (ret) {
		mm_munmap(p->mm, e->scratch, SCRATCH_BYTES);
		goto free;
	}
	ret = replace(e, p, regs);
	if (ret) {
		if (!current->killed)
			log_print("%s[%d]: exec failed half-way: error %d", p->comm, p->pid, -ret);
		exec_free(e);
		process_exit(CRTOS_OP_DIE, 9);
	}
	exec_free(e);
	scf(CRTOS_OP_EXEC, 0);
	return 0;
free:
	exec_free(e);
	return ret;
}
