#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Whether a file may be read is checked at least every second, even if its bytes are in memory: after chmod, chown, a new
# ACL, or the same changes of a directory above it, the response is 403 within 2 s, and 200 again within 2 s.
# Each case has its own directory, so the cases run at the same time, with one curl process for each step.
. "$(dirname "$0")/../lib.sh"

user=$(id -u)
if [ "$user" = 0 ]; then
	need_cmd setpriv
	# Root without the capabilities that bypass file permissions.
	PREFIX=(setpriv --bounding-set='-dac_override,-dac_read_search')
fi

# Cases: a change of OBJECT takes away the right to read PATH, and another one gives it back.
KINDS=() OBJECTS=() PATHS=() TITLES=()
add_case() { # KIND OBJECT PATH: both below the directory of the case
	local place=case${#TITLES[@]}
	KINDS+=("$1") OBJECTS+=("$ROOT/$place/$2") PATHS+=("$place/$3") TITLES+=("$1 of $2, /$3")
}
add_case chmod a.bin a.bin
add_case chmod far/deep/a.bin far/deep/a.bin
add_case chmod far/deep far/deep/a.bin
add_case chmod far far/deep/a.bin
add_case chmod linked link/a.bin
add_case chmod linked/a.bin link/a.bin
add_case chmod a.bin link.bin
add_case chmod a.bin second-name.bin
add_case chmod big.bin big.bin
# Only the permission to search the directory is removed, which is the one that a lookup needs.
add_case chmod-x far/deep far/deep/a.bin
# The directory cannot be listed, but the file may be read.
add_case chmod-r far/deep far/deep/a.bin
if [ "$user" = 0 ]; then
	add_case chown a.bin a.bin
	add_case chown far/deep/a.bin far/deep/a.bin
	add_case chown far far/deep/a.bin
fi
first_acl=${#TITLES[@]}
if [ "$user" = 0 ]; then
	add_case ACL a.bin a.bin
	add_case ACL far/deep/a.bin far/deep/a.bin
fi
files=()
for i in "${!TITLES[@]}"; do files+=("case$i/"{a,far/deep/a,linked/a}.bin); done
sized=()
for file in "${files[@]}"; do sized+=("$file" 5000); done
make_file "${sized[@]}" case8/big.bin 3000000
for i in "${!TITLES[@]}"; do
	case ${PATHS[i]#*/} in
	link/*) ln -s linked "$ROOT/case$i/link" ;;
	link.bin) ln -s a.bin "$ROOT/case$i/link.bin" ;;
	second-name.bin) ln "$ROOT/case$i/a.bin" "$ROOT/case$i/second-name.bin" ;;
	esac
	[ "${KINDS[i]}" != chown ] || chmod go= "${OBJECTS[i]}"
done

# PERMISSIONS FILE...: sets the ACLs of files of another user, with or without the right of root to read them. The modes
# remain 644.
set_acl() {
	perl -MPOSIX -e '
		my ($permissions, @files) = @ARGV;
		my %setxattr = ("x86_64" => 188, "aarch64" => 5);
		my $value = pack "V", 2;
		# the owner, the user 0, the group, the mask, others
		$value .= pack "vvV", @$_ for [1, 6, 0xffffffff], [2, $permissions, 0], [4, 4, 0xffffffff], [16, 4, 0xffffffff], [32, 4, 0xffffffff];
		my $name = "system.posix_acl_access";
		my $number = $setxattr{(POSIX::uname)[4]} or exit 2;
		syscall($number, $_, $name, $value, length $value, 0) == 0 or exit 1 for @files' "$@"
}
forbid() { # CASE
	case ${KINDS[$1]} in
	chmod) chmod 000 "${OBJECTS[$1]}" ;;
	chmod-x) chmod 644 "${OBJECTS[$1]}" ;;
	chmod-r) chmod 311 "${OBJECTS[$1]}" ;;
	chown) chown 1 "${OBJECTS[$1]}" ;;
	ACL) set_acl 0 "${OBJECTS[$1]}" ;;
	esac
}
permit() { # CASE
	case ${KINDS[$1]} in
	chmod*) chmod "$([ -d "${OBJECTS[$1]}" ] && echo 755 || echo 644)" "${OBJECTS[$1]}" ;;
	chown) chown 0 "${OBJECTS[$1]}" ;;
	ACL) set_acl 4 "${OBJECTS[$1]}" ;;
	esac
}

# CASE...: requests the path of each case as a whole, as a range and by HEAD. Sets ANSWERS: the three statuses of each case.
request() {
	local index options=(-sS -g --max-time "$(seconds 60)" -w '%{http_code}\n') wholes=() discarded=() statuses i
	for index; do
		wholes+=(-o "$DIR/out.$((${#wholes[@]} / 3 + 1))" "$URL/${PATHS[index]}")
		discarded+=(-o /dev/null "$URL/${PATHS[index]}")
	done
	mapfile -t statuses < <(curl "${options[@]}" "${wholes[@]}" --next "${options[@]}" -r 1-10 "${discarded[@]}" \
		--next "${options[@]}" --head "${discarded[@]}")
	ANSWERS=()
	for ((i = 0; i < $#; i++)); do ANSWERS+=("${statuses[i]:-} ${statuses[i + $#]:-} ${statuses[i + 2 * $#]:-}"); done
}
statuses_are() { # FORBIDDEN-STATUSES TITLE CASE...
	local wanted i=0 index
	for index in "${@:3}"; do
		wanted=$1
		[ "${KINDS[index]}" != chmod-r ] || wanted="200 206 200"
		is "${ANSWERS[i++]}" "$wanted" "${TITLES[index]}: $2"
	done
}
bodies_are_right() { # TITLE CASE...
	local index
	is "$(for index in "${@:2}"; do echo "${PATHS[index]} 0 99999999"; done | perl "$LIB/compare.pl" "$ROOT" "$DIR/out." "")" \
		"$(($# - 1)) compared, 0 wrong" "$1: the bytes"
}
check() { # CASE...
	local read index
	request "$@"
	request "$@" # The bytes are in memory.
	statuses_are "200 206 200" "the file may be read" "$@"
	take_stats
	read=$(stat_of disk 'stats bytes')
	for index; do forbid "$index"; done
	advance 2
	request "$@"
	statuses_are "403 403 403" "the file may not be read (GET, range, HEAD)" "$@"
	for index; do permit "$index"; done
	advance 2
	request "$@"
	statuses_are "200 206 200" "the file may be read again (GET, range, HEAD)" "$@"
	bodies_are_right "again" "$@"
	# Only the ctime changes with the ACL, so the file counts as rewritten.
	take_stats
	[ "${KINDS[$1]}" = ACL ] || is "$(stat_of disk 'stats bytes')" "$read" "the bytes remain in the cache"
}

control_clock
[ -z "${OLD_KERNEL:-}" ] || disable_cached_lookups
start_ranged
cases=("${!TITLES[@]}")
check "${cases[@]:0:first_acl}"
acls=("${OBJECTS[@]:first_acl}")
if [ "$user" = 0 ] && chown 1 "${acls[@]}" && set_acl 4 "${acls[@]}"; then
	check "${cases[@]:first_acl}"
	is "$(stat -c %a "${acls[0]}")" 644 "the mode has not changed"
fi
finish
