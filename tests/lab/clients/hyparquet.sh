#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# hyparquet reads columns and rows of a Parquet file with range requests.
. "$(dirname "$0")/lib.sh"

need_npm hyparquet hyparquet-writer
cat >"$DIR/make.mjs" <<'END'
import { writeFileSync } from "node:fs";
import { parquetWriteBuffer } from "hyparquet-writer";
const rows = [...Array(50000).keys()];
writeFileSync(process.argv[2], Buffer.from(parquetWriteBuffer({ rowGroupSize: 5000, columnData: [
	{ name: "id", data: rows, type: "INT32" },
	{ name: "text", data: rows.map((i) => "row " + i * 7), type: "STRING" },
	{ name: "value", data: rows.map((i) => i / 3), type: "DOUBLE" },
] })));
END
cat >"$DIR/read.mjs" <<'END'
import { asyncBufferFromUrl, parquetReadObjects } from "hyparquet";
const file = await asyncBufferFromUrl({ url: process.argv[2] });
const rows = await parquetReadObjects({ file, columns: ["text", "value"], rowStart: 12340, rowEnd: 12400 });
const all = await parquetReadObjects({ file, columns: ["id"] });
console.log(rows.length, rows.filter((r, i) => r.text !== "row " + (12340 + i) * 7 || r.value !== (12340 + i) / 3).length,
	all.length, all.filter((r, i) => r.id !== i).length);
END
node "$DIR/make.mjs" "$ROOT/t.parquet" || { echo "Bail out! no file"; exit 1; }
age "$ROOT/t.parquet"
serve
is "$(timeout "$(seconds 60)" node "$DIR/read.mjs" "$URL/t.parquet" 2>&1 | tail -n 1)" "60 0 50000 0" \
	"rows and columns are correct"
mark_log
is "$(asked '^GET /t.parquet 200')" 0 "the file is never sent as a whole"
at_least "$(asked '^GET /t.parquet 206')" 2 "the file is read in ranges"
finish
