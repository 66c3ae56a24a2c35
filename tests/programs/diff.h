/* SPDX-License-Identifier: MIT */
/*
 * System calls whose results are told in lines, to be compared with those of another kernel: the same program
 * runs on Linux and on the RTOS, and what it prints must be equal to the byte. So nothing is printed that differs
 * from run to run: an address, a process id, a time or an inode number is shown as what is known about it.
 *
 *	diff-NAME linux | rtos
 *
 * tells it where it runs. It matters in one place only: a deviation that is listed in diff.def must be found as it is
 * listed, on either side.
 */
#ifndef DIFF_H
#define DIFF_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096ul
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int diff_on_rtos;

/* --- results ------------------------------------------------------------------------------------ */

static inline long diff_raw(long ret)
{
	return ret == -1 ? -errno : ret;
}

/* Of raw system calls: the value, or minus the errno. Arguments are widened with their sign. */
#define RAW(...) DIFF_PICK(__VA_ARGS__, 6, 5, 4, 3, 2, 1, 0)(__VA_ARGS__)
#define DIFF_PICK(nr, a, b, c, d, e, f, count, ...) DIFF_RAW##count
#define DIFF_RAW0(nr) diff_raw(syscall(nr))
#define DIFF_RAW1(nr, a) diff_raw(syscall(nr, (long)(a)))
#define DIFF_RAW2(nr, a, b) diff_raw(syscall(nr, (long)(a), (long)(b)))
#define DIFF_RAW3(nr, a, b, c) diff_raw(syscall(nr, (long)(a), (long)(b), (long)(c)))
#define DIFF_RAW4(nr, a, b, c, d) diff_raw(syscall(nr, (long)(a), (long)(b), (long)(c), (long)(d)))
#define DIFF_RAW5(nr, a, b, c, d, e) \
	diff_raw(syscall(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e)))
#define DIFF_RAW6(nr, a, b, c, d, e, f) \
	diff_raw(syscall(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f)))

__attribute__((unused)) static const char *diff_error(long ret)
{
	const char *name = strerrorname_np(-ret);

	return name ? name : "?";
}

__attribute__((unused)) static void diff_result(long ret, int hide)
{
	if (ret < 0 && ret > -4096)
		printf("%s\n", diff_error(ret));
	else if (hide)
		printf("done\n");
	else
		printf("%ld\n", ret);
}

__attribute__((unused)) static long diff_call(const char *name, const char *words, int hide,
					      long ret)
{
	printf("%s(%s): ", name, words);
	diff_result(ret, hide);
	return ret;
}

/* CALL(name, "arguments in words", arguments...): the result is shown, and returned as by RAW(). */
#define CALL(name, words, ...) diff_call(#name, words, 0, RAW(SYS_##name, ##__VA_ARGS__))
/* A result that is an address, an id or otherwise different each time: only errors are told apart. */
#define HIDE(name, words, ...) diff_call(#name, words, 1, RAW(SYS_##name, ##__VA_ARGS__))

/* What a system call has left behind. */
#define SEE(format, ...) printf("\t" format "\n", ##__VA_ARGS__)

/* --- listed deviations -------------------------------------------------------------------------- */

#define E(name) (-name)
#define COVERED(name, program)
#define NOT_COVERED(name, why)
#define DEVIATION(id, on_linux, on_rtos, why) DIFF_##id,
enum diff_deviation {
#include "diff.def"
	DIFF_DEVIATIONS
};
#undef DEVIATION
#define DEVIATION(id, on_linux, on_rtos, why) { #id, on_linux, on_rtos },
static const struct {
	const char *id;
	long on_linux, on_rtos;
} diff_deviations[] = {
#include "diff.def"
	{ NULL, 0, 0 },
};
#undef DEVIATION
#undef COVERED
#undef NOT_COVERED

__attribute__((unused)) static long diff_deviates(enum diff_deviation which, const char *name,
						  const char *words, long ret)
{
	long listed = diff_on_rtos ? diff_deviations[which].on_rtos :
				     diff_deviations[which].on_linux;
	/* An address or a count. */
	long seen = ret < 0 && ret > -4096 ? ret : 0;

	printf("%s(%s): ", name, words);
	if (seen == listed)
		printf("as listed, %s\n", diff_deviations[which].id);
	else
		printf("not as listed for %s, %s: %s\n", diff_on_rtos ? "the RTOS" : "Linux",
		       diff_deviations[which].id, seen ? diff_error(seen) : "done");
	return ret;
}

/* A call that is listed as DEVIATION(id, ...); results that are no errors count as 0. */
#define DEVIATES(id, name, words, ...) \
	diff_deviates(DIFF_##id, #name, words, RAW(SYS_##name, ##__VA_ARGS__))

/* The same for what a call has left behind. */
#define SEE_DEVIATES(id, words, value) diff_deviates(DIFF_##id, "\tseen", words, value)

/* --- contents ----------------------------------------------------------------------------------- */

/* FNV-1a. */
__attribute__((unused)) static uint32_t digest(const void *from, size_t bytes)
{
	const unsigned char *p = from;
	uint32_t hash = 2166136261u;

	while (bytes--)
		hash = (hash ^ *p++) * 16777619u;
	return hash;
}

/* Bytes that differ from page to page and within one. */
__attribute__((unused)) static void fill(void *to, size_t bytes, unsigned int seed)
{
	unsigned char *p = to;
	size_t i;

	for (i = 0; i < bytes; i++)
		p[i] = (seed + i * 7 + (i >> 8) * 13) & 0xff;
}

/* A file as it is now, without its offset being changed. */
__attribute__((unused)) static void see_file(int fd)
{
	static char text[1 << 16];
	long bytes = RAW(SYS_pread64, fd, text, sizeof(text), 0);

	SEE("the file: %ld bytes, %08x, offset %ld, flags %#lx", bytes,
	    bytes > 0 ? digest(text, bytes) : 0, RAW(SYS_lseek, fd, 0, SEEK_CUR),
	    RAW(SYS_fcntl, fd, F_GETFL));
}

/* --- access ------------------------------------------------------------------------------------- */

static sigjmp_buf diff_back;

static void diff_on_fault(int sig)
{
	siglongjmp(diff_back, sig);
}

/* "none", "r" or "rw": what the program itself can do with a byte. */
__attribute__((unused)) static const char *access_of(const void *at)
{
	struct sigaction action = { .sa_handler = diff_on_fault }, segv, bus;
	const char *volatile found = "none";
	volatile char *p = (volatile char *)at;

	sigaction(SIGSEGV, &action, &segv);
	sigaction(SIGBUS, &action, &bus);
	if (!sigsetjmp(diff_back, 1)) {
		char byte = *p;

		found = "r";
		*p = byte;
		found = "rw";
	}
	sigaction(SIGSEGV, &segv, NULL);
	sigaction(SIGBUS, &bus, NULL);
	return found;
}

/* --- wild pointers ------------------------------------------------------------------------------ */

struct wild {
	const char *name;
	unsigned long at;
};

#define WILD_MAPPED 7

/* Addresses to pass where one is wanted. The first ones are made by wild_start(). */
static struct wild wild[] = {
	{ "hole", 0 },
	{ "no access", 0 },
	{ "read-only", 0 },
	{ "last byte", 0 },
	{ "last byte before no access", 0 },
	{ "last byte before read-only", 0 },
	{ "odd", 0 },
	{ "NULL", 0 },
	{ "1", 1 },
	{ "low", 0x1000 },
	{ "end of the RTOS's range", 0x500000000000 },
	{ "just above it", 0x500000000008 },
	{ "far above it", 0x510000000000 },
	{ "where a shadow may be", 0x560000000000 },
	{ "end of Linux's range", 0x7fffffffe000 },
	{ "last page", 0x7ffffffff000 },
	{ "non-canonical", 0x800000000000 },
	{ "far from canonical", 0x4141414141414141 },
	{ "kernel", 0xffff888000000000 },
	{ "kernel text", 0xffffffff81000000 },
	{ "-4096", -4096ul },
	{ "-1", -1ul },
};

__attribute__((unused)) static void *diff_map(void *at, size_t pages, int prot, int flags)
{
	void *p = mmap(at, pages * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	if (p == MAP_FAILED) {
		printf("set-up: mmap: %m\n");
		exit(1);
	}
	return p;
}

__attribute__((unused)) static void wild_start(void)
{
	char *p = diff_map(NULL, 17, PROT_NONE, 0);

	/* none | hole, none, read-only, hole | data hole | data none | data read-only | data: small holes stay. */
	p += PAGE;
	munmap(p, PAGE);
	mprotect(p + 2 * PAGE, PAGE, PROT_READ);
	munmap(p + 3 * PAGE, PAGE);
	mprotect(p + 4 * PAGE, PAGE, PROT_READ | PROT_WRITE);
	munmap(p + 5 * PAGE, PAGE);
	mprotect(p + 6 * PAGE, PAGE, PROT_READ | PROT_WRITE);
	mprotect(p + 8 * PAGE, PAGE, PROT_READ | PROT_WRITE);
	mprotect(p + 9 * PAGE, PAGE, PROT_READ);
	mprotect(p + 11 * PAGE, PAGE, PROT_READ | PROT_WRITE);
	/* No string ends there; as a time it is short. */
	p[5 * PAGE - 1] = p[7 * PAGE - 1] = p[9 * PAGE - 1] = 1;
	wild[0].at = (unsigned long)p;
	wild[1].at = (unsigned long)p + PAGE;
	wild[2].at = (unsigned long)p + 2 * PAGE;
	wild[3].at = (unsigned long)p + 5 * PAGE - 1;
	wild[4].at = (unsigned long)p + 7 * PAGE - 1;
	wild[5].at = (unsigned long)p + 9 * PAGE - 1;
	wild[6].at = (unsigned long)p + 11 * PAGE + 1;
}

/* What may be written through wild pointers is as it was. */
__attribute__((unused)) static void wild_renew(void)
{
	memset((void *)(wild[3].at + 1 - PAGE), 0, PAGE - 1);
	memset((void *)(wild[4].at + 1 - PAGE), 0, PAGE - 1);
	memset((void *)(wild[5].at + 1 - PAGE), 0, PAGE - 1);
	memset((void *)(wild[6].at - 1), 0, PAGE);
	*(char *)wild[3].at = *(char *)wild[4].at = *(char *)wild[5].at = 1;
}

/* --- begin and end ------------------------------------------------------------------------------ */

/* Lines up to the next group are compared together. */
__attribute__((unused)) static void group(const char *name)
{
	printf("== %s\n", name);
}

/* In an empty directory of its own on tmpfs, which is the working directory. */
__attribute__((unused)) static void diff_start(int argc, char **argv)
{
	char dir[] = "/tmp/diff.XXXXXX";

	if (argc != 2 || (strcmp(argv[1], "linux") && strcmp(argv[1], "rtos"))) {
		fprintf(stderr, "usage: %s linux | rtos\n", argv[0]);
		exit(2);
	}
	diff_on_rtos = !strcmp(argv[1], "rtos");
	setvbuf(stdout, NULL, _IOLBF, 1 << 12);
	umask(022);
	if (!mkdtemp(dir) || chdir(dir)) {
		perror(dir);
		exit(1);
	}
}

__attribute__((unused)) static int diff_end(void)
{
	group("the end");
	fflush(stdout);
	return 0;
}

#endif
