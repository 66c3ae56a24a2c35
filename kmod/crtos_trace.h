/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints. With user interrupts the module is not on the path of a call between running
 * threads; it sees what passes through it: waits, wake-ups, and everything of the `ipi` notifier.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM crtos

#if !defined(_CRTOS_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _CRTOS_TRACE_H

#include <linux/tracepoint.h>

/* Laid out as in the kernel's own trace headers. */
/* clang-format off */
/* A shadow is told of a request: it was signalled, or leaves its wait. */
TRACE_EVENT(crtos_submit,
	TP_PROTO(unsigned int process, unsigned int slot, u32 seq, u32 nr),
	TP_ARGS(process, slot, seq, nr),
	TP_STRUCT__entry(
		__field(u32, process)
		__field(u32, slot)
		__field(u32, seq)
		__field(u32, nr)
	),
	TP_fast_assign(
		__entry->process = process;
		__entry->slot = slot;
		__entry->seq = seq;
		__entry->nr = nr;
	),
	TP_printk("process=%u slot=%u seq=%u nr=%u", __entry->process, __entry->slot,
		  __entry->seq, __entry->nr)
);

/* A shadow has answered and asks for the reverse notification. */
TRACE_EVENT(crtos_complete,
	TP_PROTO(unsigned int process, unsigned int slot, u32 seq, s64 ret),
	TP_ARGS(process, slot, seq, ret),
	TP_STRUCT__entry(
		__field(u32, process)
		__field(u32, slot)
		__field(u32, seq)
		__field(s64, ret)
	),
	TP_fast_assign(
		__entry->process = process;
		__entry->slot = slot;
		__entry->seq = seq;
		__entry->ret = ret;
	),
	TP_printk("process=%u slot=%u seq=%u ret=%lld", __entry->process, __entry->slot,
		  __entry->seq, __entry->ret)
);

/* The module sends an interrupt to the real-time core. */
TRACE_EVENT(crtos_notify,
	TP_PROTO(u32 apic_id, u8 vector),
	TP_ARGS(apic_id, vector),
	TP_STRUCT__entry(
		__field(u32, apic_id)
		__field(u8, vector)
	),
	TP_fast_assign(
		__entry->apic_id = apic_id;
		__entry->vector = vector;
	),
	TP_printk("apic_id=%u vector=%#x", __entry->apic_id, __entry->vector)
);

/* A blocked receiver is woken by a user interrupt. */
TRACE_EVENT(crtos_wake,
	TP_PROTO(pid_t pid, unsigned int upid),
	TP_ARGS(pid, upid),
	TP_STRUCT__entry(
		__field(pid_t, pid)
		__field(u32, upid)
	),
	TP_fast_assign(
		__entry->pid = pid;
		__entry->upid = upid;
	),
	TP_printk("pid=%d upid=%u", __entry->pid, __entry->upid)
);
/* clang-format on */

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE crtos_trace
#include <trace/define_trace.h>
