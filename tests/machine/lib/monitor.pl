# SPDX-License-Identifier: MIT
#
# monitor.pl SOCKET COMMAND... - give the emulator's monitor commands, print its answers. Bounded: an emulator that
# hangs itself does not answer.
use strict;
use warnings;
use IO::Select;
use IO::Socket::UNIX;

my ($path, @commands) = @ARGV;
my $prompt = '(qemu) ';
my $limit = 10;

# Everything up to the next prompt.
sub answer {
	my ($monitor) = @_;
	my $text = '';
	my $ready = IO::Select->new($monitor);
	until ($text =~ /\Q$prompt\E\z/) {
		$ready->can_read($limit) or die "no answer in $limit s\n";
		sysread $monitor, $text, 65536, length $text or die "closed\n";
	}
	return substr $text, 0, -length $prompt;
}

my $monitor = IO::Socket::UNIX->new(Peer => $path) or die "$path: $!\n";
answer($monitor);
for my $command (@commands) {
	syswrite $monitor, "$command\n";
	my $text = answer($monitor);
	# The first line is the echo.
	$text =~ s/\A[^\n]*\n//;
	print "$command\n$text";
}
