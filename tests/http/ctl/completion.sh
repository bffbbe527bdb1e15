#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The completion files for bash and zsh contain every long option of the programs, no others, and the known values.
. "$(dirname "$0")/../lib.sh"

completions=$LIB/../../conf/completion
programs="ranged ranged-ctl ranged-probe ranged-sign"
options_of() { "${RANGED%/*}/$1" --help | grep -oE '^ +(-., )?--[a-z-]+' | grep -oE -- '--[a-z-]+' | sort -u; }

# WORD...: prints the completions of bash for the last word; each word is one of COMP_WORDS
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
	at_least "$(options_of "$program" | wc -l)" 6 "$program --help lists options"
	is "$(offers "$program" -- | sed 's/=$//' | sort)" "$(options_of "$program")" \
		"bash completes the options of $program"
	isnt "$(offers "$program" --he)" "" "bash completes the beginning of an option"
	is "$(cat "$DIR/bash.err")" "" "bash reports no error"
done
# An option with a value is completed with an equals sign, other options are not.
for program in $programs; do
	is "$(offers "$program" -- | grep '=$')" "$("${RANGED%/*}/$program" --help | grep -oE '^ +(-., )?--[a-z-]+=' | grep -oE -- '--[a-z-]+=' | sort -u)" \
		"options of $program with a value end with an equals sign"
done

mkdir "$DIR/here" && cd "$DIR/here" || exit 1
mkdir folder && touch file.conf
is "$(offers ranged --log-level = | tr '\n' ' ')" "debug error info warning " \
	"levels are completed after the equals sign"
is "$(offers ranged --log-level = w)" "warning" "the beginning of a level is completed"
is "$(offers ranged -c f | tr '\n' ' ')" "file.conf folder " "files are completed"
is "$(offers ranged f)" "folder" "directories are completed as the root"
is "$(offers ranged-probe '')" "folder" "ranged-probe completes directories"
is "$(offers ranged --listen = f)" "" "a value that is not known is not completed"
is "$(offers ranged-ctl '' | tr '\n' ' ')" "evict health hot metrics pin ready status top warm " \
	"commands are completed"
is "$("${RANGED%/*}/ranged-ctl" --help | sed -n '/^  status/,/^$/p' | awk '$1 != "" { print $1 }' | sort)" "$(offers ranged-ctl '')" \
	"the commands are those of --help"
is "$(offers ranged-ctl -s /x hot -- | tr '\n' ' ')" "--json --limit= --offset= --socket= --url= " \
	"the options of a command are completed"
is "$(offers ranged-ctl top --interval 5)" "500ms
5s" "a value after a blank"

if command -v zsh >/dev/null; then
	# Prints the arguments that _arguments gets.
	zsh_options() {
		zsh -f -c 'service=$2; _arguments() { print -rl -- "$@" }; . "$1"' zsh "$completions/_ranged" "$1" |
			grep -oE -- "--[a-z-]+=?[[]" | sed 's/=\{0,1\}\[$//' | sort -u
	}
	for program in $programs; do
		is "$(zsh_options "$program")" "$(options_of "$program")" "zsh completes the options of $program"
		is "$(head -n 1 "$completions/_ranged" | tr ' ' '\n' | grep -cx "$program")" 1 \
			"the file for zsh applies to $program"
	done
	if command -v tmux >/dev/null; then
		tm() { tmux -S "$DIR/tmux" -f /dev/null "$@"; }
		clean_up_more() { tm kill-server 2>/dev/null; }
		shows() { tm capture-pane -p -t zsh | grep -qE "$1"; }
		tm new-session -d -s zsh -x 100 -y 24 "cd '$DIR/here' && ZDOTDIR='$DIR' HOME='$DIR' zsh -f -i"
		tm send-keys -t zsh "PS1='> '; fpath=('$completions' \$fpath); autoload -Uz compinit; compinit -u -d '$DIR/dump'; clear; echo be''gin" Enter
		ok "zsh starts" await 20 shows '^begin'
		tm send-keys -t zsh "ranged --log-level=warn" Tab
		ok "zsh completes a level" await 20 shows 'ranged --log-level=warning'
		tm send-keys -t zsh C-u "ranged-ctl hot --lim" Tab C-u "ranged-ctl hea" Tab
		ok "zsh completes a command" await 20 shows '> ranged-ctl health'
		tm send-keys -t zsh C-u "ranged-probe fol" Tab
		ok "zsh completes a directory" await 20 shows '> ranged-probe folder/'
	fi
fi
finish
