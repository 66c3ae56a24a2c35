/* SPDX-License-Identifier: MIT */
/* A handler that remembers what it was called for. */
#ifndef HANDLER_H
#define HANDLER_H

#include <signal.h>
#include <unistd.h>

static volatile sig_atomic_t caught; /* the signal */
static volatile pid_t caught_by;
static siginfo_t last;

static void on_signal(int sig, siginfo_t *info, void *context)
{
	(void)context;
	last = *info;
	caught_by = gettid();
	caught = sig;
}

static void handle(int sig, int flags)
{
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | flags };

	sigemptyset(&action.sa_mask);
	sigaction(sig, &action, NULL);
	caught = 0;
}

#endif
