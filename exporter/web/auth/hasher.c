/* SPDX-License-Identifier: Apache-2.0 */
/* libxcrypt's bcrypt behind a short queue. */
#include "exporter/web/auth/hasher.h"

#include "exporter/platform/priority.h"

#include <crypt.h>
#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <pthread.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

enum {
	/* Passwords that may wait: at 70 ms each (cost 10) the last of them waits two seconds. A network that has none
	 * waiting is always admitted; there are never more waiting than connections. */
	QUEUE_MAX = 32,
	/* Logins that are remembered: more than there are clients. */
	GOOD_MAX = 256,
	TAG_BYTES = 32, /* of SHA-256 */
	KEY_BYTES = 32,
	/* bcrypt looks at so many bytes of a password, and Go at no more either. */
	PASSWORD_MAX = 72,
	/* A hash, and what of it follows "$2y": cost, salt and digest. */
	HASH_MAX = 64,
	HASH_TAIL = 57,
};
_Static_assert(sizeof(((struct web_auth *)0)->tag) == TAG_BYTES, "a request has room for a digest");
_Static_assert(sizeof(((struct web_auth *)0)->password) == PASSWORD_MAX + 1, "and for a password");

/* What is computed for names that nobody has: the salt is any. */
static const char nobody[] = "$2b$%02u$abcdefghijklmnopqrstuuJwVOnlXVHhTGOGpDPHMbBeiWxfCu8nW";

struct hasher {
	unsigned char key[KEY_BYTES];
	pthread_t thread;

	pthread_mutex_t lock; /* guards all that follows */
	pthread_cond_t start, work;
	struct web_auth *first, *last; /* who waits */
	unsigned waiting;
	struct web_auth *present; /* whose hash is being computed */
	bool started, stopping;
	uint64_t last_network;     /* whose password was taken last */
	bool computing, abandoned; /* the thread frees all, once its hash is there */
	unsigned char good[GOOD_MAX][TAG_BYTES];
	size_t good_count, good_next; /* the place of the oldest */
};

bool hasher_compare(const char *password, const char *hash)
{
	const char *tail = hash[2] == '$' ? hash + 2 : hash + 3;
	struct crypt_data *data = calloc(1, sizeof(*data));
	char setting[HASH_MAX];
	const char *computed;
	bool same;

	if (data == NULL)
		return false;
	/* The letter tells which mistakes an implementation used to make; Go makes none, whatever it says. */
	snprintf(setting, sizeof(setting), "$2b%s", tail);
	computed = crypt_r(password, setting, data);
	same = computed != NULL && strlen(computed) == strlen("$2b") + HASH_TAIL && strlen(tail) == HASH_TAIL &&
	       gnutls_memcmp(computed + strlen("$2b"), tail, HASH_TAIL) == 0;
	gnutls_memset(data, 0, sizeof(*data));
	free(data);
	return same;
}

/* ---- What is remembered ---- */

/* Each part with its length before it, so that no two logins have the same bytes. */
static int digest_part(gnutls_hmac_hd_t digest, const void *bytes, size_t length)
{
	uint64_t count = length;
	int err = gnutls_hmac(digest, &count, sizeof(count));

	return err < 0 ? err : gnutls_hmac(digest, bytes, length);
}

static bool make_tag(const struct hasher *hasher, struct web_auth *auth, const struct basic_login *login)
{
	const char *hash = auth->hash != NULL ? auth->hash : "";
	gnutls_hmac_hd_t digest;
	bool made;

	if (gnutls_hmac_init(&digest, GNUTLS_MAC_SHA256, hasher->key, sizeof(hasher->key)) < 0)
		return false;
	made = digest_part(digest, login->name, login->name_length) >= 0 &&
	       digest_part(digest, hash, strlen(hash)) >= 0 &&
	       digest_part(digest, login->password, login->password_length) >= 0;
	gnutls_hmac_deinit(digest, auth->tag);
	return made;
}

/* With the lock. */
static bool is_good(const struct hasher *hasher, const unsigned char *tag)
{
	for (size_t i = 0; i < hasher->good_count; i++)
		if (gnutls_memcmp(hasher->good[i], tag, TAG_BYTES) == 0)
			return true;
	return false;
}

/* In place of the oldest, if there is no room. With the lock. */
static void remember(struct hasher *hasher, const unsigned char *tag)
{
	if (is_good(hasher, tag))
		return;
	memcpy(hasher->good[hasher->good_next], tag, TAG_BYTES);
	hasher->good_next = (hasher->good_next + 1) % GOOD_MAX;
	if (hasher->good_count < GOOD_MAX)
		hasher->good_count++;
}

/* ---- The thread ---- */

/* Takes the next visit: the first of another network than the last, so that networks take turns; else the first. With
 * the lock. */
static struct web_auth *take_next(struct hasher *hasher)
{
	struct web_auth *before = NULL, *auth = hasher->first;

	while (auth != NULL && auth->network == hasher->last_network) {
		before = auth;
		auth = auth->next;
	}
	if (auth == NULL) {
		before = NULL;
		auth = hasher->first;
	}
	*(before != NULL ? &before->next : &hasher->first) = auth->next;
	if (hasher->last == auth)
		hasher->last = before;
	hasher->waiting--;
	hasher->last_network = auth->network;
	return auth;
}

static void answer(struct web_auth *auth, enum web_verdict verdict)
{
	gnutls_memset(auth->password, 0, sizeof(auth->password));
	auth->verdict = verdict;
	auth->done(auth);
}

/* Computes the hash of the present request, which may be answered by others meanwhile. With the lock, which is let go
 * meanwhile. */
static bool compute(struct hasher *hasher)
{
	const struct web_auth *auth = hasher->present;
	bool must_fail = auth->must_fail, right;
	char hash[HASH_MAX], password[PASSWORD_MAX + 1];
	unsigned char tag[TAG_BYTES];

	if (auth->hash != NULL)
		snprintf(hash, sizeof(hash), "%s", auth->hash);
	else
		snprintf(hash, sizeof(hash), nobody, auth->cost);
	memcpy(password, auth->password, sizeof(password));
	memcpy(tag, auth->tag, sizeof(tag));
	hasher->computing = true;
	pthread_mutex_unlock(&hasher->lock);
	right = hasher_compare(password, hash) && !must_fail;
	gnutls_memset(password, 0, sizeof(password));
	pthread_mutex_lock(&hasher->lock);
	hasher->computing = false;
	if (right)
		remember(hasher, tag);
	return right;
}

/* Checks the next who waits. With the lock, which is let go meanwhile. */
static void check_next(struct hasher *hasher)
{
	struct web_auth *auth = take_next(hasher);
	bool right = is_good(hasher, auth->tag); /* the same login may have been before it in the queue */

	hasher->present = auth;
	if (!right)
		right = compute(hasher);
	if (hasher->present == NULL)
		return; /* the end came first */
	hasher->present = NULL;
	pthread_mutex_unlock(&hasher->lock);
	answer(auth, right ? WEB_ALLOWED : WEB_UNAUTHORIZED);
	pthread_mutex_lock(&hasher->lock);
}

static void destroy(struct hasher *hasher)
{
	pthread_cond_destroy(&hasher->start);
	pthread_cond_destroy(&hasher->work);
	pthread_mutex_destroy(&hasher->lock);
	gnutls_memset(hasher->key, 0, sizeof(hasher->key));
	free(hasher);
}

static void *hasher_main(void *data)
{
	struct hasher *hasher = data;
	bool abandoned;

	priority_lower(); /* scrapes come first, also where there is one core */
	pthread_mutex_lock(&hasher->lock);
	hasher->started = true;
	pthread_cond_signal(&hasher->start);
	while (!hasher->stopping) {
		if (hasher->first != NULL)
			check_next(hasher);
		else
			pthread_cond_wait(&hasher->work, &hasher->lock);
	}
	abandoned = hasher->abandoned;
	pthread_mutex_unlock(&hasher->lock);
	if (abandoned)
		destroy(hasher);
	return NULL;
}

/* ---- Public ---- */

int hasher_new(struct hasher **result)
{
	struct hasher *hasher = calloc(1, sizeof(*hasher));
	int err;

	*result = NULL;
	if (hasher == NULL)
		return -ENOMEM;
	/* None of these can fail: nothing is allocated. */
	pthread_mutex_init(&hasher->lock, NULL);
	pthread_cond_init(&hasher->start, NULL);
	pthread_cond_init(&hasher->work, NULL);
	err = gnutls_rnd(GNUTLS_RND_KEY, hasher->key, sizeof(hasher->key)) < 0
	              ? EIO
	              : pthread_create(&hasher->thread, NULL, hasher_main, hasher);
	if (err != 0) {
		destroy(hasher);
		return -err;
	}
	pthread_mutex_lock(&hasher->lock);
	while (!hasher->started) /* the seccomp filter is installed later, and forbids the thread's first system calls
	                          */
		pthread_cond_wait(&hasher->start, &hasher->lock);
	pthread_mutex_unlock(&hasher->lock);
	*result = hasher;
	return 0;
}

void hasher_stop(struct hasher *hasher)
{
	struct web_auth *left, *next;

	pthread_mutex_lock(&hasher->lock);
	hasher->stopping = true;
	left = hasher->first;
	if (hasher->present != NULL) {
		hasher->present->next = left;
		left = hasher->present;
	}
	hasher->present = hasher->first = hasher->last = NULL;
	hasher->waiting = 0;
	pthread_cond_signal(&hasher->work);
	pthread_mutex_unlock(&hasher->lock);
	for (; left != NULL; left = next) {
		next = left->next;
		answer(left, WEB_BUSY);
	}
}

void hasher_free(struct hasher *hasher)
{
	pthread_t thread = hasher->thread;
	bool computing;

	pthread_mutex_lock(&hasher->lock);
	computing = hasher->computing;
	hasher->abandoned = computing;
	pthread_mutex_unlock(&hasher->lock);
	if (computing) {
		pthread_detach(thread);
		return;
	}
	pthread_join(thread, NULL);
	destroy(hasher);
}

void hasher_check(struct hasher *hasher, struct web_auth *auth, const struct basic_login *login, const char *hash,
                  unsigned cost)
{
	size_t length = login->password_length < PASSWORD_MAX ? login->password_length : PASSWORD_MAX;
	bool good;

	auth->hash = hash;
	auth->cost = cost;
	auth->must_fail = hash == NULL || memchr(login->password, '\0', length) != NULL; /* bcrypt would end there */
	auth->verdict = WEB_BUSY;
	if (!make_tag(hasher, auth, login))
		return;
	pthread_mutex_lock(&hasher->lock);
	good = is_good(hasher, auth->tag);
	pthread_mutex_unlock(&hasher->lock);
	auth->verdict = good ? WEB_ALLOWED : WEB_HASHING;
	if (good)
		return;
	memcpy(auth->password, login->password, length);
	auth->password[length] = '\0';
}

/* With the lock. */
static bool is_waiting(const struct hasher *hasher, uint64_t network)
{
	for (const struct web_auth *auth = hasher->first; auth != NULL; auth = auth->next)
		if (auth->network == network)
			return true;
	return false;
}

void hasher_submit(struct hasher *hasher, struct web_auth *auth)
{
	bool room;

	pthread_mutex_lock(&hasher->lock);
	room = !hasher->stopping && (hasher->waiting < QUEUE_MAX || !is_waiting(hasher, auth->network));
	if (room) {
		auth->next = NULL;
		if (hasher->last != NULL)
			hasher->last->next = auth;
		else
			hasher->first = auth;
		hasher->last = auth;
		hasher->waiting++;
		pthread_cond_signal(&hasher->work);
	}
	pthread_mutex_unlock(&hasher->lock);
	if (!room)
		answer(auth, WEB_BUSY);
}
