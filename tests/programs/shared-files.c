// SPDX-License-Identifier: MIT
/*
 * shared-files FILE [ROLE] - mappings of files that several share; FILE is made anew.
 *
 *	(no role)		all that one program can see by itself
 *	init [plain]		makes FILE, for the following; plain: the lock knows no inheritance
 *	turns SIDE COUNT	takes turns with the other side (0 or 1), on a futex
 *	count COUNT		adds COUNT to a number, under a lock that processes share, with inheritance
 *	total			prints the number
 *	hold			locks, says so on standard output, and ends with the lock, when standard input does
 *	inherit			gets the lock from one that died with it
 *	waited			until somebody waits for the lock
 *	storm COUNT		executes itself COUNT times, while its threads map and unmap FILE
 *	limit PAGES [read]	maps so many pages of a file, to write or only to read
 *	disk			FILE is on a disk, which gets what is stored, again and again
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

#define PAGE	4096
#define RW	(PROT_READ | PROT_WRITE)

struct common {
	uint32_t turn;
	volatile uint64_t number;
	pthread_mutex_t lock;
};

static sigjmp_buf back;
static volatile int fault_signal, fault_code;
static char *volatile fault_address;

static void on_fault(int sig, siginfo_t *info, void *context)
{
	(void)context;
	fault_signal = sig;
	fault_code = info->si_code;
	fault_address = info->si_addr;
	siglongjmp(back, 1);
}

/* What an access does: 0, or the signal that it brings. */
static int touch(volatile char *p, int write)
{
	fault_signal = 0;
	if (!sigsetjmp(back, 1)) {
		if (write)
			*p = 1;
		else
			(void)*p;
	}
	return fault_signal;
}

static char *map(int fd, size_t pages, int prot, off_t page)
{
	return mmap(NULL, pages * PAGE, prot, MAP_SHARED, fd, page * PAGE);
}

static int file_has(int fd, off_t at, const char *text)
{
	char buffer[64] = "";

	return pread(fd, buffer, strlen(text), at) == (ssize_t)strlen(text) &&
	       !strcmp(buffer, text);
}

static int child_status(pid_t pid)
{
	int status = -1;

	waitpid(pid, &status, 0);
	return status;
}

static void both_ways(int fd)
{
	char *a = map(fd, 8, RW, 0), *b = map(fd, 4, RW, 2), *c = map(fd, 8, PROT_READ, 0);

	check(a != MAP_FAILED && b != MAP_FAILED && c != MAP_FAILED, "three mappings of a file");
	strcpy(a + 3 * PAGE, "by memory");
	check(file_has(fd, 3 * PAGE, "by memory"), "the file has what was stored");
	check(!strcmp(b + PAGE, "by memory") && !strcmp(c + 3 * PAGE, "by memory"),
	      "and the other mappings");
	check(pwrite(fd, "by write", 9, 5 * PAGE) == 9 && !strcmp(a + 5 * PAGE, "by write"),
	      "the mapping has what was written");
	check(pread(fd, a, 9, 3 * PAGE) == 9 && !strcmp(a, "by memory"), "read() into the mapping");
	check(!msync(a, 8 * PAGE, MS_SYNC) && !msync(c, PAGE, MS_ASYNC), "msync");
	check(touch(c, 1) == SIGSEGV && fault_code == SEGV_ACCERR,
	      "what is mapped to read is not written");
	check(!munmap(b, 4 * PAGE) && touch(b, 0) == SIGSEGV && fault_code == SEGV_MAPERR,
	      "munmap");
	check(!munmap(a + 2 * PAGE, PAGE) && touch(a + 2 * PAGE, 0) == SIGSEGV &&
		      !strcmp(a + 3 * PAGE, "by memory") && !strcmp(a, "by memory"),
	      "munmap in the middle");
	munmap(a, 8 * PAGE);
	munmap(c, 8 * PAGE);
}

static void protections(const char *path, int fd)
{
	int reader = open(path, O_RDONLY), writer = open(path, O_WRONLY), pipes[2];
	char *a;

	check(mmap(NULL, PAGE, RW, MAP_SHARED, reader, 0) == MAP_FAILED && errno == EACCES,
	      "a descriptor to read: not to write to");
	check(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, writer, 0) == MAP_FAILED && errno == EACCES,
	      "a descriptor to write: not at all");
	check(!pipe(pipes) && mmap(NULL, PAGE, RW, MAP_SHARED, pipes[0], 0) == MAP_FAILED &&
		      (errno == ENODEV || errno == EACCES),
	      "a pipe: not at all");
	a = map(reader, 4, PROT_READ, 0);
	check(mprotect(a, PAGE, RW) == -1 && errno == EACCES, "what was mapped to read stays so");
	munmap(a, 4 * PAGE);
	a = map(fd, 4, PROT_NONE, 0);
	check(touch(a, 0) == SIGSEGV && fault_code == SEGV_ACCERR, "no access");
	check(!mprotect(a, 2 * PAGE, PROT_READ) && !touch(a, 0) && touch(a, 1) == SIGSEGV,
	      "then to read");
	check(!mprotect(a, PAGE, RW) && !touch(a, 1) && touch(a + PAGE, 1) == SIGSEGV,
	      "then to write");
	check(pread(fd, a + PAGE, 8, 0) == -1 && errno == EFAULT, "read() knows that too");
	check(file_has(fd, 0, "\1"), "and the file has it");
	check(!mprotect(a, 4 * PAGE, PROT_NONE) && touch(a, 0) == SIGSEGV, "then no access again");
	munmap(a, 4 * PAGE);
	close(pipes[0]);
	close(pipes[1]);
	close(reader);
	close(writer);
}

static void the_end(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	char *a;

	check(!ftruncate(fd, PAGE + 100), "a file of a page and a bit");
	a = map(fd, 5, RW, 0);
	check(!touch(a, 1) && !touch(a + PAGE + 200, 1), "its last page is whole");
	check(touch(a + 3 * PAGE, 0) == SIGBUS && fault_code == BUS_ADRERR &&
		      fault_address == a + 3 * PAGE,
	      "behind the end");
	check(pwrite(fd, a + 3 * PAGE, 1, 0) == -1 && errno == EFAULT, "write() from there");
	check(!ftruncate(fd, 4 * PAGE) && !touch(a + 3 * PAGE, 1), "the file becomes longer");
	check(file_has(fd, 3 * PAGE, "\1"), "and has what is stored there");
	check(touch(a + 4 * PAGE, 1) == SIGBUS, "but no longer than that");
	munmap(a, 5 * PAGE);
	close(fd);
}

static void moves(int fd)
{
	char *a = map(fd, 4, RW, 0), *b;

	strcpy(a, "first");
	strcpy(a + PAGE, "second");
	pwrite(fd, "sixth", 6, 5 * PAGE);
	b = mremap(a, 4 * PAGE, 6 * PAGE, MREMAP_MAYMOVE);
	check(b != MAP_FAILED && !strcmp(b, "first") && !strcmp(b + 5 * PAGE, "sixth"),
	      "mremap to a larger one");
	strcpy(b + 5 * PAGE, "moved");
	check(file_has(fd, 5 * PAGE, "moved"), "it is still the file");
	a = mremap(b, 6 * PAGE, 6 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, b - 64 * PAGE);
	check(a == b - 64 * PAGE && !strcmp(a + PAGE, "second"), "mremap to a place");
	check(touch(b, 0) == SIGSEGV, "the old place is free");
	check(mremap(a, 6 * PAGE, 2 * PAGE, 0) == a && touch(a + 2 * PAGE, 0) == SIGSEGV &&
		      !touch(a + PAGE, 1),
	      "mremap to a smaller one");
	strcpy(a, "the file");
	check(mmap(a, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == a && !*a,
	      "private memory over it");
	check(pread(fd, a, 9, PAGE) == 9 && file_has(fd, 0, "the file"),
	      "read() into that is not into the file");
	munmap(a, 2 * PAGE);
}

static void *adds(void *arg)
{
	unsigned long *number = arg;
	int i;

	for (i = 0; i < 10000; i++)
		__atomic_fetch_add(number, 1, __ATOMIC_RELAXED);
	return NULL;
}

static void children(int fd)
{
	char *a = map(fd, 8, RW, 0), *b;
	int pipes[2][2], status;
	char byte;
	pid_t pid;

	pipe(pipes[0]);
	pipe(pipes[1]);
	strcpy(a, "parent");
	strcpy(a + 6 * PAGE, "later");
	pid = fork();
	if (!pid) {
		read(pipes[0][0], &byte, 1);
		if (strcmp(a, "parent") || strcmp(a + 7 * PAGE, "meanwhile"))
			_exit(1);
		strcpy(a + PAGE, "child");
		if (pread(fd, a + 2 * PAGE, 6, 6 * PAGE) != 6)
			_exit(2);
		b = map(fd, 2, RW, 0);
		if (b == MAP_FAILED || strcmp(b + PAGE, "child") || munmap(b, 2 * PAGE) ||
		    munmap(a, PAGE))
			_exit(3);
		write(pipes[1][1], "", 1);
		read(pipes[0][0], &byte, 1);
		_exit(4 + !!strcmp(a + PAGE, "parent too"));
	}
	strcpy(a + 7 * PAGE, "meanwhile");
	write(pipes[0][1], "", 1);
	check(read(pipes[1][0], &byte, 1) == 1, "a child has the mapping");
	check(!strcmp(a + PAGE, "child") && !strcmp(a + 2 * PAGE, "later"),
	      "its parent sees what it stores");
	strcpy(a + PAGE, "parent too");
	write(pipes[0][1], "", 1);
	status = child_status(pid);
	check(WIFEXITED(status) && WEXITSTATUS(status) == 4, "and the other way round (%x)",
	      status);
	pid = fork();
	if (!pid) {
		strcpy(a, "and killed");
		raise(SIGKILL);
	}
	check(child_status(pid) == SIGKILL && !strcmp(a, "and killed") &&
		      file_has(fd, 0, "and killed"),
	      "a child that is killed");
	pid = vfork();
	if (!pid) {
		execl("/proc/self/exe", "shared-files", "-", "inside", NULL);
		_exit(127);
	}
	check(!child_status(pid), "a program that is started from there");
	check(!strcmp(a, "and killed"), "leaves the mapping alone");
	munmap(a, 8 * PAGE);
	close(pipes[0][0]);
	close(pipes[0][1]);
	close(pipes[1][0]);
	close(pipes[1][1]);
}

static int storm_fd;
static volatile int storm_over;

/* A place that is the file's and the program's own in turn. */
static void *turns_over(void *place)
{
	while (!storm_over) {
		if (mmap(place, PAGE, RW, MAP_SHARED | MAP_FIXED, storm_fd, 0) != place ||
		    mmap(place, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != place)
			_exit(3);
	}
	return NULL;
}

/* Whatever the child has there, it and Linux have the same: what read() stores there is there. */
static void forks_meanwhile(int fd)
{
	char *place = map(fd, 1, RW, 0);
	int i, good = 1, text = memfd_create("text", 0);
	pthread_t thread;
	pid_t pid;

	storm_fd = fd;
	storm_over = 0;
	pwrite(text, "the text", 8, 0);
	pthread_create(&thread, NULL, turns_over, place);
	for (i = 0; good && i < 100; i++) {
		pid = fork();
		if (!pid)
			_exit(touch(place, 1) || pread(text, place, 8, 0) != 8 ||
			      memcmp(place, "the text", 8));
		good = !child_status(pid);
	}
	check(good, "forks while a thread maps");
	storm_over = 1;
	pthread_join(thread, NULL);
	close(text);
	munmap(place, PAGE);
}

/* Where the program before had files mapped, perhaps: memory is the program's. */
static int inside(void)
{
	int fd = open("/proc/self/exe", O_RDONLY);
	char *a = mmap(NULL, 64 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return !(read(fd, a + 32 * PAGE, 4) == 4 && !memcmp(a + 32 * PAGE, "\177ELF", 4));
}

static void nameless(void)
{
	int fd = memfd_create("shared", 0);
	pthread_t threads[4];
	unsigned long *a;
	int i;

	check(fd >= 0 && !ftruncate(fd, PAGE), "a file without a name");
	a = (unsigned long *)map(fd, 1, RW, 0);
	close(fd);
	for (i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, adds, a);
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	check(*a == 40000, "four threads add there");
	check(!munmap(a, PAGE), "which is then gone");
	fd = memfd_create("sealed", MFD_ALLOW_SEALING);
	check(!ftruncate(fd, PAGE) && !fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) &&
		      mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0) == MAP_FAILED && errno == EPERM,
	      "one that is sealed");
	close(fd);
}

static void large(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600), good = 1;
	size_t pages = 1500, i;
	char *a;

	check(!ftruncate(fd, pages * PAGE), "a large file");
	a = map(fd, pages, RW, 0);
	for (i = 0; i < pages; i++)
		a[i * PAGE] = i % 127;
	for (i = 0; i < pages; i += 100) {
		char byte = -1;

		good &= pread(fd, &byte, 1, i * PAGE) == 1 && byte == (char)(i % 127);
	}
	check(good, "all of it is shared");
	munmap(a, pages * PAGE);
	close(fd);
}

static int alone(const char *path)
{
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER };
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	if (!check(fd >= 0 && !ftruncate(fd, 8 * PAGE), "a file of eight pages"))
		return test_end();
	both_ways(fd);
	protections(path, fd);
	moves(fd);
	children(fd);
	forks_meanwhile(fd);
	close(fd);
	the_end(path);
	nameless();
	large(path);
	unlink(path);
	return test_end();
}

/* --- with others ------------------------------------------------------------------------------------ */

static struct common *common(const char *path, int flags)
{
	int fd = open(path, O_RDWR | flags, 0600);
	void *c = MAP_FAILED;

	if (fd >= 0 && (!flags || !ftruncate(fd, PAGE)))
		c = map(fd, 1, RW, 0);
	if (c == MAP_FAILED) {
		perror(path);
		exit(2);
	}
	close(fd);
	return c;
}

static int init(const char *path, int plain)
{
	struct common *c = common(path, O_CREAT | O_TRUNC);
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	if (!plain)
		pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
	return pthread_mutex_init(&c->lock, &attr);
}

static int turns(struct common *c, uint32_t side, unsigned int count)
{
	struct timespec limit = { .tv_sec = 60 };
	uint32_t turn;

	while (count--) {
		while ((turn = __atomic_load_n(&c->turn, __ATOMIC_ACQUIRE)) % 2 != side) {
			if (syscall(SYS_futex, &c->turn, FUTEX_WAIT, turn, &limit) &&
			    errno == ETIMEDOUT)
				return 1;
		}
		__atomic_store_n(&c->turn, turn + 1, __ATOMIC_RELEASE);
		syscall(SYS_futex, &c->turn, FUTEX_WAKE, 1);
	}
	return 0;
}

static int add(struct common *c, unsigned int count)
{
	while (count--) {
		if (pthread_mutex_lock(&c->lock))
			return 1;
		c->number++;
		if (pthread_mutex_unlock(&c->lock))
			return 1;
	}
	return 0;
}

static int hold(struct common *c)
{
	char byte;

	if (pthread_mutex_lock(&c->lock) || write(1, "held\n", 5) != 5)
		return 1;
	return read(0, &byte, 1) < 0;
}

static int inherit(struct common *c)
{
	int ret = pthread_mutex_lock(&c->lock);

	printf("%s\n", ret == EOWNERDEAD ? "the owner died" : strerror(ret));
	return ret != EOWNERDEAD || pthread_mutex_consistent(&c->lock) ||
	       pthread_mutex_unlock(&c->lock);
}

/* With inheritance a bit says so, without it the value 2. */
static int waited(struct common *c)
{
	volatile unsigned int *word = (volatile unsigned int *)&c->lock.__data.__lock;

	while (!(*word & FUTEX_WAITERS) && *word != 2)
		usleep(1000);
	return 0;
}

static void *maps_and_unmaps(void *arg)
{
	int fd = *(int *)arg;
	char *a;

	for (;;) {
		a = map(fd, 8, RW, 0);
		if (a == MAP_FAILED || a[PAGE] != 's' || munmap(a, 8 * PAGE))
			_exit(3);
	}
	return NULL;
}

/* Each image looks whether its memory is its own, and dies of exec in the middle of what its threads do. */
static int storm(const char *path, int count)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600), i;
	char left[16];
	pthread_t thread;

	if (inside() || fd < 0 || ftruncate(fd, 8 * PAGE) || pwrite(fd, "s", 1, PAGE) != 1)
		return 1;
	if (!count)
		return 0;
	for (i = 0; i < 4; i++)
		pthread_create(&thread, NULL, maps_and_unmaps, &fd);
	usleep(300 + 137 * (count % 31));
	snprintf(left, sizeof(left), "%d", count - 1);
	execl("/proc/self/exe", "shared-files", path, "storm", left, NULL);
	return 2;
}

static int limit(const char *path, off_t pages, int prot)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	char *a = fd < 0 || ftruncate(fd, pages * PAGE) ? MAP_FAILED : map(fd, pages, prot, 0);

	unlink(path);
	if (a == MAP_FAILED) {
		perror(path);
		return 1;
	}
	if (prot & PROT_WRITE)
		a[(pages - 1) * PAGE] = 1;
	return 0;
}

/* Past the page cache, which knows nothing of a page that is not dirty. */
static int disk_has(const char *path, const char *text)
{
	static char buffer[PAGE] __attribute__((aligned(PAGE)));
	int fd = open(path, O_RDONLY | O_DIRECT), good;

	good = fd >= 0 && read(fd, buffer, PAGE) == PAGE && !strcmp(buffer, text);
	close(fd);
	return good;
}

static int disk(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	char *a;

	if (!check(fd >= 0 && !ftruncate(fd, PAGE), "a file on a disk"))
		return test_end();
	a = map(fd, 1, RW, 0);
	strcpy(a, "one");
	check(!msync(a, PAGE, MS_SYNC) && disk_has(path, "one"), "msync");
	strcpy(a, "two");
	check(!msync(a, PAGE, MS_SYNC) && disk_has(path, "two"), "msync, when the page was clean");
	strcpy(a, "three");
	check(!munmap(a, PAGE) && disk_has(path, "three"), "munmap");
	unlink(path);
	return test_end();
}

int main(int argc, char **argv)
{
	const char *role = argc > 2 ? argv[2] : "";
	struct common *c;

	if (argc < 2)
		return 2;
	if (argc == 2)
		return alone(argv[1]);
	if (!strcmp(role, "inside"))
		return inside();
	if (!strcmp(role, "init"))
		return init(argv[1], argc > 3);
	if (!strcmp(role, "storm") && argc == 4)
		return storm(argv[1], atoi(argv[3]));
	if (!strcmp(role, "disk"))
		return disk(argv[1]);
	if (!strcmp(role, "limit") && argc >= 4)
		return limit(argv[1], atoi(argv[3]), argc > 4 ? PROT_READ : RW);
	c = common(argv[1], 0);
	if (!strcmp(role, "turns") && argc == 5)
		return turns(c, atoi(argv[3]), atoi(argv[4]));
	if (!strcmp(role, "count") && argc == 4)
		return add(c, atoi(argv[3]));
	if (!strcmp(role, "total"))
		return printf("%lu\n", (unsigned long)c->number) < 0;
	if (!strcmp(role, "hold"))
		return hold(c);
	if (!strcmp(role, "inherit"))
		return inherit(c);
	if (!strcmp(role, "waited"))
		return waited(c);
	return 2;
}
