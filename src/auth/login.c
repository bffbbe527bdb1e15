/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Checks passwords without blocking a worker. The process owns the struct login. Workers call login_check(), and
 * offload threads run the jobs.
 *
 * A login may wait for two jobs. The first job revalidates the password file if the last revalidation is more than a
 * second ago. A cached result therefore remains valid for at most a second after its line of the file has changed. The
 * second job computes the hash, which takes 50 ms or more by design. The second job is necessary only if no result is
 * cached.
 *
 * The main idea: an attacker who tries many passwords must not delay other requests. Checks wait in one short queue, in
 * which the number of entries of one client is limited. Identical checks are coalesced. A few runners check one
 * password at a time. Each check is a new job at the end of the queue of the offload threads, so jobs that open files
 * do not wait for all queued checks.
 *
 * The key of a cached result is a keyed hash of file, name and password. The secret of the hash exists only in the
 * memory of this process.
 */
#include "auth/login.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "auth/auth_cache.h"
#include "auth/password_file.h"
#include "base/clock.h"
#include "base/container_of.h"
#include "base/log.h"

#define REVALIDATE_NS CLOCK_NS_PER_S
#define RUNNERS_MAX 32
#define QUEUE_MAX 64	    /* maximum number of queued checks */
#define QUEUE_CLIENT_MAX 16 /* maximum number of queued checks of one client */

/*
 * A password check. A check is created for the first request with certain credentials, then enqueued or assigned to a
 * runner. A later request with the same credentials is added to the waiters of the check. The runner frees the check.
 */
struct check {
	struct check *next; /* next check in the queue */
	uint8_t key[AUTH_CACHE_KEY_BYTES];
	struct login_file *file;
	struct basic basic;
	bool remote;		       /* `client` is valid */
	uint8_t client[ADDRESS_BYTES]; /* see address_key() */
	struct login_waiter *waiters;  /* protected by login->lock */
};

struct login_file {
	struct password_file file;
	char *path;
	struct login *login;
	struct login_file *next;
	unsigned index; /* identifies the file in the keys of the cache */
	struct offload_job revalidation;
	/* The members below are protected by login->lock. */
	bool revalidating;	      /* `revalidation` is running */
	uint64_t revalidated_ns;      /* end of the last revalidation, see clock_now_ns() */
	struct login_waiter *waiters; /* requests that wait for the revalidation */
};

/* A job of the offload threads that checks one password at a time. */
struct runner {
	struct offload_job job;
	struct login *login;
	struct check *check; /* protected by login->lock; NULL: the runner is idle */
};

struct login {
	struct offload *offload;
	/*
	 * List of the password files, newest first. Only the main thread adds files, and no file is removed before
	 * login_free(). The atomic store is sequentially consistent and publishes the initialised file to the workers.
	 */
	_Atomic(struct login_file *) files;
	uint8_t key[32];      /* secret of the keyed hash; constant */
	pthread_mutex_t lock; /* protects the members below */
	struct auth_cache *cache;
	struct check *first, *last; /* the queue */
	unsigned queued;	    /* number of checks in the queue */
	bool stopped;		    /* login_stop() was called */
	unsigned runner_count;	    /* constant */
	struct runner runners[RUNNERS_MAX];
};

/* --- waiters --- */

static void done(struct reactor_message *message)
{
	struct login_waiter *waiter = container_of(message, struct login_waiter, message);

	waiter->done(waiter);
}

/* The caller holds the lock. */
static void add_waiter(struct login_waiter **waiters, struct login_waiter *waiter)
{
	waiter->next = *waiters;
	*waiters = waiter;
}

/*
 * Notifies all waiters. After LOGIN_WAIT, which is not a final result, they call login_check() again. The caller must
 * not hold the lock.
 */
static void wake_waiters(struct login_waiter *waiters, enum login_result result)
{
	while (waiters != NULL) {
		struct login_waiter *waiter = waiters;

		waiters = waiter->next;
		waiter->revalidated = true;
		waiter->decided = result != LOGIN_WAIT;
		waiter->result = result;
		waiter->message.fn = done;
		reactor_post(waiter->reactor, &waiter->message); /* the waiter must not be used after this */
	}
}

/* --- revalidation of a password file --- */

static void revalidate(struct offload_job *job)
{
	struct login_file *file = container_of(job, struct login_file, revalidation);
	struct login *login = file->login;
	struct login_waiter *waiters;

	password_file_revalidate(&file->file);
	pthread_mutex_lock(&login->lock);
	waiters = file->waiters;
	file->waiters = NULL;
	file->revalidating = false;
	file->revalidated_ns = clock_now_ns();
	pthread_mutex_unlock(&login->lock);
	wake_waiters(waiters, LOGIN_WAIT);
}

/* Adds a waiter for the revalidation. Returns true if the caller must start its job. The caller holds the lock. */
static bool join_revalidation(struct login_file *file, struct login_waiter *waiter)
{
	bool first = !file->revalidating;

	add_waiter(&file->waiters, waiter);
	file->revalidating = true;
	return first;
}

/* --- checks --- */

static enum login_result verify(const struct check *check, uint64_t *generation)
{
	char hash[HTPASSWD_HASH_BYTES];
	int known = password_file_hash(&check->file->file, check->basic.user, hash, generation);
	int result = hash[0] != '\0' ? htpasswd_verify(hash, check->basic.password) : 0;

	explicit_bzero(hash, sizeof(hash));
	if (result < 0) {
		log_fault(LOG_LEVEL_ERROR, "%s: cannot check a password: %s", check->file->file.path,
			  strerror(-result));
		return LOGIN_ERROR;
	}
	/* An unknown user is rejected only here, so that the duration does not reveal which users exist. */
	return known == 0 && result == 1 ? LOGIN_GOOD : LOGIN_BAD;
}

static void free_check(struct check *check)
{
	basic_wipe(&check->basic);
	free(check);
}

/* The caller holds the lock. */
static struct check *dequeue(struct login *login)
{
	struct check *check = login->first;

	if (check == NULL)
		return NULL;
	login->first = check->next;
	login->queued--;
	return check;
}

static void run(struct offload_job *job)
{
	struct runner *runner = container_of(job, struct runner, job);
	struct login *login = runner->login;
	struct check *check = runner->check;
	uint64_t generation;
	enum login_result result = verify(check, &generation);
	bool again;

	pthread_mutex_lock(&login->lock);
	if (result != LOGIN_ERROR)
		auth_cache_store(login->cache, check->key, generation, result == LOGIN_GOOD, clock_now_ns());
	runner->check = dequeue(login);
	again = runner->check != NULL;
	pthread_mutex_unlock(&login->lock);
	wake_waiters(check->waiters, result);
	free_check(check);
	if (again)
		offload_start(login->offload, &runner->job);
}

static struct runner *idle_runner(struct login *login)
{
	for (unsigned i = 0; i < login->runner_count; i++)
		if (login->runners[i].check == NULL)
			return &login->runners[i];
	return NULL;
}

static bool is_same_check(const struct check *check, const uint8_t key[AUTH_CACHE_KEY_BYTES])
{
	return check != NULL && memcmp(check->key, key, AUTH_CACHE_KEY_BYTES) == 0;
}

/* Returns the running or queued check with this key, or NULL. The caller holds the lock. */
static struct check *find_check(struct login *login, const uint8_t key[AUTH_CACHE_KEY_BYTES])
{
	for (unsigned i = 0; i < login->runner_count; i++)
		if (is_same_check(login->runners[i].check, key))
			return login->runners[i].check;
	for (struct check *check = login->first; check != NULL; check = check->next)
		if (is_same_check(check, key))
			return check;
	return NULL;
}

/* Returns the number of queued checks of the client that needs a new check. The caller holds the lock. */
static unsigned count_of_client(const struct login *login, const struct check *check)
{
	unsigned count = 0;

	for (const struct check *other = login->first; other != NULL; other = other->next)
		count += other->remote && check->remote && memcmp(other->client, check->client, ADDRESS_BYTES) == 0;
	return count;
}

/*
 * Assigns a check to an idle runner or appends it to the queue. Returns LOGIN_WAIT, LOGIN_BUSY or LOGIN_TOO_MANY. Sets
 * *runner to the runner that the caller must start, or to NULL. The caller holds the lock.
 */
static enum login_result enqueue(struct login *login, struct check *check, struct runner **runner)
{
	*runner = idle_runner(login);
	if (*runner != NULL) {
		(*runner)->check = check;
		return LOGIN_WAIT;
	}
	if (login->queued == QUEUE_MAX)
		return LOGIN_BUSY;
	if (count_of_client(login, check) >= QUEUE_CLIENT_MAX)
		return LOGIN_TOO_MANY;
	if (login->first == NULL)
		login->first = check;
	else
		login->last->next = check;
	login->last = check;
	login->queued++;
	return LOGIN_WAIT;
}

static struct check *new_check(struct login_file *file, const struct basic *basic, const struct address *client,
			       const uint8_t key[AUTH_CACHE_KEY_BYTES])
{
	struct check *check = calloc(1, sizeof(*check));

	if (check == NULL)
		return NULL;
	memcpy(check->key, key, AUTH_CACHE_KEY_BYTES);
	check->file = file;
	check->basic = *basic;
	check->remote = address_key(client, check->client);
	return check;
}

/* --- lookup of a result --- */

static bool make_key(const struct login *login, const struct login_file *file, const struct basic *basic,
		     uint8_t key[AUTH_CACHE_KEY_BYTES])
{
	char text[sizeof(file->index) + BASIC_USER_BYTES + BASIC_PASSWORD_BYTES];
	size_t user = strlen(basic->user) + 1, password = strlen(basic->password), used = sizeof(file->index);
	int error;

	memcpy(text, &file->index, used);
	memcpy(text + used, basic->user, user); /* including the NUL, which separates name and password unambiguously */
	memcpy(text + used + user, basic->password, password);
	error = gnutls_hmac_fast(GNUTLS_MAC_SHA256, login->key, sizeof(login->key), text, used + user + password, key);
	explicit_bzero(text, sizeof(text));
	return error == 0;
}

/* The arguments of login_check(), for the functions that run under the lock. */
struct lookup {
	struct login_file *file;
	const struct basic *basic;
	const struct address *client;
	struct login_waiter *waiter;
	uint8_t key[AUTH_CACHE_KEY_BYTES];
	struct offload_job *start; /* job to start after unlocking, or NULL */
};

static enum login_result start_check(struct login *login, struct lookup *lookup)
{
	struct check *check = find_check(login, lookup->key);
	struct runner *runner = NULL;
	enum login_result result = LOGIN_WAIT;

	if (check == NULL) {
		check = new_check(lookup->file, lookup->basic, lookup->client, lookup->key);
		result = check != NULL ? enqueue(login, check, &runner) : LOGIN_BUSY;
	}
	if (result == LOGIN_WAIT)
		add_waiter(&check->waiters, lookup->waiter);
	else if (check != NULL)
		free_check(check);
	if (runner != NULL)
		lookup->start = &runner->job;
	return result;
}

static enum login_result look_up(struct login *login, struct lookup *lookup)
{
	struct login_file *file = lookup->file;
	uint64_t now_ns = clock_now_ns();
	enum auth_cache_result cached;

	if (!lookup->waiter->revalidated && now_ns - file->revalidated_ns >= REVALIDATE_NS) {
		if (login->stopped)
			return LOGIN_BUSY;
		if (join_revalidation(file, lookup->waiter))
			lookup->start = &file->revalidation;
		return LOGIN_WAIT;
	}
	cached = auth_cache_find(login->cache, lookup->key, password_file_generation(&file->file), now_ns);
	if (cached != AUTH_CACHE_UNKNOWN)
		return cached == AUTH_CACHE_VALID ? LOGIN_GOOD : LOGIN_BAD;
	return login->stopped ? LOGIN_BUSY : start_check(login, lookup);
}

enum login_result login_check(struct login *login, struct login_file *file, const struct basic *basic,
			      const struct address *client, struct login_waiter *waiter)
{
	struct lookup lookup = { .file = file, .basic = basic, .client = client, .waiter = waiter };
	enum login_result result;

	if (waiter->decided)
		return waiter->result;
	if (!make_key(login, file, basic, lookup.key))
		return LOGIN_ERROR;
	pthread_mutex_lock(&login->lock);
	result = look_up(login, &lookup);
	pthread_mutex_unlock(&login->lock);
	if (lookup.start != NULL)
		offload_start(login->offload, lookup.start);
	return result;
}

/* --- creation and shutdown --- */

static void init(struct login *login, struct offload *offload, unsigned offload_threads)
{
	login->offload = offload;
	login->runner_count = offload_threads < 2 ? 1 : offload_threads / 2;
	if (login->runner_count > RUNNERS_MAX)
		login->runner_count = RUNNERS_MAX;
	for (unsigned i = 0; i < login->runner_count; i++)
		login->runners[i] = (struct runner){ .job = { .work = run }, .login = login };
	pthread_mutex_init(&login->lock, NULL);
}

int login_new(struct login **login, struct offload *offload, unsigned offload_threads)
{
	struct login *made = calloc(1, sizeof(*made));
	int error = made != NULL ? auth_cache_new(&made->cache) : -ENOMEM;

	if (error == 0 && gnutls_rnd(GNUTLS_RND_KEY, made->key, sizeof(made->key)) != 0)
		error = -EIO;
	if (error != 0) {
		if (made != NULL)
			auth_cache_free(made->cache);
		free(made);
		return error;
	}
	init(made, offload, offload_threads);
	*login = made;
	return 0;
}

struct login_file *login_file(const struct login *login, const char *path)
{
	struct login_file *file = atomic_load(&login->files);

	while (file != NULL && strcmp(file->file.path, path) != 0)
		file = file->next;
	return file;
}

int login_add(struct login *login, const char *path)
{
	struct login_file *file;
	int error;

	if (login_file(login, path) != NULL)
		return 0;
	file = calloc(1, sizeof(*file));
	if (file == NULL)
		return -ENOMEM;
	file->path = strdup(path);
	error = file->path != NULL ? password_file_init(&file->file, file->path) : -ENOMEM;
	if (error != 0) {
		if (file->path != NULL)
			password_file_fini(&file->file);
		free(file->path);
		free(file);
		return error;
	}
	file->login = login;
	file->revalidation.work = revalidate;
	file->next = login->files;
	file->index = file->next != NULL ? file->next->index + 1 : 0;
	atomic_store(&login->files, file);
	return 0;
}

void login_stop(struct login *login)
{
	struct check *queue, *check;

	pthread_mutex_lock(&login->lock);
	login->stopped = true;
	queue = login->first;
	login->first = NULL;
	login->queued = 0;
	pthread_mutex_unlock(&login->lock);
	while ((check = queue) != NULL) {
		queue = check->next;
		wake_waiters(check->waiters, LOGIN_BUSY);
		free_check(check);
	}
}

void login_free(struct login *login)
{
	if (login == NULL)
		return;
	for (struct login_file *file; (file = login->files) != NULL;) {
		login->files = file->next;
		password_file_fini(&file->file);
		free(file->path);
		free(file);
	}
	auth_cache_free(login->cache);
	pthread_mutex_destroy(&login->lock);
	explicit_bzero(login->key, sizeof(login->key));
	free(login);
}
