#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The sandbox of the unit: it serves, past the page cache; it runs as nobody in particular, can do nothing of root's, writes nowhere but
# into its log folder, and sees nothing of homes, devices, and other processes.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../systemd.sh"
need_cmd fincore

make_file a.bin 3000001
ln -s /etc/passwd "$ROOT/out"
ln -s /home/secret "$ROOT/home"
boot 'listen = {":80"}' 'access_log = /var/log/ranged/access.log' 'admin = {"unix:/run/ranged/admin.sock"}'
mkdir -p "$MACHINE/home/secret"
ok "starts" inside systemctl start ranged
dd of="$ROOT/a.bin" oflag=nocache conv=notrunc,fdatasync count=0 status=none
get_inside /a.bin -r 1000-2999999
is "$(fincore -n -b -o PAGES "$ROOT/a.bin" | tr -d ' ')" 0 "no page is resident"
is "$STATUS" 206 "serves"
cmp_range a.bin 1000 2999999
get_inside /out
is "$STATUS" 404 "not what a link leads out to"
ok "logs" await 5 inside grep -q 'GET /a.bin' /var/log/ranged/access.log

URL=http://localhost get_inside /readyz --unix-socket /run/ranged/admin.sock
is "$STATUS" 200 "the admin listener is in its folder in /run"

pid=$(main_pid)
status_of() { inside cat "/proc/$pid/status" | awk -v key="$1:" '$1 == key { print $2 }'; }
is "$(inside stat -c %U "/proc/$pid")" ranged "as a user of its own"
# CAP_NET_BIND_SERVICE is the tenth.
for set in CapPrm CapEff CapBnd CapAmb; do is "$(status_of $set)" 0000000000000400 "$set: ports below 1024, no more"; done
is "$(status_of NoNewPrivs) $(status_of Seccomp)" "1 2" "no new privileges, and system calls are filtered"
# A program in its place: what it has, in its namespaces, with its user and its rights.
there() { inside nsenter -t "$pid" -m -i -- setpriv --reuid ranged --regid ranged --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all "$@"; }
ok "reads what it serves" there cmp /srv/files/a.bin /srv/files/a.bin
for folder in / /srv/files /etc /usr /var /run /etc/ranged /var/log /dev; do
	not_ok "can't write in $folder" there touch "$folder/written"
done
root_there() { inside nsenter -t "$pid" -m -- "$@"; }
for folder in /srv/files /etc /usr /var/lib /opt; do
	not_ok "nor could root in $folder" root_there touch "$folder/written"
done
ok "but can in its log folder" there touch /var/log/ranged/written
ok "and in its folder in /run" there touch /run/ranged/written
not_ok "sees no home" there ls /home/secret
not_ok "not root's" there ls /root
not_ok "no shadow" there cat /etc/shadow
is "$(root_there sh -c 'ls /dev | grep -cE "^(vd|sd|loop|mem|kmsg|rtc|tty[0-9])"')" 0 "no disks among the devices"
not_ok "no /proc/1" there ls /proc/1
not_ok "no /proc/sys" there ls /proc/sys
is "$(property StatusErrno)" 0 "nothing was wrong"
finish
