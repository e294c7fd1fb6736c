/* SPDX-License-Identifier: Apache-2.0 */
/* Password hasher: one thread, a short queue, and libxcrypt's bcrypt. */
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
	/* Passwords that can wait. At 70 ms each (cost 10) the last one waits two seconds. A network without a waiting
	 * password is always admitted, so more can wait, but never more than there are connections. */
	QUEUE_MAX = 32,
	/* Remembered logins: more than there are clients. */
	GOOD_MAX = 256,
	TAG_BYTES = 32, /* of SHA-256 */
	KEY_BYTES = 32,
	/* Bytes of a password that bcrypt uses, here and in Go. */
	PASSWORD_MAX = 72,
	/* Room for a hash, and the length of its cost, salt and digest, which follow "$2y". */
	HASH_MAX = 64,
	HASH_TAIL = 57,
};
_Static_assert(sizeof(((struct web_auth *)0)->tag) == TAG_BYTES, "web_auth has room for a digest");
_Static_assert(sizeof(((struct web_auth *)0)->password) == PASSWORD_MAX + 1, "web_auth has room for a password");

/* The hash that is computed for an unknown user. Its salt does not matter. */
static const char nobody[] = "$2b$%02u$abcdefghijklmnopqrstuuJwVOnlXVHhTGOGpDPHMbBeiWxfCu8nW";

struct hasher {
	unsigned char key[KEY_BYTES];
	pthread_t thread;

	pthread_mutex_t lock; /* guards all fields below */
	pthread_cond_t start, work;
	struct web_auth *first, *last; /* queue of the waiting requests */
	unsigned waiting;
	struct web_auth *present; /* the request whose hash is being computed */
	bool started, stopping;
	uint64_t last_network;     /* the network of the request that was taken last */
	bool computing, abandoned; /* abandoned: the thread frees the hasher after its hash */
	unsigned char good[GOOD_MAX][TAG_BYTES];
	size_t good_count, good_next; /* good_next: the next to fill, or the oldest */
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
	/* The letter names the bugs of an old implementation, which libxcrypt would repeat. Go ignores the letter. */
	snprintf(setting, sizeof(setting), "$2b%s", tail);
	computed = crypt_r(password, setting, data);
	same = computed != NULL && strlen(computed) == strlen("$2b") + HASH_TAIL && strlen(tail) == HASH_TAIL &&
	       gnutls_memcmp(computed + strlen("$2b"), tail, HASH_TAIL) == 0;
	gnutls_memset(data, 0, sizeof(*data));
	free(data);
	return same;
}

/* ---- Remembered logins ---- */

/* Digests a part after its length, so that no two logins have the same bytes. */
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

/* Returns true if the login is remembered. Requires `lock`. */
static bool is_good(const struct hasher *hasher, const unsigned char *tag)
{
	for (size_t i = 0; i < hasher->good_count; i++)
		if (gnutls_memcmp(hasher->good[i], tag, TAG_BYTES) == 0)
			return true;
	return false;
}

/* Remembers the login. Replaces the oldest if there is no room. Requires `lock`. */
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

/* Removes a request from the queue and returns it: the first of another network than the last one, so that networks
 * take turns, or else the first. Requires `lock`, and a queue that is not empty. */
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

/* Computes the hash of the present request and returns true if the password is right. Requires `lock`, and releases it
 * meanwhile. hasher_stop() can answer the request in that time. */
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

/* Checks the next waiting request and answers it. Requires `lock`, and releases it meanwhile. */
static void check_next(struct hasher *hasher)
{
	struct web_auth *auth = take_next(hasher);
	bool right = is_good(hasher, auth->tag); /* true if the same login was before it in the queue */

	hasher->present = auth;
	if (!right)
		right = compute(hasher);
	if (hasher->present == NULL)
		return; /* hasher_stop() has answered it */
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

	priority_lower(); /* scrapes come first, even on one core */
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
	/* These calls cannot fail, because they allocate nothing. */
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

/* Returns true if a request of the network waits. Requires `lock`. */
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
