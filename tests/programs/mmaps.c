// SPDX-License-Identifier: MIT
/* The memory calls: mapping, protection, moving, the break, files. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "test.h"

#define PAGE	4096ul

static sigjmp_buf back;

static void on_fault(int sig)
{
	(void)sig;
	siglongjmp(back, 1);
}

/* 0: can be read; 1: and written; -1: neither. */
static int access_of(volatile char *p)
{
	char c;

	if (sigsetjmp(back, 1))
		return -1;
	c = *p;
	if (sigsetjmp(back, 1))
		return 0;
	*p = c;
	return 1;
}

static char *map(size_t pages, int prot)
{
	char *p = mmap(NULL, pages * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void anonymous(void)
{
	char *p = map(16, PROT_READ | PROT_WRITE), *q;
	size_t i, sum = 0;

	check(p != NULL, "16 pages");
	for (i = 0; i < 16 * PAGE; i++)
		sum += p[i];
	check(!sum, "they are zero");
	memset(p, 'a', 16 * PAGE);
	check(!munmap(p + 4 * PAGE, PAGE), "a hole");
	check(access_of(p + 4 * PAGE) == -1 && access_of(p + 3 * PAGE) == 1 &&
		      access_of(p + 5 * PAGE) == 1,
	      "only the hole is gone");
	check(!mprotect(p, 2 * PAGE, PROT_READ), "read-only");
	check(access_of(p) == 0 && access_of(p + PAGE) == 0 && access_of(p + 2 * PAGE) == 1,
	      "two pages cannot be written");
	check(!mprotect(p, 3 * PAGE, PROT_NONE) && access_of(p) == -1, "no access");
	check(!mprotect(p, 3 * PAGE, PROT_READ | PROT_WRITE) && p[0] == 'a', "contents survived");
	check(mprotect(p, 8 * PAGE, PROT_READ) == -1 && errno == ENOMEM, "protection over a hole");
	q = mmap(p + 4 * PAGE, PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	check(q == p + 4 * PAGE && !*q, "into the hole");
	q = mmap(p, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	check(q == MAP_FAILED && errno == EEXIST, "not over what is there");
	q = mmap(p + PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	check(q == p + PAGE && !*q && p[2 * PAGE] == 'a', "over what is there");
	check(!madvise(p + 8 * PAGE, 2 * PAGE, MADV_DONTNEED) && !p[8 * PAGE] && !p[9 * PAGE] &&
		      p[10 * PAGE] == 'a',
	      "contents given up");
	check(!munmap(p, 16 * PAGE), "all gone");
	check(munmap(p + 1, PAGE) == -1 && errno == EINVAL, "odd address");
	check(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED &&
		      errno == EINVAL,
	      "nothing");
	check(mmap(NULL, 1ul << 60, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED &&
		      errno == ENOMEM,
	      "too much");
}

static void reservation(void)
{
	char *p = map(1ul << 22, PROT_NONE);	/* 16 GiB */

	check(p != NULL, "a large reservation");
	check(!mprotect(p + PAGE * 1000, 4 * PAGE, PROT_READ | PROT_WRITE), "a part of it");
	p[PAGE * 1000] = 1;
	check(access_of(p) == -1 && access_of(p + PAGE * 1004) == -1 && p[PAGE * 1000] == 1,
	      "nothing else");
	check(!munmap(p, (1ul << 22) * PAGE), "and away");
}

static void moving(void)
{
	char *p = map(8, PROT_READ | PROT_WRITE), *q;

	strcpy(p, "moved");
	strcpy(p + 3 * PAGE, "too");
	munmap(p + 4 * PAGE, 4 * PAGE);
	q = mmap(p + 4 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	check(q == p + 4 * PAGE, "an obstacle");
	check(mremap(p, 4 * PAGE, 8 * PAGE, 0) == MAP_FAILED && errno == ENOMEM, "no room");
	q = mremap(p, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE);
	check(q != MAP_FAILED && q != p && !strcmp(q, "moved") && !strcmp(q + 3 * PAGE, "too") &&
		      !q[7 * PAGE],
	      "moved and grown");
	check(access_of(p) == -1, "not at the old place");
	check(mremap(q, 8 * PAGE, 2 * PAGE, 0) == q && access_of(q + 2 * PAGE) == -1 &&
		      access_of(q + PAGE) == 1,
	      "shrunk");
	check(mremap(q, 2 * PAGE, 4 * PAGE, 0) == q && !q[3 * PAGE], "grown in place");
}

static void the_break(void)
{
	char *start = sbrk(0), *p = sbrk(100 * PAGE);

	check(p == start && access_of(p + 50 * PAGE) == 1, "the break grows");
	memset(p, 1, 100 * PAGE);
	check(sbrk(-100 * (long)PAGE) != (void *)-1 && sbrk(0) == start, "and shrinks");
	p = sbrk(PAGE);
	check(p == start && !p[PAGE - 1], "and is zero again");
}

static void files(void)
{
	char name[] = "/tmp/crtos-mmaps.XXXXXX", text[5000];
	int fd = mkstemp(name), wronly = open(name, O_WRONLY);
	char *p, *q;

	unlink(name);
	memset(text, 'f', sizeof(text));
	check(write(fd, text, sizeof(text)) == sizeof(text), "a file");
	p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	check(p != MAP_FAILED && p[0] == 'f' && p[4999] == 'f' && !p[5000], "mapped");
	p[0] = 'x';
	check(pread(fd, text, 1, 0) == 1 && text[0] == 'f', "a private copy");
	q = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, PAGE);
	check(q != MAP_FAILED && q[0] == 'f' && access_of(q) == 0, "from an offset, read-only");
	check(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 999, 0) == MAP_FAILED && errno == EBADF,
	      "no such descriptor");
	check(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, wronly, 0) == MAP_FAILED && errno == EACCES,
	      "not open for reading");
	check(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 7) == MAP_FAILED && errno == EINVAL,
	      "odd offset");
}

int main(void)
{
	struct sigaction action = { .sa_handler = on_fault };

	sigaction(SIGSEGV, &action, NULL);
	anonymous();
	reservation();
	moving();
	the_break();
	files();
	check(malloc(1 << 20) != NULL && malloc(100) != NULL, "malloc");
	return test_end();
}
