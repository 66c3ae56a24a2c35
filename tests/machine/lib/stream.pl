# SPDX-License-Identifier: MIT
#
# stream.pl MARK TRAILER - copy standard input to standard output, live and binary-clean, up to the line "MARK rest";
# write "rest" to the file TRAILER. Fails when the input ends without it.
use strict;
use warnings;

my ($mark, $trailer) = @ARGV;
my $held = '';

sub out {
	my ($data) = @_;
	while (length $data) {
		my $n = syswrite STDOUT, $data;
		exit 2 unless defined $n;
		substr($data, 0, $n) = '';
	}
}

while (sysread STDIN, my $data, 65536) {
	$held .= $data;
	my $at = index $held, $mark;
	if ($at >= 0) {
		my $end = index $held, "\n", $at;
		next if $end < 0;
		out(substr $held, 0, $at);
		open my $t, '>', $trailer or die "$trailer: $!";
		print $t substr($held, $at + length($mark) + 1, $end - $at - length($mark));
		close $t;
		exit 0;
	}
	# Keep back only what may be the beginning of the mark.
	my $keep = length($mark) - 1;
	$keep = length $held if $keep > length $held;
	$keep-- until $keep == 0 || substr($held, -$keep) eq substr($mark, 0, $keep);
	out(substr $held, 0, length($held) - $keep);
	$held = $keep ? substr($held, -$keep) : '';
}
out($held);
exit 1;
