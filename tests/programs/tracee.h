/* SPDX-License-Identifier: MIT */
/*
 * A program and what it executes as its second image, under ptrace from there on, from one point of contact with the
 * kernel to the next: entry and exit of every system call of any of its threads and of the processes that it forks,
 * and every signal. `crtos run` is the first image, the shadow the second.
 */
#ifndef TRACEE_H
#define TRACEE_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>

#define TRACEE_THREADS 256
#define TRACEE_IMAGE 2

enum point_kind { NO_POINT, ENTRY, EXIT, SIGNAL };

struct point {
	enum point_kind kind;
	pid_t tid;
	uint64_t call; /* the system call */
	uint64_t args[2];
	int signal;
	pid_t child; /* that the call has forked; exits only */
};

struct tracee {
	pid_t pid;
	struct point at;
	int images; /* executed so far */
	int stopped; /* the thread of `at` waits to be resumed */
	int leaves; /* one of the program's own threads has gone into exit_group() */
	int status; /* exit status, or minus the signal, once it has ended */
	struct point entered[TRACEE_THREADS]; /* an exit does not tell what was entered */
	unsigned int threads;
};

/* Set by a signal handler of whoever includes this: what is waited for here comes no more. */
static volatile sig_atomic_t tracee_overdue;

static inline void tracee_give_up(const char *what)
{
	printf("not ok - %s: %s\n1..1\n", what, strerror(errno));
	exit(2);
}

static inline void tracee_launch(struct tracee *t, char *const *command)
{
	int null, status;

	memset(t, 0, sizeof(*t));
	t->pid = fork();
	if (!t->pid) {
		null = open("/dev/null", O_RDWR);
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		execvp(command[0], command);
		_exit(127);
	}
	if (waitpid(t->pid, &status, 0) != t->pid || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, t->pid, NULL,
		   PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
			   PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL))
		tracee_give_up("ptrace");
	t->at.tid = t->pid;
	t->stopped = 1;
}

static inline struct point *tracee_entered(struct tracee *t, pid_t tid)
{
	unsigned int i;

	for (i = 0; i < t->threads; i++)
		if (t->entered[i].tid == tid)
			return &t->entered[i];
	if (i == TRACEE_THREADS)
		tracee_give_up("too many threads");
	t->threads++;
	t->entered[i].tid = tid;
	return &t->entered[i];
}

static inline struct point tracee_point(struct tracee *t, pid_t tid, int status)
{
	struct point point = { .tid = tid }, *entered = tracee_entered(t, tid);
	struct ptrace_syscall_info info;
	int signal = WSTOPSIG(status);
	unsigned long child;

	t->images += status >> 16 == PTRACE_EVENT_EXEC;
	if (status >> 16 == PTRACE_EVENT_FORK && !ptrace(PTRACE_GETEVENTMSG, tid, NULL, &child))
		entered->child = (pid_t)child;
	/* Events, and the stop of a new thread. */
	if (signal == SIGSTOP || status >> 16)
		return point;
	if (signal != (SIGTRAP | 0x80)) {
		point.kind = SIGNAL;
		point.signal = signal;
		return point;
	}
	if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof(info), &info) <= 0)
		return point;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		point.kind = ENTRY;
		point.call = info.entry.nr;
		memcpy(point.args, info.entry.args, sizeof(point.args));
		*entered = point;
		return point;
	}
	point = *entered;
	point.kind = EXIT;
	return point;
}

/* The process of t->at: the program's, or one that was forked. While its thread is there. */
static inline pid_t tracee_process(const struct tracee *t)
{
	char path[64], line[128];
	pid_t process = 0;
	FILE *status;

	snprintf(path, sizeof(path), "/proc/%d/status", t->at.tid);
	status = fopen(path, "r");
	if (!status)
		tracee_give_up(path);
	while (!process && fgets(line, sizeof(line), status))
		sscanf(line, "Tgid: %d", &process);
	fclose(status);
	return process;
}

static inline void tracee_resume(struct tracee *t, int how)
{
	if (t->at.kind == ENTRY && t->at.call == SYS_exit_group && tracee_process(t) == t->pid)
		t->leaves = 1;
	/* One that is being killed is not there any more. */
	if (ptrace(how, t->at.tid, NULL, (long)t->at.signal) && errno != ESRCH)
		tracee_give_up("ptrace");
	t->stopped = 0;
}

static inline void tracee_go_on(struct tracee *t)
{
	tracee_resume(t, t->images < TRACEE_IMAGE ? PTRACE_CONT : PTRACE_SYSCALL);
}

/* Run on to the next point, which is in t->at then. Return: 0 when the whole process has ended, or is overdue. */
static inline int tracee_next(struct tracee *t)
{
	int status;
	pid_t tid;

	if (t->stopped)
		tracee_go_on(t);
	while ((tid = waitpid(-1, &status, __WALL)) > 0) {
		if (!WIFSTOPPED(status)) {
			if (tid == t->pid)
				t->status = WIFSIGNALED(status) ? -WTERMSIG(status) :
								  WEXITSTATUS(status);
			continue;
		}
		t->at = tracee_point(t, tid, status);
		t->stopped = 1;
		if (t->at.kind != NO_POINT)
			return 1;
		tracee_go_on(t);
	}
	return 0;
}

/* Let the thread of t->at, and that one alone, stay where it is until the process has ended. */
static inline void tracee_hold_to_end(struct tracee *t)
{
	t->stopped = 0;
	while (tracee_next(t))
		;
}

static inline void tracee_kill(struct tracee *t, pid_t process)
{
	kill(process, SIGKILL);
	tracee_hold_to_end(t);
}

/* Asleep, or ended: a leader's end is told after that of its threads. */
static inline int tracee_rests(const struct tracee *t)
{
	char path[64], text[256] = "", *state;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", t->at.tid);
	fd = open(path, O_RDONLY);
	if (fd >= 0) {
		if (read(fd, text, sizeof(text) - 1) < 0)
			text[0] = '\0';
		close(fd);
	}
	state = strrchr(text, ')');
	return !state || strchr("SZX", state[2]);
}

/* From the entry of a call into it: until the thread sleeps there or has come out. */
static inline void tracee_go_inside(struct tracee *t)
{
	pid_t tid = t->at.tid;
	int status;

	tracee_resume(t, PTRACE_SYSCALL);
	while (!tracee_overdue && !waitpid(tid, &status, __WALL | WNOHANG) && !tracee_rests(t))
		usleep(100);
}

/* Execute one instruction of the thread of t->at. Return: 0 if it has ended. */
static inline int tracee_step(struct tracee *t)
{
	int status;

	tracee_resume(t, PTRACE_SINGLESTEP);
	if (waitpid(t->at.tid, &status, __WALL) != t->at.tid || !WIFSTOPPED(status))
		return 0;
	t->at.signal = WSTOPSIG(status) & ~0x80;
	if (t->at.signal == SIGTRAP || t->at.signal == SIGSTOP)
		t->at.signal = 0;
	t->stopped = 1;
	return 1;
}

#endif
