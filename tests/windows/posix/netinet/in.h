/* SPDX-License-Identifier: Apache-2.0 */
/* All of Windows' sockets is in one place. */
#include <sys/socket.h>
