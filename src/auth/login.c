/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two things may have to be waited for. First a look at the file, if nobody has looked for a second: so a verdict never
 * outlives by more than that the line it was about. Then, if nothing is remembered, a guess: the hash, which takes 50
 * ms and more on purpose. Guesses wait in one line, those that are the same as one, and are checked by a few runners,
 * one guess at a time and each behind what else the offload threads have to do: whoever guesses passwords keeps neither
 * files from being opened nor all of those who know theirs from coming in, since the line is short and no client has
 * more than a part of it.
 *
 * What is remembered is a keyed hash of file, name and password; the key dies with the process.
 */
#include "auth/login.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "auth/password_file.h"
#include "auth/verdicts.h"
#include "base/clock.h"
#include "base/log.h"

#define LOOK_NS CLOCK_NS_PER_S
#define RUNNERS_MAX 32
#define LINE_MAX 64	   /* guesses that wait */
#define LINE_CLIENT_MAX 16 /* those of one client */

struct guess {
	struct guess *next;
	uint8_t key[VERDICTS_KEY_BYTES];
	struct login_file *file;
	struct basic basic;
	bool remote;
	uint8_t client[ADDRESS_BYTES]; /* of address_key() */
	struct login_want *waiters;
};

struct login_file {
	struct password_file file;
	char *path;
	struct login *login;
	struct login_file *next;
	unsigned index;
	struct offload_job look;
	/* the lock's */
	bool looking;
	uint64_t looked_ns;
	struct login_want *waiters;
};

struct runner {
	struct offload_job job;
	struct login *login;
	struct guess *guess; /* the lock's; NULL: it is idle */
};

struct login {
	struct offload *offload;
	_Atomic(struct login_file *) files; /* the last one added first; one stays what it is */
	uint8_t key[32];
	pthread_mutex_t lock; /* over what follows */
	struct verdicts *verdicts;
	struct guess *first, *last; /* the line */
	unsigned line_count;
	bool stopped;
	unsigned runner_count;
	struct runner runners[RUNNERS_MAX];
};

/* --- who waits --- */

static void done(struct reactor_message *message)
{
	struct login_want *want = (struct login_want *)((char *)message - offsetof(struct login_want, message));

	want->done(want);
}

/* The lock is held. */
static void join(struct login_want **waiters, struct login_want *want)
{
	want->next = *waiters;
	*waiters = want;
}

/* The lock is not held. result WAIT: nothing is decided yet. */
static void wake(struct login_want *waiters, enum login_result result)
{
	while (waiters != NULL) {
		struct login_want *want = waiters;

		waiters = want->next;
		want->looked = true;
		want->decided = result != LOGIN_WAIT;
		want->result = result;
		want->message.fn = done;
		reactor_post(want->reactor, &want->message); /* and it is the reactor's */
	}
}

/* --- looks --- */

static void look(struct offload_job *job)
{
	struct login_file *file = (struct login_file *)((char *)job - offsetof(struct login_file, look));
	struct login *login = file->login;
	struct login_want *waiters;

	password_file_look(&file->file);
	pthread_mutex_lock(&login->lock);
	waiters = file->waiters;
	file->waiters = NULL;
	file->looking = false;
	file->looked_ns = clock_now_ns();
	pthread_mutex_unlock(&login->lock);
	wake(waiters, LOGIN_WAIT);
}

/* The lock is held. True: the caller starts the job. */
static bool await_look(struct login_file *file, struct login_want *want)
{
	bool first = !file->looking;

	join(&file->waiters, want);
	file->looking = true;
	return first;
}

/* --- guesses --- */

static enum login_result check(const struct guess *guess, uint64_t *generation)
{
	char hash[HTPASSWD_HASH_BYTES];
	int known = password_file_hash(&guess->file->file, guess->basic.user, hash, generation);
	int result = hash[0] != '\0' ? htpasswd_verify(hash, guess->basic.password) : 0;

	explicit_bzero(hash, sizeof(hash));
	if (result < 0) {
		log_fault(LOG_LEVEL_ERROR, "%s: a password could not be checked: %s", guess->file->file.path,
			  strerror(-result));
		return LOGIN_BROKEN;
	}
	return known == 0 && result == 1 ? LOGIN_GOOD : LOGIN_BAD; /* only now: all take as long */
}

static void free_guess(struct guess *guess)
{
	basic_wipe(&guess->basic);
	free(guess);
}

/* The lock is held. */
static struct guess *next_in_line(struct login *login)
{
	struct guess *guess = login->first;

	if (guess == NULL)
		return NULL;
	login->first = guess->next;
	login->line_count--;
	return guess;
}

static void run(struct offload_job *job)
{
	struct runner *runner = (struct runner *)((char *)job - offsetof(struct runner, job));
	struct login *login = runner->login;
	struct guess *guess = runner->guess;
	uint64_t generation;
	enum login_result result = check(guess, &generation);
	bool again;

	pthread_mutex_lock(&login->lock);
	if (result != LOGIN_BROKEN)
		verdicts_keep(login->verdicts, guess->key, generation, result == LOGIN_GOOD, clock_now_ns());
	runner->guess = next_in_line(login);
	again = runner->guess != NULL;
	pthread_mutex_unlock(&login->lock);
	wake(guess->waiters, result);
	free_guess(guess);
	if (again)
		offload_start(login->offload, &runner->job);
}

static struct runner *idle_runner(struct login *login)
{
	for (unsigned i = 0; i < login->runner_count; i++)
		if (login->runners[i].guess == NULL)
			return &login->runners[i];
	return NULL;
}

static bool is_guess(const struct guess *guess, const uint8_t key[VERDICTS_KEY_BYTES])
{
	return guess != NULL && memcmp(guess->key, key, VERDICTS_KEY_BYTES) == 0;
}

/* One that waits or runs and is the same. */
static struct guess *find_guess(struct login *login, const uint8_t key[VERDICTS_KEY_BYTES])
{
	for (unsigned i = 0; i < login->runner_count; i++)
		if (is_guess(login->runners[i].guess, key))
			return login->runners[i].guess;
	for (struct guess *guess = login->first; guess != NULL; guess = guess->next)
		if (is_guess(guess, key))
			return guess;
	return NULL;
}

/* The guesses in line of the one that is about to join it. */
static unsigned of_client(const struct login *login, const struct guess *guess)
{
	unsigned count = 0;

	for (const struct guess *other = login->first; other != NULL; other = other->next)
		count += other->remote && guess->remote && memcmp(other->client, guess->client, ADDRESS_BYTES) == 0;
	return count;
}

/* The lock is held. WAIT: it is in line, or *runner is to be started with it. */
static enum login_result line_up(struct login *login, struct guess *guess, struct runner **runner)
{
	*runner = idle_runner(login);
	if (*runner != NULL) {
		(*runner)->guess = guess;
		return LOGIN_WAIT;
	}
	if (login->line_count == LINE_MAX)
		return LOGIN_BUSY;
	if (of_client(login, guess) >= LINE_CLIENT_MAX)
		return LOGIN_TOO_MANY;
	if (login->first == NULL)
		login->first = guess;
	else
		login->last->next = guess;
	login->last = guess;
	login->line_count++;
	return LOGIN_WAIT;
}

static struct guess *make_guess(struct login_file *file, const struct basic *basic, const struct address *client,
				const uint8_t key[VERDICTS_KEY_BYTES])
{
	struct guess *guess = calloc(1, sizeof(*guess));

	if (guess == NULL)
		return NULL;
	memcpy(guess->key, key, VERDICTS_KEY_BYTES);
	guess->file = file;
	guess->basic = *basic;
	guess->remote = address_key(client, guess->client);
	return guess;
}

/* --- asking --- */

static bool make_key(const struct login *login, const struct login_file *file, const struct basic *basic,
		     uint8_t key[VERDICTS_KEY_BYTES])
{
	char text[sizeof(file->index) + BASIC_USER_BYTES + BASIC_PASSWORD_BYTES];
	size_t user = strlen(basic->user) + 1, password = strlen(basic->password), used = sizeof(file->index);
	int error;

	memcpy(text, &file->index, used);
	memcpy(text + used, basic->user, user); /* and its NUL, which neither has inside */
	memcpy(text + used + user, basic->password, password);
	error = gnutls_hmac_fast(GNUTLS_MAC_SHA256, login->key, sizeof(login->key), text, used + user + password, key);
	explicit_bzero(text, sizeof(text));
	return error == 0;
}

/* What the lock is held for: from WAIT on, `want` is no longer the caller's. */
struct asking {
	struct login_file *file;
	const struct basic *basic;
	const struct address *client;
	struct login_want *want;
	uint8_t key[VERDICTS_KEY_BYTES];
	struct offload_job *start; /* afterwards */
};

static enum login_result ask_runner(struct login *login, struct asking *asking)
{
	struct guess *guess = find_guess(login, asking->key);
	struct runner *runner = NULL;
	enum login_result result = LOGIN_WAIT;

	if (guess == NULL) {
		guess = make_guess(asking->file, asking->basic, asking->client, asking->key);
		result = guess != NULL ? line_up(login, guess, &runner) : LOGIN_BUSY;
	}
	if (result == LOGIN_WAIT)
		join(&guess->waiters, asking->want);
	else if (guess != NULL)
		free_guess(guess);
	if (runner != NULL)
		asking->start = &runner->job;
	return result;
}

static enum login_result ask(struct login *login, struct asking *asking)
{
	struct login_file *file = asking->file;
	uint64_t now_ns = clock_now_ns();
	enum verdict verdict;

	if (!asking->want->looked && now_ns - file->looked_ns >= LOOK_NS) {
		if (login->stopped)
			return LOGIN_BUSY;
		if (await_look(file, asking->want))
			asking->start = &file->look;
		return LOGIN_WAIT;
	}
	verdict = verdicts_find(login->verdicts, asking->key, password_file_generation(&file->file), now_ns);
	if (verdict != VERDICT_NONE)
		return verdict == VERDICT_GOOD ? LOGIN_GOOD : LOGIN_BAD;
	return login->stopped ? LOGIN_BUSY : ask_runner(login, asking);
}

enum login_result login_check(struct login *login, struct login_file *file, const struct basic *basic,
			      const struct address *client, struct login_want *want)
{
	struct asking asking = { .file = file, .basic = basic, .client = client, .want = want };
	enum login_result result;

	if (want->decided)
		return want->result;
	if (!make_key(login, file, basic, asking.key))
		return LOGIN_BROKEN;
	pthread_mutex_lock(&login->lock);
	result = ask(login, &asking);
	pthread_mutex_unlock(&login->lock);
	if (asking.start != NULL)
		offload_start(login->offload, asking.start);
	return result;
}

/* --- beginning and end --- */

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
	int error = made != NULL ? verdicts_new(&made->verdicts) : -ENOMEM;

	if (error == 0 && gnutls_rnd(GNUTLS_RND_KEY, made->key, sizeof(made->key)) != 0)
		error = -EIO;
	if (error != 0) {
		if (made != NULL)
			verdicts_free(made->verdicts);
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
	file->look.work = look;
	file->next = login->files;
	file->index = file->next != NULL ? file->next->index + 1 : 0;
	atomic_store(&login->files, file);
	return 0;
}

void login_stop(struct login *login)
{
	struct guess *line, *guess;

	pthread_mutex_lock(&login->lock);
	login->stopped = true;
	line = login->first;
	login->first = NULL;
	login->line_count = 0;
	pthread_mutex_unlock(&login->lock);
	while ((guess = line) != NULL) {
		line = guess->next;
		wake(guess->waiters, LOGIN_BUSY);
		free_guess(guess);
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
	verdicts_free(login->verdicts);
	pthread_mutex_destroy(&login->lock);
	explicit_bzero(login->key, sizeof(login->key));
	free(login);
}
