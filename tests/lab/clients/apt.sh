#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# apt uses a mirror on ranged: update, update again without changes, download, and the rest of an incomplete package.
. "$(dirname "$0")/lib.sh"

need_client apt-get apt
need_cmd dpkg-deb xz
mkdir -p "$ROOT/debian/pool" "$ROOT/debian/dists/stable/main/binary-all" "$ROOT/debian/dists/stable/main/binary-amd64"
packages=$DIR/Packages
for n in 1 2 3; do
	mkdir -p "$DIR/deb/DEBIAN" "$DIR/deb/usr/share/ranged-$n"
	perl "$LIB/pattern.pl" "$DIR/deb/usr/share/ranged-$n" data $((n * 1000000))
	printf '%s\n' "Package: ranged-test-$n" "Version: 1.$n" "Architecture: all" "Maintainer: x <x@example.org>" "Description: test $n" >"$DIR/deb/DEBIAN/control"
	deb=pool/ranged-test-${n}_1.${n}_all.deb
	dpkg-deb -Znone --root-owner-group -b "$DIR/deb" "$ROOT/debian/$deb" >/dev/null || exit 1
	rm -r "$DIR/deb"
	{ dpkg-deb -f "$ROOT/debian/$deb"; printf 'Filename: %s\nSize: %s\nSHA256: %s\n\n' "$deb" "$(size_of "$ROOT/debian/$deb")" \
		"$(sha256sum <"$ROOT/debian/$deb" | cut -d ' ' -f 1)"; } >>"$packages"
done
cd "$ROOT/debian/dists/stable" || exit 1
cp "$packages" main/binary-all/Packages
cp "$packages" main/binary-amd64/Packages
xz -k main/binary-*/Packages
{
	printf '%s\n' "Origin: x" "Suite: stable" "Codename: stable" "Architectures: all amd64 arm64" "Components: main" "Date: $(LC_ALL=C date -Ru)" "SHA256:"
	for file in main/binary-*/*; do echo " $(sha256sum <"$file" | cut -d ' ' -f 1) $(size_of "$file") $file"; done
} >Release
find "$ROOT" -exec touch -d '2024-01-01 UTC' {} +
serve
cd "$DIR" || exit 1
mkdir -p apt/etc/apt.conf.d apt/etc/preferences.d apt/lists/partial apt/cache/archives/partial apt/dpkg
: >apt/dpkg/status
chmod -R 777 apt
echo "deb [trusted=yes] $URL/debian stable main" >apt/etc/sources.list
printf '%s\n' "Dir::Etc \"$DIR/apt/etc\";" "Dir::State \"$DIR/apt\";" "Dir::State::lists \"$DIR/apt/lists\";" "Dir::State::status \"$DIR/apt/dpkg/status\";" \
	"Dir::Cache \"$DIR/apt/cache\";" 'APT::Sandbox::User "root";' 'Acquire::Languages "none";' 'APT::Architecture "amd64";' 'APT::Architectures { "amd64"; };' >apt/conf
export APT_CONFIG=$DIR/apt/conf
ok "apt-get update succeeds" apt-get -q update
mark_log
at_least "$(asked '^GET /debian/dists/stable/main/binary-[a-z0-9]*/Packages.xz 200')" 1 "the package lists are fetched"
: >access.log
ok "a second update succeeds" apt-get -q update
mark_log
is "$(asked '^GET [^ ]*(Release|Packages.xz) 200')" 0 "unchanged files are not sent again"
at_least "$(asked '^GET [^ ]*Release 304')" 1 "unchanged files are answered with 304"
ok "apt-get download succeeds" apt-get -q download ranged-test-1 ranged-test-2
for n in 1 2; do ok "package $n is complete" cmp "$ROOT/debian/pool/ranged-test-${n}_1.${n}_all.deb" "ranged-test-${n}_1.${n}_all.deb"; done
deb=ranged-test-3_1.3_all.deb
head -c 1234567 "$ROOT/debian/pool/$deb" >"apt/cache/archives/partial/$deb"
touch -d '2024-01-01 UTC' "apt/cache/archives/partial/$deb"
ok "install --download-only succeeds" apt-get -q -y install --download-only ranged-test-3
ok "the incomplete package is completed" cmp "$ROOT/debian/pool/$deb" "apt/cache/archives/$deb"
mark_log
is "$(asked "^GET /debian/pool/$deb 206 [0-9]+ bytes=1234567-")" 1 "the rest of the package is fetched as a range"
finish
