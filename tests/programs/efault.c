// SPDX-License-Identifier: MIT
/* Bad pointers, in every place where one can be passed: EFAULT, on Linux as here. */
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "test.h"

static int file, zero;
static int sockets[2];

/* A hole in the program's own range, kernel addresses, non-canonical ones, and a page without access. */
static long wild[6];

static void expect(const char *what, long ret, long address)
{
	int error = errno;

	check(ret == -1 && error == EFAULT, "%s(%#lx): %ld, %s", what, address, ret,
	      ret == -1 ? strerror(error) : "no error");
}

#define BAD(what, ...)                                 \
	do {                                           \
		errno = 0;                             \
		expect(what, syscall(__VA_ARGS__), w); \
	} while (0)

static void remote_calls(long w)
{
	struct iovec iov = { (void *)w, 16 };
	struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct msghdr header2 = { .msg_iov = (void *)w, .msg_iovlen = 1 };

	BAD("read", SYS_read, zero, w, 16);
	BAD("write", SYS_write, file, w, 16);
	BAD("pread64", SYS_pread64, file, w, 16, 0);
	BAD("pwrite64", SYS_pwrite64, file, w, 16, 0);
	BAD("open", SYS_open, w, O_RDONLY);
	BAD("openat", SYS_openat, AT_FDCWD, w, O_RDONLY);
	BAD("stat", SYS_stat, w, &header);
	BAD("fstat", SYS_fstat, file, w);
	BAD("newfstatat", SYS_newfstatat, AT_FDCWD, ".", w, 0);
	BAD("access", SYS_access, w, 0);
	BAD("getcwd", SYS_getcwd, w, 4096);
	BAD("uname", SYS_uname, w);
	BAD("pipe2", SYS_pipe2, w, 0);
	BAD("getrandom", SYS_getrandom, w, 16, 0);
	BAD("readlink", SYS_readlink, "/proc/self/exe", w, 64);
	BAD("poll", SYS_poll, w, 1, 0);
	BAD("getrusage", SYS_getrusage, RUSAGE_SELF, w);
	BAD("sysinfo", SYS_sysinfo, w);
	BAD("readv", SYS_readv, zero, w, 1);
	BAD("readv of", SYS_readv, zero, &iov, 1);
	BAD("writev", SYS_writev, file, w, 1);
	BAD("writev of", SYS_writev, file, &iov, 1);
	BAD("sendto", SYS_sendto, sockets[0], w, 16, 0, NULL, 0);
	BAD("sendmsg", SYS_sendmsg, sockets[0], w, 0);
	BAD("sendmsg of", SYS_sendmsg, sockets[0], &header, 0);
	BAD("sendmsg of iovecs", SYS_sendmsg, sockets[0], &header2, 0);
	BAD("socketpair", SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, w);
	BAD("execve", SYS_execve, w, NULL, NULL);
}

static void local_calls(long w)
{
	struct timespec ts = { 0, 1 };

	BAD("clock_gettime", SYS_clock_gettime, CLOCK_MONOTONIC, w);
	BAD("clock_getres", SYS_clock_getres, CLOCK_MONOTONIC, w);
	BAD("nanosleep", SYS_nanosleep, w, NULL);
	BAD("clock_nanosleep", SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, w, NULL);
	BAD("gettimeofday", SYS_gettimeofday, w, NULL);
	BAD("futex wait", SYS_futex, w, FUTEX_WAIT, 0, &ts, NULL, 0);
	BAD("futex wait, time", SYS_futex, &file, FUTEX_WAIT, file, w, NULL, 0);
	BAD("rt_sigaction", SYS_rt_sigaction, SIGUSR1, w, NULL, 8);
	BAD("rt_sigaction, old", SYS_rt_sigaction, SIGUSR1, NULL, w, 8);
	BAD("rt_sigprocmask", SYS_rt_sigprocmask, SIG_BLOCK, w, NULL, 8);
	BAD("rt_sigprocmask, old", SYS_rt_sigprocmask, SIG_BLOCK, NULL, w, 8);
	BAD("sigaltstack", SYS_sigaltstack, w, NULL);
	BAD("sched_getaffinity", SYS_sched_getaffinity, 0, 1024, w);
	BAD("sched_getparam", SYS_sched_getparam, 0, w);
	BAD("sched_rr_get_interval", SYS_sched_rr_get_interval, 0, w);
	BAD("getcpu", SYS_getcpu, w, NULL, NULL);
	BAD("prlimit64", SYS_prlimit64, 0, RLIMIT_STACK, NULL, w);
}

int main(void)
{
	char name[] = "/tmp/crtos-efault.XXXXXX";
	char *hole = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned int i;

	file = mkstemp(name);
	unlink(name);
	zero = open("/dev/zero", O_RDONLY);
	if (file < 0 || zero < 0 || hole == MAP_FAILED || write(file, name, 16) != 16 ||
	    socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets)) {
		perror("set-up");
		return 1;
	}
	munmap(hole, 4096);
	mprotect(hole + 4096, 4096, PROT_NONE);
	wild[0] = (long)hole;
	wild[1] = (long)hole + 4096;
	wild[2] = -4096;
	wild[3] = (long)0xffff888000000000ull;
	wild[4] = (long)0x0000800000000000ull;
	wild[5] = 0x1000;
	for (i = 0; i < sizeof(wild) / sizeof(wild[0]); i++) {
		remote_calls(wild[i]);
		local_calls(wild[i]);
	}
	return test_end();
}
