/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Snapshot: the OS-neutral TCP table. A platform fills it, and all other code reads it.
 *
 * Invariants
 *  - One row per socket. A socket that several processes hold has one row, owned by the oldest
 *    holder. An init owns only the sockets that no other process holds.
 *  - Rows refer to processes, addresses, devices and network namespaces by index into this snapshot.
 *    Indexes stay valid until snapshot_reset(); pointers into the arrays only until the next add.
 *  - A fact that the platform does not know is marked absent. Absent is not zero.
 *  - Text is the kernel's raw bytes: no terminator, any byte value, possibly not UTF-8.
 *  - Memory is kept by snapshot_reset() and reused: a steady host allocates nothing per scrape.
 *
 * Every function that returns int returns 0 or -ENOMEM, and leaves the snapshot usable.
 */
#ifndef METRICS_SNAPSHOT_H
#define METRICS_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "metrics/compiler.h"
#include "metrics/hash.h"

/*
 * The order is that of Linux's TCP_ESTABLISHED (1) to TCP_CLOSING (11), include/net/tcp_states.h;
 * DELETE_TCB is Windows' MIB_TCP_STATE_DELETE_TCB.
 */
enum socket_state {
	STATE_ESTABLISHED,
	STATE_SYN_SENT,
	STATE_SYN_RECV,
	STATE_FIN_WAIT1,
	STATE_FIN_WAIT2,
	STATE_TIME_WAIT,
	STATE_CLOSED,
	STATE_CLOSE_WAIT,
	STATE_LAST_ACK,
	STATE_LISTEN,
	STATE_CLOSING,
	STATE_DELETE_TCB,
	STATE_COUNT
};

#define STATE_BIT(state) (1u << (state))

/* Values of snapshot_socket.owner that are not an index: no process holds the socket, or the platform could not see
 * which process does. */
#define OWNER_NONE    UINT32_MAX
#define OWNER_UNKNOWN (UINT32_MAX - 1)
/* The value of snapshot_socket.remote if the caller did not ask for remote addresses. */
#define ADDRESS_ABSENT UINT32_MAX

/* Values of snapshot_socket.device that are not an index: bound to no device; bound to one of the devices beyond the
 * first 65,534, which the snapshot does not distinguish. */
#define DEVICE_NONE  0
#define DEVICE_OTHER UINT16_MAX

/* snapshot_socket.flags */
enum {
	SOCKET_HAS_QUEUES = 1 << 0, /* receive_queue and send_queue are known */
	SOCKET_HAS_QUIET = 1 << 1,  /* quiet_ms is known */
	SOCKET_V6_ONLY = 1 << 2,    /* an IPv6 listener that accepts no IPv4-mapped connections */
	SOCKET_V4_MAPPED = 1 << 3,  /* an IPv6 socket whose addresses are IPv4-mapped (RFC 4291, 2.5.5.2) */
	SOCKET_CREDITED = 1 << 4,   /* no process holds it: owner is the process that listens there */
	/* The peer has not acknowledged what the kernel sent again after a timeout; never in SYN_SENT and SYN_RECV. */
	SOCKET_RETRANSMITTING = 1 << 5,
	SOCKET_ZERO_WINDOW = 1 << 6, /* data waits, and the peer's receive window is closed */
};

struct snapshot_socket {
	uint32_t owner;         /* index of a process, OWNER_NONE or OWNER_UNKNOWN */
	uint32_t local;         /* index of an address */
	uint32_t remote;        /* index of an address, or ADDRESS_ABSENT */
	uint16_t local_port;    /* host byte order */
	uint16_t remote_port;   /* host byte order */
	uint32_t receive_queue; /* unread bytes; of a listener: connections in its accept queue */
	uint32_t send_queue;    /* unacknowledged bytes; of a listener: the accept queue's limit */
	/* The queues leave out SYN and FIN, which have a sequence number and no data. */
	union {
		uint32_t quiet_ms; /* milliseconds since the peer's last segment */
		uint32_t listener; /* of a listener: 1 + the index of its facts; 0: they are not known */
	};
	uint8_t state; /* enum socket_state */
	uint8_t flags;
	uint16_t device; /* the device of SO_BINDTODEVICE or a VRF, from snapshot_intern_device() */
};

/* Facts about a listener. */
struct snapshot_listener {
	uint64_t identity;  /* the same in every snapshot; no other listener of the host has it */
	uint32_t drops;     /* connection attempts that the kernel has dropped here */
	uint32_t new_drops; /* drops since the last snapshot: set by accept_drops_compare() */
};

/* An address within a network namespace. IPv4-mapped IPv6 addresses are stored as IPv4. */
struct snapshot_address {
	uint32_t netns;    /* index of a network namespace */
	uint8_t family;    /* 4 or 6 */
	uint8_t bytes[16]; /* network byte order; IPv4 uses the first four, the rest are zero */
};

struct snapshot_netns {
	uint64_t id;             /* the namespace's inode number; 0 where the platform has no namespaces */
	uint16_t ephemeral_low;  /* ip_local_port_range, both ends included; */
	uint16_t ephemeral_high; /* high < low: not known, so no port is ephemeral */
};

/* Bytes in snapshot.text; length TEXT_ABSENT: not asked for, or not readable. */
#define TEXT_ABSENT UINT32_MAX
struct snapshot_text {
	uint32_t offset;
	uint32_t length;
};

enum process_text {
	PROCESS_NAME,      /* comm, executable or command line, as asked for; never absent */
	PROCESS_USER,      /* name of the real user, or its number */
	PROCESS_EXE,       /* path of the executable */
	PROCESS_UNIT,      /* systemd unit; Windows service */
	PROCESS_CONTAINER, /* container id */
	PROCESS_TEXT_COUNT
};

struct snapshot_process {
	uint64_t start; /* when it started; only the order counts: smaller is older */
	uint32_t pid;
	struct snapshot_text text[PROCESS_TEXT_COUNT];
};

/* A host has few addresses of its own. The last ones are found without the hash. A power of two. */
#define RECENT_ADDRESSES 64

#define PORT_SET_WORDS (65536 / 64)
struct port_set {
	uint64_t words[PORT_SET_WORDS];
};

/* Bits of snapshot.facts: the facts that this platform knows. */
enum {
	FACT_QUEUES = 1 << 0,         /* rows have queues */
	FACT_ACCEPT_QUEUES = 1 << 1,  /* listeners have accept queue length and limit */
	FACT_CLOSE_WAIT_AGE = 1 << 2, /* rows in CLOSE_WAIT have quiet_ms */
	FACT_SHARED = 1 << 3,         /* shared_sockets was counted */
	FACT_UNREADABLE = 1 << 4,     /* unreadable_processes was counted */
	FACT_DROPS = 1 << 5,          /* listeners have drops */
	FACT_TIMERS = 1 << 6,         /* SOCKET_RETRANSMITTING and SOCKET_ZERO_WINDOW are known */
	FACT_UNDESCRIBED = 1 << 7,    /* undescribed_processes was counted */
};

struct snapshot {
	struct snapshot_socket *sockets;
	size_t socket_count, socket_capacity;
	struct snapshot_listener *listeners; /* may hold listeners without a row */
	size_t listener_count, listener_capacity;
	struct snapshot_address *addresses;
	size_t address_count, address_capacity;
	struct snapshot_process *processes;
	size_t process_count, process_capacity;
	struct snapshot_netns *netns; /* the first is the exporter's own */
	size_t netns_count, netns_capacity;
	char *text;
	size_t text_length, text_capacity;

	uint32_t *devices; /* interface indexes; the first is device 1. Namespaces number their devices independently.
	                    */
	size_t device_count, device_capacity;

	struct port_set reserved; /* ip_local_reserved_ports of the first namespace */
	/* Local ports of the first namespace whose socket is bound, and neither listens nor is connected. Such a socket
	 * has no row. Empty if the platform does not report them. */
	struct port_set bound_ports;
	unsigned states; /* STATE_BIT of every state that this platform can report */
	unsigned facts;
	uint64_t unreadable_processes;  /* processes whose sockets could not be read */
	uint64_t undescribed_processes; /* owners without an executable or user that was asked for */
	uint64_t shared_sockets;        /* sockets with more than one holder */
	uint64_t sockets_ns, owners_ns; /* time spent reading the table, and finding the owners */

	struct hash_index address_index, device_index; /* private */
	uint32_t recent_addresses[RECENT_ADDRESSES];   /* private: indexes, by the address's last bytes */
};

/* A snapshot of all zeros is valid and empty; snapshot_init() makes one. */
void snapshot_init(struct snapshot *snapshot);
/* Empties the snapshot and keeps its memory. */
void snapshot_reset(struct snapshot *snapshot);
/* Frees all memory; the snapshot is empty and may be used again. */
void snapshot_release(struct snapshot *snapshot);

/* Appends a namespace and sets *index. Does not look for duplicates. */
int snapshot_add_netns(struct snapshot *snapshot, const struct snapshot_netns *netns, uint32_t *index) MUST_CHECK;

/* Finds or adds an address. family is 4 or 6; bytes has 4 or 16 bytes in network order.
 * An IPv4-mapped IPv6 address becomes IPv4. */
int snapshot_intern_address(struct snapshot *snapshot, uint32_t netns, int family, const void *bytes,
                            uint32_t *index) MUST_CHECK;

/* Finds or adds a device by its interface index; 0 is DEVICE_NONE. */
int snapshot_intern_device(struct snapshot *snapshot, uint32_t ifindex, uint16_t *device) MUST_CHECK;

/* Returns the device's interface index: 0 for DEVICE_NONE, UINT32_MAX for DEVICE_OTHER. */
uint32_t snapshot_ifindex(const struct snapshot *snapshot, uint16_t device);

/* Appends a zeroed row with OWNER_NONE and ADDRESS_ABSENT. Returns NULL if memory is short. */
struct snapshot_socket *snapshot_add_socket(struct snapshot *snapshot) MUST_CHECK;

/* Adds the facts about a listener, whose row `socket` is. */
int snapshot_set_drops(struct snapshot *snapshot, struct snapshot_socket *socket, uint64_t identity,
                       uint32_t drops) MUST_CHECK;

/* Makes room for `count` more rows at once. */
int snapshot_reserve_sockets(struct snapshot *snapshot, size_t count) MUST_CHECK;

/* Appends a process with every text absent. */
int snapshot_add_process(struct snapshot *snapshot, uint32_t pid, uint64_t start, uint32_t *index) MUST_CHECK;

/* Copies `length` bytes into the process's text. */
int snapshot_set_text(struct snapshot *snapshot, uint32_t process, enum process_text which, const void *bytes,
                      size_t length) MUST_CHECK;

/* The bytes of a text; NULL when it is absent. Not terminated. */
const char *snapshot_text(const struct snapshot *snapshot, struct snapshot_text text);

/* The state as the exporter's metrics write it ("close_wait"). */
const char *state_name(enum socket_state state);
/* The state of that name; STATE_COUNT if no state has it. */
enum socket_state state_from_name(const char *name, size_t length);

/* Inline, as is the next but one: the count calls them for every row. */
static inline void port_set_add(struct port_set *set, uint16_t port)
{
	set->words[port / 64] |= UINT64_C(1) << (port % 64);
}

static inline bool port_set_has(const struct port_set *set, uint16_t port)
{
	return set->words[port / 64] >> (port % 64) & 1;
}

/* Returns true if the port lies inside the namespace's ephemeral range. */
static inline bool netns_is_ephemeral(const struct snapshot_netns *netns, uint16_t port)
{
	return port >= netns->ephemeral_low && port <= netns->ephemeral_high;
}

/* Returns the IPv4 address in bytes of `family` 4 or 6: those of IPv4 themselves, the last four of an IPv4-mapped IPv6
 * address (RFC 4291, 2.5.5.2); NULL: it is a plain IPv6 address. */
const uint8_t *address_ipv4(int family, const void *bytes);

/* Returns true if `address` is the wildcard of its family (0.0.0.0 or ::). */
bool address_is_wildcard(const struct snapshot_address *address);

/* Grows *array (of elements of `size` bytes) so that it can hold `need` elements; doubles, so that
 * appending is linear. Returns 0 or -ENOMEM (the array is unchanged). For every growable array of rows. */
int array_reserve(void **array, size_t *capacity, size_t need, size_t size) MUST_CHECK;

#endif
