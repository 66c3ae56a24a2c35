// SPDX-License-Identifier: MIT
/* Wild pointers of every kind, in every place of a system call where a pointer can be, one at a time. */
#include "diff.h"

#include <linux/futex.h>
#include <mqueue.h>
#include <poll.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

struct row {
	const char *name;
	long nr;
	unsigned int pointers;
	unsigned long args[6];
};

#define A0 1
#define A1 2
#define A2 4
#define A3 8
#define A4 16
#define A5 32

#define ROW(call, mask, ...)                                                               \
	{                                                                                  \
		.name = #call, .nr = SYS_##call, .pointers = mask, .args = { __VA_ARGS__ } \
	}
#define U(p) ((unsigned long)(p))

static char buffer[4 * PAGE];
static char path[] = "file", other[] = "other", empty[] = "";
static int file, zero, null, epoll, timer, inotify, directory, queue;
static int pair[2], pipes[2];

static long one_call(const struct row *row, unsigned int arg, unsigned long value)
{
	unsigned long a[6];

	memcpy(a, row->args, sizeof(a));
	a[arg] = value;
	return RAW(row->nr, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* Results that follow each other and are equal are told once. */
static void run_row(const struct row *row)
{
	unsigned int arg, i;
	long ret, last;

	for (arg = 0; arg < 6; arg++) {
		if (!(row->pointers & 1u << arg))
			continue;
		printf("%s, argument %u:", row->name, arg + 1);
		last = 1l << 62;
		for (i = 0; i < COUNT(wild); i++) {
			wild_renew();
			ret = one_call(row, arg, wild[i].at);
			if (ret == last)
				continue;
			last = ret;
			if (ret < 0)
				printf(" [%s] %s", wild[i].name, diff_error(ret));
			else
				printf(" [%s] %ld", wild[i].name, ret);
		}
		printf("\n");
	}
}

static void run_rows(const char *name, const struct row *rows, unsigned int count)
{
	unsigned int i;

	group(name);
	for (i = 0; i < count; i++)
		run_row(&rows[i]);
}

#define RUN(name, rows) run_rows(name, rows, COUNT(rows))

static void descriptors(void)
{
	struct iovec iov = { buffer, 16 };
	/* Something is ready, so that nothing waits. */
	unsigned long fds[16] = { 1ul << zero }, none[16] = { 0 };
	struct pollfd poll = { .fd = file, .events = POLLIN };
	const struct row rows[] = {
		ROW(read, A1, zero, 0, 24),
		ROW(write, A1, file, 0, 24),
		ROW(pread64, A1, zero, 0, 24, 0),
		ROW(pwrite64, A1, file, 0, 24, 0),
		ROW(readv, A1, zero, U(&iov), 1),
		ROW(writev, A1, file, U(&iov), 1),
		ROW(preadv, A1, zero, U(&iov), 1, 0),
		ROW(pwritev, A1, file, U(&iov), 1, 0),
		ROW(preadv2, A1, zero, U(&iov), 1, 0, 0, 0),
		ROW(pwritev2, A1, file, U(&iov), 1, 0, 0, 0),
		ROW(vmsplice, A1, pipes[1], U(&iov), 1, 2),
		ROW(fstat, A1, file, 0),
		ROW(fstatfs, A1, file, 0),
		ROW(poll, A0, U(&poll), 1, 0),
		ROW(ppoll, A0 | A2, U(&poll), 1, U(buffer), 0, 8),
		ROW(select, A1 | A2 | A3 | A4, 16, U(fds), U(none), U(none), U(buffer)),
		ROW(pselect6, A2 | A3 | A4, 16, U(fds), U(none), U(none), U(buffer), 0),
		ROW(pipe, A0, 0),
		ROW(pipe2, A0, 0, 0),
		ROW(sendfile, A2, null, zero, U(buffer), 4),
		ROW(splice, A1 | A3, file, U(buffer), pipes[1], 0, 4, 2),
		ROW(copy_file_range, A1 | A3, file, U(buffer), file, U(buffer + 8), 4, 0),
		ROW(fcntl, A2, file, F_GETLK, 0),
		ROW(ioctl, A2, pipes[0], 0x541b, 0), /* FIONREAD */
		ROW(getdents, A1, directory, 0, 512),
		ROW(getdents64, A1, directory, 0, 512),
		ROW(epoll_wait, A1, epoll, U(buffer), 1, 0),
		ROW(epoll_pwait, A1, epoll, U(buffer), 1, 0, 0, 8),
		ROW(epoll_pwait2, A1 | A3, epoll, U(buffer), 1, U(buffer), 0, 8),
		ROW(epoll_ctl, A3, epoll, EPOLL_CTL_MOD, pipes[0], U(buffer)),
		ROW(timerfd_settime, A2 | A3, timer, 0, U(buffer), 0),
		ROW(timerfd_gettime, A1, timer, 0),
		ROW(inotify_add_watch, A1, inotify, 0, 0x100),
		ROW(memfd_create, A0, 0, 0x80),
		ROW(getrandom, A0, 0, 0, 0),
	};

	RUN("wild pointers and descriptors", rows);
}

/* Paths, and what goes with them. */
static void files(void)
{
	static unsigned long how[3];
	const int at = AT_FDCWD;
	const struct row rows[] = {
		ROW(open, A0, 0, O_RDONLY | O_DIRECTORY),
		ROW(openat, A1, at, 0, O_RDONLY | O_DIRECTORY),
		ROW(openat2, A1 | A2, at, U(other), U(how), 24),
		ROW(creat, A0, 0, 0600),
		ROW(stat, A0 | A1, U(path), U(buffer)),
		ROW(lstat, A0 | A1, U(path), U(buffer)),
		ROW(newfstatat, A1 | A2, at, U(path), U(buffer), 0),
		ROW(statx, A1 | A4, at, U(path), 0, 0x7ff, U(buffer)),
		ROW(access, A0, 0, 0),
		ROW(faccessat, A1, at, 0, 0),
		ROW(faccessat2, A1, at, 0, 0, 0),
		ROW(truncate, A0, 0, 0),
		ROW(getcwd, A0, 0, 4096),
		ROW(chdir, A0, 0),
		ROW(rename, A0 | A1, U("absent"), U(other)),
		ROW(renameat, A1 | A3, at, U("absent"), at, U(other)),
		ROW(renameat2, A1 | A3, at, U("absent"), at, U(other), 0),
		ROW(mkdir, A0, 0, 0700),
		ROW(mkdirat, A1, at, 0, 0700),
		ROW(rmdir, A0, 0),
		ROW(link, A0 | A1, U("absent"), U(other)),
		ROW(linkat, A1 | A3, at, U("absent"), at, U(other), 0),
		ROW(unlink, A0, 0),
		ROW(unlinkat, A1, at, 0, 0),
		ROW(symlink, A0 | A1, U("absent"), U(path)),
		ROW(symlinkat, A0 | A2, U("absent"), at, U(path)),
		ROW(readlink, A0 | A1, U("link"), U(buffer), 64),
		ROW(readlinkat, A1 | A2, at, U("link"), U(buffer), 64),
		ROW(chmod, A0, 0, 0644),
		ROW(fchmodat, A1, at, 0, 0644),
		ROW(chown, A0, 0, -1, -1),
		ROW(lchown, A0, 0, -1, -1),
		ROW(fchownat, A1, at, 0, -1, -1, 0),
		ROW(utime, A0 | A1, U("absent"), U(buffer)),
		ROW(utimes, A0 | A1, U(path), U(buffer)),
		ROW(futimesat, A1 | A2, at, U(path), U(buffer)),
		ROW(utimensat, A1 | A2, at, U(path), U(buffer), 0),
		ROW(mknod, A0, 0, S_IFIFO | 0600, 0),
		ROW(mknodat, A1, at, 0, S_IFIFO | 0600, 0),
		ROW(statfs, A0 | A1, U("/proc"), U(buffer)),
		ROW(chroot, A0, 0),
		ROW(setxattr, A0 | A1 | A2, U(path), U("trusted.a"), U(buffer), 4, 0),
		ROW(lsetxattr, A0 | A1 | A2, U(path), U("trusted.a"), U(buffer), 4, 0),
		ROW(fsetxattr, A1 | A2, file, U("trusted.a"), U(buffer), 4, 0),
		ROW(getxattr, A0 | A1 | A2, U(path), U("trusted.a"), U(buffer), 64),
		ROW(lgetxattr, A0 | A1 | A2, U(path), U("trusted.a"), U(buffer), 64),
		ROW(fgetxattr, A1 | A2, file, U("trusted.a"), U(buffer), 64),
		ROW(listxattr, A0 | A1, U(path), U(buffer), 64),
		ROW(llistxattr, A0 | A1, U(path), U(buffer), 64),
		ROW(flistxattr, A1, file, U(buffer), 64),
		ROW(removexattr, A0 | A1, U(path), U("trusted.absent")),
		ROW(lremovexattr, A0 | A1, U(path), U("trusted.absent")),
		ROW(fremovexattr, A1, file, U("trusted.absent")),
		ROW(execve, A0 | A1 | A2, U(empty), 0, 0),
	};

	CALL(symlink, "to a file", "file", "link");
	RUN("wild pointers and files", rows);
}

static void sockets(void)
{
	static struct sockaddr_un un = { .sun_family = AF_UNIX };
	static socklen_t size;
	struct msghdr header = { 0 };
	struct mmsghdr headers[1] = { 0 };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	int fresh = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	int ret;
	const struct row rows[] = {
		ROW(socketpair, A3, AF_UNIX, SOCK_STREAM, 0, 0),
		ROW(bind, A1, fresh, U(&un), 0),
		ROW(connect, A1, fresh, U(&un), sizeof(un)),
		ROW(accept, A1 | A2, listener, U(buffer), U(&size)),
		ROW(accept4, A1 | A2, listener, U(buffer), U(&size), 0),
		ROW(getsockname, A1 | A2, pair[0], U(buffer), U(&size)),
		ROW(getpeername, A1 | A2, pair[0], U(buffer), U(&size)),
		ROW(sendto, A1, pair[0], 0, 24, MSG_DONTWAIT, 0, 0),
		ROW(sendto, A4, pair[0], U(buffer), 1, MSG_DONTWAIT, 0, 16),
		ROW(recvfrom, A1 | A4, pair[1], U(buffer), 24, MSG_DONTWAIT | MSG_PEEK, 0, 0),
		ROW(recvfrom, A5, pair[1], U(buffer), 24, MSG_DONTWAIT | MSG_PEEK, U(buffer), 0),
		ROW(sendmsg, A1, pair[0], U(&header), MSG_DONTWAIT),
		ROW(recvmsg, A1, pair[1], U(&header), MSG_DONTWAIT | MSG_PEEK),
		ROW(sendmmsg, A1, pair[0], U(headers), 1, MSG_DONTWAIT),
		ROW(recvmmsg, A1 | A4, pair[1], U(headers), 1, MSG_DONTWAIT | MSG_PEEK, 0),
		ROW(setsockopt, A3, pair[0], SOL_SOCKET, SO_PASSCRED, 0, 4),
		ROW(getsockopt, A3 | A4, pair[0], SOL_SOCKET, SO_TYPE, U(buffer), U(&size)),
	};

	un.sun_path[0] = 'n';
	bind(listener, (struct sockaddr *)&un, sizeof(un));
	un.sun_path[0] = 'm';
	ret = listen(listener, 4);
	SEE("listen: %d", ret);
	RUN("wild pointers and sockets", rows);
	close(listener);
	close(fresh);
}

static void times(void)
{
	static struct itimerspec spec = { .it_value = { 1000, 0 } };
	struct sigevent event = { .sigev_notify = SIGEV_NONE };
	static int id;
	const struct row rows[] = {
		ROW(clock_gettime, A1, CLOCK_MONOTONIC, 0),
		ROW(clock_getres, A1, CLOCK_MONOTONIC, 0),
		ROW(clock_settime, A1, CLOCK_MONOTONIC, 0),
		ROW(clock_adjtime, A1, CLOCK_MONOTONIC, 0),
		ROW(nanosleep, A0, 0, 0),
		ROW(clock_nanosleep, A2, CLOCK_MONOTONIC, 0, 0, 0),
		ROW(gettimeofday, A0 | A1, 0, 0),
		ROW(getitimer, A1, ITIMER_REAL, 0),
		ROW(setitimer, A1 | A2, ITIMER_REAL, U(buffer), 0),
		ROW(timer_create, A1 | A2, CLOCK_MONOTONIC, U(&event), U(&id)),
		ROW(timer_settime, A2 | A3, -1, 0, U(&spec), 0),
		ROW(timer_gettime, A1, -1, 0),
	};
	/* Their results are the time. */
	const struct row hidden[] = {
		ROW(time, A0, 0),
		ROW(times, A0, 0),
	};
	unsigned int i, k;

	RUN("wild pointers and time", rows);
	for (i = 0; i < COUNT(hidden); i++) {
		for (k = 0; k < COUNT(wild); k++) {
			printf("%s, %s: ", hidden[i].name, wild[k].name);
			diff_result(one_call(&hidden[i], 0, wild[k].at), 1);
		}
	}
}

static void processes(void)
{
	struct sched_param parameter = { 0 };
	static unsigned int attr[14] = { 48 };
	static unsigned int cap[2] = { 0x20080522, 0 };
	static unsigned long now[2];
	static int word;
	struct iovec iov = { buffer, 16 };
	const struct row rows[] = {
		ROW(uname, A0, 0),
		ROW(sysinfo, A0, 0),
		ROW(getrusage, A1, RUSAGE_CHILDREN, 0),
		ROW(getrlimit, A1, RLIMIT_NOFILE, 0),
		ROW(getrlimit, A1, RLIMIT_STACK, 0),
		ROW(prlimit64, A2 | A3, 0, RLIMIT_CORE, 0, 0),
		ROW(prlimit64, A3, 0, RLIMIT_STACK, 0, 0),
		ROW(getgroups, A1, 0, 0),
		ROW(getresuid, A0 | A1 | A2, U(buffer), U(buffer + 4), U(buffer + 8)),
		ROW(getresgid, A0 | A1 | A2, U(buffer), U(buffer + 4), U(buffer + 8)),
		ROW(capget, A0 | A1, U(cap), U(buffer)),
		ROW(capset, A0, U(cap), U(buffer)),
		ROW(wait4, A1 | A3, -1, 0, WNOHANG, 0),
		ROW(waitid, A2 | A4, P_ALL, 0, 0, WNOHANG | WEXITED, 0),
		ROW(sched_getparam, A1, 0, 0),
		ROW(sched_setparam, A1, 0, U(&parameter)),
		ROW(sched_setscheduler, A2, 0, SCHED_OTHER, U(&parameter)),
		ROW(sched_getattr, A1, 0, 0, 48, 0),
		ROW(sched_setattr, A1, 0, U(attr), 0),
		ROW(sched_rr_get_interval, A1, 0, 0),
		ROW(getcpu, A0 | A1, 0, 0),
		ROW(get_robust_list, A1 | A2, 0, U(buffer), U(buffer + 8)),
		ROW(process_vm_readv, A1 | A3, getpid(), U(&iov), 1, U(&iov), 1, 0),
		ROW(process_vm_writev, A1 | A3, getpid(), U(&iov), 1, U(&iov), 1, 0),
		ROW(prctl, A1, PR_GET_NAME, 0),
		ROW(prctl, A1, PR_GET_PDEATHSIG, 0),
		ROW(prctl, A1, PR_GET_CHILD_SUBREAPER, 0),
		ROW(futex, A0, 0, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 1, U(now)),
		ROW(futex, A3, U(&word), FUTEX_WAIT, 1, 0),
		ROW(futex, A4, U(&word), FUTEX_WAKE_OP | FUTEX_PRIVATE_FLAG, 0, 0, U(&word), 0),
		ROW(name_to_handle_at, A1 | A2 | A3, AT_FDCWD, U(path), U(buffer), U(buffer), 0),
		ROW(pidfd_send_signal, A2, -1, 0, 0, 0),
	};

	/* The second call of PR_SET_NAME gives it back. */
	RUN("wild pointers and processes", rows);
	CALL(prctl, "a name", PR_SET_NAME, "diff-pointers");
}

static void signals(void)
{
	static unsigned long set, now[2];
	static stack_t stack;
	const struct row rows[] = {
		ROW(rt_sigaction, A1 | A2, SIGUSR1, 0, 0, 8),
		ROW(rt_sigprocmask, A1 | A2, SIG_BLOCK, 0, 0, 8),
		ROW(rt_sigpending, A0, 0, 8),
		ROW(rt_sigtimedwait, A0, U(&set), 0, U(now), 8),
		ROW(rt_sigqueueinfo, A2, 1 << 30, 0, U(buffer)),
		ROW(rt_tgsigqueueinfo, A3, 1 << 30, 1 << 30, 0, U(buffer)),
		ROW(sigaltstack, A1, U(&stack), 0),
	};
	unsigned long none = 0;

	stack.ss_flags = SS_DISABLE;
	RUN("wild pointers and signals", rows);
	CALL(rt_sigprocmask, "nothing", SIG_SETMASK, &none, NULL, 8);
	CALL(sigaltstack, "none", &stack, NULL);
}

static void ipc(void)
{
	int sem = RAW(SYS_semget, IPC_PRIVATE, 1, 0600), messages;
	struct sembuf nothing = { 0, 1, 0 };
	struct mq_attr attr = { .mq_maxmsg = 2, .mq_msgsize = 16 };

	messages = RAW(SYS_msgget, IPC_PRIVATE, 0600);
	queue = RAW(SYS_mq_open, "diff-pointers", O_RDWR | O_CREAT | O_NONBLOCK, 0600, &attr);
	SEE("a semaphore %d, messages %d, a queue %d", sem >= 0, messages >= 0, queue >= 0);
	{
		const struct row rows[] = {
			ROW(semop, A1, sem, U(&nothing), 1),
			ROW(semtimedop, A1 | A3, sem, U(&nothing), 1, 0),
			ROW(semctl, A3, sem, 0, IPC_STAT, U(buffer)),
			ROW(msgsnd, A1, messages, 0, 8, IPC_NOWAIT),
			ROW(msgrcv, A1, messages, 0, 8, 0, IPC_NOWAIT | MSG_NOERROR),
			ROW(msgctl, A2, messages, IPC_STAT, 0),
			ROW(mq_open, A0, 0, O_RDWR, 0, 0),
			ROW(mq_open, A3, U("diff-absent"), O_RDWR, 0, 0),
			ROW(mq_unlink, A0, 0),
			ROW(mq_timedsend, A1 | A4, queue, U(buffer), 4, 0, 0),
			ROW(mq_timedreceive, A1 | A3 | A4, queue, U(buffer), 16, 0, 0),
			ROW(mq_notify, A1, queue, 0),
			ROW(mq_getsetattr, A1 | A2, queue, 0, 0),
			ROW(add_key, A0 | A1 | A2, U("user"), U("diff"), U("x"), 1, 0),
			ROW(request_key, A0 | A1, U("user"), U("absent"), 0, 0),
		};
		RUN("wild pointers and IPC", rows);
	}
	CALL(semctl, "remove", sem, 0, IPC_RMID);
	CALL(msgctl, "remove", messages, IPC_RMID, NULL);
	CALL(mq_unlink, "the queue", "diff-pointers");
	close(queue);
}

/* Memory calls take addresses that need not be anything. */
static void memory(void)
{
	const struct row rows[] = {
		ROW(mincore, A0 | A2, U(buffer) & ~(PAGE - 1), PAGE, U(buffer)),
		ROW(madvise, A0, 0, PAGE, MADV_NORMAL),
		ROW(msync, A0, 0, PAGE, MS_ASYNC),
		ROW(mprotect, A0, 0, 0, PROT_READ),
		ROW(munmap, A0, 0, 0),
		ROW(mlock, A0, 0, 16),
		ROW(munlock, A0, 0, 16),
		ROW(mlock2, A0, 0, 16, 0),
	};

	RUN("wild pointers and memory", rows);
}

/* A good page, and then nothing: what is moved before that is found. */
static void ends_of_mappings(void)
{
	static const unsigned long lengths[] = { PAGE,	    PAGE + 1,  2 * PAGE, 1ul << 31,
						 1ul << 62, 1ul << 63, -1ul };
	char *good = (char *)wild[3].at + 1 - PAGE;
	long into = open("lengths", O_RDWR | O_CREAT, 0600);
	struct iovec part = { good, 0 };
	unsigned int i;

	group("buffers that are longer than their mapping");
	fill(good, PAGE, 4);
	for (i = 0; i < COUNT(lengths); i++) {
		printf("%#lx bytes:\n", lengths[i]);
		CALL(pwrite64, "to a file", into, good, lengths[i], 0);
		CALL(pread64, "from a file", into, good, lengths[i], 0);
		SEE("%08x", digest(good, PAGE));
		CALL(pread64, "from /dev/zero", zero, good, lengths[i], 0);
		SEE("%08x", digest(good, PAGE));
		CALL(write, "to /dev/null", null, good, lengths[i]);
		fill(good, PAGE, i);
		part.iov_len = lengths[i];
		CALL(pwritev, "to a file", into, &part, 1, 0, 0);
		CALL(preadv, "from a file", into, &part, 1, 0, 0);
		CALL(sendto, "to a socket", pair[0], good, lengths[i], MSG_DONTWAIT, NULL, 0);
		CALL(recvfrom, "from a socket", pair[1], good, lengths[i], MSG_DONTWAIT, NULL,
		     NULL);
		CALL(getcwd, "the directory", good + PAGE - 4, lengths[i]);
		CALL(readlink, "a link", "link", good + PAGE - 2, lengths[i]);
		CALL(getdents64, "a directory", directory, good + PAGE - 20, lengths[i]);
		CALL(getxattr, "a value", "file", "trusted.a", good + PAGE - 2, lengths[i]);
	}
	see_file(into);
	close(into);
}

static void vectors(void)
{
	char *good = (char *)wild[3].at + 1 - PAGE;
	struct iovec parts[3] = { { good, 100 }, { NULL, 10 }, { good + 100, 50 } };
	struct msghdr header = { .msg_iov = parts, .msg_iovlen = 3 };
	long into = open("vectors", O_RDWR | O_CREAT, 0600),
	     other = open("more", O_RDWR | O_CREAT, 0600);
	unsigned int i;

	group("vectors with one bad part");
	fill(good, PAGE, 6);
	for (i = 0; i < COUNT(wild); i++) {
		/* Whose they are depends on how many levels of tables Linux has. */
		if (i >= WILD_MAPPED && wild[i].at >= 0x7ffffffff000 && wild[i].at < 1ul << 56)
			continue;
		parts[1].iov_base = (void *)wild[i].at;
		printf("%s:\n", wild[i].name);
		fill(good, PAGE, i);
		if (i >= WILD_MAPPED && wild[i].at >= 0x500000000000 && wild[i].at < 1ul << 56) {
			/* On Linux what lies before it is moved. */
			DEVIATES(part_out_of_range, pwritev, "to a file", other, parts, 3, 0, 0);
			DEVIATES(part_out_of_range, preadv, "from a file", zero, parts, 3, 0, 0);
			DEVIATES(part_before_descriptor, writev, "to a bad descriptor", 900, parts,
				 3);
			DEVIATES(part_before_message, recvmsg, "none", pair[1], &header,
				 MSG_DONTWAIT);
			continue;
		}
		CALL(pwritev, "to a file", into, parts, 3, 0, 0);
		CALL(preadv, "from a file", zero, parts, 3, 0, 0);
		CALL(writev, "to a bad descriptor", 900, parts, 3);
		CALL(sendmsg, "to a socket", pair[0], &header, MSG_DONTWAIT);
		CALL(recvmsg, "from a socket", pair[1], &header, MSG_DONTWAIT);
		SEE("%08x", digest(good, PAGE));
		parts[1].iov_len = 0;
		CALL(pwritev, "and of no length", into, parts, 3, 0, 0);
		parts[1].iov_len = 10;
		while (RAW(SYS_recvfrom, pair[1], buffer, PAGE, MSG_DONTWAIT, NULL, NULL) >= 0)
			;
	}
	see_file(into);
	close(into);
	close(other);
}

int main(int argc, char **argv)
{
	struct epoll_event event = { .events = 0 }, ready = { .events = EPOLLOUT };

	diff_start(argc, argv);
	wild_start();
	file = open(path, O_RDWR | O_CREAT, 0644);
	zero = open("/dev/zero", O_RDONLY);
	null = open("/dev/null", O_WRONLY);
	epoll = epoll_create1(0);
	timer = timerfd_create(CLOCK_MONOTONIC, 0);
	inotify = inotify_init1(IN_NONBLOCK);
	directory = open(".", O_RDONLY | O_DIRECTORY);
	if (file < 0 || zero < 0 || null < 0 || epoll < 0 || timer < 0 || inotify < 0 ||
	    directory < 0 || pipe2(pipes, O_NONBLOCK) ||
	    socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair) ||
	    epoll_ctl(epoll, EPOLL_CTL_ADD, pipes[0], &event) ||
	    epoll_ctl(epoll, EPOLL_CTL_ADD, pipes[1], &ready)) {
		perror("set-up");
		return 1;
	}
	descriptors();
	files();
	sockets();
	times();
	processes();
	signals();
	ipc();
	memory();
	ends_of_mappings();
	vectors();
	return diff_end();
}
