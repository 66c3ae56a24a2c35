# SPDX-License-Identifier: MIT
# The emulator and its command line.

# Nothing here is for crtos: the kernel is configured as Debian ships it.
# - ignore_loglevel: the log that is checked is complete whatever the command does to the console's level;
# - panic=-1: a panic ends the emulator;
# - tsc=reliable: the emulator's TSC runs evenly on all CPUs, but its CPUID cannot say so (TCG has no invtsc bit),
#   and the kernel would fall back to the HPET, which no vDSO can read;
# - no_timer_check: early on the kernel wants some timer ticks within 60 ms, and panics without them where interrupts
#   are remapped; on a busy host they may come later. Real hypervisors have the kernel leave that out by itself.
kernel_cmdline='console=ttyS0,115200 ignore_loglevel panic=-1 tsc=reliable no_timer_check'

# qemu_find - set qemu and cpu_model. CRTOS_QEMU overrides the emulator that qemu/build.sh makes.
qemu_find() {
	local uintr=$1

	qemu=${CRTOS_QEMU:-}
	[ -n "$qemu" ] || qemu=$("$machine/qemu/build.sh") || die "cannot build the emulator"
	[ -x "$qemu" ] || qemu=$(command -v "$qemu") || die "no emulator ${CRTOS_QEMU:-}"

	cpu_model=max
	[ "$uintr" = yes ] || return 0
	if qemu_has_uintr; then
		cpu_model=max,+uintr
	elif [ -n "${CRTOS_QEMU:-}" ]; then
		say "$qemu has no UINTR: going on without"
	else
		die "$qemu has no UINTR (--no-uintr to go on without)"
	fi
}

qemu_has_uintr() {
	[[ " $("$qemu" -cpu help | tr '\n' ' ') " == *" uintr "* ]]
}

# The counting plugin that goes with the emulator.
qemu_plugin() {
	"$machine/qemu/build.sh" --plugin || die "cannot build the plugin"
}

# qemu_command CPUS MEM INITRD X2APIC - set the array command, without consoles.
qemu_command() {
	command=("$qemu" -nodefaults -no-user-config -display none -no-reboot
		-machine q35,usb=off,vmport=off -accel tcg,thread=multi
		-cpu "$cpu_model" -smp "$1" -m "$2"
		-kernel "$vmlinuz" -initrd "$3" -append "$kernel_cmdline")
	# The kernel takes x2APIC mode only where interrupts are remapped. The IOMMU comes before every other device.
	[ "$4" = no ] || command+=(-device intel-iommu,intremap=on,eim=on)
}
