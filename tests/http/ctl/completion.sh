#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The completion files for bash and zsh know every long option that the programs have, no other, and the values that are known.
. "$(dirname "$0")/../lib.sh"

completions=$LIB/../../conf/completion
programs="ranged ranged-ctl ranged-probe ranged-sign"
options_of() { "${RANGED%/*}/$1" --help | grep -oE '^ +(-., )?--[a-z-]+' | grep -oE -- '--[a-z-]+' | sort -u; }

# WORD...: what bash offers for the last one; each word is one of COMP_WORDS.
offers() {
	bash --norc --noprofile -c '
		. "$1" || exit 1
		shift
		function_name=$(complete -p "$1" | sed "s/.* -F \([^ ]*\) .*/\1/")
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
		"$function_name" "$1" "${*: -1}" "${*: -2:1}"
		printf "%s\n" "${COMPREPLY[@]}"' bash "$completions/ranged.bash" "$@" 2>"$DIR/bash.err" | sed 's/ *$//; /^$/d' | sort -u
}

for program in $programs; do
	at_least "$(options_of "$program" | wc -l)" 6 "$program --help has options"
	is "$(offers "$program" -- | sed 's/=$//' | sort)" "$(options_of "$program")" "bash offers those of $program"
	isnt "$(offers "$program" --he)" "" "or those that begin so"
	is "$(cat "$DIR/bash.err")" "" "and has no fault"
done
# An option that takes a value is offered with its equals sign, and no other is.
for program in $programs; do
	is "$(offers "$program" -- | grep '=$')" "$("${RANGED%/*}/$program" --help | grep -oE '^ +(-., )?--[a-z-]+=' | grep -oE -- '--[a-z-]+=' | sort -u)" \
		"those of $program that take a value"
done

mkdir "$DIR/here" && cd "$DIR/here" || exit 1
mkdir folder && touch file.conf
is "$(offers ranged --log-level = | tr '\n' ' ')" "debug error info warning " "levels, behind the equals sign"
is "$(offers ranged --log-level = w)" "warning" "those that begin so"
is "$(offers ranged -c f | tr '\n' ' ')" "file.conf folder " "files"
is "$(offers ranged f)" "folder" "folders, as what is served"
is "$(offers ranged-probe '')" "folder" "or probed"
is "$(offers ranged --listen = f)" "" "nothing where nothing is known"
is "$(offers ranged-ctl '' | tr '\n' ' ')" "evict health hot metrics pin ready status top warm " "commands"
is "$("${RANGED%/*}/ranged-ctl" --help | sed -n '/^  status/,/^$/p' | awk '$1 != "" { print $1 }' | sort)" "$(offers ranged-ctl '')" "which are those of --help"
is "$(offers ranged-ctl -s /x hot -- | tr '\n' ' ')" "--json --limit= --socket= --url= " "the options of a command"
is "$(offers ranged-ctl top --interval 5)" "500ms
5s" "a value behind a blank"

if command -v zsh >/dev/null; then
	# What _arguments would be told.
	zsh_options() {
		zsh -f -c 'service=$2; _arguments() { print -rl -- "$@" }; . "$1"' zsh "$completions/_ranged" "$1" |
			grep -oE -- "--[a-z-]+=?[[]" | sed 's/=\{0,1\}\[$//' | sort -u
	}
	for program in $programs; do
		is "$(zsh_options "$program")" "$(options_of "$program")" "zsh is told of those of $program"
		is "$(head -n 1 "$completions/_ranged" | tr ' ' '\n' | grep -cx "$program")" 1 "and that it is about $program"
	done
	if command -v tmux >/dev/null; then
		tm() { tmux -S "$DIR/tmux" -f /dev/null "$@"; }
		clean_up_more() { tm kill-server 2>/dev/null; }
		shows() { tm capture-pane -p -t zsh | grep -qE "$1"; }
		tm new-session -d -s zsh -x 100 -y 24 "cd '$DIR/here' && ZDOTDIR='$DIR' HOME='$DIR' zsh -f -i"
		tm send-keys -t zsh "PS1='> '; fpath=('$completions' \$fpath); autoload -Uz compinit; compinit -u -d '$DIR/dump'; clear; echo be''gin" Enter
		ok "zsh has started" await 20 shows '^begin'
		tm send-keys -t zsh "ranged --log-level=warn" Tab
		ok "zsh completes a level" await 20 shows 'ranged --log-level=warning'
		tm send-keys -t zsh C-u "ranged-ctl hot --lim" Tab C-u "ranged-ctl hea" Tab
		ok "and a command" await 20 shows '> ranged-ctl health'
		tm send-keys -t zsh C-u "ranged-probe fol" Tab
		ok "and a folder" await 20 shows '> ranged-probe folder/'
	fi
fi
finish
