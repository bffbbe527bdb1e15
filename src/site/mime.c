/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Content types by file name extension (RFC 9110 section 8.3, RFC 2046 section 4.1.2 for the charset). The
 * configuration owns the table. The main thread fills the table in mime_new(). The table does not change afterwards,
 * and any thread may read it.
 *
 * The main idea: the built-in table has the format of mime.types (a type, then its extensions), so one parser reads
 * both. The first definition of an extension counts, and the file of the system is read first. Each value is formatted
 * once, with its charset, so a request needs only a lookup. application/octet-stream is not in the table, because it is
 * the default.
 */
#include "site/mime.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* If memory runs out, uthash leaves the entry unlinked (hh.tbl is NULL) and the table unchanged, instead of exiting. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "http/fields.h"

#define BLANKS " \t\r\n"
#define EXTENSION_MAX 31
#define TYPE_MAX 127
#define UNKNOWN "application/octet-stream"
#define CHARSET "; charset=utf-8"

struct entry {
	UT_hash_handle hh;
	char extension[EXTENSION_MAX + 1]; /* in lower case */
	char value[];
};

struct mime {
	struct entry *by_extension;
};

struct word {
	const char *text;
	size_t length;
};

static const char *const built_in[] = {
	"text/html html htm",
	"text/css css",
	"text/javascript js mjs",
	"text/plain txt log conf ini cfg toml sha256 sha512 md5 asc diff patch",
	"text/markdown md markdown",
	"text/csv csv",
	"text/tab-separated-values tsv",
	"text/calendar ics",
	"text/vcard vcf",
	"text/vtt vtt",
	"text/xml xml xsl",
	"text/x-python py",
	"text/x-c c h",
	"application/json json map",
	"application/ld+json jsonld",
	"application/x-ndjson ndjson jsonl",
	"application/geo+json geojson",
	"application/manifest+json webmanifest",
	"application/yaml yaml yml",
	"application/wasm wasm",
	"application/xhtml+xml xhtml",
	"application/rss+xml rss",
	"application/atom+xml atom",
	"application/sql sql",
	"application/x-sh sh",
	"image/svg+xml svg",
	"image/png png",
	"image/apng apng",
	"image/jpeg jpg jpeg",
	"image/webp webp",
	"image/avif avif",
	"image/heic heic",
	"image/jxl jxl",
	"image/gif gif",
	"image/bmp bmp",
	"image/vnd.microsoft.icon ico",
	"image/tiff tif tiff",
	"image/jp2 jp2",
	"image/fits fits fit",
	"video/mp4 mp4 m4v",
	"video/iso.segment m4s",
	"video/webm webm",
	"video/x-matroska mkv",
	"video/quicktime mov",
	"video/x-msvideo avi",
	"video/mpeg mpg mpeg",
	"video/ogg ogv",
	"video/mp2t ts m2ts",
	"audio/mpeg mp3",
	"audio/mp4 m4a",
	"audio/aac aac",
	"audio/ogg ogg oga opus",
	"audio/flac flac",
	"audio/x-wav wav",
	"application/vnd.apple.mpegurl m3u8",
	"application/dash+xml mpd",
	"application/pdf pdf",
	"application/epub+zip epub",
	"application/rtf rtf",
	"application/postscript ps eps",
	"application/zip zip",
	"application/gzip gz tgz",
	"application/zstd zst",
	"application/x-brotli br",
	"application/x-xz xz",
	"application/x-bzip2 bz2",
	"application/x-lz4 lz4",
	"application/x-7z-compressed 7z",
	"application/vnd.rar rar",
	"application/x-tar tar",
	"application/x-cpio cpio",
	"application/vnd.debian.binary-package deb udeb",
	"application/x-rpm rpm",
	"application/java-archive jar",
	"application/vnd.android.package-archive apk",
	"application/vnd.flatpak flatpak",
	"application/vnd.squashfs squashfs snap",
	"application/x-iso9660-image iso",
	"application/x-raw-disk-image img raw",
	"application/x-qemu-disk qcow2",
	"application/vnd.apache.parquet parquet",
	"application/vnd.apache.arrow.file arrow feather",
	"application/vnd.apache.arrow.stream arrows",
	"application/vnd.sqlite3 sqlite sqlite3 db",
	"application/vnd.mbtiles mbtiles",
	"application/vnd.pmtiles pmtiles",
	"application/vnd.mapbox-vector-tile mvt",
	"application/geopackage+sqlite3 gpkg",
	"application/vnd.flatgeobuf fgb",
	"application/vnd.laszip laz",
	"application/vnd.las las",
	"application/x-netcdf nc cdf",
	"application/x-hdf5 h5 hdf5",
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document docx",
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet xlsx",
	"application/vnd.openxmlformats-officedocument.presentationml.presentation pptx",
	"application/vnd.oasis.opendocument.text odt",
	"application/vnd.oasis.opendocument.spreadsheet ods",
	"model/gltf-binary glb",
	"model/gltf+json gltf",
	"model/stl stl",
	"font/woff woff",
	"font/woff2 woff2",
	"font/ttf ttf",
	"font/otf otf",
	"font/collection ttc",
};

static char to_lower(char byte)
{
	return byte >= 'A' && byte <= 'Z' ? (char)(byte | 0x20) : byte;
}

/* Copies an extension in lower case to text[EXTENSION_MAX + 1]. Returns false if it is empty or too long. */
static bool lower_extension(const char *from, size_t length, char *text)
{
	if (length == 0 || length > EXTENSION_MAX)
		return false;
	for (size_t i = 0; i < length; i++)
		text[i] = to_lower(from[i]);
	text[length] = '\0';
	return true;
}

/*
 * Advances to the next word of the line. Returns false at the end of the line, or at a word that begins with "#", which
 * starts a comment.
 */
static bool next_word(const char **at, struct word *word)
{
	word->text = *at + strspn(*at, BLANKS);
	word->length = strcspn(word->text, BLANKS);
	*at = word->text + word->length;
	return word->length > 0 && *word->text != '#';
}

/* Returns true if the word has the form token "/" token. */
static bool is_media_type(const struct word *word)
{
	const char *slash = memchr(word->text, '/', word->length);
	if (slash == NULL || slash == word->text || slash + 1 == word->text + word->length || word->length > TYPE_MAX)
		return false;
	for (size_t i = 0; i < word->length; i++)
		if (word->text + i != slash && !fields_is_token_byte(word->text[i]))
			return false;
	return true;
}

static bool is_text(const struct word *type)
{
	static const char prefix[] = "text/";
	for (size_t i = 0; prefix[i] != '\0'; i++)
		if (i == type->length || to_lower(type->text[i]) != prefix[i])
			return false;
	return true;
}

/*
 * Returns true for a definition that is ignored. Debian's mime.types maps .ts to Qt translations. On a file server, .ts
 * is a segment of an MPEG-2 transport stream.
 */
static bool is_mistaken(const struct word *type, const char *extension)
{
	static const char linguist[] = "text/vnd.trolltech.linguist";
	return strcmp(extension, "ts") == 0 && type->length == strlen(linguist) &&
	       memcmp(type->text, linguist, type->length) == 0;
}

static int add(struct mime *mime, const struct word *type, const char *extension)
{
	struct entry *entry;
	HASH_FIND_STR(mime->by_extension, extension, entry);
	if (entry != NULL)
		return 0;
	size_t value_bytes = type->length + sizeof(CHARSET);
	entry = calloc(1, sizeof(*entry) + value_bytes);
	if (entry == NULL)
		return -ENOMEM;
	strcpy(entry->extension, extension);
	snprintf(entry->value, value_bytes, "%.*s%s", (int)type->length, type->text, is_text(type) ? CHARSET : "");
	HASH_ADD_STR(mime->by_extension, extension, entry);
	if (entry->hh.tbl == NULL) {
		free(entry);
		return -ENOMEM;
	}
	return 0;
}

/* Adds the definitions of a line. Returns 0, also for a line without definitions, or -ENOMEM. */
static int add_line(struct mime *mime, const char *line)
{
	struct word type, word;
	char extension[EXTENSION_MAX + 1];
	int result = 0;
	if (!next_word(&line, &type) || !is_media_type(&type))
		return 0;
	while (result == 0 && next_word(&line, &word))
		if (lower_extension(word.text, word.length, extension) && !is_mistaken(&type, extension))
			result = add(mime, &type, extension);
	return result;
}

static int add_lines_of(struct mime *mime, FILE *file)
{
	char *line = NULL;
	size_t line_bytes = 0;
	int result = 0;
	errno = 0;
	while (result == 0 && getline(&line, &line_bytes, file) >= 0)
		result = add_line(mime, line);
	if (result == 0 && !feof(file))
		result = errno != 0 ? -errno : -EIO;
	free(line);
	return result;
}

static int add_file(struct mime *mime, const char *path)
{
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	int result = add_lines_of(mime, file);
	fclose(file);
	return result;
}

static int add_built_in(struct mime *mime)
{
	int result = 0;
	for (size_t i = 0; result == 0 && i < sizeof(built_in) / sizeof(*built_in); i++)
		result = add_line(mime, built_in[i]);
	return result;
}

int mime_new(struct mime **mime, const char *path)
{
	*mime = calloc(1, sizeof(**mime));
	if (*mime == NULL)
		return -ENOMEM;
	int result = path != NULL ? add_file(*mime, path) : 0;
	if (result == 0)
		result = add_built_in(*mime);
	if (result < 0) {
		mime_free(*mime);
		*mime = NULL;
	}
	return result;
}

void mime_free(struct mime *mime)
{
	struct entry *entry, *next;
	if (mime == NULL)
		return;
	HASH_ITER(hh, mime->by_extension, entry, next) {
		HASH_DEL(mime->by_extension, entry);
		free(entry);
	}
	free(mime);
}

const char *mime_type(const struct mime *mime, const char *name)
{
	char extension[EXTENSION_MAX + 1];
	const char *slash = strrchr(name, '/');
	name = slash != NULL ? slash + 1 : name;
	name += strspn(name, ".");
	const char *dot = strrchr(name, '.');
	if (dot == NULL || !lower_extension(dot + 1, strlen(dot + 1), extension))
		return UNKNOWN;
	const struct entry *entry;
	HASH_FIND_STR(mime->by_extension, extension, entry);
	return entry != NULL ? entry->value : UNKNOWN;
}
