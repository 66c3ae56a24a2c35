// SPDX-License-Identifier: MIT
/* Memory: which pages there are afterwards, what may be done with them and what they hold. */
#include "diff.h"

#include <sys/prctl.h>

#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static int file, reader, writer;

/* One letter a page: - nothing mapped, n no access, r, w; and a digest of what can be read. */
static void see_pages(const char *base, size_t pages)
{
	uint32_t contents = 0;
	char map[65];
	unsigned char in;
	size_t i;

	for (i = 0; i < pages; i++) {
		const char *at = base + i * PAGE, *access = access_of(at);

		map[i] = access[0] == 'n' ? 'n' : access[1] ? 'w' : 'r';
		if (RAW(SYS_mincore, at, PAGE, &in) == -ENOMEM)
			map[i] = '-';
		else if (map[i] != 'n')
			contents = contents * 31 + digest(at, PAGE);
	}
	map[pages] = '\0';
	SEE("[%s] %08x", map, contents);
}

/* Addresses relative to a base; what is elsewhere is "elsewhere". */
static void see_address(long ret, const char *base)
{
	if (ret < 0 && ret > -4096)
		printf("%s\n", diff_error(ret));
	else if (ret >= (long)base && ret < (long)base + (long)(64 * PAGE))
		printf("page %ld\n", (ret - (long)base) / (long)PAGE);
	else
		printf("elsewhere\n");
}

#define AT(name, words, base, ...) \
	(printf("%s(%s): ", #name, words), see_address(RAW(SYS_##name, ##__VA_ARGS__), base))

/* 64 pages of address space with nothing in them. */
static char *nothing(void)
{
	char *p = diff_map(NULL, 64, PROT_NONE, MAP_NORESERVE);

	munmap(p, 64 * PAGE);
	return p;
}

static char *some(size_t pages)
{
	char *p = nothing();

	diff_map(p, pages, RW, MAP_FIXED);
	fill(p, pages * PAGE, 3);
	return p;
}

static void mapping(void)
{
	static const unsigned long sizes[] = { 0, 1, PAGE - 1, PAGE, PAGE + 1, 5 * PAGE - 7 };
	static const unsigned long large[] = { -1ul,	  -PAGE,     -PAGE + 1,
					       1ul << 63, 1ul << 47, 1ul << 60 };
	char *p = nothing();
	unsigned int i, prot;

	group("mmap");
	for (i = 0; i < COUNT(sizes); i++) {
		printf("%lu bytes: ", sizes[i]);
		AT(mmap, "there", p, p + 8 * PAGE, sizes[i], RW, ANON | MAP_FIXED, -1, 0);
		see_pages(p + 8 * PAGE, 6);
		munmap(p, 64 * PAGE);
	}
	for (i = 0; i < COUNT(large); i++) {
		printf("%#lx bytes: ", large[i]);
		AT(mmap, "anywhere", p, NULL, large[i], RW, ANON, -1, 0);
	}
	for (prot = 0; prot < 8; prot++) {
		printf("protection %u: ", prot);
		AT(mmap, "there", p, p, 2 * PAGE, prot, ANON | MAP_FIXED, -1, 0);
		/* What can be executed only can be read without protection keys, and cannot with them. */
		if (prot != PROT_EXEC)
			see_pages(p, 3);
		munmap(p, 64 * PAGE);
	}
	AT(mmap, "an odd fixed address", p, p + 1, PAGE, RW, ANON | MAP_FIXED, -1, 0);
	AT(mmap, "an odd hint", p, p + 1, PAGE, RW, ANON, -1, 0);
	munmap(p, 64 * PAGE);
	AT(mmap, "a hint", p, p + 3 * PAGE, PAGE, RW, ANON, -1, 0);
	AT(mmap, "the same hint", p, p + 3 * PAGE, PAGE, RW, ANON, -1, 0);
	AT(mmap, "not over it", p, p + 2 * PAGE, 2 * PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0);
	AT(mmap, "beside it", p, p + 4 * PAGE, 2 * PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0);
	fill(p + 3 * PAGE, PAGE, 9);
	AT(mmap, "over it", p, p + 2 * PAGE, 3 * PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0);
	see_pages(p, 8);
	AT(mmap, "no type", p, p, PAGE, RW, MAP_ANONYMOUS, -1, 0);
	AT(mmap, "both types and more", p, p, PAGE, RW, 15 | MAP_ANONYMOUS, -1, 0);
	AT(mmap, "an odd offset", p, p, PAGE, RW, ANON, -1, 1);
	AT(mmap, "an offset with nothing behind it", p, p, PAGE, RW, ANON | MAP_FIXED, 77,
	   1ul << 40);
	AT(mmap, "offset overflows", p, p, 2 * PAGE, PROT_READ, MAP_PRIVATE, file, -PAGE);
	AT(mmap, "unknown flags", p, p + 10 * PAGE, PAGE, RW, ANON | 0x8000000, -1, 0);
	AT(mmap, "validated, of no file", p, p + 10 * PAGE, PAGE, RW,
	   MAP_SHARED_VALIDATE | MAP_ANONYMOUS, -1, 0);
	AT(mmap, "unknown flags, validated, of a file", p, p + 10 * PAGE, PAGE, PROT_READ,
	   MAP_SHARED_VALIDATE | 0x200000, file, 0);
	AT(mmap, "unknown protection", p, p + 12 * PAGE, PAGE, RW | 0x100, ANON | MAP_FIXED, -1, 0);
	AT(mmap, "shared", p, p + 13 * PAGE, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1,
	   0);
	AT(mmap, "populated", p, p + 14 * PAGE, PAGE, RW, ANON | MAP_FIXED | MAP_POPULATE, -1, 0);
	AT(mmap, "locked", p, p + 15 * PAGE, PAGE, RW, ANON | MAP_FIXED | MAP_LOCKED, -1, 0);
	AT(mmap, "as a stack", p, p + 16 * PAGE, PAGE, RW, ANON | MAP_FIXED | MAP_STACK, -1, 0);
	see_pages(p, 20);
	AT(mmap, "above everything", p, 1ul << 57, PAGE, RW, ANON | MAP_FIXED, -1, 0);
	AT(mmap, "the kernel", p, -1ul << 40, PAGE, RW, ANON | MAP_FIXED, -1, 0);
	HIDE(mmap, "a hint in the kernel", -1ul << 40, PAGE, RW, ANON, -1, 0);
	AT(mmap, "huge pages", p, NULL, PAGE, RW, ANON | MAP_HUGETLB, -1, 0);
	printf("below 2 GiB: %d\n",
	       RAW(SYS_mmap, NULL, PAGE, RW, ANON | MAP_32BIT, -1, 0) < 0x80000000);
	munmap(p, 64 * PAGE);
}

static void files(void)
{
	char *p = nothing(), buffer[16];
	long dir = open(".", O_RDONLY), pipes[2];

	group("mapped files");
	AT(mmap, "private", p, p, 3 * PAGE, RW, MAP_PRIVATE | MAP_FIXED, file, 0);
	SEE("%08x", digest(p, 2 * PAGE + 100));
	SEE("behind its end: %08x", digest(p + 2 * PAGE + 100, PAGE - 100));
	p[1] = 'w';
	CALL(pread64, "the file has not changed", file, buffer, 16, 0);
	SEE("%08x", digest(buffer, 16));
	AT(mmap, "at an offset", p, p + 4 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, file,
	   PAGE);
	see_pages(p + 4 * PAGE, 1);
	AT(mmap, "shared, to read", p, p + 5 * PAGE, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED,
	   reader, 0);
	see_pages(p + 5 * PAGE, 1);
	CALL(mprotect, "which cannot be written", p + 5 * PAGE, PAGE, RW);
	mprotect(p + 5 * PAGE, PAGE, PROT_READ);
	AT(mmap, "shared, to write, opened to read", p, p + 6 * PAGE, PAGE, RW,
	   MAP_SHARED | MAP_FIXED, reader, 0);
	AT(mmap, "opened to write only", p, p + 6 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED,
	   writer, 0);
	AT(mmap, "no descriptor", p, p + 6 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, -1, 0);
	AT(mmap, "a bad one", p, p + 6 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, 999, 0);
	AT(mmap, "a directory", p, p + 6 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, dir, 0);
	if (!syscall(SYS_pipe, buffer)) {
		memcpy(pipes, buffer, 8);
		AT(mmap, "a pipe", p, p + 6 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED,
		   (int)pipes[0], 0);
	}
	see_pages(p, 8);
	CALL(madvise, "private file pages, given up", p, PAGE, MADV_DONTNEED);
	/* Last: private pages that nobody has written to would show it, on Linux. */
	AT(mmap, "shared, to write", p, p + 6 * PAGE, PAGE, RW, MAP_SHARED | MAP_FIXED, file, 0);
	p[6 * PAGE + 1] = 's';
	CALL(pread64, "the file has changed", file, buffer, 16, 0);
	SEE("%08x %08x", digest(buffer, 16), digest(p + 5 * PAGE, PAGE));
	CALL(msync, "to the file", p + 6 * PAGE, PAGE, MS_SYNC);
	AT(mremap, "shared, longer", p, p + 6 * PAGE, PAGE, 2 * PAGE, 0);
	AT(mremap, "elsewhere", p, p + 6 * PAGE, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
	   p + 10 * PAGE);
	see_pages(p + 10 * PAGE, 2);
	CALL(pread64, "into it", file, p + 11 * PAGE, 64, 0);
	CALL(pread64, "what is there", file, buffer, 16, PAGE);
	SEE("%08x", digest(buffer, 16));
	CALL(pread64, "behind the end of the file", file, p + 12 * PAGE + 1000, 64, 0);
	CALL(mincore, "shared", p + 10 * PAGE, PAGE, buffer);
	CALL(munmap, "shared", p + 10 * PAGE, 3 * PAGE);
	munmap(p, 64 * PAGE);
	close(dir);
}

static void changing(void)
{
	char *p = some(16);

	group("mprotect and munmap");
	CALL(mprotect, "two pages to read", p + PAGE, 2 * PAGE, PROT_READ);
	CALL(mprotect, "one byte", p + 4 * PAGE, 1, PROT_NONE);
	CALL(mprotect, "nothing", p + 5 * PAGE, 0, PROT_NONE);
	CALL(mprotect, "an odd address", p + 1, PAGE, PROT_NONE);
	CALL(mprotect, "an odd address, nothing", p + 1, 0, PROT_NONE);
	CALL(mprotect, "unknown protection", p, PAGE, 0x100);
	CALL(mprotect, "up and down", p, PAGE, RW | PROT_GROWSDOWN | PROT_GROWSUP);
	CALL(mprotect, "down, no stack", p, PAGE, RW | PROT_GROWSDOWN);
	CALL(mprotect, "up, no stack", p, PAGE, RW | PROT_GROWSUP);
	CALL(mprotect, "write only", p + 7 * PAGE, PAGE, PROT_WRITE);
	see_pages(p, 18);
	CALL(munmap, "a page", p + 9 * PAGE, PAGE);
	CALL(mprotect, "over the hole", p + 8 * PAGE, 3 * PAGE, PROT_READ);
	see_pages(p, 18);
	CALL(mprotect, "from the hole", p + 9 * PAGE, 3 * PAGE, PROT_READ);
	CALL(mprotect, "to the end and further", p + 14 * PAGE, 4 * PAGE, PROT_READ);
	see_pages(p, 18);
	CALL(mprotect, "wraps around", p, -PAGE, PROT_READ);
	CALL(mprotect, "everything", p, -1ul, PROT_READ);
	CALL(mprotect, "back", p + 4 * PAGE, PAGE, RW);
	see_pages(p, 18);
	CALL(munmap, "one byte", p + 10 * PAGE, 1);
	CALL(munmap, "the hole", p + 9 * PAGE, PAGE);
	CALL(munmap, "hole and pages", p + 9 * PAGE, 3 * PAGE);
	CALL(munmap, "nothing", p, 0);
	CALL(munmap, "an odd address", p + 1, PAGE);
	CALL(munmap, "wraps around", p, -PAGE);
	CALL(munmap, "too large", p, 1ul << 57);
	CALL(munmap, "a kernel address", -1ul << 40, PAGE);
	see_pages(p, 18);
	CALL(munmap, "all of it", p, 64 * PAGE);
	see_pages(p, 18);
}

static void remapping(void)
{
	char *p = some(8), *q = some(4);
	long moved;

	group("mremap");
	AT(mremap, "smaller", p, p, 8 * PAGE, 6 * PAGE, 0);
	see_pages(p, 10);
	AT(mremap, "larger in place", p, p, 6 * PAGE, 7 * PAGE, 0);
	see_pages(p, 10);
	AT(mremap, "the same size", p, p, 7 * PAGE, 7 * PAGE, 0);
	AT(mremap, "sizes rounded", p, p, 7 * PAGE - 5, 7 * PAGE - 100, 0);
	AT(mremap, "an odd address", p, p + 1, PAGE, 2 * PAGE, 0);
	AT(mremap, "to nothing", p, p, PAGE, 0, 0);
	AT(mremap, "from nothing, private", p, p, 0, PAGE, MREMAP_MAYMOVE);
	AT(mremap, "unknown flags", p, p, PAGE, PAGE, 64);
	AT(mremap, "fixed but not to be moved", p, p, PAGE, PAGE, MREMAP_FIXED, p + 30 * PAGE);
	AT(mremap, "into a neighbour", p, p, 2 * PAGE, 3 * PAGE, 0);
	AT(mremap, "nothing there", p, p + 20 * PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE);
	AT(mremap, "more than there is", p, p, 9 * PAGE, 10 * PAGE, MREMAP_MAYMOVE);
	AT(mremap, "over itself", p, p, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
	   p + PAGE);
	AT(mremap, "to an odd address", p, p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
	   p + 30 * PAGE + 1);
	AT(mremap, "to the kernel", p, p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, -1ul << 40);
	AT(mremap, "too large", p, p, PAGE, 1ul << 60, MREMAP_MAYMOVE);
	AT(mremap, "-1", p, p, PAGE, -1ul, MREMAP_MAYMOVE);
	AT(mremap, "to a place", p, p, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
	   p + 30 * PAGE);
	see_pages(p, 10);
	see_pages(p + 29 * PAGE, 5);
	AT(mremap, "over something", p, p + 2 * PAGE, 2 * PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
	   p + 31 * PAGE);
	see_pages(p, 10);
	see_pages(p + 29 * PAGE, 5);
	mprotect(q + PAGE, PAGE, PROT_READ);
	AT(mremap, "of two protections", q, q, 4 * PAGE, 5 * PAGE, MREMAP_MAYMOVE);
	AT(mremap, "of two protections, smaller", q, q, 4 * PAGE, 3 * PAGE, MREMAP_MAYMOVE);
	moved = RAW(SYS_mremap, q, PAGE, 3 * PAGE, MREMAP_MAYMOVE);
	SEE("moved: %d", moved > 0 && moved != (long)q);
	see_pages((char *)moved, 3);
	see_pages(q, 5);
	AT(mremap, "keep the old", p, p + 4 * PAGE, PAGE, PAGE, 4);
	DEVIATES(dont_unmap, mremap, "keep the old, moved", p + 4 * PAGE, PAGE, PAGE,
		 MREMAP_MAYMOVE | 4, NULL);
	munmap(p, 64 * PAGE);
	munmap(q, 64 * PAGE);
}

static void advice(void)
{
	static const int known[] = { 0,	 1,  2,	 3,  4,	 8,  9,	 10, 11, 12, 13, 14,
				     15, 16, 17, 18, 19, 20, 21, 5,  6,	 7,  -1, 99 };
	char *p = some(8);
	unsigned char in[9];
	unsigned int i;

	group("madvise, msync, mincore and mlock");
	for (i = 0; i < COUNT(known); i++) {
		printf("advice %d: ", known[i]);
		CALL(madvise, "a page", p + (i % 4) * PAGE, PAGE, known[i]);
	}
	fill(p, 8 * PAGE, 5);
	CALL(madvise, "given up", p + PAGE, PAGE + 1, MADV_DONTNEED);
	see_pages(p, 8);
	CALL(madvise, "nothing", p, 0, MADV_DONTNEED);
	CALL(madvise, "odd", p + 1, PAGE, MADV_DONTNEED);
	CALL(madvise, "wraps around", p, -PAGE, MADV_DONTNEED);
	CALL(madvise, "-1 bytes", p, -1ul, MADV_DONTNEED);
	munmap(p + 5 * PAGE, PAGE);
	CALL(madvise, "over a hole", p + 3 * PAGE, 4 * PAGE, MADV_DONTNEED);
	see_pages(p, 9);
	CALL(madvise, "a hole", p + 5 * PAGE, PAGE, MADV_WILLNEED);
	CALL(msync, "synchronously", p, 2 * PAGE, MS_SYNC);
	CALL(msync, "both", p, PAGE, MS_SYNC | MS_ASYNC);
	CALL(msync, "no flags", p, PAGE, 0);
	CALL(msync, "unknown flags", p, PAGE, 8);
	CALL(msync, "odd", p + 1, PAGE, MS_ASYNC);
	CALL(msync, "nothing", p, 0, MS_ASYNC);
	CALL(msync, "over a hole", p, 8 * PAGE, MS_ASYNC);
	CALL(msync, "wraps around", p, -PAGE, MS_ASYNC);
	for (i = 0; i < 8; i++)
		if (i != 5)
			p[i * PAGE] = 1;
	memset(in, 9, sizeof(in));
	CALL(mincore, "pages", p, 4 * PAGE + 1, in);
	SEE("%d %d %d %d %d %d", in[0] & 1, in[1] & 1, in[2] & 1, in[3] & 1, in[4] & 1, in[5]);
	CALL(mincore, "over a hole", p, 8 * PAGE, in);
	CALL(mincore, "nothing", p, 0, in);
	CALL(mincore, "odd", p + 1, PAGE, in);
	CALL(mincore, "wraps around", p, -PAGE, in);
	CALL(mincore, "to read-only", p, PAGE, (char *)"constant");
	CALL(mlock, "pages", p + 10, 2 * PAGE);
	CALL(mlock, "over a hole", p, 8 * PAGE);
	CALL(mlock, "nothing", p, 0);
	/* What is too much for an ordinary user is Linux's to say. */
	if (!geteuid())
		CALL(mlock, "wraps around", p, -PAGE);
	CALL(munlock, "pages", p, 2 * PAGE);
	CALL(munlock, "over a hole", p, 8 * PAGE);
	CALL(mlock2, "on fault", p, PAGE, 1);
	CALL(mlock2, "unknown flags", p, PAGE, 2);
	CALL(mlockall, "nothing", 0);
	CALL(mlockall, "on fault only", 4);
	CALL(mlockall, "unknown", 8);
	CALL(mlockall, "now", 1);
	CALL(munlockall, "all");
	munmap(p, 64 * PAGE);
}

static void the_break(void)
{
	unsigned long at = RAW(SYS_brk, 0), page = (at + PAGE - 1) & -PAGE;

#define BRK(words, to) (printf("brk(%s): %+ld\n", words, (long)(RAW(SYS_brk, to) - at)))
	group("brk");
	BRK("0", 0);
	BRK("up by 3 bytes", at + 3);
	BRK("up by some pages", page + 5 * PAGE + 1);
	fill((void *)page, 5 * PAGE, 1);
	see_pages((char *)page, 6);
	BRK("down", page + 2 * PAGE);
	BRK("up again", page + 4 * PAGE);
	see_pages((char *)page, 4);
	BRK("far too far", 1ul << 46);
	BRK("the kernel", -1ul << 40);
	BRK("below its start", 0x10000);
	BRK("-1", -1ul);
	BRK("back", at);
}

/* With the wild addresses of diff.h as addresses to map at or to change. */
static void wild_addresses(void)
{
	char *p = some(4);
	unsigned int i;

	group("addresses out of range");
	for (i = WILD_MAPPED + 1; i < COUNT(wild); i++) {
		unsigned long at = wild[i].at;

		/* What is below can be had on Linux, with five levels of tables; the RTOS has less. */
		if (at < 1ul << 57)
			continue;
		printf("%s:\n", wild[i].name);
		HIDE(mmap, "a page", at & -PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0);
		CALL(munmap, "a page", at & -PAGE, PAGE);
		CALL(mprotect, "a page", at & -PAGE, PAGE, PROT_READ);
		CALL(mremap, "a page", at & -PAGE, PAGE, PAGE, MREMAP_MAYMOVE);
		CALL(mremap, "to it", p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, at & -PAGE);
		CALL(madvise, "a page", at & -PAGE, PAGE, MADV_DONTNEED);
	}
	munmap(p, 64 * PAGE);
}

int main(int argc, char **argv)
{
	static char text[2 * PAGE + 100];

	diff_start(argc, argv);
	wild_start();
	file = open("file", O_RDWR | O_CREAT, 0644);
	reader = open("file", O_RDONLY);
	writer = open("file", O_WRONLY);
	fill(text, sizeof(text), 2);
	if (reader < 0 || writer < 0 || write(file, text, sizeof(text)) != sizeof(text)) {
		perror("file");
		return 1;
	}
	mapping();
	files();
	changing();
	remapping();
	advice();
	the_break();
	wild_addresses();
	return diff_end();
}
