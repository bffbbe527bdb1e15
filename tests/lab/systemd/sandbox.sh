#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The sandbox of the unit: files are served past the page cache. The process has a user of its own and no rights of
# root, writes only to its log and runtime directories, and sees no home directories, devices or other processes.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../systemd.sh"
need_cmd fincore

make_file a.bin 3000001
ln -s /etc/passwd "$ROOT/out"
ln -s /home/secret "$ROOT/home"
boot 'listen = {":80"}' 'access_log = /var/log/ranged/access.log' 'admin = {"unix:/run/ranged/admin.sock"}'
mkdir -p "$MACHINE/home/secret"
ok "the service starts" inside systemctl start ranged
dd of="$ROOT/a.bin" oflag=nocache conv=notrunc,fdatasync count=0 status=none
get_inside /a.bin -r 1000-2999999
is "$(fincore -n -b -o PAGES "$ROOT/a.bin" | tr -d ' ')" 0 "no page is resident"
is "$STATUS" 206 "a range is served"
cmp_range a.bin 1000 2999999
get_inside /out
is "$STATUS" 404 "a link that leaves the root is 404"
ok "the access log is written" await 5 inside grep -q 'GET /a.bin' /var/log/ranged/access.log

URL=http://localhost get_inside /readyz --unix-socket /run/ranged/admin.sock
is "$STATUS" 200 "the admin socket is in the runtime directory"

pid=$(main_pid)
status_of() { inside cat "/proc/$pid/status" | awk -v key="$1:" '$1 == key { print $2 }'; }
is "$(inside stat -c %U "/proc/$pid")" ranged "the process has its own user"
# CAP_NET_BIND_SERVICE is capability 10.
for set in CapPrm CapEff CapBnd CapAmb; do is "$(status_of $set)" 0000000000000400 "$set contains only the right to bind low ports"; done
is "$(status_of NoNewPrivs) $(status_of Seccomp)" "1 2" "no new privileges are possible, and system calls are filtered"
# Runs a program with the namespaces, the user and the rights of the service.
there() { inside nsenter -t "$pid" -m -i -- setpriv --reuid ranged --regid ranged --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all "$@"; }
ok "the served files are readable" there cmp /srv/files/a.bin /srv/files/a.bin
for folder in / /srv/files /etc /usr /var /run /etc/ranged /var/log /dev; do
	not_ok "$folder is not writable" there touch "$folder/written"
done
root_there() { inside nsenter -t "$pid" -m -- "$@"; }
for folder in /srv/files /etc /usr /var/lib /opt; do
	not_ok "$folder is not writable for root either" root_there touch "$folder/written"
done
ok "the log directory is writable" there touch /var/log/ranged/written
ok "the state directory is writable" there touch /var/lib/ranged/state/written
ok "the runtime directory is writable" there touch /run/ranged/written
not_ok "home directories are not visible" there ls /home/secret
not_ok "the home directory of root is not visible" there ls /root
not_ok "/etc/shadow is not readable" there cat /etc/shadow
is "$(root_there sh -c 'ls /dev | grep -cE "^(vd|sd|loop|mem|kmsg|rtc|tty[0-9])"')" 0 "there are no disks in /dev"
not_ok "/proc/1 is not visible" there ls /proc/1
not_ok "/proc/sys is not visible" there ls /proc/sys
is "$(property StatusErrno)" 0 "the service has no error"
finish
