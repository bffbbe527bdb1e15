#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The examples of doc/fleet.md run as they are printed, with three nodes on shared storage behind HAProxy. Only the
# directory differs.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../fleet.sh"
own_network haproxy openssl

make_mirrors big.iso 3000001
mkdir -p "$DIR/srv/releases/1" "$DIR/srv/releases/2"
mv "$DIR/node1" "$DIR/srv/files"
rm -rf "$DIR"/node[2-4]
for i in 1 2 3; do ln -s srv/files "$DIR/node$i"; done
cp -a "$ROOT/big.iso" "$DIR/expected"
start_nodes
start_haproxy "$FLEET/haproxy.cfg"
at_least "$(printed conf 1 | grep -c =)" 8 "there is a configuration of a node"
printf 'resolve = files.example:%s:127.0.0.1\n' 80 443 >"$DIR/.curlrc" # for the name in the examples

# N: runs the N-th example.
run() { (cd "$DIR" && CURL_HOME=$DIR bash -eu <(printed sh "$1" | sed "s|/srv/|$DIR/srv/|g")); }

run 1 >"$DIR/tags"
is "$(tr -d '\r' <"$DIR/tags" | sort | uniq -c | xargs)" "3 ETag: $(etag_of "$DIR/expected" | tr -d '"')" \
	"the entity tags of three nodes are equal"

run 4
cmp_whole "$DIR/expected" "two parts are the file" "$DIR/part"

perl "$LIB/pattern.pl" "$DIR" new.iso 2000001 || exit
age "$DIR/new.iso"
run 2
replaced() { curl -sS -o "$BODY" "$URL/big.iso" && cmp "$DIR/new.iso" "$BODY"; }
ok "a file that was replaced by rename is served" await 5 replaced
is "$(ls -A "$DIR/srv/files")" ".mounted
big.iso" "nothing else is left"

run 5
NODE_KEYS=('etag = digest')
for i in 1 2 3; do kill -TERM "${NODES[$i]}"; done
for i in 1 2 3; do
	end_node $i
	start_node $i
done
run 1 >"$DIR/tags"
is "$(sort "$DIR/tags" | uniq -c | wc -l) $(grep -cF "$(etag_of "$DIR/new.iso")" "$DIR/tags")" "1 0" \
	"with etag = digest, the tags are equal and do not contain the mtime"

is "$(run 6)" 2 "a client uses HTTP/2"

echo one >"$DIR/srv/releases/1/index"
echo two >"$DIR/srv/releases/2/index"
ln -s releases/1 "$DIR/srv/current"
ROOT=$DIR/srv/current
start_ranged
get /index
is "$(cat "$BODY")" one "the first release is served"
run 3
released() { get /index && [ "$(cat "$BODY")" = two ]; }
ok "the second release is served" await 3 released
stop_ranged
finish_fleet 1 2 3
