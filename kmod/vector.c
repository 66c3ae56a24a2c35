// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupt vectors of our own, each bound to one CPU, out of the kernel's x86 vector domain.
 *
 * The vector behind an irq differs from CPU to CPU and is chosen anew when its CPU comes online;
 * while that CPU is offline the irq has none. So a vector number is read in the CPU's online
 * callback and is valid until its offline callback has returned.
 */
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <linux/slab.h>
#include <asm/apic.h>
#include <asm/hw_irq.h>
#include <asm/irqdomain.h>

#include "compat.h"
#include "vector.h"

static struct fwnode_handle *vector_fwnode;
static struct irq_domain *vector_domain;

/* An IPI has no source that could be masked. */
static void vector_nop(struct irq_data *data)
{
}

static struct irq_chip vector_chip = {
	.name = "crtos-ipi",
	.irq_mask = vector_nop,
	.irq_unmask = vector_nop,
	.irq_ack = irq_chip_ack_parent,
	.irq_set_affinity = irq_chip_set_affinity_parent,
	.flags = IRQCHIP_SKIP_SET_WAKE,
};

static int vector_domain_alloc(struct irq_domain *domain, unsigned int irq, unsigned int count,
			       void *info)
{
	int ret = irq_domain_alloc_irqs_parent(domain, irq, count, info);

	if (ret)
		return ret;
	irq_domain_set_info(domain, irq, irq, &vector_chip, NULL, handle_edge_irq, NULL, "edge");
	return 0;
}

static const struct irq_domain_ops vector_domain_ops = {
	.alloc = vector_domain_alloc,
	.free = irq_domain_free_irqs_common,
};

/**
 * crtos_vector_alloc() - an interrupt that only this CPU takes
 * @cpu: possible CPU; it may be offline, the irq then starts when it comes online
 * @handler: runs in hard interrupt context on @cpu
 * @name: for /proc/interrupts, not copied
 * @data: argument of the handler and of crtos_vector_free()
 *
 * A managed affinity keeps the irq core from moving the irq elsewhere when the CPU goes offline.
 * A suspend of the machine must not disable the irq: it would be started again by its CPU's coming
 * online, and then enabled once more.
 *
 * May sleep. Return: the irq number or a negative errno.
 */
int crtos_vector_alloc(unsigned int cpu, irq_handler_t handler, const char *name, void *data)
{
	struct irq_alloc_info info = { .mask = cpumask_of(cpu) };
	struct irq_affinity_desc *affinity;
	int irq, ret;

	affinity = kzalloc(sizeof(*affinity), GFP_KERNEL);
	if (!affinity)
		return -ENOMEM;
	cpumask_copy(&affinity->mask, cpumask_of(cpu));
	affinity->is_managed = 1;

	irq = __irq_domain_alloc_irqs(vector_domain, -1, 1, cpu_to_node(cpu), &info, false,
				      affinity);
	kfree(affinity);
	if (irq < 0)
		return irq;

	ret = request_irq(irq, handler, IRQF_NOBALANCING | IRQF_NO_THREAD | IRQF_NO_SUSPEND, name,
			  data);
	if (ret) {
		irq_dispose_mapping(irq);
		return ret;
	}
	return irq;
}

/* May sleep; waits for a running handler. */
void crtos_vector_free(int irq, void *data)
{
	free_irq(irq, data);
	irq_dispose_mapping(irq);
}

/* The vector of an irq whose CPU is online. */
u8 crtos_vector_number(int irq)
{
	return irqd_cfg(irq_get_irq_data(irq))->vector;
}

/* Send a fixed interrupt to one CPU, ours or the real-time one. Any context. */
void crtos_vector_send(u32 apic_id, u8 vector)
{
	crtos_icr_write(APIC_DM_FIXED | APIC_DEST_PHYSICAL | vector, apic_id);
}

int __init crtos_vector_init(void)
{
	vector_fwnode = irq_domain_alloc_named_fwnode("crtos");
	if (!vector_fwnode)
		return -ENOMEM;
	vector_domain = irq_domain_create_hierarchy(x86_vector_domain, 0, 0, vector_fwnode,
						    &vector_domain_ops, NULL);
	if (!vector_domain) {
		irq_domain_free_fwnode(vector_fwnode);
		return -ENOMEM;
	}
	return 0;
}

void crtos_vector_exit(void)
{
	irq_domain_remove(vector_domain);
	irq_domain_free_fwnode(vector_fwnode);
}
