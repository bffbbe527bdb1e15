#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Instances of ranged@ run beside each other, each with its own configuration and its own directory in /run.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../systemd.sh"

make_text a.txt first
make_text b/a.txt second
boot
configure one 'listen = {"127.0.0.1:8001", "unix:/run/ranged-one/http"}'
configure two 'listen = {"127.0.0.1:8002", "unix:/run/ranged-two/http"}' 'root = /srv/files/b'
ok "two instances start" inside systemctl start ranged@one ranged@two
URL=http://127.0.0.1:8001 get_inside /a.txt
cmp_whole a.txt "the first instance serves its files"
URL=http://127.0.0.1:8002 get_inside /a.txt
cmp_whole b/a.txt "the second instance serves its files"
get_inside /a.txt --unix-socket /run/ranged-two/http
cmp_whole b/a.txt "the second instance listens on a socket in its directory"
not_ok "an instance without a configuration does not start" inside systemctl start ranged@three
ok "one instance stops" inside systemctl stop ranged@one
is "$(property ActiveState ranged@two)" active "the other instance still runs"
get_inside /a.txt --unix-socket /run/ranged-two/http
cmp_whole b/a.txt "the directory of the other instance remains"
finish
