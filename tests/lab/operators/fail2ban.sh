#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# fail2ban finds clients with 401, 403 and 429 by conf/fail2ban, in each format of the access log, and bans them. A client
# cannot make it ban another client.
. "$(dirname "$0")/lib.sh"

need_tool fail2ban-server fail2ban

# The jails of conf/fail2ban for the format timing, and the same for the other formats.
F2B=$DIR/f2b
mkdir -p "$F2B/filter.d" "$F2B/action.d" "$F2B/jail.d"
cp "$CONF/fail2ban/filter.d/ranged.conf" "$F2B/filter.d"
cp "$CONF/fail2ban/jail.d/ranged.conf" "$F2B/jail.d"
printf '%s\n' '[Definition]' 'loglevel = INFO' "logtarget = $DIR/fail2ban.log" "socket = $F2B/socket" "pidfile = $F2B/pid" 'dbfile = None' \
	'allowipv6 = auto' >"$F2B/fail2ban.conf"
# shellcheck disable=SC2028
printf '%s\n' '[Definition]' "actionban = echo <name> <ip> >>$DIR/banned" 'actionunban =' >"$F2B/action.d/write.conf"
printf '%s\n' '[DEFAULT]' 'backend = polling' 'usedns = no' 'ignoreself = false' 'action = write[name="%(__name__)s"]' >"$F2B/jail.conf"
for mode in auth denied limits; do
	printf '%s\n' "[ranged-$mode]" "logpath = $DIR/access.log" 'maxretry = 2'
	for format in combined json; do
		printf '%s\n' "[$format-$mode]" 'enabled = true' "filter = ranged[mode=$mode]" "logpath = $DIR/$format.log" 'maxretry = 2'
	done
done >"$F2B/jail.local"

serve_requests "site \"combined\" { root = \"$ROOT\" access_format = combined access_log = \"$DIR/combined.log\" }" \
	"site \"json\" { root = \"$ROOT\" access_format = json access_log = \"$DIR/json.log\" }"
touch "$DIR/banned"
fail2ban-server -f -c "$F2B" start >"$DIR/stderr.fail2ban" 2>&1 </dev/null &
SERVER=$!
started() { [ "$(grep -c 'Jail .* started' "$DIR/fail2ban.log")" = 9 ]; }
ok "fail2ban starts with the jails" await 30 started
declare -A limited
for host in ranged combined json; do
	limited[$host]=$(perl "$OPERATORS/offenders.pl" "$ADDRESS" $host)
	[ -z "$ADDRESS6" ] || curl -sg -H "Host: $host" "http://$ADDRESS6/closed/a.bin" "http://$ADDRESS6/closed/a.bin" >"$DIR/out"
done

# JAIL: prints the addresses that the jail found, each with its number of failures.
found() { sed -n "s/.*\[$1\] Found \([^ ]*\) .*/\1/p" "$DIR/fail2ban.log" | sort | uniq -c | awk '{ printf "%s %s, ", $2, $1 }'; }
bans() { sed -n "s/^$1 //p" "$DIR/banned" | sort | tr '\n' ' '; }
reached() { [ "$(found "$1")" = "$2" ] && [ "$(bans "$1")" = "$3" ]; }
check() { # JAIL FOUND BANNED
	await 20 reached "$@"
	is "$(found "$1")" "$2" "$1 finds these clients"
	is "$(bans "$1")" "$3" "$1 bans these clients"
}
for format in ranged combined json; do
	check $format-auth '127.0.1.1 3, 127.0.1.5 8, ' '127.0.1.1 127.0.1.5 '
	check $format-denied "127.0.1.2 2, 127.0.1.5 8, ${ADDRESS6:+::1 2, }" "127.0.1.2 127.0.1.5 ${ADDRESS6:+::1 }"
	check $format-limits "127.0.1.3 ${limited[$format]}, " '127.0.1.3 '
done
not_ok "no client that is only named is found" grep -F 127.0.9.9 "$DIR/fail2ban.log" "$DIR/banned"
kill "$SERVER"
wait "$SERVER"
[ "$FAILED" = 0 ] || diag "$(grep -v Found "$DIR/fail2ban.log" | tail -n 12)"
finish
