#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The greeting for a socket of all addresses has URLs that work on another device, which is a network namespace here.
. "$(dirname "$0")/../lib.sh"
. "$LIB/fleet.sh"
own_network
. "$LIB/terminal.sh"

make_file a.bin 10007
unshare --net sleep infinity &
device=$!
on_device() { nsenter --net="/proc/$device/ns/net" "$@"; }
await 5 test "$(readlink "/proc/$$/ns/net")" != "$(readlink "/proc/$device/ns/net")"
ip link add wlan0 type veth peer name peer0 || skip_all "needs virtual interfaces"
ip link set peer0 netns $device
# An idle bridge, a bridge with a container, and a second network, whose addresses are older than those of wlan0.
ip link add br0 type bridge && ip link set br0 up && ip addr add 172.17.0.1/16 dev br0
ip link add br1 type bridge && ip link set br1 up && ip addr add 172.18.0.1/16 dev br1
ip link add veth0 type veth peer name veth1 && ip link set veth0 master br1 up && ip link set veth1 up
ip link add eth1 type veth peer name eth2 && ip link set eth1 up && ip link set eth2 up && ip addr add 10.9.9.9/24 dev eth1
ip addr add 169.254.7.7/16 dev eth1
ip addr add 192.168.77.1/24 dev wlan0 && ip addr add fd77::1/64 dev wlan0 nodad && ip addr add fd77::2/64 dev wlan0 nodad preferred_lft 0
ip link set wlan0 up
on_device sh -c 'ip link set lo up; ip addr add 192.168.77.2/24 dev peer0; ip addr add fd77::9/64 dev peer0 nodad; ip link set peer0 up'
ip route add default via 192.168.77.2 && ip -6 route add default via fd77::9
six=1
ip -6 addr show dev wlan0 | grep -q fd77::1 || six=

urls() { seen | grep -oE '(https?://|curl ).*' | sed 's/  *(*this machine)*$//; s/  *other devices (\(.*\))$/ \1/'; }
url_seen() { seen | grep -oE "https?://$1[^ ]*"; }
greeting() { # EXPECTED NAME ARGUMENT...
	start_typed "$ROOT" "${@:3}"
	is "$(urls)" "$1" "$2"
}
greeted() { press_ctrl_c; end_typed; }

greeting "http://127.0.0.1:8000/
http://192.168.77.1:8000/ wlan0
http://10.9.9.9:8000/ eth1${six:+
http://[fd77::1]:8000/ wlan0}" "all addresses: that of the default route is first, bridges and link-local addresses are omitted" 8000
for host in 192.168.77.1 10.9.9.9 ${six:+'\[fd77::1\]'}; do
	url=$(url_seen "$host")
	[ "$host" = 10.9.9.9 ] && on_device ip route add 10.9.9.9 via 192.168.77.1
	on_device curl -sSg --max-time "$(seconds 20)" -o "$BODY" "${url}a.bin"
	cmp_whole a.bin "another device reads a file from $url"
done
greeted

greeting "http://127.0.0.1/
http://192.168.77.1/ wlan0
http://10.9.9.9/ eth1" "all IPv4 addresses: no IPv6 address is printed, and the default port is omitted" 0.0.0.0:80
greeted
if [ -n "$six" ]; then
	greeting "http://[::1]:8000/
http://[fd77::1]:8000/ wlan0" "all IPv6 addresses: no IPv4 address is printed" '[::]:8000'
	greeted
	greeting "http://[fd77::2]:8000/" "an IPv6 address has brackets" '[fd77::2]:8000'
	greeted
fi
. "$LIB/tls.sh"
make_certificate a a.example
config "$(tls_pairs a)" "cache_size = 16M"
greeting "https://127.0.0.1/
https://192.168.77.1/ wlan0
https://10.9.9.9/ eth1${six:+
https://[fd77::1]/ wlan0}
curl --unix-socket $DIR/sock http://localhost/" "TLS and a Unix socket" -c "$DIR/ranged.conf" -l tls::443 -l "unix:$DIR/sock" "$ROOT"
rm "$BODY"
eval "$(urls | grep '^curl' | sed "s#curl #curl -sS -o $BODY #; s#localhost/#localhost/a.bin#")"
cmp_whole a.bin "the printed command works"
greeted

ip link set wlan0 down
ip link set eth1 down
greeting "http://127.0.0.1:8000/" "without a network: only this machine" 8000
ok "this is said" grep -F "no address that other devices can use" <(seen)
greeted
kill $device
finish
