#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The key user: a ranged that is started as root switches all threads to another user after it has opened the files that
# only root may open.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../tls.sh"
need_root

make_file a.bin 3000001
make_file secret.bin 1000
chmod 600 "$ROOT/secret.bin"
make_certificate a a.example
chmod 600 "$DIR/a.key"
(umask 077 && printf 'anna:%s\n' "$(openssl passwd -6 pw)" >"$DIR/users")
group=$(id -gn nobody)
LISTEN=
low=$(awk '{ print $1 - 1 }' /proc/sys/net/ipv4/ip_unprivileged_port_start)
for port in 987 988 989 990 0; do
	{ [ "$port" -le "$low" ] && ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; } && break
done
config "listen = {\"127.0.0.1:$port\", \"tls:127.0.0.1:0\"}" 'user = nobody' "$(tls_pairs a)" \
	"location \"/a.bin\" { auth_file = \"$DIR/users\" }"
# A directory that only its owner may enter cannot be served.
reachable() { setpriv --reuid nobody --regid "$group" --clear-groups test -r "$ROOT/a.bin"; }
chown nobody "$DIR" # for the address file
reachable || skip_all "the source tree is below a directory that only root may enter, so another user cannot serve it"
start_ranged --admin "unix:$DIR/admin.sock"
get /a.bin -u anna:pw
is "$STATUS" 200 "a file with a password file that only root may read is served"
cmp_whole a.bin
get /secret.bin
is "$STATUS" 403 "a file that only root may read is 403"
URL=https://a.example:$(sed -n 's/^tls:.*://p' "$DIR/address") get /a.bin -u anna:pw -k --connect-to "::127.0.0.1:$(sed -n 's/^tls:.*://p' "$DIR/address")"
is "$STATUS" 200 "TLS with a key that only root may read is served"
cmp_whole a.bin
ok "the user is logged" await 10 grep -q 'running as nobody (user' "$DIR/error.log"
uid=$(id -u nobody) gid=$(id -g nobody)
rights() { cat /proc/"$PID"/task/*/status | awk -v key="$1:" '$1 == key { $1 = ""; print }' | sort -u; }
is "$(rights Uid)" " $uid $uid $uid $uid" "every thread has the user"
is "$(stat -c '%a %u %g' "$DIR/admin.sock")" "660 $uid $gid" "the admin socket belongs to the user"
is "$(rights Gid)" " $gid $gid $gid $gid" "every thread has the group"
is "$(rights Groups)" " $(id -G nobody)" "every thread has the supplementary groups of the user only"
for set in CapInh CapPrm CapEff CapBnd CapAmb; do is "$(rights $set)" " 0000000000000000" "$set is empty"; done
is "$(rights NoNewPrivs)" " 1" "no new privileges are possible"
spy() { setpriv --reuid nobody --regid "$group" --clear-groups cat "/proc/$PID/maps"; }
not_ok "other processes of the user cannot read the memory" spy
stop_ranged

refused() { # NAME REGEX LINE
	config "$3" 'listen = {"127.0.0.1:0"}'
	local out
	out=$("$RANGED" -c "$DIR/ranged.conf" -m 16M "$ROOT" 2>&1)
	isnt $? 0 "$1: the start fails"
	like "$out" "$2" "$1: the message names the reason"
	not_ok "$1: --check fails, too" "$RANGED" --check -c "$DIR/ranged.conf" "$ROOT"
}
refused "an unknown user" 'there is no user "absent-user"' 'user = "absent-user"'
refused "an unknown group" 'there is no group "absent-group"' 'user = "nobody:absent-group"'
refused "an empty name" 'not of the form name or name:group' 'user = ":daemon"'

# A directory of that user, in which a log is a link to a directory of root.
mkdir -m 700 "$DIR/roots"
mkdir "$DIR/nobodys"
ln -s "$DIR/roots/made" "$DIR/nobodys/access.log"
chown -h nobody "$DIR/nobodys" "$DIR/nobodys/access.log"
config 'user = nobody' 'listen = {"127.0.0.1:0"}' "access_log = \"$DIR/nobodys/access.log\""
"$RANGED" -c "$DIR/ranged.conf" -m 16M "$ROOT" >"$DIR/out" 2>&1
is "$?" 73 "a log that leads to a directory of root ends the start"
like "$(cat "$DIR/out")" 'access_log: .*Permission denied' "the message names the reason"
not_ok "no file is created in the directory of root" test -e "$DIR/roots/made"

config "user = \"nobody:daemon\"" 'listen = {"127.0.0.1:0"}'
start_ranged
is "$(rights Gid)" " $(id -g daemon) $(id -g daemon) $(id -g daemon) $(id -g daemon)" "the group can be given"
stop_ranged
config 'listen = {"127.0.0.1:0"}'
start_ranged
ok "running as root is reported" await 10 grep -q 'warning: started as root and still running as root' "$DIR/error.log"
stop_ranged
: >"$DIR/error.log"
config 'listen = {"127.0.0.1:0"}' 'user = root'
start_ranged
not_ok "user = root is not reported" grep -q 'still running as root' "$DIR/error.log"
stop_ranged
chmod 666 "$DIR/error.log" "$DIR/access.log"
PREFIX=(setpriv --reuid nobody --regid "$group" --clear-groups)
config 'listen = {"127.0.0.1:0"}' 'user = daemon'
start_ranged
ok "a server that is not started as root reports that it cannot switch" await 10 grep -q 'only root can switch to daemon' "$DIR/error.log"
finish
