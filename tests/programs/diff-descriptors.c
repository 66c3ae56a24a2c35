// SPDX-License-Identifier: MIT
/* Descriptors: bad ones of every kind, and those that are no files: pipes, epoll, eventfd, timerfd, inotify. */
#include "diff.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/wait.h>

static char buffer[2 * PAGE];
static struct iovec iov = { buffer, 16 };

/* --- calls with a descriptor that is not what they want ------------------------------------------- */

struct kind {
	const char *name;
	long fd;
};

struct row {
	const char *name;
	long nr;
	unsigned long args[5]; /* behind the descriptor */
};

#define ROW(call, ...)                                                   \
	{                                                                \
		.name = #call, .nr = SYS_##call, .args = { __VA_ARGS__ } \
	}
#define U(p) ((unsigned long)(p))

static void bad_ones(void)
{
	static unsigned long space[8];
	long directory = open(".", O_RDONLY | O_DIRECTORY), path = open(".", O_PATH);
	long file = open("plain", O_CREAT | O_RDONLY, 0600);
	int pipes[2], pair[2];
	struct kind kinds[] = {
		{ "-1", -1 },
		{ "AT_FDCWD", AT_FDCWD },
		{ "closed", 900 },
		{ "over any limit", 1 << 30 },
		{ "with high bits set", 1l << 32 | 900 },
		{ "a directory", directory },
		{ "a path", path },
		{ "a file to read", file },
		{ "the end of a pipe to read", 0 },
		{ "the end of a pipe to write", 0 },
		{ "a socket", 0 },
		{ "epoll", epoll_create1(0) },
		{ "an eventfd", eventfd(0, EFD_NONBLOCK) },
		{ "a timerfd", timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK) },
		{ "inotify", inotify_init1(IN_NONBLOCK) },
	};
	const struct row rows[] = {
		ROW(read, U(buffer), 16),
		ROW(write, U(buffer), 16),
		ROW(pread64, U(buffer), 16, 0),
		ROW(pwrite64, U(buffer), 16, 0),
		ROW(readv, U(&iov), 1),
		ROW(writev, U(&iov), 1),
		ROW(preadv, U(&iov), 1, 0, 0),
		ROW(pwritev, U(&iov), 1, 0, 0),
		ROW(lseek, 0, SEEK_CUR),
		ROW(fstatfs, U(buffer)),
		ROW(fsync),
		ROW(fdatasync),
		ROW(syncfs),
		ROW(ftruncate, 0),
		ROW(fallocate, 0, 0, 10),
		ROW(fadvise64, 0, 0, 0),
		ROW(readahead, 0, 10),
		ROW(sync_file_range, 0, 0, 0),
		ROW(fchdir),
		ROW(flock, 8),
		ROW(getdents64, U(buffer), 16),
		ROW(ioctl, FIONBIO, U(space)),
		ROW(ioctl, 0x12345678, 0),
		ROW(fcntl, F_GETFD, 0),
		ROW(fcntl, F_GETFL, 0),
		ROW(fcntl, 9999, 0),
		ROW(fcntl, F_GETPIPE_SZ, 0),
		ROW(fcntl, F_GETLK, U(space)),
		ROW(epoll_wait, U(buffer), 1, 0),
		ROW(epoll_ctl, EPOLL_CTL_DEL, 0, 0),
		ROW(timerfd_gettime, U(buffer)),
		ROW(timerfd_settime, 0, U(space), 0),
		ROW(inotify_rm_watch, 77),
		ROW(inotify_add_watch, U("."), 0x100),
		ROW(fsetxattr, U("user.x"), U("x"), 1, 0),
		ROW(flistxattr, U(buffer), 16),
		ROW(connect, U(buffer), 16),
		ROW(bind, U(buffer), 2),
		ROW(listen, 1),
		ROW(accept4, 0, 0, SOCK_NONBLOCK),
		ROW(getsockname, U(buffer), U(space)),
		ROW(getsockopt, SOL_SOCKET, SO_TYPE, U(buffer), U(space)),
		ROW(setsockopt, SOL_SOCKET, SO_TYPE, U(buffer), 4),
		ROW(shutdown, 9),
		ROW(sendto, U(buffer), 1, MSG_DONTWAIT, 0, 0),
		ROW(recvfrom, U(buffer), 1, MSG_DONTWAIT, 0, 0),
		ROW(openat, U("plain"), O_PATH),
		ROW(mkdirat, U("plain"), 0700),
		ROW(newfstatat, U("plain"), U(buffer), 0),
		ROW(pidfd_getfd, 0, 0),
		ROW(pidfd_send_signal, 0, 0, 0),
		ROW(setns, 0),
		ROW(finit_module, U(""), 0),
		ROW(open_by_handle_at, U(space), 0),
		ROW(fsmount, 0, 0),
		ROW(fsconfig, 0, 0, 0, 0),
		ROW(quotactl_fd, 0, 0, 0),
		ROW(process_mrelease, 0),
	};
	unsigned int i, k;
	long ret;

	group("descriptors that are not what is wanted");
	if (pipe2(pipes, O_NONBLOCK) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair))
		exit(1);
	kinds[8].fd = pipes[0];
	kinds[9].fd = pipes[1];
	kinds[10].fd = pair[0];
	for (i = 0; i < COUNT(rows); i++) {
		const struct row *r = &rows[i];

		printf("%s:", r->name);
		for (k = 0; k < COUNT(kinds); k++) {
			memset(space, 0, sizeof(space));
			ret = RAW(r->nr, kinds[k].fd, r->args[0], r->args[1], r->args[2],
				  r->args[3], r->args[4]);
			if (ret < 0)
				printf(" [%s] %s", kinds[k].name, diff_error(ret));
			else
				printf(" [%s] %ld", kinds[k].name, r->nr == SYS_openat ? 0 : ret);
			if (ret >= 0 && r->nr == SYS_openat)
				close(ret);
		}
		printf("\n");
	}
	CALL(close_range, "everything from here on", directory, -1u, 0);
	CALL(close_range, "backwards", 9, 8, 0);
	CALL(close_range, "unknown flags", 100, 200, 64);
	CALL(close_range, "close on exec", 100, -1u, 4);
}

/* --- duplicates and flags -------------------------------------------------------------------------- */

static void duplicates(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 10 };
	long fd = CALL(open, "a file", "dup", O_RDWR | O_CREAT, 0600), other;

	group("duplicates");
	other = CALL(dup, "it", fd);
	CALL(write, "by one", fd, "12345", 5);
	CALL(lseek, "the other moves too", other, 0, SEEK_CUR);
	CALL(dup2, "to itself", fd, fd);
	CALL(dup2, "to 100", fd, 100);
	CALL(dup2, "a closed one to itself", 101, 101);
	CALL(dup2, "to -1", fd, -1);
	CALL(dup2, "to over any limit", fd, 1 << 30);
	CALL(dup3, "to itself", fd, fd, 0);
	CALL(dup3, "close on exec", fd, 102, O_CLOEXEC);
	CALL(fcntl, "its flag", 102, F_GETFD);
	CALL(dup3, "unknown flags", fd, 103, O_APPEND);
	CALL(fcntl, "duplicate from 200", fd, F_DUPFD, 200);
	CALL(fcntl, "and close on exec", fd, F_DUPFD_CLOEXEC, 200);
	CALL(fcntl, "from over any limit", fd, F_DUPFD, 1 << 30);
	CALL(fcntl, "from -1", fd, F_DUPFD, -1);
	CALL(fcntl, "append", fd, F_SETFL, O_APPEND);
	CALL(fcntl, "its flags", other, F_GETFL);
	CALL(fcntl, "close on exec", fd, F_SETFD, 1);
	CALL(fcntl, "not of the other", other, F_GETFD);
	CALL(fcntl, "lock", fd, F_SETLK, &lock);
	CALL(fcntl, "who has it", fd, F_GETLK, &lock);
	SEE("type %d", lock.l_type);
	lock.l_type = 77;
	CALL(fcntl, "no such lock", fd, F_SETLK, &lock);
	CALL(fcntl, "lease", fd, F_SETLEASE, F_WRLCK);
	CALL(fcntl, "signal", fd, F_SETSIG, 100);
	CALL(fcntl, "owner", fd, F_SETOWN, 0);
	CALL(fcntl, "seals of a file", fd, F_GET_SEALS);
	CALL(kcmp, "of files", getpid(), getpid(), 0, fd, other);
	CALL(kcmp, "unknown", getpid(), getpid(), 77, 0, 0);
	CALL(close_range, "all of them", fd, -1u, 0);
}

/* --- pipes ------------------------------------------------------------------------------------------ */

static void pipes(void)
{
	int ends[2], second[2];
	long fd, count;

	group("pipes");
	CALL(pipe, "two ends", ends);
	CALL(pipe2, "not blocking", second, O_NONBLOCK);
	CALL(pipe2, "unknown flags", second, O_APPEND);
	SEE("%d %d %d %d", ends[0], ends[1], second[0], second[1]);
	CALL(read, "empty", second[0], buffer, 10);
	CALL(write, "some", second[1], "0123456789", 10);
	CALL(ioctl, "how much", second[0], FIONREAD, &count);
	SEE("%d", (int)count);
	CALL(tee, "from it to the other", second[0], ends[1], 5, 0);
	CALL(read, "4 of the copy", ends[0], buffer, 4);
	SEE("%.4s", buffer);
	CALL(tee, "to itself", second[0], second[1], 5, 0);
	CALL(tee, "unknown flags", second[0], ends[1], 5, 64);
	fd = CALL(open, "a file", "piped", O_RDWR | O_CREAT, 0600);
	CALL(splice, "to a file", second[0], NULL, fd, NULL, 7, 0);
	CALL(splice, "a file to a file", fd, NULL, fd, NULL, 7, 0);
	CALL(splice, "unknown flags", second[0], NULL, fd, NULL, 7, 64);
	CALL(splice, "an offset of a pipe", second[0], &count, fd, NULL, 7, 0);
	see_file(fd);
	CALL(vmsplice, "memory", second[1], &iov, 1, 0);
	CALL(vmsplice, "from a pipe", second[0], &iov, 1, 0);
	CALL(vmsplice, "unknown flags", second[1], &iov, 1, 64);
	CALL(vmsplice, "a file", fd, &iov, 1, 0);
	CALL(lseek, "the file", fd, 0, SEEK_SET);
	CALL(sendfile, "to a pipe", second[1], fd, NULL, 5);
	CALL(sendfile, "from a pipe", fd, second[0], NULL, 5);
	CALL(sendfile, "a negative offset", second[1], fd, &(long){ -1 }, 5);
	CALL(fcntl, "size of a pipe", second[0], F_GETPIPE_SZ);
	CALL(fcntl, "another", second[0], F_SETPIPE_SZ, PAGE);
	while (RAW(SYS_write, second[1], buffer, 1000) > 0)
		;
	CALL(write, "full", second[1], buffer, 1000);
	CALL(ioctl, "how much", second[0], FIONREAD, &count);
	SEE("%d", (int)count);
	close(second[1]);
	count = 0;
	while (read(second[0], buffer, sizeof(buffer)) > 0)
		count++;
	SEE("%ld reads", count);
	CALL(read, "the end", second[0], buffer, 10);
	signal(SIGPIPE, SIG_IGN);
	close(ends[0]);
	CALL(write, "nobody reads", ends[1], buffer, 1);
	signal(SIGPIPE, SIG_DFL);
	close(ends[1]);
	close(second[0]);
	close(fd);
}

/* --- waiting for several ---------------------------------------------------------------------------- */

static void waiting(void)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT, .data.u64 = 7 }, events[4];
	struct timespec zero = { 0, 0 }, bad = { 0, 1000000000 }, negative = { -1, 0 };
	struct {
		const unsigned long *set;
		size_t size;
	} mask = { (unsigned long[1]){ 0 }, 8 };
	struct pollfd polls[3];
	int ends[2];
	long fd, i;
	fd_set in;

	group("poll, select and epoll");
	if (pipe(ends))
		return;
	polls[0] = (struct pollfd){ ends[0], POLLIN, 0 };
	polls[1] = (struct pollfd){ ends[1], POLLOUT, 0 };
	polls[2] = (struct pollfd){ 900, POLLIN, 0 };
	CALL(poll, "three", polls, 3, 0);
	for (i = 0; i < 3; i++)
		SEE("%x", polls[i].revents);
	CALL(poll, "nothing for 2 ms", polls, 1, 2);
	CALL(poll, "too many", polls, -1u, 0);
	CALL(poll, "none", NULL, 0, 0);
	CALL(ppoll, "three", polls, 3, &zero, NULL, 8);
	CALL(ppoll, "a bad time", polls, 3, &bad, NULL, 8);
	CALL(ppoll, "a negative time", polls, 3, &negative, NULL, 8);
	CALL(ppoll, "a mask of odd size", polls, 3, &zero, mask.set, 4);
	FD_ZERO(&in);
	FD_SET(ends[0], &in);
	CALL(select, "one", ends[0] + 1, &in, NULL, NULL, &zero);
	SEE("%d", FD_ISSET(ends[0], &in));
	FD_SET(40, &in);
	CALL(select, "a closed one", 1024, &in, NULL, NULL, &zero);
	CALL(select, "-1 descriptors", -1, &in, NULL, NULL, &zero);
	CALL(pselect6, "one to write", ends[1] + 1, NULL, NULL, NULL, &zero, NULL);
	CALL(pselect6, "a bad time", 0, NULL, NULL, NULL, &bad, NULL);
	CALL(pselect6, "a mask", 0, NULL, NULL, NULL, &zero, &mask);
	mask.size = 7;
	CALL(pselect6, "a mask of odd size", 0, NULL, NULL, NULL, &zero, &mask);

	CALL(epoll_create, "0", 0);
	fd = CALL(epoll_create, "1", 1);
	close(fd);
	CALL(epoll_create1, "unknown flags", 1);
	fd = CALL(epoll_create1, "close on exec", O_CLOEXEC);
	CALL(epoll_ctl, "add", fd, EPOLL_CTL_ADD, ends[0], &event);
	CALL(epoll_ctl, "again", fd, EPOLL_CTL_ADD, ends[0], &event);
	CALL(epoll_ctl, "modify what is not there", fd, EPOLL_CTL_MOD, ends[1], &event);
	CALL(epoll_ctl, "itself", fd, EPOLL_CTL_ADD, fd, &event);
	CALL(epoll_ctl, "a file", fd, EPOLL_CTL_ADD, open("plain", O_RDONLY), &event);
	CALL(epoll_ctl, "unknown", fd, 9, ends[0], &event);
	CALL(epoll_ctl, "another", fd, EPOLL_CTL_ADD, ends[1], &event);
	CALL(epoll_wait, "at once", fd, events, 4, 0);
	SEE("%x %lx", events[0].events, (long)events[0].data.u64);
	CALL(epoll_wait, "no room", fd, events, 0, 0);
	CALL(epoll_wait, "negative room", fd, events, -1, 0);
	CALL(epoll_pwait, "a mask of odd size", fd, events, 4, 0, mask.set, 3);
	CALL(epoll_pwait2, "a time", fd, events, 4, &zero, NULL, 8);
	CALL(epoll_pwait2, "a bad time", fd, events, 4, &bad, NULL, 8);
	CALL(epoll_ctl, "delete", fd, EPOLL_CTL_DEL, ends[1], NULL);
	CALL(epoll_wait, "nothing", fd, events, 4, 0);
	close(fd);
	close(ends[0]);
	close(ends[1]);
}

/* --- events ------------------------------------------------------------------------------------------ */

static void events(void)
{
	struct itimerspec spec = { .it_value = { 0, 1000000 } }, old,
			  bad = { .it_value = { 0, -1 } };
	unsigned long value = 5;
	struct pollfd poll_one;
	long fd, watch, bytes;

	group("eventfd, timerfd and inotify");
	fd = CALL(eventfd, "7", 7);
	CALL(read, "it", fd, &value, 8);
	SEE("%lu", value);
	CALL(write, "5", fd, &(unsigned long){ 5 }, 8);
	CALL(write, "4 bytes", fd, &value, 4);
	CALL(write, "-1", fd, &(unsigned long){ -1ul }, 8);
	CALL(read, "too little room", fd, &value, 4);
	close(fd);
	fd = CALL(eventfd2, "a semaphore", 2, EFD_SEMAPHORE | EFD_NONBLOCK);
	CALL(read, "one", fd, &value, 8);
	CALL(read, "one", fd, &value, 8);
	CALL(read, "none", fd, &value, 8);
	SEE("%lu", value);
	close(fd);
	CALL(eventfd2, "unknown flags", 2, 64);

	fd = CALL(timerfd_create, "monotonic", CLOCK_MONOTONIC, 0);
	CALL(timerfd_create, "unknown clock", 99, 0);
	CALL(timerfd_create, "unknown flags", CLOCK_MONOTONIC, 64);
	CALL(timerfd_settime, "1 ms", fd, 0, &spec, &old);
	SEE("%ld.%09ld", old.it_value.tv_sec, old.it_value.tv_nsec);
	CALL(read, "it", fd, &value, 8);
	SEE("%lu", value);
	CALL(timerfd_gettime, "it is over", fd, &old);
	SEE("%ld.%09ld", old.it_value.tv_sec, old.it_value.tv_nsec);
	CALL(timerfd_settime, "a bad time", fd, 0, &bad, NULL);
	CALL(timerfd_settime, "unknown flags", fd, 64, &spec, NULL);
	close(fd);

	CALL(inotify_init1, "unknown flags", 1);
	close(CALL(inotify_init, "one"));
	fd = CALL(inotify_init1, "not blocking", O_NONBLOCK);
	watch = CALL(inotify_add_watch, "the directory", fd, ".", 0x100 | 0x200);
	CALL(inotify_add_watch, "absent", fd, "absent/x", 0x100);
	CALL(inotify_add_watch, "no events", fd, ".", 0);
	close(open("noticed", O_CREAT | O_WRONLY, 0600));
	unlink("noticed");
	CALL(read, "no room", fd, buffer, 8);
	bytes = CALL(read, "events", fd, buffer, sizeof(buffer));
	SEE("%08x", bytes > 0 ? digest(buffer, bytes) : 0);
	CALL(read, "no more", fd, buffer, sizeof(buffer));
	CALL(inotify_rm_watch, "it", fd, watch);
	CALL(inotify_rm_watch, "again", fd, watch);
	poll_one = (struct pollfd){ fd, POLLIN, 0 };
	CALL(poll, "the last event", &poll_one, 1, 0);
	close(fd);
	CALL(fanotify_init, "unknown flags", -1u, 0);
	CALL(fanotify_mark, "a bad descriptor", 900, 1, 1, AT_FDCWD, NULL);
}

/* How a child ends: what it exits with, or minus the signal. */
static int child_end(void)
{
	pid_t child = fork();
	int status;

	if (!child)
		_exit(7);
	if (child < 0 || waitpid(child, &status, 0) != child)
		return -1000;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* The number is the limit's, and they are all the program's; a child can be, whatever it is lowered to. */
static void limit(void)
{
	static const struct rlimit few[] = { { 64, 64 }, { 5, 64 }, { 0, 64 } };
	struct rlimit old;
	int highest = 0, fd, error, closed = 0, status;
	unsigned int i;
	pid_t child;

	group("limit");
	getrlimit(RLIMIT_NOFILE, &old);
	while ((fd = dup(0)) >= 0)
		highest = fd;
	error = errno;
	SEE("up to %d of %d, then %d; a child %d", highest, (int)old.rlim_cur, error, child_end());
	for (fd = 3; fd <= highest; fd++)
		closed += !close(fd);
	SEE("%d can be closed", closed);
	CALL(fstat, "the limit", old.rlim_cur, buffer);
	CALL(fcntl, "the limit", old.rlim_cur, F_GETFD);
	CALL(dup2, "the limit", 0, old.rlim_cur);
	for (i = 0; i < COUNT(few); i++) {
		child = fork();
		if (!child) {
			if (RAW(SYS_setrlimit, RLIMIT_NOFILE, few + i) ||
			    (!geteuid() && RAW(SYS_setresuid, 65534, 65534, 65534)))
				_exit(100);
			_exit(child_end());
		}
		SEE("child's with a limit of %d: %d", (int)few[i].rlim_cur,
		    waitpid(child, &status, 0) == child ? WEXITSTATUS(status) : -1);
	}
}

int main(int argc, char **argv)
{
	diff_start(argc, argv);
	limit();
	bad_ones();
	duplicates();
	pipes();
	waiting();
	events();
	return diff_end();
}
