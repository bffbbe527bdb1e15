#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A reactor looks up files, and no call for that waits: neither for cold names on a slow disk, nor on a FUSE filesystem
# that hangs, whether a path leads there by a directory, a symbolic link, a bind mount or an overlay. Meanwhile other
# files are served. Files in the cache are served and revalidated while their disk hangs.
. "$(dirname "$0")/../lib.sh"

need_fuse
need_cmd blockdev findmnt
[ -z "$SANITIZED" ] || skip_all "a sanitizer waits in calls of its own"
COUNT=40
files() { # DIRECTORY NAME [TEXT]: prints the paths of its files with this name, each with a text behind it
	local i
	for ((i = 1; i <= COUNT; i++)); do echo "$1/$i/$2.bin${3:-}"; done
}
# The root is on the slow disk, and another local filesystem and a FUSE filesystem that hangs are mounted beneath it.
make_content() {
	# shellcheck disable=SC2046
	make_file $(files slow warm ' 20000') $(files slow cold ' 20000')
	mkdir "$ROOT/local" "$ROOT/hung" "$ROOT/overlay"
}
mount_faulty_disk "$ROOT"
mkdir "$DIR/local" "$DIR/source" "$DIR/empty"
mount --bind "$DIR/local" "$ROOT/local" || exit
# shellcheck disable=SC2046
make_file $(files local warm ' 20000')

# The kernel may use cached names and attributes of the FUSE filesystem for an hour.
cp "$ROOT/local/1/warm.bin" "$DIR/source/a.bin"
"$DIR/faultfs" "$DIR/source" "$DIR/control" "$ROOT/hung" -f -o allow_other,entry_timeout=3600,attr_timeout=3600 </dev/null >"$DIR/hung.log" 2>&1 &
HUNG=$!
await 10 mountpoint -q "$ROOT/hung" || exit
trap 'kill -CONT "$HUNG" 2>/dev/null; clean_up' EXIT
ln -s ../hung/a.bin "$ROOT/local/link"
: >"$ROOT/local/bound"
mount --bind "$ROOT/hung/a.bin" "$ROOT/local/bound" || exit
remote="hung/a.bin local/link local/bound"
mount -t overlay overlay -o "lowerdir=$ROOT/hung:$DIR/empty" "$ROOT/overlay" 2>/dev/null && remote+=" overlay/a.bin"

# A calibration would walk through the files of the slow disk. The time is advanced while requests wait.
config 'disk_depth = 32' 'disk_queue_timeout = 10m'
control_clock
note_waits
start_ranged --workers 1

# SECONDS PATH...: requests the files at once. Prints status and path of each response.
get_all() {
	local path config=$DIR/curls.$BASHPID next=
	for path in "${@:2}"; do
		printf '%surl = "%s/%s"\noutput = /dev/null\nwrite-out = "%%{http_code} %s\\n"\nmax-time = %s\n' "$next" "$URL" "$path" "$path" $(($1 * RANGED_SLOW))
		next=$'next\n'
	done >"$config"
	curl -sS --no-progress-meter --parallel --parallel-immediate --parallel-max 100 --config "$config" 2>/dev/null
}
count() { grep -c "$1" "$DIR/waits" || true; }
failures() { grep -v '^200 ' "$1" || true; }
# NAME: no call has waited.
check_waits() { is "$(grep '^waited' "$DIR/waits" | head -n 5)" "" "$1: no call on the reactor waits"; }

# Each pass checks the directories again, and reads them once they have not changed for a while.
for pass in 1 2 3 4; do
	# shellcheck disable=SC2046,SC2086
	get_all 60 $(files slow warm) $(files local warm) $remote >"$DIR/answers.first"
	is "$(failures "$DIR/answers.first")" "" "pass $pass: all files are served"
	advance 2
done
check_waits "warm caches"

# A slow disk with names that the kernel does not know yet, and a filesystem that hangs. All names that ranged knows must
# be looked up again.
set_fault 100 0 0
blockdev --flushbufs "$(findmnt -no SOURCE "$ROOT")" # unknown names must be read from the disk
kill -STOP "$HUNG"
await 10 grep -q "^State:.T" "/proc/$HUNG/status"
: >"$DIR/waits"
advance 2
# The requests for the filesystem that hangs occupy all offload threads.
# shellcheck disable=SC2086
get_all 60 $remote >"$DIR/answers.remote" &
hung=$!
# shellcheck disable=SC2046
get_all 60 $(files slow cold) >"$DIR/answers.slow" &
slow=$!
for pass in 1 2 3 4 5; do
	# shellcheck disable=SC2046
	get_all 20 $(files local warm) >"$DIR/answers.local"
	is "$(failures "$DIR/answers.local")" "" "pass $pass: local files are served beside them"
	advance 2
done
ok "requests for the filesystem that hangs are pending" kill -0 $hung
kill -CONT "$HUNG"
wait $slow $hung
check_waits "unknown names"
is "$(failures "$DIR/answers.slow")" "" "the files of the slow disk are served"
is "$(failures "$DIR/answers.remote")" "" "the files of the filesystem that hung are served"
at_least "$(count '^ran openat2 EAGAIN')" 1 "the kernel would have had to wait for some names"
# On a mount beneath the root, the directory is opened first, and then the name.
at_least "$(count '^ran openat2 0 warm.bin')" $COUNT "the reactor looked up local files"

# A disk that hangs, whose files and names are in memory.
cp "$ROOT/slow/1/warm.bin" "$DIR/expected"
set_fault 0 0 0
# shellcheck disable=SC2046
get_all 60 $(files slow warm) >/dev/null
set_fault 20000 0 0
: >"$DIR/waits"
advance 2
# shellcheck disable=SC2046
get_all 10 $(files slow warm) >"$DIR/answers.slow"
is "$(failures "$DIR/answers.slow")" "" "files in memory are served while their disk hangs"
advance 2
get /slow/1/warm.bin --max-time "$(seconds 10)"
cmp_whole "$DIR/expected" "the bytes are those of the file"
check_waits "a disk that hangs"
at_least "$(count '^ran openat2 0 slow')" $COUNT "the reactor looked them up"
set_fault 0 0 0
finish
