// SPDX-License-Identifier: MIT
/* Of processes: identity, limits, scheduling, capabilities, options, IPC; all that changes nothing for others. */
#include "diff.h"

#include <linux/capability.h>
#include <linux/keyctl.h>
#include <mqueue.h>
#include <sched.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/times.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include <asm/prctl.h>

static void identity(void)
{
	unsigned int ids[64], caps[8] = { _LINUX_CAPABILITY_VERSION_3, 0 };
	const unsigned int groups[] = { 5, 7, 9 };
	long pid = RAW(SYS_getpid);

	group("identity");
	SEE("pid %d, tid %d, parent %d", pid == getpid(), RAW(SYS_gettid) == pid,
	    RAW(SYS_getppid) > 0);
	CALL(getuid, "it");
	CALL(geteuid, "it");
	CALL(getgid, "it");
	CALL(getegid, "it");
	CALL(setuid, "the same", getuid());
	CALL(setgid, "the same", getgid());
	CALL(setuid, "-1", -1);
	CALL(setgid, "-1", -1);
	CALL(setreuid, "nothing", -1, -1);
	CALL(setregid, "nothing", -1, -1);
	CALL(setresuid, "nothing", -1, -1, -1);
	CALL(setresgid, "nothing", -1, -1, -1);
	CALL(setfsuid, "a look", -1);
	CALL(setfsgid, "a look", -1);
	CALL(setfsuid, "somebody", 1000);
	CALL(setfsuid, "back", 0);
	CALL(setfsgid, "somebody", 1000);
	CALL(setfsgid, "back", 0);
	memset(ids, 0xff, sizeof(ids));
	CALL(getresuid, "all", ids, ids + 1, ids + 2);
	CALL(getresgid, "all", ids + 3, ids + 4, ids + 5);
	SEE("%08x", digest(ids, 24));
	CALL(getgroups, "how many", 0, ids);
	CALL(getgroups, "negative", -1, ids);
	CALL(setgroups, "three", 3, groups);
	CALL(getgroups, "too little room", 1, ids);
	CALL(getgroups, "them", 64, ids);
	SEE("%u %u %u", ids[0], ids[1], ids[2]);
	CALL(setgroups, "too many", 1 << 20, ids);
	CALL(setgroups, "none", 0, NULL);
	SEE("group %d, session %d", RAW(SYS_getpgid, 0) == RAW(SYS_getpgrp),
	    RAW(SYS_getsid, 0) > 0);
	CALL(getpgid, "nobody", 1 << 30);
	CALL(getsid, "nobody", 1 << 30);
	CALL(setpgid, "nobody", 1 << 30, 0);
	CALL(setpgid, "negative", 0, -1);
	HIDE(setsid, "a new one");
	CALL(setsid, "again");
	CALL(capget, "mine", caps, ids);
	SEE("%08x %08x", ids[0], ids[3]);
	caps[0] = 7;
	CALL(capget, "unknown version", caps, ids);
	SEE("%08x", caps[0]);
	CALL(capget, "unknown version, no room", caps, NULL);
	caps[1] = -1;
	CALL(capget, "a negative process", caps, ids);
	caps[1] = 1 << 30;
	CALL(capget, "nobody", caps, ids);
	CALL(capset, "of nobody", caps, ids);
}

static void limits(void)
{
	struct rlimit limit = { 0 }, bad = { 2, 1 };
	struct rusage usage;
	struct utsname name;
	unsigned int i;

	group("limits");
	for (i = 0; i < 18; i++) {
		printf("limit %u: ", i);
		limit.rlim_cur = 0;
		CALL(getrlimit, "it", i, &limit);
		/* Stacks are populated, and so are limited more; the rest is Linux's. */
		if (i != RLIMIT_STACK && i != RLIMIT_SIGPENDING && i < 16)
			SEE("%lx %lx", (long)limit.rlim_cur, (long)limit.rlim_max);
		if (i != RLIMIT_STACK && i != RLIMIT_SIGPENDING && i < 16) {
			printf("limit %u: ", i);
			CALL(setrlimit, "the same", i, &limit);
		}
		printf("limit %u: ", i);
		CALL(setrlimit, "more now than ever", i, &bad);
		printf("limit %u: ", i);
		CALL(prlimit64, "it", 0, i, NULL, &limit);
	}
	limit = (struct rlimit){ 256 << 10, 256 << 10 };
	CALL(prlimit64, "nobody", 1 << 30, 0, NULL, &limit);
	CALL(prlimit64, "negative", -1, 0, NULL, &limit);
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = 20;
	CALL(setrlimit, "20 descriptors", RLIMIT_NOFILE, &limit);
	CALL(dup2, "to 20", 1, 20);
	CALL(fcntl, "from 19", 1, F_DUPFD, 19);
	CALL(fcntl, "again", 1, F_DUPFD, 19);
	CALL(fcntl, "from 20", 1, F_DUPFD, 20);
	limit.rlim_cur = limit.rlim_max;
	CALL(setrlimit, "all of them", RLIMIT_NOFILE, &limit);
	close(19);
	CALL(getrusage, "my own", RUSAGE_SELF, &usage);
	CALL(getrusage, "children's", RUSAGE_CHILDREN, &usage);
	SEE("%ld", usage.ru_maxrss);
	CALL(getrusage, "unknown", 7, &usage);
	CALL(uname, "it", &name);
	SEE("%s %s", name.sysname, name.machine);
	HIDE(times, "mine", &(struct tms){ 0 });
	CALL(sysinfo, "it", &(struct { char room[256]; }){ { 0 } });
}

static void child_policy(void)
{
	pid_t child = fork();
	int status;

	if (!child)
		_exit(RAW(SYS_sched_getscheduler, 0));
	SEE("a child's: %d", waitpid(child, &status, 0) == child ? WEXITSTATUS(status) : -1);
}

static void deadline(void)
{
	struct {
		unsigned int size, policy;
		unsigned long flags;
		unsigned int nice, priority;
		unsigned long runtime, deadline, period;
	} attr = { sizeof(attr), 6, 0, 0, 0, 10000000, 100000000, 100000000 };
	struct sched_param parameter = { 0 };

	attr.runtime *= 20;
	CALL(sched_setattr, "a deadline before the end", 0, &attr, 0);
	attr.runtime /= 20;
	if (geteuid()) {
		DEVIATES(deadline_of_a_user, sched_setattr, "a deadline", 0, &attr, 0);
		return;
	}
	DEVIATES(deadline, sched_setattr, "a deadline", 0, &attr, 0);
	CALL(sched_setscheduler, "ordinary", 0, SCHED_OTHER, &parameter);
}

/* What a thread makes is not real-time; an ordinary user cannot take that back. */
static void reset_on_fork(void)
{
	struct sched_param parameter = { .sched_priority = 10 };
	unsigned int attr[12];

	CALL(sched_setscheduler, "FIFO 10, not for children", 0, SCHED_FIFO | SCHED_RESET_ON_FORK,
	     &parameter);
	CALL(sched_getscheduler, "it", 0);
	child_policy();
	parameter.sched_priority = 11;
	CALL(sched_setparam, "11", 0, &parameter);
	CALL(sched_getattr, "it", 0, attr, 48, 0);
	SEE("policy %u, flags %u, priority %u", attr[1], attr[2], attr[5]);
	attr[1] = SCHED_RR;
	attr[2] = 8 | 16;
	attr[5] = 50;
	CALL(sched_setattr, "policy and parameters stay", 0, attr, 0);
	CALL(sched_getattr, "it", 0, attr, 48, 0);
	SEE("policy %u, flags %u, priority %u", attr[1], attr[2], attr[5]);
	parameter.sched_priority = 0;
	CALL(sched_setscheduler, "batch, not for children", 0, SCHED_BATCH | SCHED_RESET_ON_FORK,
	     &parameter);
	CALL(sched_getscheduler, "it", 0);
	child_policy();
	CALL(sched_setscheduler, "batch", 0, SCHED_BATCH, &parameter);
	CALL(sched_getscheduler, "it", 0);
	CALL(sched_setscheduler, "ordinary", 0, SCHED_OTHER, &parameter);
	CALL(sched_getscheduler, "it", 0);
}

/* What is refused leaves the thread as it was. */
static void without_the_right(void)
{
	const struct rlimit none = { 0, 0 };
	struct sched_param parameter = { .sched_priority = 10 };
	pid_t child = fork();
	int status;

	if (!child) {
		if (RAW(SYS_setrlimit, RLIMIT_RTPRIO, &none) ||
		    (!geteuid() && RAW(SYS_setresuid, 65534, 65534, 65534)))
			_exit(100);
		if (RAW(SYS_sched_setscheduler, 0, SCHED_FIFO, &parameter) != -EPERM)
			_exit(101);
		if (RAW(SYS_sched_getparam, 0, &parameter))
			_exit(102);
		_exit(RAW(SYS_sched_getscheduler, 0) * 10 + parameter.sched_priority);
	}
	SEE("without the right to: %d",
	    waitpid(child, &status, 0) == child ? WEXITSTATUS(status) : -1);
}

static void scheduling(void)
{
	static const int policies[] = { 0, 1, 2, 3, 4, 5, 6, 7, 99, -1, 1 << 30 };
	struct sched_param parameter;
	unsigned long mask[32];
	unsigned int i, attr[28];
	struct timespec ts;

	group("scheduling");
	for (i = 0; i < COUNT(policies); i++) {
		printf("policy %d: ", policies[i]);
		CALL(sched_get_priority_max, "most", policies[i]);
		printf("policy %d: ", policies[i]);
		CALL(sched_get_priority_min, "least", policies[i]);
		parameter.sched_priority = -1;
		printf("policy %d: ", policies[i]);
		CALL(sched_setscheduler, "priority -1", 0, policies[i], &parameter);
		parameter.sched_priority = 100;
		printf("policy %d: ", policies[i]);
		CALL(sched_setscheduler, "priority 100", 0, policies[i], &parameter);
	}
	CALL(sched_getscheduler, "mine", 0);
	CALL(sched_getscheduler, "negative", -1);
	CALL(sched_getscheduler, "nobody", 1 << 30);
	parameter.sched_priority = 10;
	CALL(sched_setscheduler, "FIFO 10", 0, SCHED_FIFO, &parameter);
	CALL(sched_getscheduler, "it", 0);
	CALL(sched_getparam, "it", 0, &parameter);
	SEE("%d", parameter.sched_priority);
	parameter.sched_priority = 11;
	CALL(sched_setparam, "11", 0, &parameter);
	memset(attr, 0, sizeof(attr));
	CALL(sched_getattr, "it", 0, attr, 48, 0);
	SEE("size %u, policy %u, flags %u, nice %u, priority %u", attr[0], attr[1], attr[2],
	    attr[4], attr[5]);
	CALL(sched_getattr, "little room", 0, attr, 40, 0);
	CALL(sched_getattr, "much room", 0, attr, sizeof(attr), 0);
	CALL(sched_getattr, "unknown flags", 0, attr, 48, 1);
	CALL(sched_getattr, "nobody", 1 << 30, attr, 48, 0);
	/* That of others depends on how many there are. */
	if (RAW(SYS_sched_getscheduler, 0) == SCHED_FIFO) {
		CALL(sched_rr_get_interval, "of FIFO", 0, &ts);
		SEE("%ld.%09ld", ts.tv_sec, ts.tv_nsec);
	}
	attr[0] = 48;
	attr[1] = SCHED_RR;
	attr[5] = 12;
	CALL(sched_setattr, "RR 12", 0, attr, 0);
	CALL(sched_getparam, "it", 0, &parameter);
	SEE("%d", parameter.sched_priority);
	CALL(sched_setattr, "unknown flags", 0, attr, 1);
	attr[2] = 1 << 20;
	CALL(sched_setattr, "unknown flags within", 0, attr, 0);
	attr[2] = 0;
	attr[0] = 5000;
	CALL(sched_setattr, "too large", 0, attr, 0);
	attr[0] = 40;
	CALL(sched_setattr, "too small", 0, attr, 0);
	parameter.sched_priority = 0;
	CALL(sched_setparam, "0 with RR", 0, &parameter);
	CALL(sched_setscheduler, "batch", 0, SCHED_BATCH, &parameter);
	CALL(sched_getscheduler, "it", 0);
	CALL(sched_getattr, "it", 0, attr, 48, 0);
	SEE("policy %u, flags %u, priority %u", attr[1], attr[2], attr[5]);
	CALL(sched_setscheduler, "idle", 0, SCHED_IDLE, &parameter);
	CALL(sched_getscheduler, "it", 0);
	child_policy();
	CALL(sched_setscheduler, "ordinary", 0, SCHED_OTHER, &parameter);
	CALL(sched_getscheduler, "it", 0);
	deadline();
	CALL(sched_setscheduler, "nobody", 1 << 30, SCHED_OTHER, &parameter);
	CALL(sched_yield, "it");
	HIDE(sched_getaffinity, "mine", 0, sizeof(mask), mask);
	CALL(sched_getaffinity, "an odd size", 0, 7, mask);
	CALL(sched_getaffinity, "nobody", 1 << 30, sizeof(mask), mask);
	CALL(sched_setaffinity, "the same", 0, sizeof(mask), mask);
	memset(mask, 0, sizeof(mask));
	CALL(sched_setaffinity, "none", 0, sizeof(mask), mask);
	CALL(sched_setaffinity, "nobody", 1 << 30, sizeof(mask), mask);
	reset_on_fork();
	without_the_right();
	CALL(getpriority, "mine", PRIO_PROCESS, 0);
	CALL(getpriority, "unknown", 7, 0);
	CALL(getpriority, "nobody", PRIO_PROCESS, 1 << 30);
	CALL(setpriority, "3", PRIO_PROCESS, 0, 3);
	CALL(getpriority, "it", PRIO_PROCESS, 0);
	CALL(setpriority, "0", PRIO_PROCESS, 0, 0);
	CALL(ioprio_get, "mine", 1, 0);
	CALL(ioprio_get, "unknown", 7, 0);
	CALL(ioprio_set, "unknown class", 1, 0, 7 << 13);
	CALL(ioprio_set, "best effort", 1, 0, 2 << 13 | 4);
	CALL(ioprio_get, "it", 1, 0);
	HIDE(getcpu, "it", &i, NULL, NULL);
}

static void options(void)
{
	static const int ask[] = { PR_GET_PDEATHSIG,
				   PR_GET_DUMPABLE,
				   PR_GET_KEEPCAPS,
				   PR_GET_TIMING,
				   PR_GET_SECCOMP,
				   PR_GET_SECUREBITS,
				   PR_GET_TIMERSLACK,
				   PR_GET_NO_NEW_PRIVS,
				   PR_GET_THP_DISABLE,
				   PR_GET_CHILD_SUBREAPER,
				   0,
				   1000,
				   -1 };
	char name[32] = "a name that is longer than that", got[17] = { 0 };
	unsigned long base;
	unsigned int i, value;

	group("options");
	for (i = 0; i < COUNT(ask); i++) {
		printf("option %d: ", ask[i]);
		value = 77;
		CALL(prctl, "it", ask[i], &value, 0, 0, 0);
	}
	CALL(prctl, "a name", PR_SET_NAME, name);
	CALL(prctl, "it", PR_GET_NAME, got);
	SEE("%s", got);
	CALL(prctl, "a signal of no parent", PR_SET_PDEATHSIG, 100);
	CALL(prctl, "a signal of the parent", PR_SET_PDEATHSIG, SIGHUP);
	CALL(prctl, "it", PR_GET_PDEATHSIG, &value);
	SEE("%u", value);
	CALL(prctl, "none", PR_SET_PDEATHSIG, 0);
	CALL(prctl, "not to be dumped", PR_SET_DUMPABLE, 0);
	CALL(prctl, "it", PR_GET_DUMPABLE);
	CALL(prctl, "unknown", PR_SET_DUMPABLE, 7);
	CALL(prctl, "to be dumped", PR_SET_DUMPABLE, 1);
	CALL(prctl, "keep capabilities", PR_SET_KEEPCAPS, 1);
	CALL(prctl, "it", PR_GET_KEEPCAPS);
	CALL(prctl, "unknown", PR_SET_KEEPCAPS, 2);
	CALL(prctl, "slack", PR_SET_TIMERSLACK, 12345);
	CALL(prctl, "it", PR_GET_TIMERSLACK);
	CALL(prctl, "a capability", PR_CAPBSET_READ, 5);
	CALL(prctl, "no capability", PR_CAPBSET_READ, 500);
	CALL(prctl, "no new privileges, with rubbish", PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0);
	CALL(arch_prctl, "unknown", 0x7777, 0);
	HIDE(arch_prctl, "the base of FS", ARCH_GET_FS, &base);
	CALL(arch_prctl, "the base of GS", ARCH_GET_GS, &base);
	SEE("%lx", base);
	CALL(arch_prctl, "a base in the kernel", ARCH_SET_GS, -1ul << 40);
	CALL(arch_prctl, "a base", ARCH_SET_GS, 0x123456);
	CALL(arch_prctl, "it", ARCH_GET_GS, &base);
	SEE("%lx", base);
	CALL(personality, "a look", 0xffffffff);
	CALL(personality, "the same", 0);
	CALL(membarrier, "unknown", 1 << 20, 0, 0);
	CALL(membarrier, "unknown flags", 0, 7, 0);
	CALL(membarrier, "all", 1, 0, 0);
	CALL(wait4, "no children", -1, NULL, WNOHANG, NULL);
	CALL(wait4, "unknown options", -1, NULL, 1 << 20, NULL);
	CALL(waitid, "no children", P_ALL, 0, NULL, WEXITED | WNOHANG, NULL);
	CALL(waitid, "nothing to wait for", P_ALL, 0, NULL, WNOHANG, NULL);
	CALL(waitid, "unknown kind", 77, 0, NULL, WEXITED, NULL);
	CALL(getrandom, "unknown flags", got, 8, 64);
	CALL(getrandom, "8 bytes", got, 8, 0);
	CALL(pidfd_open, "nobody", 1 << 30, 0);
	CALL(pidfd_open, "negative", -1, 0);
	CALL(pidfd_open, "unknown flags", getpid(), 64);
	i = CALL(pidfd_open, "myself", getpid(), 0);
	CALL(pidfd_send_signal, "none", i, 0, NULL, 0);
	CALL(pidfd_send_signal, "unknown flags", i, 0, NULL, 1);
	CALL(pidfd_getfd, "a bad one", i, 900, 0);
	close(i);
	CALL(syslog, "unknown", 77, NULL, 0);
	CALL(sethostname, "negative", "x", -1);
	CALL(setdomainname, "too long", "x", 1000);
	CALL(sysfs, "unknown", 77, 0, 0);
	CALL(quotactl, "unknown", -1, NULL, 0, NULL);
	CALL(acct, "a directory", "/");
	CALL(swapon, "absent", "absent", 0);
	CALL(swapoff, "absent", "absent");
	CALL(mount, "no such type", "x", "/", "no-such-type", 0, NULL);
	CALL(mount_setattr, "little room", AT_FDCWD, "/", 0, got, 4);
	CALL(umount2, "no mount", "absent", 0);
	CALL(umount2, "unknown flags", "/", 1 << 20);
	CALL(pivot_root, "absent", "absent", "absent");
	CALL(open_tree, "unknown flags", AT_FDCWD, "/", 1 << 30);
	CALL(move_mount, "unknown flags", AT_FDCWD, "/", AT_FDCWD, "/", 1 << 30);
	CALL(fsopen, "no such type", "no-such-type", 0);
	CALL(fspick, "unknown flags", AT_FDCWD, "/", 1 << 30);
	CALL(unshare, "unknown flags", 1 << 30 | 1);
	CALL(reboot, "bad magic", 1, 2, 3, NULL);
	CALL(init_module, "no image", NULL, 0, "");
	CALL(delete_module, "absent", "no_such_module", O_NONBLOCK);
}

static void memory_of_processes(void)
{
	char from[64] = "of this process", to[64] = { 0 };
	struct iovec local = { to, 10 }, remote = { from, 10 };

	group("memory of processes");
	CALL(process_vm_readv, "10 bytes", getpid(), &local, 1, &remote, 1, 0);
	SEE("%.10s", to);
	CALL(process_vm_writev, "10 bytes", getpid(), &local, 1, &remote, 1, 0);
	CALL(process_vm_readv, "unknown flags", getpid(), &local, 1, &remote, 1, 1);
	CALL(process_vm_readv, "nobody", 1 << 30, &local, 1, &remote, 1, 0);
	CALL(process_vm_readv, "too many", getpid(), &local, 1025, &remote, 1, 0);
	remote.iov_base = NULL;
	CALL(process_vm_readv, "no address", getpid(), &local, 1, &remote, 1, 0);
}

static void ipc(void)
{
	struct sembuf ops[2] = { { 0, 1, IPC_NOWAIT }, { 1, -1, IPC_NOWAIT } };
	struct {
		long type;
		char text[16];
	} message = { 5, "text" };
	struct mq_attr attr = { .mq_maxmsg = 2, .mq_msgsize = 16 }, old;
	struct timespec past = { 1, 0 }, bad = { 0, -1 };
	unsigned int priority = 77;
	struct msqid_ds info;
	long id;

	group("semaphores, messages, queues and keys");
	id = RAW(SYS_semget, IPC_PRIVATE, 2, 0600);
	CALL(semget, "none", IPC_PRIVATE, 0, 0600);
	CALL(semget, "absent", 12345, 1, 0600);
	CALL(semop, "up and down", id, ops, 2);
	ops[1].sem_num = 0;
	CALL(semop, "up and down the same", id, ops, 2);
	CALL(semop, "none", id, ops, 0);
	CALL(semop, "too many", id, ops, 1 << 20);
	ops[0].sem_num = 9;
	CALL(semop, "no such", id, ops, 1);
	CALL(semtimedop, "a bad time", id, ops, 1, &bad);
	CALL(semctl, "value", id, 0, GETVAL);
	CALL(semctl, "set", id, 0, SETVAL, 7);
	CALL(semctl, "value", id, 0, GETVAL);
	CALL(semctl, "too much", id, 0, SETVAL, 1 << 20);
	CALL(semctl, "unknown", id, 0, 999);
	CALL(semctl, "remove", id, 0, IPC_RMID);
	CALL(semop, "gone", id, ops, 1);

	id = RAW(SYS_msgget, IPC_PRIVATE, 0600);
	CALL(msgget, "absent", 12345, 0600);
	CALL(msgsnd, "a message", id, &message, 5, 0);
	CALL(msgsnd, "of no type", id, &(long){ 0 }, 0, 0);
	CALL(msgsnd, "too large", id, &message, 1 << 20, 0);
	CALL(msgrcv, "little room", id, &message, 2, 0, IPC_NOWAIT);
	CALL(msgrcv, "another type", id, &message, 16, 7, IPC_NOWAIT);
	CALL(msgctl, "state", id, IPC_STAT, &info);
	SEE("%lu messages, %lu bytes", info.msg_qnum, info.__msg_cbytes);
	message.type = 0;
	CALL(msgrcv, "it", id, &message, 16, -9, 0);
	SEE("%ld %s", message.type, message.text);
	CALL(msgrcv, "none", id, &message, 16, 0, IPC_NOWAIT);
	CALL(msgctl, "unknown", id, 999, NULL);
	CALL(msgctl, "remove", id, IPC_RMID, NULL);

	CALL(mq_open, "absent", "diff-none", O_RDWR, 0, NULL);
	id = RAW(SYS_mq_open, "diff-queue", O_RDWR | O_CREAT | O_EXCL, 0600, &attr);
	CALL(mq_open, "again", "diff-queue", O_RDWR | O_CREAT | O_EXCL, 0600, &attr);
	CALL(mq_open, "with a slash", "a/b", O_RDWR | O_CREAT, 0600, &attr);
	CALL(mq_timedsend, "one", id, "one", 3, 1, NULL);
	CALL(mq_timedsend, "two", id, "second", 6, 9, NULL);
	CALL(mq_timedsend, "three, until the past", id, "third", 5, 9, &past);
	CALL(mq_timedsend, "a bad time", id, "third", 5, 9, &bad);
	CALL(mq_timedsend, "too large", id, "third", 17, 9, NULL);
	CALL(mq_timedsend, "a priority too high", id, "third", 5, 1 << 20, NULL);
	CALL(mq_timedreceive, "little room", id, message.text, 4, &priority, NULL);
	CALL(mq_timedreceive, "the highest", id, message.text, 16, &priority, NULL);
	SEE("%.6s %u", message.text, priority);
	CALL(mq_getsetattr, "state", id, NULL, &old);
	SEE("%ld messages of %ld", old.mq_curmsgs, old.mq_maxmsg);
	CALL(mq_notify, "none", id, NULL);
	CALL(mq_unlink, "it", "diff-queue");
	CALL(mq_unlink, "again", "diff-queue");
	close(id);

	CALL(add_key, "no such type", "no-type", "diff", "x", 1, -2);
	CALL(add_key, "negative length", "user", "diff", "x", -1, -2);
	CALL(request_key, "absent", "user", "diff-absent", NULL, 0);
	CALL(keyctl, "unknown", 999, 0, 0, 0, 0);
	CALL(keyctl, "no such key", KEYCTL_DESCRIBE, 0, 0, 0, 0);
}

int main(int argc, char **argv)
{
	diff_start(argc, argv);
	identity();
	limits();
	scheduling();
	options();
	memory_of_processes();
	ipc();
	return diff_end();
}
