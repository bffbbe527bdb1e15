#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Socket units for TCP, IPv6 and Unix sockets, by name. The first connection starts the service. The files of Unix
# sockets remain when it stops.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../systemd.sh"

make_file a.bin 100000
make_text api/b.txt 'of the other site'
make_machine
configure ranged 'site "api.example" { root = "/srv/files/api" listen = {"fd:api"} }' 'listen = {"fd:http"}'
printf '%s\n' '[Socket]' 'ListenStream=[::1]:8081' 'ListenStream=127.0.0.1:8082' FileDescriptorName=api Service=ranged.service >"$UNITS/api.socket"
printf '%s\n' '[Socket]' 'ListenStream=8083' FileDescriptorName=spare Service=ranged.service >"$UNITS/spare.socket"
boot_machine
ok "the sockets listen" inside systemctl start ranged.socket api.socket spare.socket
is "$(property ActiveState)" inactive "the service does not run"
get_inside /a.bin
is "$STATUS" 200 "the first connection is answered"
cmp_whole a.bin
is "$(property ActiveState)" active "the service runs"
URL="http://[::1]:80" get_inside /a.bin
is "$STATUS" 200 "an IPv6 client is served"
get_inside /a.bin --unix-socket /run/ranged.http
is "$STATUS" 200 "a client of a Unix socket is served"
cmp_whole a.bin
for address in "[::1]:8081" 127.0.0.1:8082; do
	URL=http://$address get_inside /b.txt -H 'Host: api.example'
	is "$STATUS" 200 "the socket with another name is served: $address"
	cmp_whole api/b.txt
done
ok "a socket that no listen key uses is logged" eval 'journal | grep -q "passed as \"spare\", but no listen key uses this name"'

ok "the service stops" inside systemctl stop ranged
ok "the Unix socket remains" inside test -S /run/ranged.http
get_inside /a.bin --unix-socket /run/ranged.http
is "$STATUS" 200 "a connection to the Unix socket starts the service"

inside systemctl stop ranged.service ranged.socket api.socket spare.socket
configure ranged
inside systemctl start ranged.socket api.socket
URL=http://127.0.0.1:8082 get_inside /a.bin
is "$STATUS" 200 "without a listen key all sockets are used"
get_inside /a.bin
is "$STATUS" 200 "another socket is used, too"
inside systemctl stop ranged.service api.socket
configure ranged 'listen = {"fd:api"}'
not_ok "a name that was not passed ends the start" inside systemctl start ranged.service
ok "the journal names the socket" eval 'journal | grep -q "fd:api: no passed socket has this name"'
finish
