#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A real GlusterFS with three replicas on this machine, in a network namespace of its own: all ranges are correct, files
# that are rewritten through another mount are never a mixture, two mounts give the same entity tags, missing names
# beside files cost no lookups, and the loss of one replica is not noticed.
if [ -z "${GLUSTER_NET:-}" ]; then
	unshare --net true 2>/dev/null || { echo "1..0 # SKIP may not make a network namespace"; exit 0; }
	GLUSTER_NET=1 exec unshare --net bash "$0" "$@"
fi
. "$(dirname "$0")/../lib.sh"
need_cmd glusterd gluster glusterfs ip
[ -c /dev/fuse ] || skip_all "needs /dev/fuse"
CACHE=64M

home=$DIR/gluster
second=$DIR/second
mkdir -p "$home"/{work,run,1,2,3} "$second" /var/run/gluster /var/log/glusterfs
mount -t tmpfs none /var/run/gluster && mount -t tmpfs none /var/log/glusterfs || exit
ip link set lo up
ip address add 10.9.9.1/32 dev lo # glusterd rejects loopback addresses
cat >"$home/glusterd.vol" <<-VOLUME
	volume management
	    type mgmt/glusterd
	    option working-directory $home/work
	    option run-directory $home/run
	    option transport-type socket
	    option transport.address-family inet
	    option transport.socket.bind-address 10.9.9.1
	    option transport.socket.listen-port 24007
	    option glusterd-sockfile /var/run/gluster/glusterd.socket
	    option ping-timeout 0
	end-volume
VOLUME
end_gluster() {
	umount -l "$ROOT" "$second" 2>/dev/null
	# All of its processes are in the network namespace of this test.
	local pid
	for pid in $(pgrep gluster); do
		[ /proc/"$pid"/ns/net -ef /proc/self/ns/net ] && kill -9 "$pid"
	done
	umount -l /var/run/gluster /var/log/glusterfs
}
trap end_gluster INT TERM
command_line() { gluster --mode=script --glusterd-sock=/var/run/gluster/glusterd.socket "$@" >>"$home/out" 2>&1; }
glusterd -f "$home/glusterd.vol" -l "$home/log" -p "$home/pid" || skip_all "glusterd does not start"
make_volume() {
	await 20 command_line volume list &&
		command_line volume create v replica 3 10.9.9.1:"$home"/1/b 10.9.9.1:"$home"/2/b 10.9.9.1:"$home"/3/b force &&
		command_line volume start v &&
		mount -t glusterfs 10.9.9.1:/v "$ROOT" && mount -t glusterfs 10.9.9.1:/v "$second"
}
make_volume || { diag "$(cat "$home/out")"; end_gluster; skip_all "no GlusterFS volume"; }

# shellcheck disable=SC2086
make_sizes 0 $ODD_SIZES
make_file a.bin 20000000 b.bin 20000000
for i in $(seq 20); do make_file "many/$i.bin" 3000; done
control_clock
start_ranged
check_odd_ranges "GlusterFS"
check_rewritten "GlusterFS" "$second"

tag() { get /a.bin --head && header ETag; }
first_tag=$(tag)
stop_ranged
www=$ROOT
ROOT=$second
start_ranged
is "$(tag)" "$first_tag" "another mount gives the same entity tag"
stop_ranged
ROOT=$www

start_ranged
for _ in 1 2 3 4; do
	for i in $(seq 20); do get "/many/$i.bin"; done
	advance 3
done
strace -f -qq -c -e trace=openat2 -o "$DIR/counts" -p "$PID" &
tracer=$!
await 10 grep -qE "TracerPid:[[:space:]]*[1-9]" "/proc/$PID/status"
for i in $(seq 20); do get "/many/$i.bin"; done
kill $tracer
wait $tracer
calls=$(awk '$NF == "openat2" { print $4 }' "$DIR/counts")
at_least "${calls:-0}" 20 "each of 20 files is looked up again"
at_most "${calls:-0}" 75 "no missing name beside a file is looked up"

kill -9 "$(cat "$home"/run/vols/v/*2-b.pid)"
get /b.bin
is "$STATUS $RC" "200 0" "with two replicas, a file is served"
cmp_whole b.bin "with two replicas, its bytes are correct"
stop_ranged
end_gluster
finish
