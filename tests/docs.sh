#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The manuals and the sample configuration describe exactly the options, keys, metrics and messages of the programs.
. "$(dirname "$0")/http/lib.sh"

need_cmd mandoc
SOURCE=$(cd "$(dirname "$0")/.." && pwd)
KEYS=${top_builddir:-${RANGED%/*}}/tests/config_keys
[ -x "$KEYS" ] || { echo "Bail out! no program at $KEYS: make check TESTS="; exit 1; }
cd "$SOURCE" || exit 1

# Prints the matching words, one per line, each once.
words() { grep -oE -e "$1" | sort -u; }

# Both files are sorted. Differences are printed with a dozen names per line.
same() { # NAME GOT EXPECTED
	local surplus missing
	surplus=$(comm -23 "$2" "$3" | xargs -rn 12 echo "not there:")
	missing=$(comm -13 "$2" "$3" | xargs -rn 12 echo "missing:")
	is "${surplus:+$surplus${missing:+; }}$missing" "" "$1"
}

# --- options of the programs ---

# Prints the options that --help lists.
options_of() { "${RANGED%/*}/$1" --help </dev/null | sed -nE 's/^  (  |-., )( *--[a-z-]+).*/\1\2/p' | words '-[^ ,]'"|--[a-z-]+"; }
# Prints the options that have an entry in a manual.
entries_of() { sed -n 's/^\.It Fl //p' "$1" | sed -E 's/ (Ns|Ar|No|Op) .*//; s/\\&//g; s/( , | )(Fl )?/ -/g; s/^/-/' | words '-[^ ,]( |$)|--[a-z-]+' | tr -d ' ' | sort -u; }

for page in man/ranged*.[18]; do
	program=$(basename "${page%.*}")
	options_of "$program" >"$DIR/options"
	cat "$DIR/options" >>"$DIR/all.options"
	entries_of "$page" >"$DIR/entries"
	at_least "$(wc -l <"$DIR/options")" 6 "$program has options"
	same "${page#man/}: an entry for each option of $program, and no others" "$DIR/entries" "$DIR/options"
done

sed 's/\\&//g' man/ranged*.[158] | words '(Fl|,) -[a-z-]+' | sed 's/.* /-/' | sort -u >"$DIR/options.mentioned"
at_least "$(wc -l <"$DIR/options.mentioned")" 20 "the manuals mention options"
is "$(grep -vxFf "$DIR/all.options" "$DIR/options.mentioned")" "" "the manuals mention only options that exist"
for program in "${RANGED%/*}"/ranged-*; do
	[ ! -x "$program" ] || ok "${program##*/} has a manual" compgen -G "man/${program##*/}.[18]"
done

# --- the keys of ranged.conf ---

"$KEYS" >"$DIR/keys.tsv" || exit 1
cut -f 1 "$DIR/keys.tsv" | sort >"$DIR/keys"
at_least "$(wc -l <"$DIR/keys")" 64 "the program has keys"

sed -n 's/^\.It Cm \([a-z_]*\) No = .*/\1/p' man/ranged.conf.5 | sort >"$DIR/entries"
same "ranged.conf.5: an entry for each key, once, and no others" "$DIR/entries" "$DIR/keys"

# A line that begins with # and no blank is a setting in the sample configuration.
sed -n 's/^#\{0,1\}\([a-z].*\)/\1/p' conf/ranged.conf >"$DIR/settings"
words '\b[a-z_]+ =' <"$DIR/settings" | tr -d ' =' >"$DIR/sample"
same "conf/ranged.conf: each key, and no others" "$DIR/sample" "$DIR/keys"

# A key without a default value has an example or nothing as its value.
wrong=$(perl -e '
	my ($settings, $keys) = @ARGV;
	open my $in, "<", $settings or die "$settings: $!";
	my %value_of = map { /^([a-z_]+) = (?|\{"([^,]*)"\}|(.*))$/ } <$in>;
	open $in, "<", $keys or die "$keys: $!";
	while (<$in>) {
		chomp;
		my ($key, $preset) = split /\t/;
		my $value = $value_of{$key} // "missing";
		print "$key is $preset, not $value; " if $preset ne "-" && $value ne $preset;
	}' "$DIR/settings" "$DIR/keys.tsv")
is "$wrong" "" "conf/ranged.conf: each value is the default value"

# In the manuals, words with an underscore are keys, except in the sections about JSON.
awk 'FNR == 1 { json = 0 } /^\.Sh JSON/ { json = 1 } !json && sub(/^\.(It )?Cm /, "")' man/ranged*.[158] | words '[a-z]+_[a-z_]+' >"$DIR/keys.mentioned"
is "$(grep -vxFf "$DIR/keys" "$DIR/keys.mentioned")" "" "the manuals mention only keys that exist"

# --- metrics ---

if grep -qx -e --admin "$DIR/all.options"; then
	make_file a.bin 10007
	start_ranged --admin "unix:$DIR/admin"
	get /a.bin
	# One read from the disk, so that all metrics have values.
	curl -sS --unix-socket "$DIR/admin" -o "$DIR/metrics" http://localhost/metrics
	sed -n 's/^# TYPE \([a-z_]*\) .*/\1/p' "$DIR/metrics" | sort -u >"$DIR/families"
	at_least "$(wc -l <"$DIR/families")" 40 "there are metrics"
	words '\branged_[a-z_]+' <man/ranged.8 >"$DIR/documented"
	same "ranged.8: each metric, and no others" "$DIR/documented" "$DIR/families"
fi

# --- messages ---

# The messages in ranged.8 are constant parts of those in the source, where a literal may be split over several lines.
cat src/*.c src/*/*.c | perl -0pe 's/"\s*\n\s*"//g' >"$DIR/source"
sed -n '/^\.Sh DIAGNOSTICS/,/^\.Sh SEE/s/^\.It Qq //p' man/ranged.8 >"$DIR/messages"
at_least "$(wc -l <"$DIR/messages")" 10 "ranged.8 describes messages"
unknown=$(perl -e '
	open my $in, "<", $ARGV[0] or die;
	my $source = do { local $/; <$in> };
	open $in, "<", $ARGV[1] or die;
	while (<$in>) { s/^\s+|\s+$//g; print "$_; " if index($source, $_) < 0 }' "$DIR/source" "$DIR/messages")
is "$unknown" "" "ranged.8: the source contains each of these messages"

# --- format ---

# The other manuals that mandoc misses are not faults of these; REPORT is a section of ranged-probe(8).
said=$(mandoc -T lint man/*.[1-8] 2>&1 | grep -vE 'referenced manual not found|outdated mandoc.db|Sh REPORT instead of')
is "$said" "" "mandoc reports nothing about the manuals"

# --- the pages for developers ---

# The header and the source of one name count as one file.
without_c() { sed -E 's/\.(c|h)$//' | sort -u; }

awk '/^## /{ inside = $0 == "## Map of the source" } inside && /^### src\//{ directory = $2; next }
	inside && /^- `/{ sub(/: .*/, ""); gsub(/[-`,]/, " "); for (i = 1; i <= NF; i++) print directory $i }' doc/architecture.md |
	without_c >"$DIR/mapped"
find src -type f ! -name README | without_c >"$DIR/files"
same "architecture.md: the map lists each file of src/, and no others" "$DIR/mapped" "$DIR/files"

shopt -s nullglob
cat doc/*.md src/*/README | words '\b[a-z]+_[a-z_]+\(\)|\bstruct [a-z_]+' | sed 's/()//; s/^struct //' | sort -u >"$DIR/named"
find src tests -name '*.[ch]' -exec perl -ne '$seen{$_} = 1 for /\b[a-z_]+\b/g; END { print "$_\n" for sort keys %seen }' {} + | sort -u >"$DIR/identifiers"
is "$(comm -23 "$DIR/named" "$DIR/identifiers" | xargs)" "" \
	"doc/ and the READMEs of src/: each function and type that they name exists"

strangers=$(perl -e '
	my $rows;
	while (<>) {
		my (undef, $term, $owner) = /^\| / ? split /\|/ : next;
		next if !$rows++; # the head of the table
		$owner = "src/" . ($owner =~ tr/ `//dr);
		my ($word) = $term =~ /(\S+)/;
		my $in;
		my $text = -f $owner && open($in, "<", $owner) ? do { local $/; <$in> } : "";
		print "$word is not in $owner; " if index(lc $text, lc $word) < 0;
	}' doc/glossary.md)
is "$strangers" "" "glossary.md: each term occurs in the file that owns it"

# Links to files of the tree, apart from those with a scheme.
broken=$(perl -ne '
	my ($directory) = $ARGV =~ m{^(.*/)?};
	for (/\]\(([^)#:]+)[)#]/g) { print "$ARGV: $_; " if !-e ($directory // "") . $_ }' README.md CHANGELOG.md SECURITY.md doc/*.md src/*/README)
is "$broken" "" "links between the pages lead to files"
finish
