/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Maps file name extensions to the icons of a listing. Pure and thread-safe.
 *
 * The main idea: the table is sorted by extension and searched with bsearch(3). It is separate from site/mime.c,
 * because content types are part of the protocol, while the kind of a file only selects an icon.
 */
#include "listing/file_kind.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define EXTENSION_MAX 12

struct known {
	char extension[EXTENSION_MAX + 1];
	char kind;
};

/* clang-format off */
static const struct known table[] = {
	{ "7z", 'z' }, { "aac", 'a' }, { "adoc", 't' }, { "aif", 'a' }, { "aiff", 'a' }, { "ape", 'a' },
	{ "apk", 'z' }, { "arrow", 'b' }, { "arw", 'i' }, { "asc", 't' }, { "asm", 'c' }, { "avi", 'v' },
	{ "avif", 'i' }, { "avro", 'b' }, { "awk", 'c' }, { "bash", 'c' }, { "bmp", 'i' }, { "br", 'z' },
	{ "bz2", 'z' }, { "c", 'c' }, { "cc", 'c' }, { "cfg", 't' }, { "ckpt", 'b' }, { "conf", 't' },
	{ "cpio", 'z' }, { "cpp", 'c' }, { "cr2", 'i' }, { "cs", 'c' }, { "css", 'c' }, { "csv", 'b' },
	{ "cxx", 'c' }, { "db", 'b' }, { "deb", 'z' }, { "dmg", 'z' }, { "dng", 'i' }, { "doc", 't' },
	{ "docx", 't' }, { "duckdb", 'b' }, { "epub", 't' }, { "feather", 'b' }, { "flac", 'a' }, { "flv", 'v' },
	{ "geojson", 'b' }, { "gguf", 'b' }, { "gif", 'i' }, { "go", 'c' }, { "gpkg", 'b' }, { "grib", 'b' },
	{ "gz", 'z' }, { "h", 'c' }, { "h5", 'b' }, { "hdf5", 'b' }, { "heic", 'i' }, { "hpp", 'c' }, { "hs", 'c' },
	{ "htm", 'c' }, { "html", 'c' }, { "ico", 'i' }, { "img", 'z' }, { "ini", 't' }, { "iso", 'z' },
	{ "jar", 'z' }, { "java", 'c' }, { "jpeg", 'i' }, { "jpg", 'i' }, { "js", 'c' }, { "json", 'c' },
	{ "jsonl", 'b' }, { "jsx", 'c' }, { "jxl", 'i' }, { "kt", 'c' }, { "las", 'b' }, { "laz", 'b' },
	{ "log", 't' }, { "lua", 'c' }, { "lz4", 'z' }, { "lzma", 'z' }, { "m3u8", 'v' }, { "m4", 'c' },
	{ "m4a", 'a' }, { "m4v", 'v' }, { "mbtiles", 'b' }, { "md", 't' }, { "md5", 't' }, { "mdb", 'b' },
	{ "mid", 'a' }, { "mjs", 'c' }, { "mkv", 'v' }, { "mov", 'v' }, { "mp3", 'a' }, { "mp4", 'v' },
	{ "mpeg", 'v' }, { "mpg", 'v' }, { "nc", 'b' }, { "ndjson", 'b' }, { "nef", 'i' }, { "npy", 'b' },
	{ "npz", 'b' }, { "odp", 't' }, { "ods", 't' }, { "odt", 't' }, { "oga", 'a' }, { "ogg", 'a' },
	{ "ogv", 'v' }, { "onnx", 'b' }, { "opus", 'a' }, { "orc", 'b' }, { "ovr", 'i' }, { "parquet", 'b' },
	{ "pdf", 't' }, { "php", 'c' }, { "pl", 'c' }, { "pmtiles", 'b' }, { "png", 'i' }, { "ppt", 't' },
	{ "pptx", 't' }, { "ps", 't' }, { "psd", 'i' }, { "pt", 'b' }, { "py", 'c' }, { "qcow2", 'z' },
	{ "rar", 'z' }, { "rb", 'c' }, { "rpm", 'z' }, { "rs", 'c' }, { "rst", 't' }, { "rtf", 't' },
	{ "safetensors", 'b' }, { "sh", 'c' }, { "sha256", 't' }, { "sha512", 't' }, { "shp", 'b' }, { "sig", 't' },
	{ "sql", 'c' }, { "sqlite", 'b' }, { "sqlite3", 'b' }, { "squashfs", 'z' }, { "srt", 't' }, { "svg", 'i' },
	{ "swift", 'c' }, { "tar", 'z' }, { "tbz", 'z' }, { "tex", 't' }, { "tgz", 'z' }, { "tif", 'i' },
	{ "tiff", 'i' }, { "toml", 'c' }, { "ts", 'c' }, { "tsv", 'b' }, { "tsx", 'c' }, { "txt", 't' },
	{ "txz", 'z' }, { "vtt", 't' }, { "wasm", 'c' }, { "wav", 'a' }, { "webm", 'v' }, { "webp", 'i' },
	{ "whl", 'z' }, { "wma", 'a' }, { "wmv", 'v' }, { "xls", 't' }, { "xlsx", 't' }, { "xml", 'c' },
	{ "xz", 'z' }, { "yaml", 'c' }, { "yml", 'c' }, { "zarr", 'b' }, { "zip", 'z' }, { "zst", 'z' },
};
/* clang-format on */

static int compare(const void *extension, const void *known)
{
	return strcasecmp(extension, ((const struct known *)known)->extension);
}

enum file_kind file_kind_of(const char *name)
{
	const char *dot = strrchr(name, '.');
	const struct known *known;

	if (dot == NULL && name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")] == '\0')
		return FILE_KIND_TEXT;
	if (dot == NULL || dot == name || strlen(dot + 1) > EXTENSION_MAX)
		return FILE_KIND_FILE;
	known = bsearch(dot + 1, table, sizeof(table) / sizeof(table[0]), sizeof(table[0]), compare);
	return known != NULL ? (enum file_kind)known->kind : FILE_KIND_FILE;
}
