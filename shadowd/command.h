/* SPDX-License-Identifier: MIT */
/*
 * The sub-commands of `crtos`. Each gets its own arguments, argv[0] being its name, and returns the exit
 * status: EXIT_OK, EXIT_FAILED or EXIT_USAGE; `run` also those of env(1).
 */
#ifndef SHADOWD_COMMAND_H
#define SHADOWD_COMMAND_H

#include <stdbool.h>

#define EXIT_OK 0
#define EXIT_FAILED 1
#define EXIT_USAGE 2

int command_check(int argc, char **argv);
int command_start(int argc, char **argv);
int command_stop(int argc, char **argv);
int command_status(int argc, char **argv);
int command_run(int argc, char **argv);
int command_log(int argc, char **argv);
int command_debug(int argc, char **argv);
int command_syscalls(int argc, char **argv);

/* A message on standard error, "crtos COMMAND: TEXT"; returns EXIT_FAILED. */
int __attribute__((format(printf, 2, 3))) complain(const char *command, const char *format, ...);
/* The same with a hint at --help; returns EXIT_USAGE. */
int __attribute__((format(printf, 2, 3))) misuse(const char *command, const char *format, ...);

/* crtos_open(), with a message and -1 if that fails. */
int open_device(const char *command);

/* Runs a program and waits for it; true if it ended with status 0. */
bool run_program(char **argv);

#define NO_PARTITION "no real-time partition; start one with: crtos start --cpus N --mem SIZE"

#endif
