#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The keys mime and charset set the content type of a file per location.
. "$(dirname "$0")/../lib.sh"

make_file x.pmtiles 10 a.txt 10 l/a.txt 10 l/b.foo 10 l/c.FOO 10 n/a.txt 10
config 'mime = {".pmtiles application/vnd.pmtiles", "foo text/x-top"}' \
	'location "/l/" { charset = iso-8859-1' ' mime = "foo text/x-foo" }' 'location "/n/" { charset = "" }'
start_ranged
type_of() { get "$1"; header Content-Type; }
is "$(type_of /x.pmtiles)" "application/vnd.pmtiles" "mime adds a type"
is "$(type_of /a.txt)" "text/plain; charset=utf-8" "the charset of text is UTF-8 by default"
is "$(type_of /l/a.txt)" "text/plain; charset=iso-8859-1" "charset changes the charset of a location"
is "$(type_of /l/b.foo)" "text/x-foo; charset=iso-8859-1" "mime of an inner block applies, with its charset"
is "$(type_of /l/c.FOO)" "text/x-foo; charset=iso-8859-1" "extensions are case-insensitive"
is "$(type_of /n/a.txt)" "text/plain" "an empty charset is omitted"
is "$(type_of /l/x.pmtiles)" "text/plain; charset=utf-8" "the type of an error body does not depend on mime"
finish
