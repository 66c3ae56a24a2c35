/* SPDX-License-Identifier: MIT */
/*
 * Signals of the program, as far as Linux sends them. All are blocked in every thread of the shadow, but for
 * those below: one thread waits for them and hands them to the RTOS, which knows who takes them. So no remote
 * call is disturbed unless the RTOS asks for that, by CRTOS_SIGNAL. What is sent to a single thread the module takes
 * from it and hands over.
 *
 * SIGTTIN and SIGTTOU come from a terminal that asks whether they are blocked, SIGPIPE and SIGXFSZ from a
 * call of the thread they are for: a shadow thread takes these itself, and hands them over before it answers.
 */
#ifndef SHADOWD_SIGNALS_H
#define SHADOWD_SIGNALS_H

#include <stdint.h>

struct crtos_args;

/* First of all: notes what was inherited, takes what is ours, blocks the rest. */
void shadow_signals_init(struct crtos_args *args);
/* Once the process is started; in a child too. Begins to hand over. 0 or -errno. */
int shadow_signals_start(void);
/* Ends the thread that hands them over. */
void shadow_signals_stop(void);
/* What the calling thread, which serves requests, shall block. */
void shadow_signals_serve(void);

long shadow_sigaction(uint64_t signal, uint64_t ignored, uint64_t flags);
long shadow_sigmask(uint64_t mask);
long shadow_stop(uint64_t signal);
long shadow_signalfd(int fd, uint64_t mask, uint32_t flags);

#endif
