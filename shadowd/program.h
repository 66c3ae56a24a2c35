/* SPDX-License-Identifier: MIT */
/* Finding the program to run, as execvp() does. */
#ifndef SHADOWD_PROGRAM_H
#define SHADOWD_PROGRAM_H

/*
 * The path of the executable in new memory. NULL with errno: ENOENT, EACCES, ENOEXEC for a file that Linux
 * would not execute on this architecture either, ...
 */
char *program_find(const char *name);

#endif
