// SPDX-License-Identifier: MIT
/*
 * fork: the shadow forks itself, in the service routine of the thread that asks. The child's only thread leaves
 * that routine behind, becomes the shadow of slot 0 of its own process, and waits for requests like any other.
 *
 * The session is made before, so that whatever is short is found while the program can still be told. From the
 * fork on, the child's session lives and ends with the child: if it dies before it has begun, the module tells
 * the RTOS.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "private_fd.h"
#include "raw.h"
#include "shadow.h"

/* The parent learns from the wait status that the child could not be. */
static _Noreturn void give_up(void)
{
	shadow_die(SIGKILL);
}

/* The child's session takes the place of the parent's, which stays open beside it as long as it is shown. */
static int take_session(int session, bool shared)
{
	int dev = private_fd(session, shared ? shadow.dev : session, shadow.dev);

	if (dev < 0)
		return dev;
	shadow.dev = dev;
	shadow.mirror_dev = shared ? dev + 1 : dev;
	close(session);
	return 0;
}

static _Noreturn void child(int session, bool shared, const sigset_t *mask)
{
	void *stack = shadow_self->stack;
	int ret;

	shadow.stats = false;
	ret = take_session(session, shared);
	if (!ret)
		ret = crtos_scf_map(shadow.dev, &shadow.scf);
	if (!ret)
		ret = shadow_threads_init();
	shadow_threads[0].stack = stack;
	if (!ret)
		ret = shadow_map_mirror();
	if (!ret)
		ret = shadow_attach_first();
	sigprocmask(SIG_SETMASK, mask, NULL);
	if (!ret)
		ret = crtos_proc_start(shadow.dev);
	if (ret)
		give_up();
	shadow_continue_on(stack, shadow_first_loop);
}

/*
 * The program may have used up its descriptors. For a moment its other threads find room for one more then, and a limit
 * that they set in that moment is lost.
 */
static int open_session(uint32_t token)
{
	struct rlimit limit;
	int session = crtos_proc_fork(shadow.dev, token);

	if (session == -EMFILE && private_fd_room(shadow.dev + 3, &limit) >= 0) {
		session = crtos_proc_fork(shadow.dev, token);
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	return session;
}

long shadow_fork(uint32_t token, bool shared)
{
	sigset_t all, mask;
	long ret;
	int session = open_session(token);

	/* To a program they are all as if there were too many processes. */
	if (session < 0)
		return session == -ENOMEM ? -ENOMEM : -EAGAIN;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &mask);
	ret = fork();
	if (!ret)
		child(session, shared, &mask);
	if (ret < 0)
		ret = -errno;
	close(session);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	return ret;
}

long shadow_own_mirror(void)
{
	int ret, dev;

	if (shadow.mirror_dev == shadow.dev)
		return -EINVAL;
	ret = crtos_mirror_unmap(CRTOS_USER_START, CRTOS_USER_END);
	if (!ret)
		ret = crtos_mirror_map(shadow.dev, CRTOS_USER_START, CRTOS_USER_END);
	if (ret)
		return ret;
	dev = private_fd(shadow.dev, shadow.dev, shadow.dev);
	if (dev >= 0)
		shadow.dev = dev;
	else
		close(shadow.mirror_dev); /* the parent's must go, whatever comes to its number */
	shadow.mirror_dev = shadow.dev;
	return 0;
}

static void close_on_exec(int fd)
{
	int flags = is_private_fd(fd, shadow.dev) ? 0 : fcntl(fd, F_GETFD);

	if (flags >= 0 && (flags & FD_CLOEXEC))
		close(fd);
}

long shadow_exec(void)
{
	DIR *open_files = opendir("/proc/self/fd");
	struct dirent *entry;
	int fd, last;

	raw_syscall3(__NR_set_robust_list, 0, sizeof(struct robust_list_head), 0);
	if (open_files) {
		while ((entry = readdir(open_files))) {
			fd = atoi(entry->d_name);
			if (entry->d_name[0] != '.' && fd != dirfd(open_files))
				close_on_exec(fd);
		}
		closedir(open_files);
		return 0;
	}
	last = sysconf(_SC_OPEN_MAX);
	for (fd = 0; fd < last; fd++)
		close_on_exec(fd);
	return 0;
}
