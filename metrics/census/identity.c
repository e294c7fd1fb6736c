/* SPDX-License-Identifier: Apache-2.0 */
/* Identities: finds or makes the identity of an owner. */
#include "metrics/census/identity.h"

#include <errno.h>
#include <stdlib.h>

/* Bytes of names and other texts: a hundred thousand processes with 2 KiB each. Offsets are 32 bits. */
#define TEXT_LIMIT ((size_t)256 << 20)
/* The value in identities.of_process before the process is counted. */
#define IDENTITY_UNSEEN (UINT32_MAX - 1)
/* Bytes of a process's name in a label. Every series repeats the name, and a command line can have millions. */
#define NAME_LABEL_MAX 256

void identities_init(struct identities *identities)
{
	*identities = (struct identities){0};
	textbuf_init(&identities->text, TEXT_LIMIT);
}

void identities_release(struct identities *identities)
{
	free(identities->items);
	textbuf_release(&identities->text);
	free(identities->of_process);
	hash_index_release(&identities->index);
	identities_init(identities);
}

const char *identity_text(const struct identities *identities, struct census_text text)
{
	return text.length ? identities->text.data + text.offset : "";
}

int identities_clear(struct identities *identities, const struct snapshot *snapshot)
{
	/* The last two are OWNER_NONE and OWNER_UNKNOWN. */
	size_t owners = snapshot->process_count + 2;
	int ret = array_reserve((void **)&identities->of_process, &identities->of_process_capacity, owners,
	                        sizeof(*identities->of_process));

	hash_index_reset(&identities->index);
	identities->count = 0;
	textbuf_reset(&identities->text);
	if (ret)
		return ret;
	for (size_t i = 0; i < owners; i++)
		identities->of_process[i] = IDENTITY_UNSEEN;
	return 0;
}

static bool text_equal(const struct identities *identities, struct census_text a, struct census_text b)
{
	return a.length == b.length && !memcmp(identity_text(identities, a), identity_text(identities, b), a.length);
}

static bool identity_equal(const void *data, uint32_t index, const void *key)
{
	const struct identities *identities = data;
	const struct census_identity *a = &identities->items[index], *b = key;

	return a->pid == b->pid && text_equal(identities, a->name, b->name) &&
	       text_equal(identities, a->user, b->user) && text_equal(identities, a->exe, b->exe) &&
	       text_equal(identities, a->unit, b->unit) && text_equal(identities, a->container, b->container);
}

static uint64_t hash_text(uint64_t hash, const struct identities *identities, struct census_text text)
{
	return hash_bytes(hash, identity_text(identities, text), text.length);
}

uint64_t identity_hash(const struct identities *identities, const struct census_identity *identity)
{
	uint64_t hash = hash_text(identity->pid, identities, identity->name);

	hash = hash_text(hash, identities, identity->user);
	hash = hash_text(hash, identities, identity->exe);
	hash = hash_text(hash, identities, identity->unit);
	return hash_text(hash, identities, identity->container);
}

uint64_t identity_hash_labels(const struct identities *identities, const struct snapshot *snapshot,
                              const struct group_key *key)
{
	uint64_t hash = identity_hash(identities, &identities->items[key->identity]);

	hash = hash_mix(hash, (uint64_t)key->family << 32 | key->port);
	if (key->netns != CENSUS_ABSENT)
		hash = hash_mix(hash, snapshot->netns[key->netns].id);
	if (key->address != CENSUS_ABSENT)
		hash = hash_bytes(hash, snapshot->addresses[key->address].bytes,
		                  sizeof(snapshot->addresses[key->address].bytes));
	return hash;
}

static int add_identity(struct identities *identities, const struct census_identity *identity, uint64_t hash)
{
	size_t count = identities->count;
	int ret = array_reserve((void **)&identities->items, &identities->capacity, count + 1,
	                        sizeof(*identities->items));

	if (!ret)
		ret = hash_index_reserve(&identities->index, count + 1);
	if (ret)
		return ret;
	identities->items[count] = *identity;
	hash_enter(&identities->index, hash, (uint32_t)count);
	identities->count++;
	return 0;
}

/* Appends a text as valid UTF-8. Errors are sticky in identities->text. */
static struct census_text add_text(struct identities *identities, const char *bytes, size_t length)
{
	size_t offset = identities->text.length;

	if (length)
		textbuf_put_utf8(&identities->text, bytes, length);
	return (struct census_text){(uint32_t)offset, (uint32_t)(identities->text.length - offset)};
}

static struct census_text add_process_text(struct identities *identities, const struct snapshot *snapshot,
                                           const struct snapshot_process *process, enum process_text which)
{
	const char *bytes = snapshot_text(snapshot, process->text[which]);

	return add_text(identities, bytes, bytes ? process->text[which].length : 0);
}

static struct census_text add_name(struct identities *identities, const struct snapshot *snapshot, uint32_t owner)
{
	if (owner == OWNER_NONE)
		return add_text(identities, "(none)", strlen("(none)"));
	if (owner == OWNER_UNKNOWN)
		return add_text(identities, "(unknown)", strlen("(unknown)"));
	return add_process_text(identities, snapshot, &snapshot->processes[owner], PROCESS_NAME);
}

static void add_optional_labels(struct identities *identities, const struct snapshot *snapshot,
                                const struct snapshot_process *process, unsigned labels,
                                struct census_identity *identity)
{
	if (labels & LABEL_BIT(LABEL_PID))
		identity->pid = process->pid;
	if (labels & LABEL_BIT(LABEL_USER))
		identity->user = add_process_text(identities, snapshot, process, PROCESS_USER);
	if (labels & LABEL_BIT(LABEL_EXE))
		identity->exe = add_process_text(identities, snapshot, process, PROCESS_EXE);
	if (labels & LABEL_BIT(LABEL_UNIT))
		identity->unit = add_process_text(identities, snapshot, process, PROCESS_UNIT);
	if (labels & LABEL_BIT(LABEL_CONTAINER))
		identity->container = add_process_text(identities, snapshot, process, PROCESS_CONTAINER);
}

/* Finds or adds `identity`, whose texts are the end of identities->text from `text_start` on. Removes the texts if an
 * equal identity exists. */
static int intern(struct identities *identities, const struct census_identity *identity, size_t text_start,
                  uint32_t *index)
{
	uint64_t hash = identity_hash(identities, identity);

	*index = hash_find(&identities->index, hash, identity_equal, identities, identity);
	if (*index != HASH_NONE) {
		identities->text.length = text_start;
		return 0;
	}
	*index = (uint32_t)identities->count;
	return add_identity(identities, identity, hash);
}

/* Cuts the name, which is the last text, to the length of a label, between two characters. */
static void cut_name(struct identities *identities, struct census_text *name)
{
	uint32_t length = NAME_LABEL_MAX;

	if (name->length <= length)
		return;
	while (length > 0 && ((unsigned char)identity_text(identities, *name)[length] & 0xc0) == 0x80)
		length--;
	identities->text.length -= name->length - length;
	name->length = length;
}

static int identify(struct identities *identities, const struct snapshot *snapshot,
                    const struct census_options *options, uint32_t owner, uint32_t *index)
{
	size_t text_start = identities->text.length;
	struct census_identity identity = {.name = add_name(identities, snapshot, owner)};

	if (identities->text.error)
		return -ENOMEM;
	if (options->keep &&
	    !options->keep(options->keep_data, identity_text(identities, identity.name), identity.name.length)) {
		identities->text.length = text_start;
		*index = IDENTITY_REJECTED;
		return 0;
	}
	cut_name(identities, &identity.name);
	if (owner < OWNER_UNKNOWN)
		add_optional_labels(identities, snapshot, &snapshot->processes[owner], options->labels, &identity);
	if (identities->text.error)
		return -ENOMEM;
	return intern(identities, &identity, text_start, index);
}

static size_t slot_of(const struct snapshot *snapshot, uint32_t owner)
{
	return owner < OWNER_UNKNOWN ? owner : snapshot->process_count + (owner == OWNER_NONE);
}

uint32_t identity_of_known_owner(const struct identities *identities, const struct snapshot *snapshot, uint32_t owner)
{
	return identities->of_process[slot_of(snapshot, owner)];
}

int identity_of_owner(struct identities *identities, const struct snapshot *snapshot,
                      const struct census_options *options, uint32_t owner, uint32_t *identity)
{
	uint32_t *known = &identities->of_process[slot_of(snapshot, owner)];
	int ret = 0;

	if (*known == IDENTITY_UNSEEN)
		ret = identify(identities, snapshot, options, owner, known);
	*identity = *known;
	return ret;
}
