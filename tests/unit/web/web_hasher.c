/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the hasher: bcrypt as Go computes it, remembered passwords, and the queue. */
#include "exporter/web/auth/hasher.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* The hash of "secret" at cost 10, made by htpasswd -B. */
#define SECRET "$2y$10$NzD1959gJZlIHXrQARzfXu24HtoKAYwwIl3XtC5LIUCMS.8QQOzIG"
/* The end of the hash of "other" at cost 4. */
#define OTHER_TAIL "$04$dPsJ2KfMaxJvVa00jo10tuvjtp9zNjk1os.Yi7v/ikvk4hQzMrN3."
#define OTHER      "$2y" OTHER_TAIL

enum { VISITORS = 100, HASH_COST = 4 };

struct visitor {
	struct web_auth auth;
	pthread_mutex_t *lock;
	pthread_cond_t *change;
	bool done;
};

struct crowd {
	struct hasher *hasher;
	pthread_mutex_t lock;
	pthread_cond_t change;
	struct visitor visitors[VISITORS];
};

static void on_done(struct web_auth *auth)
{
	struct visitor *visitor = auth->owner;

	pthread_mutex_lock(visitor->lock);
	visitor->done = true;
	pthread_cond_broadcast(visitor->change);
	pthread_mutex_unlock(visitor->lock);
}

static int set_up(void **state)
{
	struct crowd *crowd = calloc(1, sizeof(*crowd));

	assert_non_null(crowd);
	assert_int_equal(hasher_new(&crowd->hasher), 0);
	pthread_mutex_init(&crowd->lock, NULL);
	pthread_cond_init(&crowd->change, NULL);
	for (size_t i = 0; i < VISITORS; i++) {
		struct visitor *visitor = &crowd->visitors[i];

		visitor->auth.done = on_done;
		visitor->auth.owner = visitor;
		visitor->lock = &crowd->lock;
		visitor->change = &crowd->change;
	}
	*state = crowd;
	return 0;
}

static int tear_down(void **state)
{
	struct crowd *crowd = *state;

	hasher_stop(crowd->hasher);
	hasher_free(crowd->hasher);
	free(crowd);
	return 0;
}

/* Returns the result of hasher_check() for the i-th visitor. */
static enum web_verdict check(struct crowd *crowd, size_t i, const char *hash, const char *password, size_t length)
{
	static char name[] = "name";
	const struct basic_login login = {name, 4, password, length};

	crowd->visitors[i].done = false;
	hasher_check(crowd->hasher, &crowd->visitors[i].auth, &login, hash, HASH_COST);
	return crowd->visitors[i].auth.verdict;
}

static enum web_verdict wait_for(struct crowd *crowd, size_t i)
{
	pthread_mutex_lock(&crowd->lock);
	while (!crowd->visitors[i].done)
		pthread_cond_wait(&crowd->change, &crowd->lock);
	pthread_mutex_unlock(&crowd->lock);
	return crowd->visitors[i].auth.verdict;
}

static enum web_verdict enter(struct crowd *crowd, const char *hash, const char *password)
{
	enum web_verdict verdict = check(crowd, 0, hash, password, strlen(password));

	if (verdict != WEB_HASHING)
		return verdict;
	hasher_submit(crowd->hasher, &crowd->visitors[0].auth);
	return wait_for(crowd, 0);
}

static bool is_wiped(const struct visitor *visitor)
{
	for (size_t i = 0; i < sizeof(visitor->auth.password); i++)
		if (visitor->auth.password[i] != '\0')
			return false;
	return true;
}

static void test_compare(void **state)
{
	static const char *const letters[] = {"$2", "$2a", "$2b", "$2x", "$2y"};
	char hash[80], bytes[80];

	(void)state;
	assert_true(hasher_compare("secret", SECRET));
	assert_false(hasher_compare("Secret", SECRET));
	assert_false(hasher_compare("", SECRET));
	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
		snprintf(hash, sizeof(hash), "%s" OTHER_TAIL, letters[i]);
		assert_true(hasher_compare("other", hash));
		assert_false(hasher_compare("others", hash));
	}
	/* every byte of the hash counts */
	for (size_t i = strlen(OTHER) - 31; i < strlen(OTHER); i++) {
		snprintf(bytes, sizeof(bytes), "%s", OTHER);
		bytes[i] = bytes[i] == 'a' ? 'e' : 'a';
		assert_false(hasher_compare("other", bytes));
	}
}

static void test_remembers(void **state)
{
	struct crowd *crowd = *state;

	assert_int_equal(enter(crowd, OTHER, "wrong"), WEB_UNAUTHORIZED);
	assert_int_equal(check(crowd, 0, OTHER, "wrong", 5), WEB_HASHING); /* a wrong password is hashed again */
	assert_int_equal(enter(crowd, OTHER, "other"), WEB_ALLOWED);
	assert_true(is_wiped(&crowd->visitors[0]));
	assert_int_equal(check(crowd, 0, OTHER, "other", 5), WEB_ALLOWED); /* at once */
	assert_int_equal(check(crowd, 0, SECRET, "other", 5), WEB_HASHING);
	assert_int_equal(check(crowd, 0, NULL, "other", 5), WEB_HASHING);
	assert_int_equal(enter(crowd, SECRET, "other"), WEB_UNAUTHORIZED);
	assert_int_equal(enter(crowd, NULL, "other"), WEB_UNAUTHORIZED); /* with any hash for unknown users */
}

/* bcrypt ends at a zero byte. The bytes after it must still count. */
static void test_zero_byte(void **state)
{
	struct crowd *crowd = *state;

	assert_int_equal(check(crowd, 0, OTHER, "other\0x", 7), WEB_HASHING);
	hasher_submit(crowd->hasher, &crowd->visitors[0].auth);
	assert_int_equal(wait_for(crowd, 0), WEB_UNAUTHORIZED);
}

/* Each of many visitors is answered. The queue has no room for some. Right passwords are allowed, wrong ones not. */
static void test_crowd(void **state)
{
	struct crowd *crowd = *state;
	size_t allowed = 0, refused = 0, busy = 0;

	for (size_t i = 0; i < VISITORS; i++) {
		assert_int_equal(check(crowd, i, SECRET, i % 2 ? "secret" : "guess", i % 2 ? 6 : 5), WEB_HASHING);
	}
	for (size_t i = 0; i < VISITORS; i++)
		hasher_submit(crowd->hasher, &crowd->visitors[i].auth);
	for (size_t i = 0; i < VISITORS; i++) {
		enum web_verdict verdict = wait_for(crowd, i);

		assert_true(is_wiped(&crowd->visitors[i]));
		allowed += verdict == WEB_ALLOWED && i % 2;
		refused += verdict == WEB_UNAUTHORIZED && i % 2 == 0;
		busy += verdict == WEB_BUSY;
	}
	assert_int_equal(allowed + refused + busy, VISITORS);
	assert_in_range(allowed + refused, 32, 40);
	assert_true(allowed > 0 && refused > 0 && busy > 0);
}

/* A visitor of a network without waiting visitors enters a full queue, and does not wait for the whole queue. */
static void test_networks(void **state)
{
	struct crowd *crowd = *state;
	size_t pending = 0;

	for (size_t i = 0; i < VISITORS - 1; i++) {
		crowd->visitors[i].auth.network = 1;
		assert_int_equal(check(crowd, i, SECRET, "guess", 5), WEB_HASHING);
		hasher_submit(crowd->hasher, &crowd->visitors[i].auth);
	}
	crowd->visitors[VISITORS - 1].auth.network = 2;
	assert_int_equal(check(crowd, VISITORS - 1, OTHER, "other", 5), WEB_HASHING);
	hasher_submit(crowd->hasher, &crowd->visitors[VISITORS - 1].auth);
	assert_int_equal(wait_for(crowd, VISITORS - 1), WEB_ALLOWED);
	pthread_mutex_lock(&crowd->lock);
	for (size_t i = 0; i < VISITORS - 1; i++)
		pending += !crowd->visitors[i].done;
	pthread_mutex_unlock(&crowd->lock);
	assert_in_range(pending, 20, VISITORS); /* of 32: at most one hash was before it */
	for (size_t i = 0; i < VISITORS - 1; i++)
		assert_true(wait_for(crowd, i) == WEB_UNAUTHORIZED || crowd->visitors[i].auth.verdict == WEB_BUSY);
}

/* The stop answers every visitor, and does not wait for a hash that needs minutes. */
static void test_end(void **state)
{
	static const char slow[] = "$2y$20$NzD1959gJZlIHXrQARzfXu24HtoKAYwwIl3XtC5LIUCMS.8QQOzIG";
	struct crowd *crowd = *state;
	const struct timespec moment = {0, 50000000};

	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(check(crowd, i, slow, "guess", 5), WEB_HASHING);
		hasher_submit(crowd->hasher, &crowd->visitors[i].auth);
	}
	nanosleep(&moment, NULL); /* the first hash has begun */
	hasher_stop(crowd->hasher);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(wait_for(crowd, i), WEB_BUSY);
	assert_int_equal(check(crowd, 4, OTHER, "other", 5), WEB_HASHING);
	hasher_submit(crowd->hasher, &crowd->visitors[4].auth);
	assert_int_equal(wait_for(crowd, 4), WEB_BUSY);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_compare),
	        TEST(test_remembers),
	        TEST(test_zero_byte),
	        TEST(test_crowd),
	        TEST(test_networks),
	        TEST(test_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
