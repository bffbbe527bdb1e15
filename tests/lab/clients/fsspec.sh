#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# fsspec: find ends and lists each file once, and files are read in ranges, with and without variants beside them.
. "$(dirname "$0")/lib.sh"

need_module fsspec.implementations.http python3-fsspec
need_cmd gzip
make_tree
make_file big.bin 20000000
perl -e 'print "line $_ of a file that can be compressed\n" for 1 .. 400000' >"$ROOT/coded.txt"
age "$ROOT/coded.txt"
gzip -k "$ROOT/coded.txt"
serve
cat >"$DIR/find.py" <<'END'
import os, sys, urllib.parse, fsspec
url, root = sys.argv[1:]
fs = fsspec.filesystem("http")
found = [urllib.parse.unquote(u[len(url):]) for u in fs.find(url)]
# fsspec lists an empty directory as a file.
found = sorted(f for f in found if f != "empty/")
real = sorted(os.path.relpath(os.path.join(d, f), root) for d, _, fs in os.walk(root) for f in fs)
print(len(found), "found,", "the same" if found == real else sorted(set(found) ^ set(real))[:10])
print(fs.isdir(url + "many/"), len(fs.glob(url + "many/f1*9")))
END
is "$(timeout "$(seconds 60)" "$PYTHON" "$DIR/find.py" "$URL/tree/" "$ROOT/tree" 2>&1)" "$TREE_COUNT found, the same
True $(find "$ROOT/tree/many" -name 'f1*9' | wc -l)" "find and glob"
cat >"$DIR/read.py" <<'END'
import sys, fsspec
url, path = sys.argv[1:]
fs = fsspec.filesystem("http")
data = open(path, "rb").read()
with fs.open(url, block_size=100000) as f:
    for at, n in ((0, 10), (len(data) // 2, 123457), (len(data) - 100, 100), (7, 1)):
        f.seek(at)
        assert f.read(n) == data[at:at + n], at
assert fs.cat_file(url, start=1000, end=5000) == data[1000:5000]
assert fs.cat_ranges([url] * 3, [0, 100000, 200000], [10, 100500, 200001]) == [data[0:10], data[100000:100500], data[200000:200001]]
assert fs.cat_file(url) == data
assert fs.info(url)["size"] in (len(data), None), fs.info(url)
print("right")
END
for file in big.bin coded.txt; do
	is "$("$PYTHON" "$DIR/read.py" "$URL/$file" "$ROOT/$file" 2>&1 | tail -n 1)" right \
		"$file is read correctly, in ranges and as a whole"
done
finish
