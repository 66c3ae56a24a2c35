// SPDX-License-Identifier: MIT
/* signalfd: what is read, when it is readable, whose signals they are. */
#include "diff.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

#define BIT(sig) (1ul << ((sig) - 1))
#define QUEUED (SIGRTMIN + 3)

static struct signalfd_siginfo records[4];

static void block(unsigned long set)
{
	RAW(SYS_rt_sigprocmask, SIG_SETMASK, &set, NULL, 8);
}

static void see_record(const struct signalfd_siginfo *r)
{
	SEE("signal %u, error %d, code %d, from me %d, of my user %d, fd %d, timer %u, band %u",
	    r->ssi_signo, r->ssi_errno, r->ssi_code, r->ssi_pid == (unsigned int)getpid(),
	    r->ssi_uid == getuid(), r->ssi_fd, r->ssi_tid, r->ssi_band);
	SEE("overrun %u, trap %u, status %d, int %d, pointer %lx, address %lx", r->ssi_overrun,
	    r->ssi_trapno, r->ssi_status, r->ssi_int, (unsigned long)r->ssi_ptr,
	    (unsigned long)r->ssi_addr);
}

static void read_one(int fd)
{
	memset(records, 0x55, sizeof(records));
	if (CALL(read, "a record", fd, records, sizeof(records[0])) == sizeof(records[0]))
		see_record(records);
}

static void see_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };

	CALL(poll, "at once", &p, 1, 0);
	SEE("events %x", p.revents);
}

static void queue_to(pid_t tid, int sig, int value)
{
	siginfo_t info = { .si_code = SI_QUEUE };

	info.si_pid = getpid();
	info.si_uid = getuid();
	info.si_value.sival_int = value;
	if (tid)
		CALL(rt_tgsigqueueinfo, "a value to a thread", getpid(), tid, sig, &info);
	else
		CALL(rt_sigqueueinfo, "a value", getpid(), sig, &info);
}

static void making(void)
{
	unsigned long set = BIT(SIGUSR1);
	int fd, other;

	group("making a signalfd");
	CALL(signalfd4, "an odd size", -1, &set, 4, 0);
	CALL(signalfd4, "no mask", -1, NULL, 8, 0);
	CALL(signalfd4, "unknown flags", -1, &set, 8, 1);
	CALL(signalfd4, "all flags", -1, &set, 8, -1);
	CALL(signalfd4, "not open", 777, &set, 8, 0);
	CALL(signalfd4, "negative", -2, &set, 8, 0);
	CALL(signalfd4, "the shadow's own", 1024, &set, 8, 0);
	other = RAW(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR, 0);
	CALL(signalfd4, "another file", other, &set, 8, 0);
	close(other);
	fd = CALL(signalfd, "old", -1, &set, 8);
	CALL(fcntl, "flags", fd, F_GETFL);
	CALL(fcntl, "of the descriptor", fd, F_GETFD);
	CALL(signalfd4, "the same again", fd, &set, 8, 0);
	close(fd);
	fd = CALL(signalfd4, "with all there are", -1, &set, 8, O_NONBLOCK | O_CLOEXEC);
	CALL(fcntl, "flags", fd, F_GETFL);
	CALL(fcntl, "of the descriptor", fd, F_GETFD);
	CALL(read, "none", fd, records, sizeof(records));
	CALL(read, "too small", fd, records, sizeof(records[0]) - 1);
	CALL(read, "nothing", fd, records, 0);
	CALL(write, "to it", fd, records, sizeof(records));
	CALL(pread64, "at 0", fd, records, sizeof(records), 0);
	CALL(lseek, "to 0", fd, 0, SEEK_SET);
	CALL(ftruncate, "to 0", fd, 0);
	see_readable(fd);
	close(fd);
}

static void reading(void)
{
	unsigned long set = BIT(SIGUSR1) | BIT(SIGUSR2) | BIT(QUEUED) | BIT(SIGSEGV) | BIT(SIGKILL);
	struct iovec iov[2] = { { records, sizeof(records[0]) },
				{ records + 1, sizeof(records[0]) } };
	struct pollfd p = { .events = POLLIN };
	int fd;

	group("reading a signalfd");
	block(set);
	fd = p.fd = CALL(signalfd4, "some", -1, &set, 8, O_NONBLOCK);
	CALL(kill, "myself", getpid(), SIGUSR1);
	see_readable(fd);
	read_one(fd);
	see_readable(fd);
	CALL(tgkill, "this thread", getpid(), getpid(), SIGUSR2);
	see_readable(fd);
	read_one(fd);
	queue_to(0, QUEUED, 5);
	queue_to(0, QUEUED, 6);
	queue_to(getpid(), QUEUED, 7);
	queue_to(0, SIGUSR2, 8);
	CALL(read, "three and a half", fd, records, 3 * sizeof(records[0]) + 17);
	see_record(records);
	see_record(records + 1);
	see_record(records + 2);
	see_readable(fd);
	read_one(fd);
	CALL(tgkill, "a fault", getpid(), getpid(), SIGSEGV);
	read_one(fd);
	CALL(kill, "myself", getpid(), SIGUSR1);
	CALL(read, "to nowhere", fd, 16, sizeof(records[0]));
	CALL(kill, "myself", getpid(), SIGUSR1);
	CALL(kill, "myself", getpid(), SIGUSR2);
	CALL(readv, "two", fd, iov, 1);
	see_record(records);
	read_one(fd);
	read_one(fd);
	/* Ignored by default, but blocked. */
	set = BIT(SIGCHLD) | BIT(SIGUSR1);
	block(set);
	CALL(signalfd4, "others", fd, &set, 8, 0);
	if (!fork())
		_exit(9);
	RAW(SYS_waitid, P_ALL, 0, NULL, WEXITED, NULL);
	/* It may be late on its way to the real-time core. */
	CALL(poll, "for it", &p, 1, -1);
	memset(records, 0x55, sizeof(records));
	CALL(read, "a child's end", fd, records, sizeof(records[0]));
	SEE("signal %u, code %d, status %d, of a process %d", records[0].ssi_signo,
	    records[0].ssi_code, records[0].ssi_status, records[0].ssi_pid > 0);
	/* In the mask of the descriptor no more: it stays. */
	CALL(kill, "myself", getpid(), SIGUSR1);
	set = BIT(SIGCHLD);
	CALL(signalfd4, "but that", fd, &set, 8, 0);
	see_readable(fd);
	CALL(read, "none", fd, records, sizeof(records[0]));
	set = BIT(SIGUSR1);
	CALL(signalfd4, "that", fd, &set, 8, 0);
	see_readable(fd);
	read_one(fd);
	close(fd);
	block(0);
}

static void timers(void)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = QUEUED,
		.sigev_value = { .sival_int = 99 },
	};
	struct itimerspec once = { .it_value = { .tv_nsec = 1000000 } };
	unsigned long set = BIT(QUEUED) | BIT(SIGALRM);
	struct itimerval alarm_once = { .it_value = { .tv_usec = 1000 } };
	int timer, fd;

	group("timers and a signalfd");
	block(set);
	fd = CALL(signalfd4, "both", -1, &set, 8, 0);
	CALL(timer_create, "a timer", CLOCK_MONOTONIC, &event, &timer);
	CALL(timer_settime, "once", timer, 0, &once, NULL);
	read_one(fd);
	CALL(timer_delete, "it", timer);
	CALL(setitimer, "once", ITIMER_REAL, &alarm_once, NULL);
	read_one(fd);
	close(fd);
	block(0);
}

static volatile int seen;

static void on_signal(int sig)
{
	seen = sig;
}

static sem_t ready;
static int shared_fd;
static pid_t other_tid;

static void *read_in_thread(void *unused)
{
	other_tid = gettid();
	sem_post(&ready);
	return (void *)(read(shared_fd, records, sizeof(records[0])) + (char *)unused);
}

static void *signal_soon(void *thread)
{
	const struct timespec while_ = { .tv_nsec = 50000000 };

	nanosleep(&while_, NULL);
	if (thread)
		syscall(SYS_tgkill, getpid(), *(pid_t *)thread, SIGUSR1);
	else
		kill(getpid(), SIGUSR1);
	return NULL;
}

static void waiting(void)
{
	struct epoll_event event = { .events = EPOLLIN, .data = { .u32 = 33 } }, got;
	struct sigaction action = { .sa_handler = on_signal };
	unsigned long set = BIT(SIGUSR1);
	struct pollfd p = { .events = POLLIN };
	pid_t me = getpid(), child;
	pthread_t thread;
	void *result;
	int fd, epoll, status;

	group("waiting for a signalfd");
	block(set);
	fd = p.fd = shared_fd = CALL(signalfd4, "one", -1, &set, 8, 0);
	pthread_create(&thread, NULL, signal_soon, NULL);
	read_one(fd);
	pthread_join(thread, NULL);
	pthread_create(&thread, NULL, signal_soon, &me);
	CALL(poll, "for a thread's", &p, 1, -1);
	SEE("events %x", p.revents);
	pthread_join(thread, NULL);
	read_one(fd);

	epoll = RAW(SYS_epoll_create1, 0);
	CALL(epoll_ctl, "add", epoll, EPOLL_CTL_ADD, fd, &event);
	CALL(epoll_wait, "none", epoll, &got, 1, 0);
	pthread_create(&thread, NULL, signal_soon, NULL);
	CALL(epoll_wait, "one", epoll, &got, 1, -1);
	SEE("events %x, data %u", got.events, got.data.u32);
	pthread_join(thread, NULL);
	CALL(epoll_wait, "still", epoll, &got, 1, 0);
	read_one(fd);
	CALL(epoll_wait, "none", epoll, &got, 1, 0);
	close(epoll);

	/* From another process, and then by it: a descriptor tells of the signals of whoever reads it. */
	child = fork();
	if (!child)
		_exit(kill(me, SIGUSR1) || kill(getpid(), SIGUSR1) ||
		      read(fd, records, sizeof(records[0])) != sizeof(records[0]) ||
		      records[0].ssi_pid != (unsigned int)getpid());
	CALL(poll, "for another's", &p, 1, -1);
	SEE("events %x", p.revents);
	CALL(read, "another's", fd, records, sizeof(records[0]));
	SEE("signal %u, from it %d", records[0].ssi_signo,
	    records[0].ssi_pid == (unsigned int)child);
	RAW(SYS_wait4, child, &status, 0, NULL);
	SEE("status %x", status);

	/* The signals of a thread are its own; those of the process are anybody's. */
	sem_init(&ready, 0, 0);
	pthread_create(&thread, NULL, read_in_thread, NULL);
	while (sem_wait(&ready))
		;
	CALL(tgkill, "this thread", getpid(), getpid(), SIGUSR1);
	see_readable(fd);
	read_one(fd);
	HIDE(tgkill, "the other thread", getpid(), other_tid, SIGUSR1);
	pthread_join(thread, &result);
	SEE("it read %ld", (long)result);

	/* A handler for something else ends the wait. */
	sigaction(SIGALRM, &action, NULL);
	ualarm(50000, 0);
	memset(records, 0x55, sizeof(records));
	CALL(read, "until an alarm", fd, records, sizeof(records[0]));
	SEE("seen %d, and nothing was read: %x", seen, records[0].ssi_signo);
	action.sa_flags = SA_RESTART;
	sigaction(SIGALRM, &action, NULL);
	seen = 0;
	ualarm(20000, 0);
	pthread_create(&thread, NULL, signal_soon, NULL);
	read_one(fd);
	pthread_join(thread, NULL);
	SEE("seen %d", seen);
	close(fd);
	block(0);
}

int main(int argc, char **argv)
{
	diff_start(argc, argv);
	making();
	reading();
	timers();
	waiting();
	return diff_end();
}
