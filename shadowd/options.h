/* SPDX-License-Identifier: MIT */
/* Reading of command lines. Functions return NULL, or what is wrong, for people. */
#ifndef SHADOWD_OPTIONS_H
#define SHADOWD_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#define NOTIFIER_AUTOMATIC UINT32_MAX
#define DEFAULT_SPIN 50
#define DEFAULT_RT_SPIN 0
#define RT_SPIN_MAX 1000000u

/* A decimal number, with K, M or G (powers of 1024). */
const char *parse_size(const char *text, uint64_t *size);
/* A decimal number of nothing but digits, at most `max`. */
bool parse_number(const char *text, uint64_t max, uint64_t *number);

struct start_options {
	uint32_t cpu;
	uint64_t mem_size;
};
const char *parse_start(int argc, char **argv, struct start_options *options);

struct run_options {
	uint32_t policy;
	uint32_t priority;
	uint32_t notifier; /* or NOTIFIER_AUTOMATIC */
	uint32_t spin; /* microseconds, or SPIN_FOREVER */
	uint32_t rt_spin;
	bool stats;
	const char *stats_file;
	char **program; /* argument vector */
};
const char *parse_run(int argc, char **argv, struct run_options *options);

#endif
