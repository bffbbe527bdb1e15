#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# mime and charset: the type of a file, by location.
. "$(dirname "$0")/../lib.sh"

make_file x.pmtiles 10 a.txt 10 l/a.txt 10 l/b.foo 10 l/c.FOO 10 n/a.txt 10
config 'mime = {".pmtiles application/vnd.pmtiles", "foo text/x-top"}' \
	'location "/l/" { charset = iso-8859-1' ' mime = "foo text/x-foo" }' 'location "/n/" { charset = "" }'
start_ranged
type_of() { get "$1"; header Content-Type; }
is "$(type_of /x.pmtiles)" "application/vnd.pmtiles" "one more type"
is "$(type_of /a.txt)" "text/plain; charset=utf-8" "text is in UTF-8"
is "$(type_of /l/a.txt)" "text/plain; charset=iso-8859-1" "unless it is said to be something else"
is "$(type_of /l/b.foo)" "text/x-foo; charset=iso-8859-1" "the inner block's type, in its charset"
is "$(type_of /l/c.FOO)" "text/x-foo; charset=iso-8859-1" "in any case"
is "$(type_of /n/a.txt)" "text/plain" "or in nothing"
is "$(type_of /l/x.pmtiles)" "text/plain; charset=utf-8" "an error's type is its own"
finish
