/* SPDX-License-Identifier: Apache-2.0 */
/* Image path: asks NtQuerySystemInformation() for the path in the kernel's form, and finds the volume's letter. */
#include "exporter/platform/windows/names/image_path.h"

#include <windows.h>

#include <stdbool.h>
#include <winternl.h>

/* SystemProcessIdInformation, which winternl.h leaves out: Windows fills the caller's string. */
enum { SYSTEM_PROCESS_ID_INFORMATION = 88, DEVICE_MAX = 256 };
struct process_id_information {
	HANDLE pid;
	UNICODE_STRING name;
};

/* Replaces the device at the start of the path by `letter`, if it is the device of that letter. */
static bool replace_device(wchar_t *path, size_t *length, wchar_t letter)
{
	const wchar_t drive[] = {letter, L':', L'\0'};
	wchar_t device[DEVICE_MAX];
	size_t prefix;

	if (QueryDosDeviceW(drive, device, DEVICE_MAX) == 0)
		return false;
	prefix = wcslen(device);
	if (prefix < 2 || *length <= prefix || wcsncmp(path, device, prefix) != 0 || path[prefix] != L'\\')
		return false;
	wmemcpy(path, drive, 2);
	wmemmove(path + 2, path + prefix, *length - prefix);
	*length -= prefix - 2;
	return true;
}

size_t image_path_read(uint32_t pid, wchar_t path[IMAGE_PATH_MAX])
{
	const DWORD drives = GetLogicalDrives();
	struct process_id_information information = {
	        .pid = (HANDLE)(uintptr_t)pid,
	        .name = {.MaximumLength = UINT16_MAX - 1, .Buffer = path}, /* the largest size of a UNICODE_STRING */
	};
	size_t length;

	if (NtQuerySystemInformation((SYSTEM_INFORMATION_CLASS)SYSTEM_PROCESS_ID_INFORMATION, &information,
	                             sizeof(information), NULL) != 0)
		return 0;
	length = information.name.Length / sizeof(*path);
	for (int i = 0; i < 26; i++)
		if (drives >> i & 1 && replace_device(path, &length, (wchar_t)(L'A' + i)))
			break;
	return length;
}
