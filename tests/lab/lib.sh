# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The harness of the tests that need root, for filesystems and disks of their own. It extends the harness of the HTTP
# tests.
#
# Each test runs in a mount namespace of its own, and the kernel detaches each loop device after its last unmount. So
# nothing stays mounted or attached after a test, even if the test is killed.

if [ -z "${RANGED_LAB:-}" ]; then
	[ "$(id -u)" = 0 ] || { echo "1..0 # SKIP needs root"; exit 0; }
	unshare --mount true 2>/dev/null || { echo "1..0 # SKIP may not make a mount namespace"; exit 0; }
	RANGED_LAB=1 exec unshare --mount --propagation private bash "$0" "$@"
fi

# shellcheck source=../http/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../http/lib.sh"
LAB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

FAULT_PID=
MIRRORS=() # the processes of start_mirror

# A process that is stopped never ends, and threads that wait for its filesystem cannot be killed.
end_lab() {
	local status=$?
	kill -CONT "${MIRRORS[@]}" 2>/dev/null
	(exit $status)
	clean_up
}
trap end_lab EXIT

clean_up_more() {
	[ -z "$FAULT_PID" ] || echo "0 0 0" >"$DIR/control"
	local mounted
	# In reverse order of mounting.
	for mounted in $(awk -v dir="$DIR/" 'index($2, dir) == 1 { print $2 }' /proc/self/mounts | tac); do
		umount "$mounted" 2>/dev/null || umount -l "$mounted"
	done
	[ -z "$FAULT_PID" ] || wait "$FAULT_PID" 2>/dev/null
}

# IMAGE [LOSETUP-OPTION...]: attaches a loop device and prints its name. Another test may take the free device first, so
# it is repeated.
attach() {
	local attempt
	for attempt in 1 2 3 4 5; do
		losetup --find --show "${@:2}" "$1" && return
		sleep "0.$attempt"
	done
	return 1
}

# DEVICE DIRECTORY [MOUNT-OPTION...]: mounts the device; the kernel detaches it after the unmount.
mount_device() {
	mount "${@:3}" "$1" "$2" || { losetup --detach "$1"; return 1; }
	losetup --detach "$1"
}

# IMAGE SIZE SECTOR-BYTES MKFS...: makes an image with a filesystem, on a disk with this sector size, and mounts it on
# $ROOT.
make_filesystem() {
	local image=$1 size=$2 sector=$3 device
	need_cmd "$4" losetup
	truncate -s "$size" "$image" || exit
	device=$(attach "$image" --sector-size "$sector" --direct-io=on) || skip_all "no loop device"
	"${@:4}" "$device" >"$DIR/mkfs" 2>&1 || { diag "$(cat "$DIR/mkfs")"; losetup --detach "$device"; exit 1; }
	mount_device "$device" "$ROOT" || exit
	chmod 755 "$ROOT"
}

# Mounts the filesystem again, so that nothing of it is in memory.
remount() { # IMAGE SECTOR-BYTES [MOUNT-OPTION...]
	local device
	umount "$ROOT" || exit
	device=$(attach "$1" --sector-size "$2" --direct-io=on) || exit
	mount_device "$device" "$ROOT" "${@:3}" || exit
}

make_assortment() {
	# shellcheck disable=SC2086
	make_sizes 0 $ODD_SIZES
	make_file big.bin 9000001
	make_text dir/index.html '<p>index</p>'
	# A hole, then data, then space that is allocated but was never written.
	truncate -s 3000000 "$ROOT/sparse.bin"
	perl "$LIB/pattern.pl" - sparse 100000 | dd of="$ROOT/sparse.bin" bs=1000 seek=1000 conv=notrunc status=none
	fallocate -o 3000000 -l 1000000 "$ROOT/sparse.bin" 2>/dev/null
	age "$ROOT/sparse.bin"
	sync -f "$ROOT"
}

# NAME [-r RANGE] FILE...: requests files below $ROOT with one curl process; the bodies go to $DIR/NAME.1, ... Sets STATUSES.
get_files() {
	local name=$1 options=() outputs=() file
	shift
	[ "$1" != -r ] || { options=("$1" "$2"); shift 2; }
	for file; do outputs+=(-o "$DIR/$name.$((${#outputs[@]} / 3 + 1))" "$URL/$file"); done
	STATUSES=$(curl -sS -g --max-time "$(seconds 60)" "${options[@]}" -w '%{http_code} ' "${outputs[@]}")
	STATUSES=${STATUSES% }
}

# NAME: sends the same requests on every filesystem.
check_assortment() { # NAME
	local name=$1
	# All bytes are read now, because the cache has none of these ranges yet.
	check_odd_ranges "$name, 30 at once" --parallel --parallel-max 30
	get_files whole {0,1,513,4097,65537,1048577,big,sparse}.bin
	is "$STATUSES" "200 200 200 200 200 200 200 200" "$name: the status of whole files"
	is "$(printf '%s.bin 0 99999999\n' 0 1 513 4097 65537 1048577 big sparse | perl "$LIB/compare.pl" "$ROOT" "$DIR/whole." "")" \
		"8 compared, 0 wrong" "$name: all bytes of whole files"
	get_whole_head /big.bin
	get_range 1-2999999,4000001-4000001,8999999- /big.bin
	is_multipart big.bin 1-2999999 4000001-4000001 8999999-9000000
	get /dir/
	cmp_whole dir/index.html "$name: an index"
	get /absent
	is "$STATUS" 404 "$name: 404"
}

# Prints the number of files below $ROOT that are open with O_DIRECT.
direct_files() {
	perl -MFcntl=:DEFAULT -e '
		my ($pid, $root) = @ARGV;
		my $direct = 0;
		for my $link (glob "/proc/$pid/fd/*") {
			(readlink($link) // "") =~ /^\Q$root\E\/.*\.bin/ or next;
			(my $info = $link) =~ s/fd/fdinfo/;
			open my $in, "<", $info or next;
			/^flags:\s*([0-7]+)/ and oct($1) & O_DIRECT() and $direct++ while <$in>;
		}
		print "$direct\n"' "$PID" "$ROOT" 2>/dev/null
}

# Serves these files and checks that no page of them is resident. It must be called first, because cmp leaves pages
# behind.
check_page_cache() { # NAME
	need_cmd fincore
	get_files resident {big,1048577,65537,4097}.bin
	is "$STATUSES" "200 200 200 200" "$1: files are served"
	get_files resident -r 1-300 {big,1048577,65537,4097}.bin
	is "$STATUSES" "206 206 206 206" "$1: ranges are served"
	is "$(fincore -n -b -o PAGES "$ROOT"/{big,1048577,65537,4097}.bin | awk '{ sum += $1 } END { print sum }')" 0 \
		"$1: no page is resident"
}

# --- a disk with faults ---

need_fuse() {
	need_cmd cc pkg-config losetup
	pkg-config --exists fuse3 || skip_all "needs libfuse3-dev"
	[ -c /dev/fuse ] || skip_all "needs /dev/fuse"
}

build_faultfs() {
	local flags=
	[ -x "${top_builddir:-${RANGED%/*}}/tests/faultfs" ] || flags=$(pkg-config --cflags --libs fuse3)
	# shellcheck disable=SC2086
	need_program faultfs "$LAB/faultfs.c" $flags
}

# SOURCE MOUNTPOINT: mounts a mirror with faults, see faultfs.c.
start_faultfs() {
	local connection
	build_faultfs
	set_fault 0 0 0
	"$DIR/faultfs" "$1" "$DIR/control" "$2" -f -o max_threads=64,max_idle_threads=64 </dev/null >"$DIR/faultfs.log" 2>&1 &
	FAULT_PID=$!
	await 10 mountpoint -q "$2" || { diag "$(cat "$DIR/faultfs.log")"; exit 1; }
	# By default FUSE allows only 12 background reads. The number of the connection is the minor number of the
	# device.
	mountpoint -q /sys/fs/fuse/connections || mount -t fusectl none /sys/fs/fuse/connections
	connection=$(stat -c %d "$2")
	echo 256 >"/sys/fs/fuse/connections/$connection/max_background"
}

# SOURCE MOUNTPOINT [FUSE-OPTION...]: mounts another mirror, which hang can stop. Sets MIRROR, its process. The faults of
# set_fault apply to it.
start_mirror() {
	build_faultfs
	[ -e "$DIR/control" ] || set_fault 0 0 0
	"$DIR/faultfs" "$1" "$DIR/control" "$2" -f -o max_threads=64,max_idle_threads=64 "${@:3}" </dev/null >"$DIR/mirror.${#MIRRORS[@]}.log" 2>&1 &
	MIRROR=$!
	MIRRORS+=("$MIRROR")
	await 10 mountpoint -q "$2" || { diag "$(cat "$DIR"/mirror.*.log)"; exit 1; }
}

# PROCESS...: stops mirrors. From now on, every call that needs them waits until heal.
hang() {
	local process
	for process; do
		kill -STOP "$process" && await 10 grep -q '^State:.T' "/proc/$process/status" || exit
	done
}
heal() { kill -CONT "$@"; } # PROCESS...

# PROCESS: ends a mirror; calls that need it fail with ENOTCONN from now on.
lose() {
	kill -KILL "$1"
	wait "$1" 2>/dev/null
}

wait_clients() { # waits for all background jobs except ranged, the disk and the mirrors
	local clients
	mapfile -t clients < <(jobs -p | grep -vx -e "$PID" -e "$FAULT_PID" "${MIRRORS[@]/#/-e}")
	wait "${clients[@]}"
}

# With -1 as DELAY-MS, reads hang until the next call.
set_fault() { # DELAY-MS ERRNO SHORT-BYTES [FROM [FLIP]]
	echo "$*" >"$DIR/control.next"
	mv "$DIR/control.next" "$DIR/control"
}

# DIRECTORY: mounts an ext4 filesystem with the files of make_content, on a disk whose faults set_fault sets.
mount_faulty_disk() {
	need_cmd mkfs.ext4
	mkdir -p "$DIR/disk" "$DIR/fuse" "$1"
	local device root=$ROOT
	ROOT=$1
	truncate -s 160M "$DIR/disk/image"
	mkfs.ext4 -q -F "$DIR/disk/image" || exit
	device=$(attach "$DIR/disk/image") || skip_all "no loop device"
	mount_device "$device" "$ROOT" || exit
	make_content
	umount "$ROOT" || exit
	start_faultfs "$DIR/disk" "$DIR/fuse"
	device=$(attach "$DIR/fuse/image" --read-only --direct-io=on) || exit
	mount_device "$device" "$ROOT" -o ro,noload || exit
	ROOT=$root
}

# --- files that are rewritten on a server ---

# NAME DIRECTORY: rewrites files of $ROOT in place through DIRECTORY, as another client of the storage could do, while they
# are sent and between two requests. No body contains two versions, and the new version is served. DIRECTORY contains
# a.bin and b.bin, which have the same size.
check_rewritten() {
	local name=$1 dir=$2 how client bytes size
	size=$(size_of "$dir/a.bin")
	for how in same shorter longer; do
		cp "$dir/a.bin" "$dir/$how.bin"
		age "$dir/$how.bin"
		rm -f "$DIR"/client.*
		printf 'GET /%s.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' $how |
			wire -b 65536 -f 100000 -p "$DIR/client" >"$DIR/reply" &
		client=$!
		await 10 test -e "$DIR/client.reached"
		case $how in shorter) truncate -s $((size - 1000000)) "$dir/$how.bin" ;; longer) cat "$dir/b.bin" >>"$dir/$how.bin" ;; esac
		bytes=$(size_of "$dir/$how.bin")
		[ "$bytes" -le "$size" ] || bytes=$size
		dd if="$dir/b.bin" of="$dir/$how.bin" bs="$bytes" count=1 conv=notrunc status=none
		touch "$DIR/client.go"
		wait $client
		is "$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/")" 200-cut "$name, $how: the transfer is aborted"
		get "/$how.bin"
		is "$STATUS $RC" "200 0" "$name, $how: the next response is complete"
		cmp_whole "$dir/$how.bin" "$name, $how: the next response is the new version"
	done
}
