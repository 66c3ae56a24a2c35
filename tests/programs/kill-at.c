// SPDX-License-Identifier: MIT
/*
 * Ends a real-time process at every point where its shadow touches Linux, one point a run, and sees each time that
 * nothing is left of it and that the partition still works.
 *
 *	kill-at [-n MAX] [-f FROM] [-w WINDOW] [-r IOCTL]... ACTION COMMAND...
 *
 * The points are the entry and the exit of every system call of the shadow's threads, and every signal. ACTION:
 *
 *	kill	SIGKILL there; at an entry, the call is not made. A program that forks survives its child's death
 *	inside	let the call begin, and SIGKILL when it sleeps or has returned; entries only
 *	stop	`crtos stop --kill` while the thread stays there; then the partition is started again
 *	panic	make the RTOS panic while the thread stays there: the module is to end the shadow; as above then
 *	hold	leave it there: another thread of the program is to end all of it
 *	child	SIGKILL to the child that was just forked, once it is ready and while the parent has not told the RTOS
 *	step	SIGKILL after each of the STEPS instructions that follow the program's first write()
 *
 * FROM is the first point that counts: `create`, the entry of CRTOS_IOC_PROC_CREATE, before which nothing exists that
 * could be left; `loop`, that of getppid(); `fork`, that of CRTOS_IOC_PROC_FORK; `lend`, that of CRTOS_IOC_LEND;
 * `signalfd`, that of CRTOS_IOC_SIGNALFD; `death`, after `loop`, where the shadow begins to die as its program did or
 * is told to. One run counts the points. No more than the first WINDOW are used, and no more than MAX of these, evenly
 * spread. -r names an operation of /dev/crtos (the low byte of the command, in hexadecimal), which is then used at
 * least once. Prints TAP.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/user.h>
#include <time.h>

#include <crtos/boot.h>
#include <crtos/uapi.h>

#include "test.h"
#include "tracee.h"

#define SETTLED 20 /* seconds; longer than anything may take */
#define OVERDUE (6 * SETTLED) /* one run, and what shows that the partition still works */
#define STEPS 120
#define OPERATIONS 256
#define PROGRAM "/opt/crtos/programs/short-life"
#define PROGRAM_STATUS 7
#define LOST_STATUS 125

enum action { KILL, INSIDE, STOP, PANIC, HOLD, CHILD, STEP, ACTIONS };
enum from { CREATE, LOOP, FORK, LEND, SIGNALFD, DEATH, FROMS };

static const char *const action_names[ACTIONS] = { "kill", "inside", "stop", "panic",
						   "hold", "child",  "step" };
static const char *const from_names[FROMS] = {
	"create", "loop", "fork", "lend", "signalfd", "death"
};

static enum action action;
static enum from from;
static unsigned int seen[OPERATIONS]; /* operations of the device at points that were used */
static unsigned int required[OPERATIONS], requirements, only; /* 0: all operations and the rest */
static unsigned int used, senduipis;
static int device;

/* --- what stands still ----------------------------------------------------------------------- */

/* Every second from then on, as it may come before what it is to interrupt. */
static void expect_end(void)
{
	const struct itimerval time = { .it_value.tv_sec = OVERDUE, .it_interval.tv_sec = 1 };

	setitimer(ITIMER_REAL, &time, NULL);
}

static void set_overdue(int signal)
{
	(void)signal;
	tracee_overdue = 1;
}

static void show_what_stands_still(void)
{
	static const char commands[] =
		"{ crtos status; crtos status --raw | grep ^process; crtos log | tail -n 20\n"
		"for task in /proc/[0-9]*/task/[0-9]*; do\n"
		"	[ ! -e $task/exe ] || { echo $task: $(cat $task/cmdline | tr '\\0' ' ')\n"
		"		grep -e State -e Pnd -e SigBlk $task/status; cat $task/syscall $task/stack; }\n"
		"done; } 2>&1 | sed 's/^/# /'";

	if (!tracee_overdue)
		return;
	setitimer(ITIMER_REAL, &(struct itimerval){ 0 }, NULL);
	printf("# it stands still:\n");
	fflush(stdout);
	if (system(commands))
		printf("# and no more can be told\n");
}

/* --- what is left ---------------------------------------------------------------------------- */

struct counters {
	uint64_t upids, receivers, tables, processes, frames, pinned, lent;
};

static struct counters base;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct counters count(void)
{
	struct crtos_partition_status status;
	struct crtos_check check;

	if (ioctl(device, CRTOS_IOC_CHECK, &check) ||
	    ioctl(device, CRTOS_IOC_PARTITION_STATUS, &status))
		tracee_give_up(CRTOS_DEVICE);
	return (struct counters){ check.upids_used,  check.receivers,	 check.uitts_used,
				  status.processes,  status.frames_free, status.frames_pinned,
				  status.frames_lent };
}

/* Some of what a process had is free only a moment after its end. */
static int settled(void)
{
	double end = now() + SETTLED;
	struct counters c;

	do {
		c = count();
		if (!memcmp(&c, &base, sizeof(c)))
			return 1;
		usleep(1000);
	} while (now() < end);
	printf("# left: %ld UPIDs, %ld receivers, %ld tables, %ld processes, %ld frames, %ld pinned, "
	       "%ld lent\n",
	       (long)(c.upids - base.upids), (long)(c.receivers - base.receivers),
	       (long)(c.tables - base.tables), (long)(c.processes - base.processes),
	       (long)(base.frames - c.frames), (long)c.pinned, (long)c.lent);
	return 0;
}

static int succeeds(const char *what, char *const *command, int wanted)
{
	int status, null;
	pid_t pid = fork();

	if (!pid) {
		null = open("/dev/null", O_WRONLY);
		dup2(null, STDOUT_FILENO);
		execvp(command[0], command);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid) {
		show_what_stands_still();
		tracee_give_up(what);
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == wanted)
		return 1;
	printf("# %s: wait status %#x\n", what, status);
	return 0;
}

static int runs(const char *what)
{
	static char *const command[] = { "crtos", "run", PROGRAM, "exit", NULL };

	return succeeds(what, command, PROGRAM_STATUS);
}

/* What the module knows of a shadow. Return: 0 if it is none. */
static int find(pid_t pid, struct crtos_proc_status *found)
{
	*found = (struct crtos_proc_status){ 0 };
	while (!ioctl(device, CRTOS_IOC_PROC_STATUS, found)) {
		if (found->pid == pid)
			return 1;
		found->index++;
	}
	return 0;
}

static int is_shadow(pid_t pid)
{
	struct crtos_proc_status status;

	return find(pid, &status);
}

/* Its program has left the RTOS; how it ended may not have reached the shadow. */
static int is_left(pid_t pid)
{
	struct crtos_proc_status status;

	return find(pid, &status) && status.rt_state != CRTOS_RTPROC_FREE && !status.threads;
}

static int works(void)
{
	return runs("a program after it") && settled();
}

static int start(void)
{
	static char *const command[] = { "crtos", "start", "--cpus", "2", "--mem", "32M", NULL };

	return succeeds("crtos start", command, 0);
}

static int stop(void)
{
	static char *const command[] = { "crtos", "stop", "--kill", NULL };

	return succeeds("crtos stop --kill", command, 0);
}

static int panic(void)
{
	static char *const command[] = { "crtos", "debug", "panic", NULL };
	struct crtos_partition_status status;

	if (!succeeds("crtos debug panic", command, 0))
		return 0;
	do {
		if (tracee_overdue || ioctl(device, CRTOS_IOC_PARTITION_STATUS, &status))
			return 0;
		usleep(1000);
	} while (status.state != CRTOS_PARTITION_PANIC);
	return 1;
}

/* --- points ---------------------------------------------------------------------------------- */

static int is_operation(const struct point *p)
{
	return p->call == SYS_ioctl && _IOC_TYPE(p->args[1]) == CRTOS_IOC_TYPE;
}

static int is_loop(const struct point *p)
{
	return p->kind == ENTRY && p->call == SYS_getppid;
}

/* A shadow that has nothing to do. */
static int is_idle(const struct point *p)
{
	return p->kind == ENTRY && is_operation(p) && p->args[1] == CRTOS_IOC_THREAD_WAIT;
}

/* Its limit of core files is the first thing that a dying shadow changes. */
static int is_death(const struct point *p)
{
	return (p->kind == ENTRY && p->call == SYS_prlimit64 && p->args[1] == RLIMIT_CORE) ||
	       (p->kind == SIGNAL && p->signal == CRTOS_SIGNAL);
}

/* Of those that count from the entry of an operation. */
static const unsigned long operations[FROMS] = {
	[CREATE] = CRTOS_IOC_PROC_CREATE,
	[FORK] = CRTOS_IOC_PROC_FORK,
	[LEND] = CRTOS_IOC_LEND,
	[SIGNALFD] = CRTOS_IOC_SIGNALFD,
};

/* Whether counting begins here; @looped remembers. */
static int is_first(const struct point *p, int *looped)
{
	*looped = *looped || is_loop(p);
	switch (from) {
	case LOOP:
		return *looped;
	case DEATH:
		return *looped && is_death(p);
	default:
		return p->kind == ENTRY && is_operation(p) && p->args[1] == operations[from];
	}
}

static int counts(const struct point *p)
{
	if (only && !(is_operation(p) && _IOC_NR(p->args[1]) == only))
		return 0;
	switch (action) {
	case INSIDE:
		return p->kind == ENTRY;
	case CHILD:
		return p->kind == EXIT && p->child;
	default:
		return 1;
	}
}

/* Run to the n-th point, from 1. Return: how many there were: fewer if the process ended. */
static unsigned int run_to(struct tracee *t, char *const *command, unsigned int n)
{
	unsigned int points = 0;
	int begun = 0, looped = 0;

	expect_end();
	tracee_launch(t, command);
	while (points < n && tracee_next(t)) {
		begun = begun || is_first(&t->at, &looped);
		points += begun && counts(&t->at);
	}
	return points;
}

static void describe(unsigned int n, const struct point *p)
{
	static const char *const kinds[] = { "?", "entry", "exit", "signal" };

	printf("# point %u: %s", n, kinds[p->kind]);
	if (p->kind == SIGNAL)
		printf(" %d\n", p->signal);
	else if (is_operation(p))
		printf(" of operation %#x\n", _IOC_NR((unsigned int)p->args[1]));
	else
		printf(" of system call %u\n", (unsigned int)p->call);
}

/* --- deaths ---------------------------------------------------------------------------------- */

static int at_senduipi(pid_t tid)
{
	struct user_regs_struct regs;
	unsigned long code;

	if (ptrace(PTRACE_GETREGS, tid, NULL, &regs))
		return 0;
	code = (unsigned long)ptrace(PTRACE_PEEKTEXT, tid, regs.rip, NULL);
	if ((code & 0xff) != 0xf3)
		return 0;
	code >>= (code >> 8 & 0xf0) == 0x40 ? 16 : 8; /* a REX prefix */
	return (code & 0xffff) == 0xc70f && (code >> 16 & 0xf8) == 0xf0;
}

/* The module ends a shadow; one that was about to be one finds no partition. */
static void end_without_partition(struct tracee *t, int shadow)
{
	if (shadow)
		tracee_hold_to_end(t);
	while (tracee_next(t))
		;
}

/* The parent stays at the exit of its fork; its child is killed when it is idle. */
static int die_before_parent(struct tracee *t)
{
	struct point forked = t->at;

	t->stopped = 0;
	while (tracee_next(t) && !(is_idle(&t->at) && tracee_process(t) == forked.child))
		;
	kill(forked.child, SIGKILL);
	if (tracee_overdue || !runs("a program beside it"))
		return 0;
	t->at = forked;
	t->stopped = 1;
	while (tracee_next(t))
		;
	return t->status == PROGRAM_STATUS;
}

/* By one or the other; or by itself, if it was about to @leave already. */
static int ended(const struct tracee *t, int leave, int one, int other)
{
	return t->status == one || t->status == other || (leave && t->status == PROGRAM_STATUS);
}

/* Return: whether the process ended as it should. */
static int die(struct tracee *t)
{
	pid_t process = tracee_process(t);
	int shadow, leaves, killed = process == t->pid ? -SIGKILL : PROGRAM_STATUS;

	if (action == INSIDE)
		tracee_go_inside(t);
	leaves = t->leaves;
	switch (action) {
	case STOP:
		shadow = is_shadow(process);
		if (!stop())
			return 0;
		end_without_partition(t, shadow);
		return start() && ended(t, leaves, -SIGKILL, LOST_STATUS);
	case PANIC:
		shadow = is_shadow(process);
		if (!panic())
			return 0;
		leaves |= is_left(t->pid);
		end_without_partition(t, shadow);
		return stop() && start() && ended(t, leaves, -SIGKILL, LOST_STATUS);
	case CHILD:
		return die_before_parent(t);
	case HOLD:
		tracee_hold_to_end(t);
		return ended(t, leaves, -SIGKILL, -SIGSEGV);
	default:
		tracee_kill(t, process);
		return ended(t, leaves, killed, killed);
	}
}

/* Return: 0 as expected, 1 the program had ended before that point, -1 not as expected. */
static int die_at(char *const *command, unsigned int n, int status_alone)
{
	static struct tracee t;
	struct point at;

	if (run_to(&t, command, n) < n) {
		show_what_stands_still();
		if (t.status != status_alone)
			printf("# it ends with %d, not %d\n", t.status, status_alone);
		return t.status == status_alone && works() ? 1 : -1;
	}
	at = t.at;
	used++;
	if (is_operation(&at))
		seen[_IOC_NR(at.args[1])]++;
	if (die(&t) && works())
		return 0;
	describe(n, &at);
	show_what_stands_still();
	printf("# it ended with %d\n", t.status);
	return -1;
}

/* Return: as above. */
static int die_after(char *const *command, unsigned int steps)
{
	static struct tracee t;
	int written = 0;

	expect_end();
	tracee_launch(&t, command);
	while (!written && tracee_next(&t))
		written = t.at.kind == EXIT && t.at.call == SYS_write && t.at.args[0] == 1;
	if (!written)
		tracee_give_up("the program does not write");
	while (steps-- && tracee_step(&t))
		senduipis += at_senduipi(t.at.tid);
	used++;
	return die(&t) && works() ? 0 : -1;
}

/* --- sweeps ---------------------------------------------------------------------------------- */

static int sweep_steps(char *const *command, unsigned int max)
{
	unsigned int runs = max < STEPS ? max : STEPS, i;

	for (i = 0; i < runs; i++) {
		if (die_after(command, i * STEPS / runs)) {
			show_what_stands_still();
			printf("# %u instructions after the write\n", i * STEPS / runs);
			return 0;
		}
	}
	printf("# %u of %d instructions; SENDUIPI was among them in %u runs\n", runs, STEPS,
	       senduipis);
	return senduipis > 0 && senduipis < runs;
}

static int sweep_points(char *const *command, unsigned int max, unsigned int window)
{
	static struct tracee t;
	unsigned int total = run_to(&t, command, -1u), i, n;
	int ret = 0, alone = t.status;

	if (tracee_overdue || !total || !works()) {
		show_what_stands_still();
		printf("# alone it ends with %d after %u points\n", alone, total);
		return 0;
	}
	total = total < window ? total : window;
	/* As long as there are points, or a sample of them. */
	for (i = 0; !ret && i < (total > max ? max : window); i++) {
		n = total > max ? 1 + (unsigned int)((uint64_t)i * total / max) : 1 + i;
		ret = die_at(command, n, alone);
		/* Not every run has as many points as the one that counted them. */
		if (ret > 0 && total > max)
			ret = 0;
	}
	/* What a sample has missed. */
	for (i = 0; ret >= 0 && i < requirements; i++) {
		only = required[i];
		if (!seen[only])
			ret = die_at(command, 1, alone);
	}
	printf("# %u of about %u points\n", used, total);
	return ret >= 0;
}

/* Tracer and tracee take turns: on two CPUs each turn would wake one of them. */
static void stay_on_one_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		tracee_give_up("sched_setaffinity");
}

static int name_index(const char *const *names, int count, const char *name)
{
	int i = 0;

	while (i < count && strcmp(names[i], name))
		i++;
	return i;
}

int main(int argc, char **argv)
{
	unsigned int max = -1u, window = -1u, i;
	int option, good;
	double begin;

	while ((option = getopt(argc, argv, "+n:f:w:r:")) != -1) {
		if (option == 'n')
			max = (unsigned int)atoi(optarg);
		else if (option == 'f')
			from = name_index(from_names, FROMS, optarg);
		else if (option == 'w')
			window = (unsigned int)atoi(optarg);
		else if (option == 'r' && requirements < OPERATIONS)
			required[requirements++] = strtoul(optarg, NULL, 16) % OPERATIONS;
	}
	action = optind < argc ? name_index(action_names, ACTIONS, argv[optind]) : ACTIONS;
	if (argc - optind < 2 || action == ACTIONS || from == FROMS) {
		fprintf(stderr,
			"usage: kill-at [-n MAX] [-f FROM] [-w WINDOW] [-r IOCTL]... ACTION COMMAND...\n");
		return 2;
	}
	device = open(CRTOS_DEVICE, O_RDWR | O_CLOEXEC);
	if (device < 0)
		tracee_give_up(CRTOS_DEVICE);
	stay_on_one_cpu();
	sigaction(SIGALRM, &(struct sigaction){ .sa_handler = set_overdue }, NULL);
	base = count();
	begin = now();
	if (action == STEP)
		good = sweep_steps(argv + optind + 1, max);
	else
		good = sweep_points(argv + optind + 1, max, window);
	check(good, "%s: %u deaths in %.0f s leave nothing behind", action_names[action], used,
	      now() - begin);
	for (i = 0; i < requirements; i++)
		check(seen[required[i]] > 0, "%s: %u of them at operation %#x",
		      action_names[action], seen[required[i]], required[i]);
	return test_end();
}
