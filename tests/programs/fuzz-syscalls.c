// SPDX-License-Identifier: MIT
/*
 * Random system calls with good and bad arguments, in several threads:
 *
 *	fuzz-syscalls SEED CALLS [reckless]
 *
 * None of them waits for long, ends the process or makes another; so it comes to its end. With `reckless` it may also
 * unmap itself, and die by a fault.
 *
 * What is random must not do harm: it is done by an ordinary user, and root becomes one, with a new directory as its
 * root directory, from where no name leads out. Root has to say by CRTOS_FUZZ_HERE that this machine is there for that.
 */
#include "diff.h"

#include <grp.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>

#define ARENA_PAGES 64
#define THREADS 3

/*
 * What an argument may be:
 *
 *	f	a descriptor
 *	p	a pointer
 *	s	a path
 *	i	a small number, now and then any
 *	l	a length that costs little, now and then any
 *	b	a length that costs little
 *	t	a short time, or a bad pointer
 *	q	a few milliseconds
 *	m	an address of pages in the arena
 *	k	a length of a few pages
 *	0-9, A-Z	a value of the table below
 */
struct row {
	long nr;
	const char *args;
};

enum {
	A_NB = 'A', /* open flags */
	A_MSG, /* MSG_DONTWAIT and others */
	A_MODE, /* of files */
	A_PROT,
	A_MAP, /* anonymous, in the arena */
	A_REMAP,
	A_ADVICE,
	A_FUTEX,
	A_FCNTL,
	A_SETFL, /* what goes with A_FCNTL */
	A_CLOCK,
	A_SOCK, /* socket types */
	A_LOCK,
	A_PRCTL,
	A_POLICY,
	A_NEWFD,
	A_EVENT, /* eventfd and the like: not blocking */
	A_SIGSET, /* size of a set of signals */
	A_FILEMAP, /* private, of a file */
	A_SLEEP, /* a clock that goes on while all sleep */
};

#define R(name, args)            \
	{                        \
		SYS_##name, args \
	}

static const struct row rows[] = {
	R(read, "fpb"),
	R(write, "fpb"),
	R(open, "sAC"),
	R(close, "f"),
	R(stat, "sp"),
	R(fstat, "fp"),
	R(lstat, "sp"),
	R(poll, "p3q"),
	R(lseek, "fii"),
	R(mmap, "mkDEf0"),
	R(mmap, "0kDSfm"),
	R(mprotect, "mkD"),
	R(munmap, "mk"),
	R(rt_sigprocmask, "i0pR"),
	R(pread64, "fpbl"),
	R(pwrite64, "fpbi"),
	R(readv, "fp3"),
	R(writev, "fp3"),
	R(access, "si"),
	R(pipe2, "pA"),
	R(select, "3pppt"),
	R(sched_yield, ""),
	R(mremap, "mkkFm"),
	R(msync, "mki"),
	R(mincore, "mkp"),
	R(madvise, "mkG"),
	R(dup, "f"),
	R(dup2, "fP"),
	R(dup3, "fPA"),
	R(nanosleep, "tp"),
	R(getitimer, "ip"),
	R(getpid, ""),
	R(sendfile, "ffpb"),
	R(socket, "iLi"),
	R(connect, "fpi"),
	R(accept, "fpp"),
	R(sendto, "fpbBpi"),
	R(recvfrom, "fpbBpp"),
	R(sendmsg, "fpB"),
	R(recvmsg, "fpB"),
	R(shutdown, "fi"),
	R(bind, "fpi"),
	R(listen, "fi"),
	R(getsockname, "fpp"),
	R(getpeername, "fpp"),
	R(socketpair, "iLip"),
	R(getsockopt, "fiipp"),
	R(uname, "p"),
	R(fcntl, "fIJ"),
	R(flock, "fM"),
	R(fsync, "f"),
	R(fdatasync, "f"),
	R(truncate, "sb"),
	R(ftruncate, "fb"),
	R(getdents, "fpb"),
	R(getcwd, "pl"),
	R(rename, "ss"),
	R(mkdir, "sC"),
	R(rmdir, "s"),

	R(link, "ss"),
	R(unlink, "s"),
	R(symlink, "ss"),
	R(readlink, "spl"),
	R(chmod, "sC"),
	R(fchmod, "fC"),
	R(umask, "C"),
	R(gettimeofday, "pp"),
	R(getrlimit, "ip"),
	R(getrusage, "ip"),
	R(sysinfo, "p"),
	R(times, "p"),
	R(getuid, ""),
	R(getppid, ""),
	R(getgroups, "ip"),
	R(getresuid, "ppp"),
	R(capget, "pp"),
	R(rt_sigpending, "pl"),
	R(rt_sigtimedwait, "ppRt"),
	R(utime, "sp"),
	R(statfs, "sp"),
	R(fstatfs, "fp"),
	R(getpriority, "ii"),
	R(sched_getparam, "ip"),
	R(sched_setscheduler, "0Op"),
	R(sched_getscheduler, "i"),
	R(sched_get_priority_max, "i"),
	R(sched_rr_get_interval, "ip"),
	R(mlock, "mk"),
	R(munlock, "mk"),
	R(prctl, "Np000"),
	R(readahead, "fib"),
	R(setxattr, "sspl0"),
	R(getxattr, "sspl"),
	R(listxattr, "spl"),
	R(fsetxattr, "fspl0"),
	R(fgetxattr, "fspl"),
	R(removexattr, "ss"),
	R(time, "p"),
	R(futex, "pHitpi"),
	R(futex, "mHitmi"),
	R(sched_setaffinity, "0lp"),
	R(sched_getaffinity, "ilp"),
	R(epoll_create1, "i"),
	R(getdents64, "fpb"),
	R(fadvise64, "fiii"),
	R(clock_gettime, "Kp"),
	R(clock_getres, "Kp"),
	R(clock_nanosleep, "Titp"),
	R(epoll_wait, "fpiq"),
	R(epoll_ctl, "fifp"),
	R(utimes, "sp"),
	R(inotify_add_watch, "fsi"),
	R(inotify_rm_watch, "fi"),
	R(openat, "fsAC"),
	R(mkdirat, "fsC"),
	R(newfstatat, "fspi"),
	R(unlinkat, "fsi"),
	R(renameat, "fsfs"),
	R(linkat, "fsfsi"),
	R(symlinkat, "sfs"),
	R(readlinkat, "fspl"),
	R(faccessat, "fsi"),
	R(pselect6, "3pppt0"),
	R(ppoll, "p3tp8"),
	R(set_robust_list, "0l"),
	R(get_robust_list, "ipp"),
	R(splice, "fpfpb2"),
	R(tee, "ffb2"),
	R(vmsplice, "fp22"),
	R(utimensat, "fspi"),
	R(epoll_pwait, "fpiqp8"),
	R(timerfd_create, "KQ"),
	R(eventfd2, "iQ"),
	R(timerfd_settime, "fipp"),
	R(timerfd_gettime, "fp"),
	R(fallocate, "fibb"),
	R(accept4, "fppL"),
	R(preadv, "fp3i"),
	R(pwritev, "fp3i"),
	R(recvmmsg, "fp3Bt"),
	R(sendmmsg, "fp3B"),
	R(prlimit64, "ii0p"),
	R(getcpu, "ppp"),
	R(process_vm_readv, "ip3p3i"),
	R(sched_getattr, "ipli"),
	R(renameat2, "fsfsi"),
	R(getrandom, "pbi"),
	R(memfd_create, "si"),
	R(membarrier, "iii"),
	R(mlock2, "mki"),
	R(copy_file_range, "fpfpbi"),
	R(preadv2, "fp3ii"),
	R(pwritev2, "fp3ii"),
	R(statx, "fsiip"),
	R(openat2, "fspl"),
	R(close_range, "PPi"),
	R(faccessat2, "fsii"),
	R(epoll_pwait2, "fpitp8"),
	R(arch_prctl, "ip"),
	R(getsid, "i"),
	R(kcmp, "iiiff"),
	R(ioprio_get, "ii"),
	R(sync_file_range, "fiii"),
	R(ustat, "ip"),
	R(rt_sigaction, "i0pR"),
	R(sigaltstack, "0p"),
	R(wait4, "ipip"),
	R(waitid, "iipip"),
};

/* Values of which one is taken. */
static const long nb[] = { O_RDONLY,
			   O_RDWR,
			   O_WRONLY,
			   O_RDWR | O_CREAT,
			   O_RDWR | O_CREAT | O_TRUNC,
			   O_DIRECTORY,
			   O_PATH,
			   O_APPEND | O_WRONLY,
			   O_TMPFILE | O_RDWR,
			   O_CLOEXEC };
static const long messages[] = { 0, MSG_PEEK, MSG_TRUNC, MSG_OOB, 1 << 20 };
static const long modes[] = { 0700, 0600, 0, 07777, S_IFDIR };
static const long protections[] = { 0, 1, 2, 3, 4, 5, 7, PROT_GROWSDOWN, 1 << 20 };
static const long remaps[] = {
	0, MREMAP_MAYMOVE, MREMAP_MAYMOVE | MREMAP_FIXED, MREMAP_FIXED, 4, 8
};
static const long advices[] = { 0, 1, 2, 3, MADV_DONTNEED, MADV_FREE, 12, 14, 15, 20, 21, 99, -1 };
static const long futexes[] = { FUTEX_WAIT,
				FUTEX_WAKE,
				FUTEX_REQUEUE,
				FUTEX_CMP_REQUEUE,
				FUTEX_WAKE_OP,
				FUTEX_WAIT_BITSET,
				FUTEX_WAKE_BITSET,
				FUTEX_WAIT | FUTEX_PRIVATE_FLAG,
				FUTEX_WAKE | FUTEX_PRIVATE_FLAG,
				FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME,
				FUTEX_FD,
				99,
				-1 };
static const long fcntls[] = { F_DUPFD, F_GETFD,      F_GETFL,	   F_SETFL,
			       F_GETLK, F_GETPIPE_SZ, F_GET_SEALS, 9999 };
static const long clocks[] = { 0, 1, 2, 3, 4, 5, 6, 7, 11, 12, 99, -1, -2, -6 };
static const long sleeping_clocks[] = { 0, 1, 3, 4, 5, 6, 7, 11, 12, 99, -1 };
static const long sockets[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_RAW, 77 };
static const long locks[] = { 1, 2, 8, 99 };
static const long prctls[] = { 2, 3, 7, 16, 21, 27, 30, 37, 39, 99, -1 };
static const long policies[] = { SCHED_OTHER, SCHED_BATCH, 6, 99 };
static const long file_maps[] = { MAP_PRIVATE, MAP_SHARED, MAP_PRIVATE | MAP_POPULATE, 0 };

/* All of them within the directory. */
static const char *const paths[] = { "a", "b", "c",	 "d",	      "d/e",	"d/f", "link", "g",
				     ".", "",  "user.x", "trusted.y", "d/../a", "./d", "a/b" };

static char *arena;
static const struct timespec soon[] = { { 0, 0 }, { 0, 1 }, { 0, 300000 }, { 0, -1 }, { -1, 0 } };
static int reckless;
static unsigned long calls_left[THREADS];

struct random {
	uint64_t state;
};

/* splitmix64. */
static uint64_t draw(struct random *r)
{
	uint64_t z = (r->state += 0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static unsigned int below(struct random *r, unsigned int n)
{
	return draw(r) % n;
}

#define ONE_OF(r, array) ((array)[below(r, COUNT(array))])

static long number(struct random *r)
{
	switch (below(r, 10)) {
	case 0:
		return draw(r);
	case 1:
		return 1l << below(r, 64);
	case 2:
		return -(long)below(r, 200);
	case 3:
		return (1l << below(r, 32)) - 1;
	default:
		return below(r, 20);
	}
}

/* The last page holds what was there before, and is always as it was: pointers behind pointers lead there. */
static long pointer(struct random *r)
{
	switch (below(r, 8)) {
	case 0:
		return ONE_OF(r, wild).at;
	case 1:
		return (long)arena + draw(r) % (ARENA_PAGES * PAGE);
	case 2:
		return (long)arena + (1 + below(r, ARENA_PAGES)) * PAGE - below(r, 64);
	case 3:
		return reckless ? (long)draw(r) : 0;
	default:
		return (long)arena + below(r, ARENA_PAGES * 8) * (PAGE / 8);
	}
}

static long descriptor(struct random *r)
{
	switch (below(r, 12)) {
	case 0:
		return -1;
	case 1:
		return AT_FDCWD;
	case 2:
		return 1000 + below(r, 50);
	default:
		return 3 + below(r, 40);
	}
}

/* Bad ones only where nothing can be written that would be a long time. */
static long short_time(struct random *r)
{
	unsigned int i = below(r, COUNT(wild));

	if (below(r, 4))
		return (long)&ONE_OF(r, soon);
	return i < WILD_MAPPED || !wild[i].at ? (long)wild[1].at : (long)wild[i].at;
}

static long argument(struct random *r, char kind)
{
	switch (kind) {
	case 'f':
		return descriptor(r);
	case 'p':
		return pointer(r);
	case 's':
		return below(r, 8) ? (long)ONE_OF(r, paths) : pointer(r);
	case 'i':
		return number(r);
	case 'l':
		return below(r, 4) ? below(r, PAGE) : number(r);
	case 'b':
		return below(r, 4) ? below(r, 200) : below(r, 3 * PAGE);
	case 't':
		return short_time(r);
	case 'q':
		return below(r, 3);
	case 'm':
		return (reckless && !below(r, 30) ? (long)(draw(r) & -PAGE) : (long)arena) +
		       below(r, ARENA_PAGES) * PAGE + (below(r, 20) ? 0 : 1);
	case 'k':
		return below(r, 30) ? below(r, 8 * PAGE) : reckless ? number(r) : 0;
	case A_NB:
		return ONE_OF(r, nb) | O_NONBLOCK;
	case A_MSG:
		return ONE_OF(r, messages) | MSG_DONTWAIT;
	case A_MODE:
		return ONE_OF(r, modes);
	case A_PROT:
		return ONE_OF(r, protections);
	case A_MAP:
		return MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
	case A_REMAP:
		return ONE_OF(r, remaps);
	case A_ADVICE:
		return ONE_OF(r, advices);
	case A_FUTEX:
		return ONE_OF(r, futexes);
	case A_FCNTL:
		return ONE_OF(r, fcntls);
	case A_SETFL:
		return below(r, 2) ? O_NONBLOCK : O_NONBLOCK | O_APPEND;
	case A_CLOCK:
		return ONE_OF(r, clocks);
	case A_SLEEP:
		return ONE_OF(r, sleeping_clocks);
	case A_SOCK:
		return ONE_OF(r, sockets) | SOCK_NONBLOCK;
	case A_LOCK:
		return ONE_OF(r, locks) | 4;
	case A_PRCTL:
		return ONE_OF(r, prctls);
	case A_POLICY:
		return ONE_OF(r, policies);
	case A_NEWFD:
		return 3 + below(r, 40);
	case A_EVENT:
		return O_NONBLOCK | (below(r, 2) ? O_CLOEXEC : 0);
	case A_SIGSET:
		return below(r, 5) ? 8 : number(r);
	case A_FILEMAP:
		return ONE_OF(r, file_maps);
	}
	return kind >= '0' && kind <= '9' ? kind - '0' : 0;
}

static void one_call(struct random *r)
{
	const struct row *row = &ONE_OF(r, rows);
	long a[6] = { 0 };
	unsigned int i;

	for (i = 0; i < 6 && row->args[i]; i++)
		a[i] = argument(r, row->args[i]);
	/* A duplicate of a descriptor that other threads have in hand is nothing special, but not of what we print to. */
	if (row->nr == SYS_fcntl && a[1] == F_DUPFD)
		a[2] = 3 + below(r, 40);
	RAW(row->nr, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static void *calls(void *arg)
{
	unsigned long index = (unsigned long)arg >> 48;
	struct random r = { (unsigned long)arg };

	while (calls_left[index]--)
		one_call(&r);
	return NULL;
}

/* The scratch directory, which root cannot leave, nor remain root. */
static void confine(void)
{
	const unsigned int nobody = 65534;
	char dir[] = "/tmp/fuzz.XXXXXX";

	if (!geteuid() && !getenv("CRTOS_FUZZ_HERE")) {
		fprintf(stderr,
			"random system calls are not for root, unless CRTOS_FUZZ_HERE is set\n");
		exit(77);
	}
	if (!mkdtemp(dir) || chdir(dir)) {
		perror(dir);
		exit(1);
	}
	if (geteuid())
		return;
	if (chown(".", nobody, nobody) || chroot(".") || chdir("/") || setgroups(0, NULL) ||
	    setresgid(nobody, nobody, nobody) || setresuid(nobody, nobody, nobody) || !geteuid()) {
		perror("becoming an ordinary user");
		exit(1);
	}
}

static void set_up(void)
{
	const struct rlimit files = { 64, 64 }, size = { 1 << 22, 1 << 22 };
	int pair[2], fd;

	confine();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_NOFILE, &files);
	setrlimit(RLIMIT_FSIZE, &size);
	arena = diff_map(NULL, ARENA_PAGES + 2, PROT_READ | PROT_WRITE, 0);
	fd = open("a", O_RDWR | O_CREAT, 0600);
	if (fd < 0 || mkdir("d", 0700) || symlink("a", "link") || pipe2(pair, O_NONBLOCK) ||
	    socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) ||
	    eventfd(3, EFD_NONBLOCK) < 0 || timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK) < 0 ||
	    inotify_init1(IN_NONBLOCK) < 0 || epoll_create1(0) < 0 ||
	    open("d", O_RDONLY | O_DIRECTORY) < 0) {
		perror("set-up");
		exit(1);
	}
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS];
	unsigned long i, seed, count;

	if (argc < 3) {
		fprintf(stderr, "usage: %s SEED CALLS [reckless]\n", argv[0]);
		return 2;
	}
	seed = strtoul(argv[1], NULL, 0) & 0xffffffff;
	count = strtoul(argv[2], NULL, 0);
	reckless = argc > 3;
	set_up();
	wild_start();
	for (i = 0; i < THREADS; i++) {
		calls_left[i] = count / THREADS;
		if (pthread_create(&threads[i], NULL, calls, (void *)(i << 48 | seed << 8)))
			return 1;
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
