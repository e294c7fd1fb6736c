/* SPDX-License-Identifier: Apache-2.0 */
/* What the contract's test must know of the system it runs on: its own process, and what can be told of it. */
#ifndef TESTS_CONTRACT_OWN_H
#define TESTS_CONTRACT_OWN_H

#include <stdbool.h>
#include <stdint.h>

/* The name that this process has, or has from now on; as hard on formats as the system allows. */
const char *own_name(void);
uint32_t own_pid(void);
/* FACT_ bits that the system's own backends have at the least. */
unsigned own_facts(void);

/* Waits until both ends of a connection that the client has half-closed know it. */
void own_wait_for_close(int client, int server);
/* Whether the system shows whose socket it is that was made by socket(), or that came of accept(). */
bool own_shows_made(int socket);
bool own_shows_accepted(int socket);
void own_close(int socket);

#endif
