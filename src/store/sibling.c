/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Siblings are found by their names on each revalidation of a file. Names that are known to be missing cost nothing.
 * Other missing siblings cost one syscall each, and existing ones a few. Digests and variants are read again only if
 * their version has changed, or if they were young when they were read.
 *
 * The functions have no state, because the caller stores the result. sibling_find() runs on offload threads, and
 * sibling_find_cached() on any thread.
 */
#include "store/sibling.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/keyed_hash.h"
#include "http/status.h"
#include "store/encoding.h"

#define DIGEST_SUFFIX ".sha256"
#define DIGEST_FILE_BYTES 512 /* Only the first line is used. */
#define DIGEST_BYTES 32
#define SECOND_NS ((int64_t)CLOCK_NS_PER_S)

static const char *const suffixes[SIBLING_VARIANTS] = {
	[SIBLING_ZST] = ".zst", [SIBLING_BR] = ".br", [SIBLING_GZ] = ".gz"
};
static const enum parents_suffix parents_suffixes[SIBLING_VARIANTS] = {
	[SIBLING_ZST] = PARENTS_ZST, [SIBLING_BR] = PARENTS_BR, [SIBLING_GZ] = PARENTS_GZ
};

/* The file whose siblings are searched. */
struct beside {
	int root_fd;
	const char *path;
	enum file_symlinks symlinks;
	const struct file_version *original;
	const struct parents_view *view; /* NULL: the directory is not known. */
};

const char *sibling_suffix(enum sibling sibling)
{
	return suffixes[sibling];
}

bool sibling_is_fresh(const struct file_version *sibling, const struct file_version *original)
{
	int64_t fraction = original->mtime_ns % SECOND_NS;

	if (fraction < 0)
		fraction += SECOND_NS;
	return sibling->mtime_ns >= original->mtime_ns || sibling->mtime_ns == original->mtime_ns - fraction;
}

static bool ends_with(const char *path, const char *suffix)
{
	size_t length = strlen(path), suffix_length = strlen(suffix);

	return length > suffix_length && strcmp(path + length - suffix_length, suffix) == 0;
}

static bool is_variant(const char *path)
{
	for (unsigned i = 0; i < SIBLING_VARIANTS; i++)
		if (ends_with(path, suffixes[i]))
			return true;
	return false;
}

static bool name_of(const struct beside *beside, const char *suffix, char *path)
{
	return snprintf(path, PATH_MAX, "%s%s", beside->path, suffix) < PATH_MAX;
}

/* Returns true if the directory has no name with this suffix. */
static bool is_missing(const struct beside *beside, enum parents_suffix suffix)
{
	return beside->view != NULL && beside->view->settled && (beside->view->beside & 1u << suffix) == 0;
}

/*
 * Returns a hash of all properties on which the check of a variant depends, except the ctime. The hash is never 0. The
 * ctime is stored separately. chmod and ln change the ctime, although the version of an open file stays valid. A
 * variant whose ctime has changed is read again.
 */
static uint64_t fingerprint(const struct file_version *variant, uint64_t size)
{
	const uint64_t of[] = { variant->device, variant->inode, variant->size, (uint64_t)variant->mtime_ns, size };

	return keyed_hash(of, sizeof(of)) | 1;
}

bool sibling_is_checked(const struct file_siblings *siblings, enum sibling sibling, const struct file_version *version,
			uint64_t size)
{
	return siblings->checked[sibling] == 0 || siblings->checked[sibling] == fingerprint(version, size);
}

/*
 * Returns true for an error that does not concern the file, such as a lack of descriptors or a lost storage, so that
 * the previous result is still valid.
 */
static bool is_transient(int error)
{
	return error < 0 && status_of_error(error) == 503;
}

/* Reads and checks both ends of a variant. Sets *version to the version that was read, and *error if reading failed. */
static enum encoding_fault read_ends(const struct beside *beside, enum sibling sibling, const char *path,
				     struct file_version *version, int *error)
{
	uint8_t head[ENCODING_HEAD_BYTES], tail[ENCODING_TAIL_BYTES];
	struct beneath_ends ends = {
		.head = head, .head_bytes = sizeof(head), .tail = tail, .tail_bytes = sizeof(tail)
	};

	*error = beneath_read_ends(beside->root_fd, path, beside->symlinks, &ends, version);
	if (*error < 0)
		return ENCODING_UNREADABLE;
	if (!sibling_is_fresh(version, beside->original))
		return ENCODING_OLDER;
	if (sibling == SIBLING_GZ)
		return encoding_check_gzip(&ends, version->size, beside->original->size);
	if (sibling == SIBLING_ZST)
		return encoding_check_zstd(&ends, beside->original->size);
	/* A brotli file has no header to check. */
	return beside->original->size > 0 ? ENCODING_FINE : ENCODING_OF_NOTHING;
}

/* Returns true if the variant was checked with this version, and was not young then. */
static bool was_checked(const struct beside *beside, enum sibling sibling, const struct file_version *version,
			const struct file_siblings *known)
{
	return known->checked[sibling] == fingerprint(version, beside->original->size) &&
	       known->checked_ctime_ns[sibling] == version->ctime_ns && !known->checked_young[sibling];
}

/*
 * Checks a variant. If its version is the same as at the previous check, and it was not young then, returns the
 * previous result.
 */
static enum encoding_fault check_variant(const struct beside *beside, enum sibling sibling, const char *path,
					 struct file_version *version, const struct file_siblings *known,
					 struct file_siblings *found, int *error)
{
	enum encoding_fault fault;

	if (was_checked(beside, sibling, version, known)) {
		found->checked[sibling] = known->checked[sibling];
		found->checked_ctime_ns[sibling] = version->ctime_ns;
		return (enum encoding_fault)known->faults[sibling];
	}
	fault = read_ends(beside, sibling, path, version, error);
	if (fault == ENCODING_UNREADABLE || fault == ENCODING_OLDER)
		return fault;
	found->checked[sibling] = fingerprint(version, beside->original->size);
	found->checked_ctime_ns[sibling] = version->ctime_ns;
	found->checked_young[sibling] = clock_is_young(version->mtime_ns, clock_wall_ns());
	return fault;
}

static void keep_known(enum sibling sibling, const struct file_siblings *known, struct file_siblings *found)
{
	found->variants |= known->variants & 1u << sibling;
	found->faults[sibling] = known->faults[sibling];
	found->checked[sibling] = known->checked[sibling];
	found->checked_ctime_ns[sibling] = known->checked_ctime_ns[sibling];
	found->checked_young[sibling] = known->checked_young[sibling];
}

static void find_variant(const struct beside *beside, enum sibling sibling, const struct file_siblings *known,
			 struct file_siblings *found)
{
	char path[PATH_MAX];
	struct file_version version;
	enum encoding_fault fault = ENCODING_OLDER;
	int error;

	if (is_missing(beside, parents_suffixes[sibling]) || !name_of(beside, suffixes[sibling], path))
		return;
	error = beneath_get_version(beside->root_fd, path, beside->symlinks, &version);
	if (error == 0 && sibling_is_fresh(&version, beside->original))
		fault = check_variant(beside, sibling, path, &version, known, found, &error);
	if (is_transient(error)) {
		keep_known(sibling, known, found);
	} else if (error == 0 || fault == ENCODING_UNREADABLE) {
		found->faults[sibling] = (uint8_t)fault;
		found->variants |= (fault == ENCODING_FINE ? 1u : 0u) << sibling;
	}
}

static int hex_digit(char byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	return (byte | 0x20) >= 'a' && (byte | 0x20) <= 'f' ? (byte | 0x20) - 'a' + 10 : -1;
}

/* Parses exactly 64 digits. */
static bool parse_hex(const char *text, uint8_t digest[DIGEST_BYTES])
{
	for (unsigned i = 0; i < DIGEST_BYTES; i++) {
		int high = hex_digit(text[2 * i]), low = high < 0 ? -1 : hex_digit(text[2 * i + 1]);

		if (low < 0)
			return false;
		digest[i] = (uint8_t)(high << 4 | low);
	}
	text += 2 * DIGEST_BYTES;
	return *text == '\0' || *text == ' ' || *text == '\t';
}

/*
 * Parses the first line: "DIGEST", "DIGEST name" (after a backslash if the name contains a backslash), or "SHA256
 * (name) = DIGEST" as written by sha256sum --tag, BSD's sha256 and openssl.
 */
static bool parse_digest(char *text, uint8_t digest[DIGEST_BYTES])
{
	const char *equals;

	text[strcspn(text, "\r\n")] = '\0';
	text += strspn(text, " \t");
	equals = strncasecmp(text, "SHA256", 6) == 0 || strncasecmp(text, "SHA2-256", 8) == 0 ? strrchr(text, '=')
											      : NULL;
	if (equals != NULL)
		return parse_hex(equals + 1 + strspn(equals + 1, " \t"), digest);
	return parse_hex(text + (*text == '\\'), digest);
}

/* Returns 0 or -errno. */
static int read_digest(const struct beside *beside, const char *path, struct file_siblings *found)
{
	char text[DIGEST_FILE_BYTES + 1];
	struct file_version version;
	ssize_t length = beneath_read_head(beside->root_fd, path, beside->symlinks, text, sizeof(text) - 1, &version);

	if (length < 0 || !sibling_is_fresh(&version, beside->original))
		return length < 0 ? (int)length : 0;
	text[length] = '\0';
	found->has_digest = parse_digest(text, found->digest);
	if (!found->has_digest)
		memset(found->digest, 0, sizeof(found->digest));
	found->digest_version = version;
	found->digest_settled = !clock_is_young(version.mtime_ns, clock_wall_ns());
	return 0;
}

/* Returns true if the digest was read with this version, and was not young then. */
static bool is_known_digest(const struct file_version *version, const struct file_siblings *known)
{
	return known->digest_settled && file_version_equal(version, &known->digest_version);
}

static void keep_digest(const struct file_siblings *known, struct file_siblings *found)
{
	found->has_digest = known->has_digest;
	memcpy(found->digest, known->digest, sizeof(found->digest));
	found->digest_version = known->digest_version;
	found->digest_settled = known->digest_settled;
}

static void find_digest(const struct beside *beside, const struct file_siblings *known, struct file_siblings *found)
{
	char path[PATH_MAX];
	struct file_version version;
	int error;

	if (is_missing(beside, PARENTS_SHA256) || !name_of(beside, DIGEST_SUFFIX, path))
		return;
	error = beneath_get_version(beside->root_fd, path, beside->symlinks, &version);
	if (error == 0 && !sibling_is_fresh(&version, beside->original))
		return;
	if (error == 0 && !is_known_digest(&version, known))
		error = read_digest(beside, path, found);
	else if (error == 0)
		keep_digest(known, found);
	if (is_transient(error))
		keep_digest(known, found);
}

void sibling_find(int root_fd, const char *path, enum file_symlinks symlinks, const struct file_version *original,
		  const struct file_siblings *known, const struct parents_view *view, struct file_siblings *found)
{
	const struct beside beside = {
		.root_fd = root_fd, .path = path, .symlinks = symlinks, .original = original, .view = view
	};

	*found = (struct file_siblings){ 0 };
	if (!is_variant(path)) {
		for (unsigned i = 0; i < SIBLING_VARIANTS; i++)
			find_variant(&beside, (enum sibling)i, known, found);
	}
	if (!ends_with(path, DIGEST_SUFFIX))
		find_digest(&beside, known, found);
}

/*
 * Stats the sibling without waiting. Returns 0 and sets *version if the sibling exists. Returns -ENOENT if it does not
 * exist or is not a file, or -EAGAIN if a job must look it up.
 */
static int look(const struct beside *beside, enum parents_suffix parents_suffix, const char *suffix,
		struct file_version *version)
{
	char path[PATH_MAX];
	struct statx st;
	int error;

	if (is_missing(beside, parents_suffix) || !name_of(beside, suffix, path))
		return -ENOENT;
	error = beneath_look_cached(beside->root_fd, path, beside->symlinks, beside->view->other_mount, &st, NULL);
	if (error < 0)
		return is_transient(error) ? -EAGAIN : -ENOENT;
	file_version_set(version, &st);
	return 0;
}

/* Keeps the result for a variant that has not changed. Returns 0 or -EAGAIN. */
static int find_variant_cached(const struct beside *beside, enum sibling sibling, const struct file_siblings *known,
			       struct file_siblings *found)
{
	struct file_version version;
	int error = look(beside, parents_suffixes[sibling], suffixes[sibling], &version);

	if (error < 0)
		return error == -ENOENT ? 0 : error;
	if (!sibling_is_fresh(&version, beside->original))
		found->faults[sibling] = ENCODING_OLDER;
	else if (was_checked(beside, sibling, &version, known))
		keep_known(sibling, known, found);
	else
		return -EAGAIN;
	return 0;
}

/* Keeps the digest if its file has not changed. Returns 0 or -EAGAIN. */
static int find_digest_cached(const struct beside *beside, const struct file_siblings *known,
			      struct file_siblings *found)
{
	struct file_version version;
	int error = look(beside, PARENTS_SHA256, DIGEST_SUFFIX, &version);

	if (error < 0)
		return error == -ENOENT ? 0 : error;
	if (!sibling_is_fresh(&version, beside->original))
		return 0;
	if (!is_known_digest(&version, known))
		return -EAGAIN;
	keep_digest(known, found);
	return 0;
}

int sibling_find_cached(int root_fd, const char *path, enum file_symlinks symlinks, const struct file_version *original,
			const struct file_siblings *known, const struct parents_view *view, struct file_siblings *found)
{
	const struct beside beside = {
		.root_fd = root_fd, .path = path, .symlinks = symlinks, .original = original, .view = view
	};
	int error = 0;

	*found = (struct file_siblings){ 0 };
	if (view->settled && view->beside == 0)
		return 0;
	if (!is_variant(path)) {
		for (unsigned i = 0; error == 0 && i < SIBLING_VARIANTS; i++)
			error = find_variant_cached(&beside, (enum sibling)i, known, found);
	}
	if (error == 0 && !ends_with(path, DIGEST_SUFFIX))
		error = find_digest_cached(&beside, known, found);
	return error;
}

void sibling_skip_variants(struct parents_view *view)
{
	const unsigned others = 1u << PARENTS_SHA256 | 1u << PARENTS_ETAG;

	view->beside = view->settled ? view->beside & others : others;
	view->settled = true;
}

bool sibling_equal(const struct file_siblings *a, const struct file_siblings *b)
{
	return a->variants == b->variants && memcmp(a->faults, b->faults, sizeof(a->faults)) == 0 &&
	       memcmp(a->checked, b->checked, sizeof(a->checked)) == 0 &&
	       memcmp(a->checked_ctime_ns, b->checked_ctime_ns, sizeof(a->checked_ctime_ns)) == 0 &&
	       memcmp(a->checked_young, b->checked_young, sizeof(a->checked_young)) == 0 &&
	       a->has_digest == b->has_digest && a->digest_settled == b->digest_settled &&
	       memcmp(a->digest, b->digest, sizeof(a->digest)) == 0 &&
	       file_version_equal(&a->digest_version, &b->digest_version);
}
