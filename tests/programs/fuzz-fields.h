/* SPDX-License-Identifier: MIT */
/*
 * Every command of /dev/crtos with the fields of its argument, and values for them: mostly such as make sense, else
 * from the edges. All choices come from one state, so that the same seed gives the same sequence.
 */
#ifndef FUZZ_FIELDS_H
#define FUZZ_FIELDS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <crtos/uapi.h>

#define ARGUMENT_BYTES 8192 /* more than any argument */
#define POOL 16 /* descriptors of a worker */

enum kind {
	END,
	ZERO,
	WAITING,
	RAW,
	DESCRIPTOR,
	HANDLER,
	BUFFER,
	BYTES,
	USEC,
	CPU,
	MEMORY,
	POLICY,
	PRIORITY,
	NOTIFIER,
	SLOT,
	VECTOR,
	INDEX,
	KILLING
};

struct field {
	uint16_t offset;
	uint8_t width;
	uint8_t kind;
};

#define F(type, member, kind)                                                                      \
	{                                                                                          \
		offsetof(struct crtos_##type, member), sizeof(((struct crtos_##type *)0)->member), \
			kind                                                                       \
	}

struct command {
	const char *name;
	unsigned long number;
	unsigned int weight;
	int partition; /* starts, stops or breaks it */
	struct field fields[7];
};

static const struct command commands[] = {
	{ "CHECK", CRTOS_IOC_CHECK, 1, 0, { { 0 } } },
	{ "REGISTER",
	  CRTOS_IOC_UINTR_REGISTER,
	  12,
	  0,
	  { F(uintr_handler, handler, HANDLER), F(uintr_handler, flags, WAITING),
	    F(uintr_handler, reserved, ZERO) } },
	{ "UNREGISTER", CRTOS_IOC_UINTR_UNREGISTER, 3, 0, { { 0, 4, ZERO } } },
	{ "VECTOR_FD",
	  CRTOS_IOC_UINTR_VECTOR_FD,
	  10,
	  0,
	  { F(uintr_vector, vector, VECTOR), F(uintr_vector, flags, ZERO),
	    F(uintr_vector, reserved, ZERO) } },
	{ "SENDER",
	  CRTOS_IOC_UINTR_SENDER,
	  12,
	  0,
	  { F(uintr_sender, target, DESCRIPTOR), F(uintr_sender, flags, RAW),
	    F(uintr_sender, vector, ZERO) } },
	{ "UNSENDER",
	  CRTOS_IOC_UINTR_UNSENDER,
	  4,
	  0,
	  { F(uintr_index, index, INDEX), F(uintr_index, flags, ZERO) } },
	{ "WAIT",
	  CRTOS_IOC_UINTR_WAIT,
	  8,
	  0,
	  { F(uintr_wait, usec, USEC), F(uintr_wait, flags, ZERO),
	    F(uintr_wait, reserved, ZERO) } },
	{ "SELF",
	  CRTOS_IOC_UINTR_SELF,
	  6,
	  0,
	  { F(uintr_vector, vector, VECTOR), F(uintr_vector, flags, ZERO),
	    F(uintr_vector, reserved, ZERO) } },
	{ "STACK",
	  CRTOS_IOC_UINTR_STACK,
	  3,
	  0,
	  { F(uintr_stack, sp, BUFFER), F(uintr_stack, size, BYTES), F(uintr_stack, flags, ZERO),
	    F(uintr_stack, reserved, ZERO) } },
	{ "UPID_ADDRESS", CRTOS_IOC_UINTR_UPID_ADDRESS, 2, 0, { { 0 } } },
	{ "PARTITION_START",
	  CRTOS_IOC_PARTITION_START,
	  5,
	  1,
	  { F(partition_start, cpu, CPU),
	    F(partition_start, flags, ZERO),
	    F(partition_start, mem_size, MEMORY),
	    { offsetof(struct crtos_partition_start, reserved), 8, ZERO } } },
	{ "PARTITION_STOP",
	  CRTOS_IOC_PARTITION_STOP,
	  1,
	  1,
	  { F(partition_stop, flags, KILLING), F(partition_stop, reserved, ZERO) } },
	{ "PARTITION_STATUS", CRTOS_IOC_PARTITION_STATUS, 1, 0, { { 0 } } },
	{ "PROC_STATUS",
	  CRTOS_IOC_PROC_STATUS,
	  2,
	  0,
	  { F(proc_status, index, INDEX), F(proc_status, reserved0, ZERO) } },
	{ "LOG",
	  CRTOS_IOC_LOG,
	  1,
	  0,
	  { F(log_read, position, BYTES), F(log_read, buffer, BUFFER), F(log_read, size, BYTES),
	    F(log_read, reserved, ZERO) } },
	{ "PARTITION_PANIC", CRTOS_IOC_PARTITION_PANIC, 1, 1, { { 0 } } },
	{ "PROC_CREATE",
	  CRTOS_IOC_PROC_CREATE,
	  12,
	  0,
	  { F(proc_create, policy, POLICY),
	    F(proc_create, priority, PRIORITY),
	    F(proc_create, notifier, NOTIFIER),
	    F(proc_create, rt_spin, BYTES),
	    F(proc_create, flags, ZERO),
	    { offsetof(struct crtos_proc_create, reserved), 8, ZERO } } },
	{ "THREAD_ATTACH",
	  CRTOS_IOC_THREAD_ATTACH,
	  16,
	  0,
	  { F(thread_attach, slot, SLOT), F(thread_attach, handler, HANDLER),
	    F(thread_attach, reserved, ZERO) } },
	{ "PROC_START", CRTOS_IOC_PROC_START, 8, 0, { { 0 } } },
	{ "THREAD_WAIT", CRTOS_IOC_THREAD_WAIT, 4, 0, { { 0 } } },
	{ "ZAP", CRTOS_IOC_ZAP, 3, 0, { { 0 } } },
	{ "LEND", CRTOS_IOC_LEND, 3, 0, { { 0 } } },
	{ "KICK", CRTOS_IOC_KICK, 4, 0, { { 0 } } },
	{ "THREAD_DETACH", CRTOS_IOC_THREAD_DETACH, 4, 0, { { 0 } } },
	{ "PROC_FORK",
	  CRTOS_IOC_PROC_FORK,
	  4,
	  0,
	  { F(proc_fork, token, INDEX), F(proc_fork, reserved, ZERO) } },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

/* What a field may name; the same places in every run, whatever lies there. */
struct names {
	const volatile int *pool;
	uint64_t handler;
	uint64_t buffer;
};

/* xorshift64*; never 0 */
static inline uint64_t random_number(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dull;
}

static inline unsigned int random_below(uint64_t *state, unsigned int limit)
{
	return (unsigned int)((random_number(state) >> 32) % limit);
}

static inline uint64_t random_edge(uint64_t *state)
{
	static const uint64_t edges[] = {
		0,
		1,
		2,
		3,
		4,
		8,
		16,
		63,
		64,
		65,
		255,
		256,
		4095,
		4096,
		4097,
		65535,
		0x1000,
		0x2000,
		0x7fffffff,
		0x80000000,
		0xffffffff,
		1ull << 32,
		0x500000000000,
		0x700000000000,
		0x7fffffffe000,
		0x7ffffffff000,
		0x800000000000,
		1ull << 60,
		1ull << 63,
		0xffff888000000000,
		0xffffffff81000000,
		0xffffffffff600000,
		~0ull - 63,
		~0ull,
	};
	uint64_t choice = random_number(state);

	if (choice % 8 == 0)
		return random_number(state);
	return edges[choice / 8 % (sizeof(edges) / sizeof(edges[0]))];
}

static inline uint64_t random_sensible(uint64_t *state, enum kind kind, const struct names *names)
{
	uint64_t n = random_number(state) >> 32;

	switch (kind) {
	case WAITING:
		return n % 2 ? 0 : (n >> 1) % 4 << 12;
	case RAW:
		return n % 8 ? 0 : CRTOS_SENDER_RAW;
	case DESCRIPTOR:
		return (uint64_t)names->pool[n % POOL];
	case HANDLER: /* 0: for the notifiers that have none */
		return n % 3 ? names->handler : 0;
	case BUFFER:
		return names->buffer;
	case BYTES:
		return n % ARGUMENT_BYTES;
	case USEC:
		return n % 3000;
	case CPU:
		return 1 + n % 3;
	case MEMORY:
		return (16 + n % 8 * 2) << 20;
	case POLICY:
		return n % 3;
	case PRIORITY:
		return n % 2 ? 0 : n % 100;
	case NOTIFIER:
		return n % 3;
	case SLOT:
		return n % 4;
	case VECTOR:
		return n % 64;
	case INDEX:
		return n % 8;
	case KILLING:
		return n % 4 ? CRTOS_STOP_KILL : 0;
	default:
		return 0;
	}
}

/* Fill the argument of a command. As many numbers are drawn whatever comes out. */
static inline void random_argument(uint64_t *state, const struct command *command,
				   const struct names *names, unsigned char *argument)
{
	const struct field *field;
	uint64_t sensible, edge;

	memset(argument, 0, ARGUMENT_BYTES);
	for (field = command->fields; field->kind != END; field++) {
		sensible = random_sensible(state, field->kind, names);
		edge = random_edge(state);
		if (!random_below(state, 24))
			sensible = edge;
		memcpy(argument + field->offset, &sensible, field->width);
	}
}

static inline unsigned int command_weight(const struct command *command, int partition, int shadow)
{
	if (command->partition && !partition)
		return 0;
	if (command->number == CRTOS_IOC_UINTR_REGISTER && shadow)
		return 0;
	return command->weight;
}

/* Without @partition none that starts or ends one; a @shadow does not register by itself. */
static inline const struct command *random_command(uint64_t *state, int partition, int shadow)
{
	unsigned int sum = 0, i, choice;

	for (i = 0; i < COMMANDS; i++)
		sum += command_weight(&commands[i], partition, shadow);
	choice = random_below(state, sum);
	for (i = 0; choice >= command_weight(&commands[i], partition, shadow); i++)
		choice -= command_weight(&commands[i], partition, shadow);
	return &commands[i];
}

#endif
