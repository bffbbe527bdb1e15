#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Pages do not depend on the available fonts: the live page, a listing and an error page fit into a window of 320 pixels
# with DejaVu Sans, and with a font that is a third wider.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../admin.sh"
. "$(dirname "$0")/../live.sh"

need_cmd fc-match
[[ $(fc-match 'DejaVu Sans Mono:bold') == DejaVuSansMono-Bold* ]] || skip_all "needs fonts-dejavu-core"
make_file a-rather-long-name-without-a-single-blank-in-it-that-goes-on.tar.xz 300000 large.bin 8000000
mkdir "$ROOT/folder"
CACHE=16M
config 'listing = true'
start_with_admin

# Whichever family a page requests, the browser uses this font.
use_font() { # FAMILY BOLD
	mkdir -p "$DIR/$1"
	printf '%s\n' '<?xml version="1.0"?>' '<!DOCTYPE fontconfig SYSTEM "fonts.dtd">' '<fontconfig>' \
		'<dir>/usr/share/fonts/truetype/dejavu</dir>' "<cachedir>$DIR/$1</cachedir>" \
		'<match target="pattern"><edit name="family" mode="assign" binding="strong"><string>'"$1"'</string></edit>' \
		'<edit name="weight" mode="assign" binding="strong"><const>'"$2"'</const></edit></match>' '</fontconfig>' >"$DIR/fonts.conf"
	export FONTCONFIG_FILE=$DIR/fonts.conf
	[[ $(fc-match -f '%{family} %{file}' sans-serif) == "$1"* ]] || fail "fontconfig chooses $1" "$(fc-match sans-serif)"
}

# Prints the elements that are wider than the window.
widest='(() => { const out = document.documentElement.scrollWidth > innerWidth; return innerWidth + (out ? " < " + document.documentElement.scrollWidth + ": " +
[...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth).slice(0, 6).map(e => e.tagName + "." + e.className + "#" + e.id + " " + e.textContent.slice(0, 30)).join(" | ") : "") })()'
widest=${widest//$'\n'/ }
fits() { # NAME
	for width in 320 768; do
		browse "size $width 800"
		see "eval new Promise(r => setTimeout(() => r($widest), 200))"
		is "$SAID" "\"$width\"" "$1 fits into $width pixels"
	done
}

for font in 'DejaVu Sans/regular' 'DejaVu Sans Mono/bold'; do
	name=${font%/*}
	use_font "$name" "${font#*/}"
	rm -rf "$DIR/chromium" "$DIR/do"
	open_browser
	browse "size 320 800"
	for path in / /folder/ /absent; do
		browse "go $URL$path"
		fits "$name: $path"
	done
	get /large.bin
	get /absent
	browse "go http://$ADMIN/"
	see_until '!document.querySelector("main").hidden && document.querySelectorAll("#workers tbody tr").length > 0 && document.querySelector(".big").textContent != "\u2013"'
	fits "$name: the live page"
	close_browser
	is $? 0 "the browser ends with status 0"
done
finish
