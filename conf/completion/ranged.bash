# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# bash completion for ranged, ranged-ctl, ranged-probe and ranged-sign.
# tests/http/ctl/completion.sh compares the options with the output of --help.

# Sets "current" to the word under the cursor, and "option" to the word before it. bash splits "--option=value" into
# three words, so the equals sign is skipped.
_ranged_words() {
	current=${COMP_WORDS[COMP_CWORD]}
	option=
	[ "$COMP_CWORD" -gt 0 ] && option=${COMP_WORDS[COMP_CWORD - 1]}
	if [ "$current" = = ]; then
		current=
	elif [ "$option" = = ] && [ "$COMP_CWORD" -gt 1 ]; then
		option=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	return 0
}

# Offers the members of WORDS that begin with the current word. No blank is added after a word that ends in "=".
_ranged_offer() { # WORDS
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$current")
	if [[ ${#COMPREPLY[@]} -gt 0 && ${COMPREPLY[0]} == *= ]]; then
		compopt -o nospace 2>/dev/null
	fi
	return 0
}

# Offers names of files or directories.
_ranged_offer_names() { # ACTION: file or directory
	mapfile -t COMPREPLY < <(compgen -A "$1" -- "$current")
	compopt -o filenames 2>/dev/null
	return 0
}

_ranged() {
	local current option
	_ranged_words
	case $option in
	-c | --config | --access-log | --address-file | --error-log) _ranged_offer_names file ;;
	--log-level) _ranged_offer "error warning info debug" ;;
	--admin | -l | --listen | -w | --workers | -m | --cache-size | --drain-timeout | --explain | -H | --header) ;;
	*)
		if [[ $current == -* ]]; then
			_ranged_offer "--access-log= --address-file= --admin= --cache-size= --check --config= --drain-timeout=
				--error-log= --explain= --header= --help --listen= --log-level= --usage --version --workers="
		else
			_ranged_offer_names directory
		fi
		;;
	esac
}

_ranged_probe() {
	local current option
	_ranged_words
	case $option in
	-s | --size) _ranged_offer "16M 256M 1G 4G" ;;
	-t | --seconds) _ranged_offer "2 8 30" ;;
	*)
		if [[ $current == -* ]]; then
			_ranged_offer "--help --json --seconds= --size= --usage --version"
		else
			_ranged_offer_names directory
		fi
		;;
	esac
}

_ranged_sign() {
	local current option
	_ranged_words
	case $option in
	-k | --key-file) _ranged_offer_names file ;;
	-e | --expires) _ranged_offer "30m 1h 1d 7d" ;;
	-i | --key | -a | --address | -r | --rate) ;;
	*)
		if [[ $current == -* ]]; then
			_ranged_offer "--address= --check --expires= --help --key-file= --key= --null --prefix --rate= --usage --version"
		fi
		;;
	esac
}

# Sets "command" to the first word that is a command of ranged-ctl.
_ranged_ctl_command() {
	local word
	command=
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		case $word in
		status | metrics | health | ready | top | warm | pin | evict | hot) command=$word && return ;;
		esac
	done
	return 0
}

_ranged_ctl() {
	local current option command
	_ranged_words
	_ranged_ctl_command
	case $option in
	-s | --socket) _ranged_offer_names file && return ;;
	-i | --interval) _ranged_offer "500ms 1s 2s 5s" && return ;;
	-n | --limit) _ranged_offer "10 20 50 100" && return ;;
	-o | --offset) _ranged_offer "20 100 1000" && return ;;
	-u | --url | -S | --site) return ;;
	esac
	case $command,$current in
	,-*) _ranged_offer "--help --interval= --json --limit= --offset= --once --quiet --site= --socket= --url= --usage --version" ;;
	,*) _ranged_offer "status metrics health ready top warm pin evict hot" ;;
	status,-*) _ranged_offer "--json --socket= --url=" ;;
	metrics,-*) _ranged_offer "--socket= --url=" ;;
	health,-* | ready,-*) _ranged_offer "--quiet --socket= --url=" ;;
	top,-*) _ranged_offer "--interval= --once --socket= --url=" ;;
	warm,-* | pin,-* | evict,-*) _ranged_offer "--quiet --site= --socket= --url=" ;;
	hot,-*) _ranged_offer "--json --limit= --offset= --socket= --url=" ;;
	esac
}

complete -F _ranged ranged
complete -F _ranged_ctl ranged-ctl
complete -F _ranged_probe ranged-probe
complete -F _ranged_sign ranged-sign
