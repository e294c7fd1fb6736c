/* SPDX-License-Identifier: Apache-2.0 */
/* Files of Windows, whose names are UTF-16. */
#include "exporter/platform/file.h"

#include <windows.h>

#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/platform/windows/wide.h"
#include "exporter/platform/windows/win32_error.h"

/* FILETIME counts 100 ns since 1601-01-01. */
enum { NS_PER_TICK = 100 };
#define UNIX_EPOCH_TICKS UINT64_C(116444736000000000)

FILE *host_file_open(const char *name)
{
	wchar_t *wide = wide_copy(name);
	FILE *file = wide != NULL ? _wfopen(wide, L"rb") : NULL;

	free(wide); /* leaves errno as it is */
	return file;
}

/* Opens a file or folder without keeping any other program from it. Returns 0 or -errno. */
static int open_shared(const char *name, DWORD access, HANDLE *handle)
{
	const DWORD share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
	wchar_t *wide = wide_copy(name);

	if (wide == NULL)
		return -errno;
	*handle = CreateFileW(wide, access, share, NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
	free(wide);
	return *handle != INVALID_HANDLE_VALUE ? 0 : win32_errno(GetLastError());
}

static uint64_t pair(DWORD high, DWORD low)
{
	return (uint64_t)high << 32 | low;
}

static uint64_t in_ns(uint64_t ticks)
{
	return ticks < UNIX_EPOCH_TICKS ? 0 : (ticks - UNIX_EPOCH_TICKS) * NS_PER_TICK;
}

int host_file_facts(const char *name, struct file_facts *facts)
{
	BY_HANDLE_FILE_INFORMATION file;
	FILE_BASIC_INFO basic;
	HANDLE handle;
	int err = open_shared(name, FILE_READ_ATTRIBUTES, &handle);

	if (err != 0)
		return err;
	if (!GetFileInformationByHandle(handle, &file) ||
	    !GetFileInformationByHandleEx(handle, FileBasicInfo, &basic, sizeof(basic)))
		err = win32_errno(GetLastError());
	CloseHandle(handle);
	if (err != 0)
		return err;
	*facts = (struct file_facts){
	        .device = file.dwVolumeSerialNumber,
	        .inode = pair(file.nFileIndexHigh, file.nFileIndexLow),
	        .size = pair(file.nFileSizeHigh, file.nFileSizeLow),
	        .modified_ns = in_ns((uint64_t)basic.LastWriteTime.QuadPart),
	        .changed_ns = in_ns((uint64_t)basic.ChangeTime.QuadPart),
	};
	return 0;
}

/* Returns 0 and the size of a regular file, or -errno. */
static int examine(HANDLE handle, uint64_t *size)
{
	BY_HANDLE_FILE_INFORMATION file;

	if (GetFileType(handle) != FILE_TYPE_DISK)
		return -EINVAL;
	if (!GetFileInformationByHandle(handle, &file))
		return win32_errno(GetLastError());
	if (file.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY)
		return -EISDIR;
	*size = pair(file.nFileSizeHigh, file.nFileSizeLow);
	return 0;
}

int host_file_open_regular(const char *name, uint64_t *size)
{
	HANDLE handle;
	int err = open_shared(name, GENERIC_READ, &handle), fd;

	if (err != 0)
		return err;
	err = examine(handle, size);
	fd = err == 0 ? _open_osfhandle((intptr_t)handle, _O_RDONLY | _O_BINARY) : -1;
	if (fd >= 0)
		return fd; /* which owns the handle */
	err = err != 0 ? err : -errno;
	CloseHandle(handle);
	return err;
}

size_t host_file_folder(const char *name)
{
	size_t length = strlen(name);

	while (length > 0 && strchr("/\\:", name[length - 1]) == NULL)
		length--;
	return length;
}

/* "C:file" is in the current folder of the drive, and nothing can be put before it. */
bool host_file_is_absolute(const char *name)
{
	return name[0] == '/' || name[0] == '\\' || (name[0] != '\0' && name[1] == ':');
}
