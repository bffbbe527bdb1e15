# SPDX-License-Identifier: LGPL-2.1-or-later
# refuse.pl CALL ERRNO COMMAND...: runs the command with a seccomp filter that makes this system call fail with this
# error ("EPERM").
use strict;
use warnings;
use Errno;
require "sys/syscall.ph";

use constant { PR_SET_NO_NEW_PRIVS => 38, PR_SET_SECCOMP => 22, SECCOMP_MODE_FILTER => 2 };
use constant { SECCOMP_RET_ALLOW => 0x7fff0000, SECCOMP_RET_ERRNO => 0x00050000 };
use constant { LOAD_WORD => 0x20, JUMP_IF_EQUAL => 0x15, RETURN => 0x06 };

my ($call, $errno, @command) = @ARGV;
my $sub = main->can("SYS_$call") or exit 77; # this machine does not have the call
my $number = $sub->();
my $error = Errno->can($errno)->();
my @program = (
	[LOAD_WORD, 0, 0, 0], # the number of the call is the first field of struct seccomp_data
	[JUMP_IF_EQUAL, 0, 1, $number],
	[RETURN, 0, 0, SECCOMP_RET_ERRNO | $error],
	[RETURN, 0, 0, SECCOMP_RET_ALLOW],
);
my $filter = join "", map { pack "SCCL", @$_ } @program;
my $prog = pack "Sx![P]P", scalar @program, $filter;
syscall(&SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 or die "prctl: $!";
syscall(&SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, $prog, 0, 0) == 0 or exit 77;
exec @command or die "$command[0]: $!";
