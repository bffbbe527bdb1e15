#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# user: what was started as root becomes somebody else, in all its threads and for good, after it has opened what only root may open.
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
# A folder that nobody but its owner may enter is no place for what is served.
reachable() { setpriv --reuid nobody --regid "$group" --clear-groups test -r "$ROOT/a.bin"; }
chown nobody "$DIR" # for the address file
reachable || skip_all "where the checkout lies below a folder that only root may enter, nobody else can serve it"
start_ranged --admin "unix:$DIR/admin.sock"
get /a.bin -u anna:pw
is "$STATUS" 200 "served, with a password file that only root may read"
cmp_whole a.bin
get /secret.bin
is "$STATUS" 403 "not what only root may read"
URL=https://a.example:$(sed -n 's/^tls:.*://p' "$DIR/address") get /a.bin -u anna:pw -k --connect-to "::127.0.0.1:$(sed -n 's/^tls:.*://p' "$DIR/address")"
is "$STATUS" 200 "and by TLS, with such a key"
cmp_whole a.bin
ok "the log says who it is" grep -q 'running as nobody (user' "$DIR/error.log"
uid=$(id -u nobody) gid=$(id -g nobody)
rights() { cat /proc/"$PID"/task/*/status | awk -v key="$1:" '$1 == key { $1 = ""; print }' | sort -u; }
is "$(rights Uid)" " $uid $uid $uid $uid" "every thread is nobody"
is "$(stat -c '%a %u %g' "$DIR/admin.sock")" "660 $uid $gid" "the admin socket is his"
is "$(rights Gid)" " $gid $gid $gid $gid" "and of nobody's group"
is "$(rights Groups)" " $(id -G nobody)" "and of no other"
for set in CapInh CapPrm CapEff CapBnd CapAmb; do is "$(rights $set)" " 0000000000000000" "$set: none"; done
is "$(rights NoNewPrivs)" " 1" "no new privileges"
spy() { setpriv --reuid nobody --regid "$group" --clear-groups cat "/proc/$PID/maps"; }
not_ok "others of that user can't look into its memory" spy
stop_ranged

refused() { # NAME REGEX LINE
	config "$3" 'listen = {"127.0.0.1:0"}'
	local out
	out=$("$RANGED" -c "$DIR/ranged.conf" -m 16M "$ROOT" 2>&1)
	isnt $? 0 "$1: refused"
	like "$out" "$2" "$1: says why"
	not_ok "$1: --check, too" "$RANGED" --check -c "$DIR/ranged.conf" "$ROOT"
}
refused "a user who is not there" 'there is no user "absent-user"' 'user = "absent-user"'
refused "a group that is not there" 'there is no group "absent-group"' 'user = "nobody:absent-group"'
refused "no name" 'not of the form name or name:group' 'user = ":daemon"'

# A folder of that user's, in which a log is a link to where only root may write.
mkdir -m 700 "$DIR/roots"
mkdir "$DIR/nobodys"
ln -s "$DIR/roots/made" "$DIR/nobodys/access.log"
chown -h nobody "$DIR/nobodys" "$DIR/nobodys/access.log"
config 'user = nobody' 'listen = {"127.0.0.1:0"}' "access_log = \"$DIR/nobodys/access.log\""
"$RANGED" -c "$DIR/ranged.conf" -m 16M "$ROOT" >"$DIR/out" 2>&1
is "$?" 73 "a log that leads to root's: refused"
like "$(cat "$DIR/out")" 'access_log: .*Permission denied' "and says why"
not_ok "and nothing is made there" test -e "$DIR/roots/made"

config "user = \"nobody:daemon\"" 'listen = {"127.0.0.1:0"}'
start_ranged
is "$(rights Gid)" " $(id -g daemon) $(id -g daemon) $(id -g daemon) $(id -g daemon)" "another group"
stop_ranged
config 'listen = {"127.0.0.1:0"}'
start_ranged
is "$(grep -c 'warning: started as root and still running as root' "$DIR/error.log")" 1 "without it a warning"
stop_ranged
: >"$DIR/error.log"
config 'listen = {"127.0.0.1:0"}' 'user = root'
start_ranged
not_ok "unless that is meant" grep -q 'still running as root' "$DIR/error.log"
stop_ranged
chmod 666 "$DIR/error.log" "$DIR/access.log"
PREFIX=(setpriv --reuid nobody --regid "$group" --clear-groups)
config 'listen = {"127.0.0.1:0"}' 'user = daemon'
start_ranged
ok "who is not root stays, and is told" grep -q 'only root can switch to daemon' "$DIR/error.log"
finish
