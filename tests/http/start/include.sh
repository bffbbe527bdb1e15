#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Included files: at the top level, in a site and in a location. --check and --explain name their lines.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 10007
mkdir "$DIR/conf.d" "$ROOT/sub"
cp "$ROOT/a.bin" "$ROOT/sub/b.bin"
# shellcheck disable=SC2016 # ${SNIPPET} is replaced by ranged
config 'include = "conf.d/*.conf"' 'location "/sub/" { include = "snippets/${SNIPPET}.inc"' '}'
mkdir "$DIR/snippets"
printf '%s\n' '# a comment' 'header += "X-Snippet: yes"' >"$DIR/snippets/one.inc"
printf '%s\n' 'header = "X-First: 1"' >"$DIR/conf.d/10.conf"
printf '%s\n' '' 'site "a.example" {' '  include = "../snippets/one.inc"' '  location "*.bin" { cache = never }' '}' >"$DIR/conf.d/20.conf"
echo 'workers = no' >"$DIR/conf.d/30.conf~"
export SNIPPET=one

OUT=$("$RANGED" --check -c "$DIR/ranged.conf" "$ROOT" 2>&1 </dev/null)
is $? 0 "the files are accepted"
like "$OUT" "ranged\.conf:1: include: $DIR/conf\.d/20\.conf" "--check lists an included file"
like "$OUT" "/20\.conf:3: include: $DIR/conf\.d/\.\./snippets/one\.inc" "--check lists a file of an included file"
OUT=$("$RANGED" --explain /a.bin --header 'Host: a.example' -c "$DIR/ranged.conf" "$ROOT" 2>&1 </dev/null)
like "$OUT" "site +\"a\.example\" \($DIR/conf\.d/20\.conf:2\)" "--explain shows the file and line of a site"
like "$OUT" "$DIR/conf\.d/20\.conf:4: location \"\*\.bin\": cache" "--explain shows the file and line of a location"

start_ranged
get /a.bin
cmp_whole a.bin "the file is served"
is "$(header X-First)/$(header X-Snippet)" 1/ "a file at the top level is in effect, a snippet of a location is not"
get /sub/b.bin
is "$(header X-First)/$(header X-Snippet)" 1/yes "a snippet is in effect in its location"
get /a.bin -H 'Host: a.example'
is "$(header X-First)/$(header X-Snippet)" 1/yes "a snippet is in effect in its site"
finish
