#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# mime_types names the table of content types. Extensions that are not in it have the built-in type.
. "$(dirname "$0")/../lib.sh"

cat >"$DIR/types" <<-'END'
	# a comment
	application/x-mine		mine own
	text/x-mine			mytext
	image/x-other-png		png
END
for name in a.mine a.own a.mytext a.png a.html; do make_text $name content; done
config "mime_types = \"$DIR/types\""
start_ranged

while read -r name type; do
	get "/$name"
	is "$(header Content-Type)" "$type" "$name is $type"
done <<-'END'
	a.mine application/x-mine
	a.own application/x-mine
	a.mytext text/x-mine; charset=utf-8
	a.png image/x-other-png
	a.html text/html; charset=utf-8
END
finish
