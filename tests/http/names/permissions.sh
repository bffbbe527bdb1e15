#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Whether a file may be read is checked at least every second, even if its bytes are in memory: after chmod, chown, a new
# ACL, or the same changes of a directory above it, the response is 403 within 2 s, and 200 again within 2 s.
. "$(dirname "$0")/../lib.sh"

names=(chmod.bin chown.bin acl.bin far/deep/chmod.bin far/deep/chown.bin far/deep/acl.bin linked/a.bin second.bin)
files=()
for name in "${names[@]}"; do files+=("$name" 5000); done
make_file "${files[@]}" real.bin 3000 big.bin 3000000
ln -s linked "$ROOT/link"
ln -s real.bin "$ROOT/link.bin"
ln "$ROOT/second.bin" "$ROOT/second-name.bin"
prefix=()
if [ "$(id -u)" = 0 ]; then
	need_cmd setpriv
	# Root without the capabilities that bypass file permissions.
	prefix=(setpriv --bounding-set='-dac_override,-dac_read_search')
fi
PREFIX=("${prefix[@]}")
control_clock
[ -z "${OLD_KERNEL:-}" ] || disable_cached_lookups
start_ranged

# Sets the ACL of a file of another user, with or without the right of root to read it. The mode remains 644.
set_acl() { # FILE PERMISSIONS
	perl -e '
		my ($file, $permissions) = @ARGV;
		my %setxattr = ("x86_64" => 188, "aarch64" => 5);
		my $value = pack "V", 2;
		# the owner, the user 0, the group, the mask, others
		$value .= pack "vvV", @$_ for [1, 6, 0xffffffff], [2, $permissions, 0], [4, 4, 0xffffffff], [16, 4, 0xffffffff], [32, 4, 0xffffffff];
		my $name = "system.posix_acl_access";
		chomp(my $machine = `uname -m`);
		exit 2 unless $setxattr{$machine};
		exit(syscall($setxattr{$machine}, $file, $name, $value, length $value, 0) == 0 ? 0 : 1)' "$1" "$2"
}
request() { # PATH: two requests, the second one for bytes in memory
	get "$1"
	get "$1"
	echo "$STATUS"
}
within_2s() { # PATH STATUS TITLE
	advance 2
	get "$1"
	is "$STATUS" "$2" "$3"
	[ "$2" != 200 ] || cmp_whole "${1#/}" "$3: the bytes"
	get_range 1-10 "$1"
	is "$STATUS" "${2/200/206}" "$3: a range"
	head_of "$1"
	is "$STATUS" "$2" "$3: HEAD"
}

# forbid and permit change the object at a path.
check() { # TITLE OBJECT PATH
	is "$(request "$3")" 200 "$1: $3 may be read"
	local read
	read=$(read_bytes)
	forbid "$ROOT/$2"
	within_2s "$3" 403 "$1 of $2: $3 may not be read"
	permit "$ROOT/$2"
	within_2s "$3" 200 "$1 of $2: $3 may be read again"
	# Only the ctime changes with the ACL, so the file counts as rewritten.
	[ "$1" = ACL ] || is "$(read_bytes)" "$read" "$1 of $2: the bytes remain in the cache"
}

forbid() { chmod 000 "$1"; }
permit() { chmod "$([ -d "$1" ] && echo 755 || echo 644)" "$1"; }
check chmod chmod.bin /chmod.bin
check chmod far/deep/chmod.bin /far/deep/chmod.bin
check chmod far/deep /far/deep/chmod.bin
check chmod far /far/deep/chmod.bin
check chmod linked /link/a.bin
check chmod linked/a.bin /link/a.bin
check chmod real.bin /link.bin
check chmod second.bin /second-name.bin
check chmod big.bin /big.bin
# Only the permission to search the directory is removed, which is the one that a lookup needs.
forbid() { chmod 644 "$1"; }
permit() { chmod 755 "$1"; }
check 'chmod -x' far/deep /far/deep/chmod.bin
forbid() { chmod 311 "$1"; }
chmod 311 "$ROOT/far/deep"
within_2s /far/deep/chmod.bin 200 "a directory that cannot be listed"
chmod 755 "$ROOT/far/deep"

if [ "$(id -u)" = 0 ]; then
	chmod 600 "$ROOT/chown.bin" "$ROOT/far/deep/chown.bin"
	forbid() { chown 1 "$1"; }
	permit() { chown 0 "$1"; }
	check chown chown.bin /chown.bin
	check chown far/deep/chown.bin /far/deep/chown.bin
	chmod 700 "$ROOT/far"
	check chown far /far/deep/chown.bin
	chmod 755 "$ROOT/far"
fi
if [ "$(id -u)" = 0 ] && chown 1 "$ROOT/acl.bin" "$ROOT/far/deep/acl.bin" && set_acl "$ROOT/acl.bin" 4 && set_acl "$ROOT/far/deep/acl.bin" 4; then
	forbid() { set_acl "$1" 0; }
	permit() { set_acl "$1" 4; }
	check ACL acl.bin /acl.bin
	check ACL far/deep/acl.bin /far/deep/acl.bin
	is "$(stat -c %a "$ROOT/acl.bin")" 644 "the mode has not changed"
fi
finish
