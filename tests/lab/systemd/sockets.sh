#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Socket units: TCP, IPv6 and Unix, by name; the first connection starts the service; the files of Unix sockets outlive it.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../systemd.sh"

make_file a.bin 100000
make_text api/b.txt 'of the other site'
make_machine
configure ranged 'site "api.example" { root = "/srv/files/api" listen = {"fd:api"} }' 'listen = {"fd:http"}'
printf '%s\n' '[Socket]' 'ListenStream=[::1]:8081' 'ListenStream=127.0.0.1:8082' FileDescriptorName=api Service=ranged.service >"$UNITS/api.socket"
printf '%s\n' '[Socket]' 'ListenStream=8083' FileDescriptorName=spare Service=ranged.service >"$UNITS/spare.socket"
boot_machine
ok "sockets" inside systemctl start ranged.socket api.socket spare.socket
is "$(property ActiveState)" inactive "nothing runs"
get_inside /a.bin
is "$STATUS" 200 "the first connection is answered"
cmp_whole a.bin
is "$(property ActiveState)" active "it runs"
URL="http://[::1]:80" get_inside /a.bin
is "$STATUS" 200 "IPv6"
get_inside /a.bin --unix-socket /run/ranged.http
is "$STATUS" 200 "a Unix socket"
cmp_whole a.bin
for address in "[::1]:8081" 127.0.0.1:8082; do
	URL=http://$address get_inside /b.txt -H 'Host: api.example'
	is "$STATUS" 200 "another name, $address"
	cmp_whole api/b.txt
done
ok "a name that nobody listens to has a warning" eval 'journal | grep -q "passed as \"spare\", but no listen names them"'

ok "stops" inside systemctl stop ranged
ok "the Unix socket is there yet" inside test -S /run/ranged.http
get_inside /a.bin --unix-socket /run/ranged.http
is "$STATUS" 200 "and starts it"

inside systemctl stop ranged.service ranged.socket api.socket spare.socket
configure ranged
inside systemctl start ranged.socket api.socket
URL=http://127.0.0.1:8082 get_inside /a.bin
is "$STATUS" 200 "without a listen all are listened on"
get_inside /a.bin
is "$STATUS" 200 "this one, too"
inside systemctl stop ranged.service api.socket
configure ranged 'listen = {"fd:api"}'
not_ok "a name that was not passed" inside systemctl start ranged.service
ok "is said" eval 'journal | grep -q "fd:api: no passed socket has this name"'
finish
