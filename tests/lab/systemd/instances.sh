#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# ranged@: instances beside each other, each with its configuration and its folder in /run.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../systemd.sh"

make_text a.txt first
make_text b/a.txt second
boot
configure one 'listen = {"127.0.0.1:8001", "unix:/run/ranged-one/http"}'
configure two 'listen = {"127.0.0.1:8002", "unix:/run/ranged-two/http"}' 'root = /srv/files/b'
ok "start" inside systemctl start ranged@one ranged@two
URL=http://127.0.0.1:8001 get_inside /a.txt
cmp_whole a.txt "the first"
URL=http://127.0.0.1:8002 get_inside /a.txt
cmp_whole b/a.txt "the second"
get_inside /a.txt --unix-socket /run/ranged-two/http
cmp_whole b/a.txt "in its folder"
not_ok "one that has no configuration" inside systemctl start ranged@three
ok "one stops" inside systemctl stop ranged@one
is "$(property ActiveState ranged@two)" active "the other goes on"
get_inside /a.txt --unix-socket /run/ranged-two/http
cmp_whole b/a.txt "with its folder"
finish
