/* SPDX-License-Identifier: Apache-2.0 */
/* The identities of a census: one for each distinct set of the labels that speak of a process. */
#include "metrics/census/identity.h"
#include "metrics/hash.h"

#include <errno.h>

/* In identity_of_process: nothing was counted for this process yet. */
#define IDENTITY_UNSEEN (UINT32_MAX - 1)
/* Bytes of a process's name in a label. Every series repeats it, and a command line may be a hundred thousand long. */
#define NAME_LABEL_MAX 256

const char *identity_text(const struct census *census, struct census_text text)
{
	return text.length ? census->text.data + text.offset : "";
}

int identities_clear(struct census *census, const struct snapshot *snapshot)
{
	/* The two beyond the processes are OWNER_NONE and OWNER_UNKNOWN. */
	size_t owners = snapshot->process_count + 2;
	int ret;

	census->identity_index_capacity = hash_trimmed(census->identity_index_capacity, census->identity_count);
	census->identity_count = 0;
	textbuf_reset(&census->text);
	ret = array_reserve((void **)&census->identity_of_process, &census->identity_of_process_capacity, owners,
	                    sizeof(*census->identity_of_process));
	if (ret)
		return ret;
	for (size_t i = 0; i < owners; i++)
		census->identity_of_process[i] = IDENTITY_UNSEEN;
	return hash_clear(&census->identity_index, &census->identity_index_capacity, 0);
}

static bool text_equal(const struct census *census, struct census_text a, struct census_text b)
{
	return a.length == b.length && !memcmp(identity_text(census, a), identity_text(census, b), a.length);
}

static bool identity_equal(const struct census *census, const struct census_identity *a,
                           const struct census_identity *b)
{
	return a->pid == b->pid && text_equal(census, a->name, b->name) && text_equal(census, a->user, b->user) &&
	       text_equal(census, a->exe, b->exe) && text_equal(census, a->unit, b->unit) &&
	       text_equal(census, a->container, b->container);
}

static uint64_t hash_text(uint64_t hash, const struct census *census, struct census_text text)
{
	return hash_bytes(hash, identity_text(census, text), text.length);
}

/* The slot that holds an equal identity, or the empty one where it belongs. */
static uint32_t *identity_slot(const struct census *census, const struct census_identity *identity)
{
	size_t mask = census->identity_index_capacity - 1;
	uint64_t hash = hash_text(identity->pid, census, identity->name);

	hash = hash_text(hash, census, identity->user);
	hash = hash_text(hash, census, identity->exe);
	hash = hash_text(hash, census, identity->unit);
	hash = hash_text(hash, census, identity->container);
	for (size_t slot = (size_t)hash;; slot++) {
		uint32_t *entry = &census->identity_index[slot & mask];

		if (!*entry || identity_equal(census, &census->identities[*entry - 1], identity))
			return entry;
	}
}

static int make_room(struct census *census)
{
	int ret = array_reserve((void **)&census->identities, &census->identity_capacity, census->identity_count + 1,
	                        sizeof(*census->identities));

	if (ret || census->identity_count < census->identity_index_capacity / 2)
		return ret;
	ret = hash_clear(&census->identity_index, &census->identity_index_capacity, census->identity_count + 1);
	if (ret)
		return ret;
	for (size_t i = 0; i < census->identity_count; i++)
		*identity_slot(census, &census->identities[i]) = (uint32_t)i + 1;
	return 0;
}

/* Appends a text as valid UTF-8. Errors are sticky in census->text. */
static struct census_text add_text(struct census *census, const char *bytes, size_t length)
{
	size_t offset = census->text.length;

	if (length)
		textbuf_put_utf8(&census->text, bytes, length);
	return (struct census_text){(uint32_t)offset, (uint32_t)(census->text.length - offset)};
}

static struct census_text add_process_text(struct census *census, const struct snapshot *snapshot,
                                           const struct snapshot_process *process, enum process_text which)
{
	const char *bytes = snapshot_text(snapshot, process->text[which]);

	return add_text(census, bytes, bytes ? process->text[which].length : 0);
}

static struct census_text add_name(struct census *census, const struct snapshot *snapshot, uint32_t owner)
{
	if (owner == OWNER_NONE)
		return add_text(census, "(none)", strlen("(none)"));
	if (owner == OWNER_UNKNOWN)
		return add_text(census, "(unknown)", strlen("(unknown)"));
	return add_process_text(census, snapshot, &snapshot->processes[owner], PROCESS_NAME);
}

static void add_optional_labels(struct census *census, const struct snapshot *snapshot,
                                const struct snapshot_process *process, unsigned labels,
                                struct census_identity *identity)
{
	if (labels & LABEL_BIT(LABEL_PID))
		identity->pid = process->pid;
	if (labels & LABEL_BIT(LABEL_USER))
		identity->user = add_process_text(census, snapshot, process, PROCESS_USER);
	if (labels & LABEL_BIT(LABEL_EXE))
		identity->exe = add_process_text(census, snapshot, process, PROCESS_EXE);
	if (labels & LABEL_BIT(LABEL_UNIT))
		identity->unit = add_process_text(census, snapshot, process, PROCESS_UNIT);
	if (labels & LABEL_BIT(LABEL_CONTAINER))
		identity->container = add_process_text(census, snapshot, process, PROCESS_CONTAINER);
}

/* Takes `identity` in, whose texts are the end of census->text from `text_start` on; if there is an
 * equal one already, its number is the answer and the texts go. */
static int intern(struct census *census, const struct census_identity *identity, size_t text_start, uint32_t *index)
{
	int ret = make_room(census);
	uint32_t *slot;

	if (ret)
		return ret;
	slot = identity_slot(census, identity);
	if (*slot) {
		census->text.length = text_start;
	} else {
		census->identities[census->identity_count++] = *identity;
		*slot = (uint32_t)census->identity_count;
	}
	*index = *slot - 1;
	return 0;
}

/* Shortens the name, which is the last text, to what a label holds, at the end of a character. */
static void cut_name(struct census *census, struct census_text *name)
{
	uint32_t length = NAME_LABEL_MAX;

	if (name->length <= length)
		return;
	while (length > 0 && ((unsigned char)identity_text(census, *name)[length] & 0xc0) == 0x80)
		length--;
	census->text.length -= name->length - length;
	name->length = length;
}

static int identify(struct census *census, const struct snapshot *snapshot, const struct census_options *options,
                    uint32_t owner, uint32_t *index)
{
	size_t text_start = census->text.length;
	struct census_identity identity = {.name = add_name(census, snapshot, owner)};

	if (census->text.error)
		return -ENOMEM;
	if (options->keep &&
	    !options->keep(options->keep_data, identity_text(census, identity.name), identity.name.length)) {
		census->text.length = text_start;
		*index = IDENTITY_REJECTED;
		return 0;
	}
	cut_name(census, &identity.name);
	if (owner < OWNER_UNKNOWN)
		add_optional_labels(census, snapshot, &snapshot->processes[owner], options->labels, &identity);
	if (census->text.error)
		return -ENOMEM;
	return intern(census, &identity, text_start, index);
}

int identity_of_owner(struct census *census, const struct snapshot *snapshot, const struct census_options *options,
                      uint32_t owner, uint32_t *identity)
{
	size_t slot = owner < OWNER_UNKNOWN ? owner : snapshot->process_count + (owner == OWNER_NONE);
	uint32_t *known = &census->identity_of_process[slot];
	int ret = 0;

	if (*known == IDENTITY_UNSEEN)
		ret = identify(census, snapshot, options, owner, known);
	*identity = *known;
	return ret;
}
