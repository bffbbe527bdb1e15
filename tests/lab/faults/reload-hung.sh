#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The files that a reload reads or opens may be on storage that does not answer. The running configuration remains in
# effect, a second SIGHUP is queued, SIGUSR1 and SIGUSR2 work, the watchdog is notified, and SIGTERM ends the process.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../../http/tls.sh"
need_fuse
export TSAN_OPTIONS=${TSAN_OPTIONS:-}:report_thread_leaks=0 # a process that exits while one of its threads hangs joins no other thread either

make_file a.bin 100000
make_certificate cert localhost
make_keys 'k 0123456789abcdef'
mkdir -p "$DIR/source/root" "$DIR/hung"
cp "$DIR/cert.pem" "$DIR/cert.key" "$DIR/keys" "$DIR/source"
printf 'user:%s\n' "$(openssl passwd -6 secret)" >"$DIR/source/users"
printf 'text/plain txt\n' >"$DIR/source/mime.types"
chmod 600 "$DIR/source"/*
chmod 755 "$DIR/source/root"
: >"$DIR/control"
build_faultfs
# The kernel caches nothing, so every access reaches the storage.
"$DIR/faultfs" "$DIR/source" "$DIR/control" "$DIR/hung" -f -o entry_timeout=0,attr_timeout=0 </dev/null >"$DIR/faultfs.log" 2>&1 &
STORAGE=$!
await 10 mountpoint -q "$DIR/hung" || exit

trap 'kill -CONT "$STORAGE"; clean_up' EXIT
hang() { kill -STOP "$STORAGE" && await 10 grep -q "^State:.T" "/proc/$STORAGE/status"; }
heal() { kill -CONT "$STORAGE"; }
said() { grep -q "$1" "$DIR/error.log"; }
reloading() { [ -n "$(threads ranged-reload)" ]; }
refuses() { ! curl -s -m 5 -o "$DIR/refused" "$URL/a.bin"; }

hung_reload() { # NAME LINE...
	tag=$((tag + 1))
	config "${common[@]}" "header = \"X-Say: $tag\"" "${@:2}"
	if [ "$1" = configuration ]; then
		mv "$DIR/ranged.conf" "$DIR/source"
		ln -s hung/ranged.conf "$DIR/ranged.conf"
	fi
	hang
	kill -HUP "$PID"
	ok "$1: a thread waits" await 5 reloading
	get /a.bin
	is "$STATUS $(header X-Say)" "200 $((tag - 1))" "$1: the running configuration remains in effect"
}

is_applied() { # NAME
	taken=$((taken + 2))
	kill -HUP "$PID"
	ok "$1: a second SIGHUP is queued" await 5 said_times $((taken / 2)) 'another one will follow'
	ok "$1: SIGUSR2 logs a report" take_stats
	heal
	ok "$1: both reloads are applied" await 10 said "configuration reloaded: generation $((taken + 1))"
	get /a.bin
	is "$(header X-Say)" "$tag" "$1: the new configuration is in effect"
	rm "$DIR/ranged.conf"
}
said_times() { [ "$(grep -c "$2" "$DIR/error.log")" -ge "$1" ]; }

tag=1 taken=0 LISTEN=
common=('listen = {"127.0.0.1:0", "tls:127.0.0.1:0"}' "tls = {\"$DIR/cert.pem $DIR/cert.key\"}")
config "${common[@]}" 'header = "X-Say: 1"'
start_ranged
use_address "$(grep -v tls: "$DIR/address")"
hung_reload configuration
is_applied configuration
hung_reload root "site \"b.example\" { root = \"$DIR/hung/root\" }"
is_applied root
hung_reload "access log" "site \"b.example\" { root = \"$ROOT\"" "access_log = \"$DIR/hung/access.log\" }"
is_applied "access log"
hung_reload keys "location \"/private\" { sign_keys = \"$DIR/hung/keys\" }"
is_applied keys
hung_reload passwords "location \"/private\" { auth_file = \"$DIR/hung/users\" }"
is_applied passwords
hung_reload types "mime_types = \"$DIR/hung/mime.types\""
is_applied types
common[1]="tls = {\"$DIR/hung/cert.pem $DIR/hung/cert.key\"}"
hung_reload certificate
is_applied certificate

common=("${common[0]}" "tls = {\"$DIR/cert.pem $DIR/cert.key\"}")
hung_reload "access log" "site \"b.example\" { root = \"$ROOT\"" "access_log = \"$DIR/hung/access.log\" }"
ok "a slow reload is logged" await 10 said 'opening the logs has taken more than 3 s'
kill -TERM "$PID"
ok "SIGTERM begins to drain" await 5 said 'draining 0 connections'
ok "new connections are refused" await 5 refuses
ok "the process does not wait for the reload" await 10 said 'exiting with'
heal
end_ranged
is $? 0 "the exit status is 0"

# A start that hangs can be ended.
config "${common[@]}" "site \"b.example\" { root = \"$DIR/hung/root\" }"
hang
launch_ranged
hangs() { [ -n "$(threads ranged-offload)" ]; }
ok "the start hangs" await 10 hangs
kill -TERM "$PID"
ok "SIGTERM is logged" await 5 said 'received SIGTERM during the start'
heal
end_ranged
is $? 0 "the exit status is 0"

# A log that does not answer: SIGUSR1 makes the thread that writes it open it again.
heal
config "${common[@]}" "access_log = \"$DIR/hung/access.log\""
LOGS='' start_ranged --error-log "$DIR/error.log"
use_address "$(grep -v tls: "$DIR/address")"
hang
kill -USR1 "$PID"
get /a.bin
is "$STATUS" 200 "files are served after SIGUSR1"
taken=0
reload_ranged
ok "the configuration can be reloaded" said 'configuration reloaded: generation 2'
kill -TERM "$PID"
ok "the log that does not answer is reported" await 5 said 'access.log does not accept data'
heal
end_ranged
is $? 0 "the exit status is 0"
finish
