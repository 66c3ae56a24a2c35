/* SPDX-License-Identifier: MIT */
/* `crtos help`. man/crtos.1 says the same at length; a test compares the options. */
#ifndef SHADOWD_HELP_H
#define SHADOWD_HELP_H

static const char help_text[] =
	"usage: crtos check\n"
	"       crtos start --cpus N --mem SIZE\n"
	"       crtos stop [--kill]\n"
	"       crtos status [--raw]\n"
	"       crtos run [OPTION]... [--] PROGRAM [ARGUMENT]...\n"
	"       crtos log [-f]\n"
	"       crtos syscalls [--raw] [NAME | NUMBER | CLASS]...\n"
	"       crtos debug panic\n"
	"       crtos help | --help | --version\n"
	"\n"
	"check    tell whether this machine can have a real-time partition, and what is missing\n"
	"start    take a processor and memory from Linux and start the real-time kernel there\n"
	"           --cpus N             the processor's number in Linux (exactly one, not 0)\n"
	"           --mem SIZE           bytes, or with K, M or G; a multiple of 2M, at least 16M\n"
	"stop     give everything back to Linux\n"
	"           --kill               end the programs that run there first\n"
	"status   show the partition, its programs and what they cost\n"
	"           --raw                one \"key: value\" per line\n"
	"run      run a program in the partition\n"
	"           -f, --fifo PRIO      with SCHED_FIFO and that priority, 1 to 99\n"
	"           -r, --rr PRIO        with SCHED_RR and that priority, 1 to 99\n"
	"           --notifier KIND      uipi, ipi or poll (uipi if there is one, else ipi)\n"
	"           --spin USEC          a shadow thread spins that long before it blocks (50; 0: not at\n"
	"                                all; inf: it never blocks)\n"
	"           --rt-spin N          a real-time thread looks N times for an answer before it blocks (0)\n"
	"           --stats[=FILE]       in the end print counters to standard error, or append them to FILE\n"
	"log      print the log of the real-time kernel\n"
	"           -f, --follow         and go on as it grows\n"
	"syscalls print what becomes of each system call of a program in the partition, or of those named\n"
	"           --raw                number, name, class, error and note, with tabs between\n"
	"debug    panic: make the real-time kernel fail, to see that Linux lives on\n"
	"\n"
	"Exit status: 0 success, 1 failure, 2 wrong usage. Of run: that of PROGRAM (128 + N in the shell if\n"
	"signal N ended it), 125 if crtos itself failed, 126 if PROGRAM cannot be run, 127 if it is not found.\n";

#endif
