// SPDX-License-Identifier: MIT

#include "options.h"

#include <getopt.h>
#include <sched.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <crtos/boot.h>
#include <crtos/scf.h>

#include "handover.h"
#include "names.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits up to *end. False: none, or more than 64 bits hold. */
static bool read_digits(const char *text, const char **end, uint64_t *number)
{
	uint64_t value = 0;

	if (!is_digit(*text))
		return false;
	for (; is_digit(*text); text++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
			return false;
	*end = text;
	*number = value;
	return true;
}

bool parse_number(const char *text, uint64_t max, uint64_t *number)
{
	const char *end;

	return read_digits(text, &end, number) && !*end && *number <= max;
}

const char *parse_size(const char *text, uint64_t *size)
{
	static const char units[] = "kKmMgG";
	const char *end, *unit;
	unsigned int shift = 0;
	uint64_t value;

	if (!read_digits(text, &end, &value))
		return "not a size; wanted is a number with K, M or G, such as 256M";
	if (*end) {
		unit = strchr(units, *end);
		if (!unit || end[1])
			return "not a size; wanted is a number with K, M or G, such as 256M";
		shift = 10 * ((unit - units) / 2 + 1);
	}
	if (shift && value >> (64 - shift))
		return "too large";
	*size = value << shift;
	return NULL;
}

static const char *parse_cpu(const char *text, uint32_t *cpu)
{
	uint64_t number;

	if (strpbrk(text, ",-") && is_digit(text[0]))
		return "--cpus: a partition has exactly one processor in this version";
	if (!parse_number(text, 1u << 20, &number))
		return "--cpus: not the number of a processor";
	if (!number)
		return "--cpus: processor 0 cannot be taken from Linux";
	*cpu = number;
	return NULL;
}

static const char *check_memory(uint64_t size)
{
	if (size < CRTOS_MEM_MIN)
		return "--mem: at least 16M";
	if (size > CRTOS_MEM_MAX)
		return "--mem: at most 64G";
	if (size % (2u << 20))
		return "--mem: not a multiple of 2M";
	return NULL;
}

const char *parse_start(int argc, char **argv, struct start_options *options)
{
	static const struct option names[] = {
		{ "cpus", required_argument, NULL, 'c' },
		{ "mem", required_argument, NULL, 'm' },
		{ NULL, 0, NULL, 0 },
	};
	bool cpu = false, memory = false;
	const char *wrong;
	int option;

	optind = 0;
	opterr = 0;
	while ((option = getopt_long(argc, argv, "+:", names, NULL)) != -1) {
		switch (option) {
		case 'c':
			wrong = parse_cpu(optarg, &options->cpu);
			cpu = true;
			break;
		case 'm':
			if (parse_size(optarg, &options->mem_size))
				return "--mem: not a size; wanted is a number with K, M or G, such as 256M";
			wrong = check_memory(options->mem_size);
			memory = true;
			break;
		case ':':
			return "an option lacks its argument";
		default:
			return "unknown option";
		}
		if (wrong)
			return wrong;
	}
	if (optind < argc)
		return "too many arguments";
	if (!cpu)
		return "--cpus N is missing";
	if (!memory)
		return "--mem SIZE is missing";
	return NULL;
}

static const char *set_policy(struct run_options *options, uint32_t policy, const char *text)
{
	uint64_t priority;

	if (!parse_number(text, 99, &priority) || !priority)
		return "the priority must be from 1 to 99";
	options->policy = policy;
	options->priority = priority;
	return NULL;
}

static const char *set_notifier(struct run_options *options, const char *text)
{
	int number = notifier_number(text);

	if (number < 0)
		return "--notifier: it must be uipi, ipi or poll";
	options->notifier = number;
	return NULL;
}

static const char *set_spin(struct run_options *options, const char *text)
{
	uint64_t usec;

	if (!strcmp(text, "inf")) {
		options->spin = SPIN_FOREVER;
		return NULL;
	}
	if (!parse_number(text, 1000000000, &usec))
		return "--spin: it must be microseconds, at most 1000000000, or inf";
	options->spin = usec;
	return NULL;
}

static const char *set_rt_spin(struct run_options *options, const char *text)
{
	uint64_t looks;

	if (!parse_number(text, RT_SPIN_MAX, &looks))
		return "--rt-spin: it must be a number, at most 1000000";
	options->rt_spin = looks;
	return NULL;
}

const char *parse_run(int argc, char **argv, struct run_options *options)
{
	enum { NOTIFIER = 256, SPIN, RT_SPIN, STATS };
	static const struct option names[] = {
		{ "fifo", required_argument, NULL, 'f' },
		{ "rr", required_argument, NULL, 'r' },
		{ "notifier", required_argument, NULL, NOTIFIER },
		{ "spin", required_argument, NULL, SPIN },
		{ "rt-spin", required_argument, NULL, RT_SPIN },
		{ "stats", optional_argument, NULL, STATS },
		{ NULL, 0, NULL, 0 },
	};
	const char *wrong = NULL;
	int option;

	*options = (struct run_options){
		.policy = SCHED_OTHER,
		.notifier = NOTIFIER_AUTOMATIC,
		.spin = DEFAULT_SPIN,
		.rt_spin = DEFAULT_RT_SPIN,
	};
	optind = 0;
	opterr = 0;
	while ((option = getopt_long(argc, argv, "+:f:r:", names, NULL)) != -1) {
		switch (option) {
		case 'f':
			wrong = set_policy(options, SCHED_FIFO, optarg);
			break;
		case 'r':
			wrong = set_policy(options, SCHED_RR, optarg);
			break;
		case NOTIFIER:
			wrong = set_notifier(options, optarg);
			break;
		case SPIN:
			wrong = set_spin(options, optarg);
			break;
		case RT_SPIN:
			wrong = set_rt_spin(options, optarg);
			break;
		case STATS:
			options->stats = true;
			options->stats_file = optarg;
			break;
		case ':':
			return "an option lacks its argument";
		default:
			return "unknown option";
		}
		if (wrong)
			return wrong;
	}
	if (optind >= argc)
		return "which program?";
	options->program = argv + optind;
	return NULL;
}
