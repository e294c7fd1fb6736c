/* SPDX-License-Identifier: Apache-2.0 */
/* Windows' error codes: the only table of them. */
#include "exporter/platform/windows/win32_error.h"

#include <winsock2.h>

#include <windows.h>

#include <errno.h>
#include <string.h>

#include "exporter/platform/windows/utf16.h"

/* Longer texts are cut. FormatMessage() fails, and does not cut, if its buffer is too small for a text. It allocates
 * the text instead. */
enum { WORDS_MAX = 240 };

static const struct {
	unsigned long code;
	int err;
} codes[] = {
        {ERROR_FILE_NOT_FOUND, ENOENT},
        {ERROR_PATH_NOT_FOUND, ENOENT},
        {ERROR_SERVICE_DOES_NOT_EXIST, ENOENT},
        {ERROR_TOO_MANY_OPEN_FILES, EMFILE},
        {WSAEMFILE, EMFILE},
        {ERROR_ACCESS_DENIED, EACCES},
        {WSAEACCES, EACCES},
        {ERROR_NOT_ENOUGH_MEMORY, ENOMEM},
        {ERROR_OUTOFMEMORY, ENOMEM},
        {ERROR_NO_SYSTEM_RESOURCES, ENOMEM},
        {ERROR_COMMITMENT_LIMIT, ENOMEM},
        {WSA_NOT_ENOUGH_MEMORY, ENOMEM},
        {WSAENOBUFS, ENOMEM},
        {ERROR_INSUFFICIENT_BUFFER, ENOBUFS},
        {ERROR_MORE_DATA, ENOBUFS},
        {ERROR_BAD_LENGTH, EINTR}, /* CreateToolhelp32Snapshot(): the processes changed meanwhile */
        {ERROR_PARTIAL_COPY, EINTR},
        {ERROR_INVALID_PARAMETER, EINVAL},
        {WSAEINVAL, EINVAL},
        {WSAEWOULDBLOCK, EAGAIN},
        {WSAECONNABORTED, ECONNABORTED},
        {WSAECONNRESET, ECONNRESET},
        {ERROR_NOT_SUPPORTED, ENOTSUP},
        {ERROR_SERVICE_EXISTS, EEXIST},
        {WSAEADDRINUSE, EADDRINUSE},
        {WSAEADDRNOTAVAIL, EADDRNOTAVAIL},
        {WSAHOST_NOT_FOUND, EADDRNOTAVAIL},
        {WSAEAFNOSUPPORT, EAFNOSUPPORT},
};

int win32_errno(unsigned long code)
{
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i].code == code)
			return -codes[i].err;
	return -EIO;
}

/* Returns the number of units of the first WORDS_MAX that are text: without line ends and the full stop. */
static size_t text_length(const wchar_t *words, size_t length)
{
	if (length > WORDS_MAX)
		length = WORDS_MAX;
	while (length > 0 && (words[length - 1] <= L' ' || words[length - 1] == L'.'))
		length--;
	return length;
}

/* Returns the number of bytes of whole characters in the first `room` bytes of `length`. */
static size_t cut(const char *text, size_t length, size_t room)
{
	if (length <= room)
		return length;
	while (room > 0 && ((unsigned char)text[room] & 0xc0) == 0x80)
		room--;
	return room;
}

int win32_fail(struct platform_error *error, const char *what, unsigned long code)
{
	/* The number is never cut off. */
	const size_t rest = strlen(what) + sizeof(":  (error 4294967295)");
	const size_t room = rest < sizeof(error->text) ? sizeof(error->text) - rest : 0;
	char text[UTF16_AS_UTF8_MAX(WORDS_MAX) + 1];
	wchar_t *words = NULL;
	DWORD length = FormatMessageW(FORMAT_MESSAGE_ALLOCATE_BUFFER | FORMAT_MESSAGE_FROM_SYSTEM |
	                                      FORMAT_MESSAGE_IGNORE_INSERTS,
	                              NULL, code, 0, (wchar_t *)(void *)&words, 0, NULL);
	size_t bytes = utf16_to_utf8(text, (const uint16_t *)words, text_length(words, length));

	LocalFree(words);
	bytes = cut(text, bytes, room);
	text[bytes] = '\0';
	platform_error_set(error, "%s: %s%s(error %lu)", what, text, bytes > 0 ? " " : "", code);
	return win32_errno(code);
}
