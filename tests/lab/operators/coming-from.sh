#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Each pair of lines in the section "Coming from nginx, lighttpd, Caddy" of ranged.conf(5) is valid for its servers, and
# they answer the requests of coming-from.table alike, apart from the differences in that table.
. "$(dirname "$0")/../clients/lib.sh"

need_client nginx nginx-light
need_client lighttpd lighttpd
need_client caddy caddy
PAGES=("$LIB/../../man/ranged.conf.5" "$(dirname "$0")/coming-from.table" "$DIR")

# The hash of the password "secret".
# shellcheck disable=SC2016
bcrypt='$2y$05$K6RRRTOMB2RpVW5edLFT/eiqPcZxaR6iBjCIembrFd.XLCGuy5kAa'

# --- files, passwords and a certificate ---
mkdir -p "$DIR/srv" "$DIR/run" "$DIR/log" "$DIR/nginx.temp" "$DIR/etc/"{ssl,nginx,lighttpd,caddy,ranged}
ROOT=$DIR/srv/files
mkdir "$ROOT"
make_file files.bin 300000
make_text a.txt 'a text'
make_text fallback.txt 'a fallback'
make_text 'saved.txt~' 'a backup'
make_text htm/index.htm 'the first index'
make_text htm/start.txt 'not the index'
make_text start/start.txt 'the second index'
make_text list/one.txt 'a listed file'
make_text pool/a.txt 'an immutable file'
make_text private/a.txt 'a private text'
make_text charset.txt 'a text with a charset'
make_text a.note 'a note'
make_text a.unknown 'an unknown type'
make_text 404.html 'the page for 404'
make_text packed.txt "$(printf 'text %.0s' {1..200})"
make_variants packed.txt.gz
make_text ../isos/a.iso 'an image'
make_text ../data/isos/a.iso 'an image below the whole path'
make_text ../data/a.iso 'an image below the rest of the path'
make_text quiet/a.txt 'a text without a log'
make_text ../a/name.txt 'the site a'
make_text ../b/name.txt 'the sites below b'
make_text .dot 'a name with a dot'
make_text pool.txt 'not in the directory'
mkdir "$DIR"/etc/{nginx,lighttpd,caddy,ranged}/conf.d
echo 'add_header X-Included included;' >"$DIR/etc/nginx/conf.d/a.conf"
echo 'setenv.set-response-header = ( "X-Included" => "included" )' >"$DIR/etc/lighttpd/conf.d/a.conf"
echo 'header X-Included included' >"$DIR/etc/caddy/conf.d/a.conf"
echo 'header = "X-Included: included"' >"$DIR/etc/ranged/conf.d/a.conf"
ln -s a.txt "$ROOT/link.txt"
ln -s "$ROOT/a.txt" "$ROOT/list/absolute.txt"
printf 'anna:%s\n' "$bcrypt" | tee "$DIR/etc/nginx/users" "$DIR/etc/lighttpd/users" >"$DIR/etc/ranged/users"
printf 'anna %s\n' "$(printf '%s' "$bcrypt" | base64 -w 0)" >"$DIR/etc/caddy/users"
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=files.example -keyout "$DIR/etc/ssl/key.pem" -out "$DIR/etc/ssl/chain.pem" 2>"$DIR/openssl"

# --- the servers ---
PIDS=()
ended() { ! kill -0 "${PIDS[@]}"; }

# Ends all servers. A server that is killed at once would leave its workers.
stop() {
	kill -TERM "${PIDS[@]}"
	await 10 ended || kill -KILL "${PIDS[@]}"
	finish
} 2>/dev/null

# lighttpd signals its whole process group when it ends.
start() { # SERVER FILE LOG
	case $1 in
	nginx) exec nginx -e "$DIR/nginx.log" -p "$DIR" -c "$2" ;;
	lighttpd) exec setsid lighttpd -D -f "$2" ;;
	Caddy) XDG_DATA_HOME=$DIR/caddy XDG_CONFIG_HOME=$DIR/caddy exec caddy run --adapter caddyfile --config "$2" ;;
	ranged) exec "$RANGED" --config "$2" ;;
	esac </dev/null >"$3" 2>&1 &
	PIDS+=($!)
}

# Returns true if the process has ended, or accepts connections on all of its sockets.
started() { # PID SOCKET...
	local socket
	kill -0 "$1" 2>/dev/null || return 0
	for socket in "${@:2}"; do
		if [ "${socket#/}" != "$socket" ]; then
			[ -S "$socket" ] || return 1
		else
			(exec 3<>"/dev/tcp/${socket%:*}/${socket##*:}") 2>/dev/null || return 1
		fi
	done
}

pairs() { perl "$(dirname "$0")/coming-from.pl" "$@"; }

ok "each pair of the manual has requests, and each request a pair" pairs prepare "${PAGES[@]}"
[ "$FAILED" = 0 ] || finish
while read -r server name file sockets; do start "$server" "$file" "$DIR/stderr.$name"; done <"$DIR/processes"
number=0
while read -r server name file sockets; do
	read -ra sockets <<<"$sockets"
	pid=${PIDS[number++]}
	await 20 started "$pid" "${sockets[@]}"
	if started "$pid" "${sockets[@]}" && kill -0 "$pid" 2>/dev/null; then
		pass "$name accepts the lines of the manual"
	else
		fail "$name accepts the lines of the manual" "$(head -n 1 "$file")" "$(tail -n 5 "$DIR/stderr.$name")"
	fi
done <"$DIR/processes"
[ "$FAILED" = 0 ] || stop

# --- requests and responses ---
CURLS=()
for server in nginx lighttpd Caddy ranged; do
	curl --config "$DIR/$server.curl" >"$DIR/$server.results" 2>"$DIR/$server.curl.log" &
	CURLS+=($!)
done
wait "${CURLS[@]}"
while read -r result title; do
	case $result in
	pass) pass "$title" ;;
	fail) fail "${title%%: *}: $(cut -d : -f 2- <<<"$title" | cut -c 2-)" ;;
	skip) diag "not compared: $title" ;;
	esac
done < <(pairs compare "${PAGES[@]}")

# --- keys of other servers ---
for part in "$DIR"/foreign.*; do "$RANGED" --check --config "$part"; done </dev/null >"$DIR/foreign" 2>&1
at_least "$(grep -c 'unknown key' "$DIR/foreign")" 40 "ranged rejects the keys of nginx and lighttpd"
is "$(grep 'unknown key "[^"]*"$' "$DIR/foreign")" "" "the message for each of these keys says what to write instead"

# --- logs ---
log_of() { sed 's/\[[^]]*\]/[time]/' "$DIR/log/$1"*.access.log; }
logged() { [ "$(log_of "$1")" != "" ]; }
await 10 logged nginx
await 10 logged ranged
for server in nginx lighttpd Caddy ranged; do
	ok "$server logs /a.txt" await 10 grep -qE '(GET |"uri":")/a.txt' "$DIR/log/$server"*.files.log
	not_ok "$server does not log /quiet/a.txt" grep -E '(GET |"uri":")/quiet' "$DIR/log/$server"*.files.log
done
is "$(log_of ranged)" "$(log_of nginx)" "nginx and ranged write the same combined log"
stop
