/* SPDX-License-Identifier: MIT */
/*
 * The shadow: the Linux process that does the remote system calls of one real-time process, with one
 * thread for each thread of it.
 *
 * A shadow thread is in shadow_loop(), waiting, or in the service routine, doing a call. The service
 * routine runs on top of the loop: in the user-interrupt handler (`uipi`), in the handler of
 * CRTOS_SIGNAL (`ipi`), or called by the loop (`poll`). The loop holds no lock, uses no library and no
 * vector register, so the service routine is free to use any of them. UIF is set in the loop only.
 */
#ifndef SHADOWD_SHADOW_H
#define SHADOWD_SHADOW_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <crtos/crtos.h>

#include "scf_shadow.h"

/* Exit statuses of `crtos run` that are not the program's, as with env(1). */
#define EXIT_CRTOS 125
#define EXIT_CANNOT_RUN 126
#define EXIT_NOT_FOUND 127

enum shadow_thread_state {
	SHADOW_THREAD_FREE = 0,
	SHADOW_THREAD_STARTING,
	SHADOW_THREAD_LIVE,
	SHADOW_THREAD_FAILED, /* could not attach: see `error` */
	SHADOW_THREAD_GONE, /* left its slot; ends soon */
};

struct shadow_thread {
	void *stack; /* where shadow_loop() was called: what is below may be used anew */
	struct crtos_scf_port port; /* `handled` changes under the loop */
	unsigned int slot;
	unsigned int index; /* SENDUIPI index of the reverse notification */
	volatile int leaving; /* set by the service routine, makes the loop return */
	int state; /* enum shadow_thread_state, a futex */
	int error;
	pid_t tid;
	pthread_t thread;
} __attribute__((aligned(64)));

struct shadow {
	/*
	 * Private descriptors; care.c keeps the program from them. `dev` is the session; the one of the mirror
	 * is the same, but for a vfork child, which shows its parent's memory: dev + 1.
	 */
	int dev;
	int mirror_dev;
	unsigned int notifier; /* enum crtos_notifier */
	uint64_t spin; /* TSC cycles to spin before blocking; UINT64_MAX: for ever */
	struct crtos_scf_header *scf;
	const char *program; /* as the user typed it, for messages */
	void *args; /* answer to CRTOS_OP_ARGS, made before the start */
	size_t args_size;
	const char *stats_file; /* NULL: standard error */
	bool stats;
};

extern struct shadow shadow;
extern struct shadow_thread shadow_threads[CRTOS_SCF_SLOTS];
/* The calling thread's; NULL before it is a shadow thread. */
extern __thread struct shadow_thread *shadow_self;

/* service.c: takes the calling thread's request, does the call and answers. */
void shadow_service_uipi(void);
void shadow_service_ipi(void);
void shadow_service_poll(struct shadow_thread *thread);
/* entry.S: the user-interrupt handler. */
void shadow_uintr_entry(void);

/* loop.c: waits for requests until the thread leaves its slot. */
void shadow_loop(struct shadow_thread *thread);
/* The process's first thread: the loop, and then its end, which need not be the process's. */
_Noreturn void shadow_first_loop(void);

/* operations.c: a private operation, number CRTOS_OP_*. */
long shadow_operation(struct shadow_thread *thread, const struct crtos_scf_call *call);
/* The operation gets no answer from the service routine. */
#define SHADOW_NO_REPLY INT64_MIN

/*
 * fork.c: makes the shadow of a child process. Its pid or -errno. `shared`: it shows the memory of this
 * process until shadow_own_mirror().
 */
long shadow_fork(uint32_t token, bool shared);
long shadow_own_mirror(void);
/* Closes what is close-on-exec, and forgets locks of the old program. */
long shadow_exec(void);

/* area.c: CRTOS_OP_AREA; the mirror in the place of a file; the whole mirror, in a child. 0 or -errno. */
long shadow_area(const uint64_t args[6]);
long shadow_show_mirror(uint64_t address, uint64_t bytes);
int shadow_map_mirror(void);

/* exe.c: the program is what `fd` is open on; CRTOS_OP_ON_EXE. */
long shadow_set_exe(int fd);
long shadow_on_exe(const uint64_t args[6]);

/* maps.c: CRTOS_OP_MAPS, CRTOS_OP_SET_MM. */
long shadow_maps(uint64_t at, uint64_t count, uint64_t flags);
long shadow_set_mm(const uint64_t args[6]);

/* service.c: the system call, or -EINTR where it has not begun and *interrupt == seq. */
long shadow_syscall(const struct crtos_scf_call *call, const uint32_t *interrupt, uint32_t seq);

/*
 * Where service.c makes such calls: offsets from the field itself. A signal handler that finds its thread between `begin`
 * and `end`, where it would not look at *interrupt again, lets it go on at `interrupted`.
 */
struct shadow_call_site {
	int32_t begin;
	int32_t end;
	int32_t interrupted;
};
extern const struct shadow_call_site __start_shadow_call_sites[], __stop_shadow_call_sites[];
/* entry.S: calls `function` with nothing on the stack but what is above `stack`. */
_Noreturn void shadow_continue_on(void *stack, void (*function)(void));

/* threads.c: also in a child, which has only the calling thread. 0 or -errno. */
int shadow_threads_init(void);
/* The calling thread becomes the shadow of slot 0. 0 or -errno. */
int shadow_attach_first(void);
/* Starts the shadow thread of a slot; returns its tid or -errno, once it is attached. */
long shadow_clone(uint64_t slot);
/* The tid of a slot's thread, if it works; else 0. */
pid_t shadow_thread_tid(uint32_t slot);
/* Waits for the end of those that have left their slots. */
void shadow_threads_reap(void);
/* The calling thread leaves its slot: called by the service routine. */
void shadow_leave(struct shadow_thread *thread);
/* It has left the loop, too, and touches its slot no more. */
void shadow_left(struct shadow_thread *thread);

/*
 * end.c: how the process ends. All may be called from any thread in any context; of several calls the
 * first one counts.
 */
_Noreturn void shadow_exit(int status);
_Noreturn void shadow_die(int signal);
/* CRTOS_OP_DUMP. */
_Noreturn void shadow_dump(int signal, uint64_t core, uint64_t bytes);
/* "crtos: PROGRAM: TEXT" on standard error, status 125. */
_Noreturn void shadow_fail(const char *text);
_Noreturn void shadow_protocol_error(void);
/* Ends the process if the module says that it has ended; returns otherwise. */
void shadow_check_state(void);
/* THREAD_WAIT gave ESHUTDOWN. */
_Noreturn void shadow_shut_down(void);

/* stats.c: prints the counters where the user wanted them, if at all. */
void shadow_print_stats(void);

#endif
