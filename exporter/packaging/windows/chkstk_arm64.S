// SPDX-License-Identifier: Apache-2.0
// Stack check of Windows on ARM64: a function whose frame is larger than a page calls __chkstk first, with the size of
// the frame, in units of 16 bytes, in x15. The check touches each page in order, since Windows extends a stack only at
// its guard page. It changes no register but x16 and x17.
	.text
	.globl	__chkstk
__chkstk:
	lsl	x16, x15, #4
	mov	x17, sp
1:	sub	x17, x17, #4096
	ldr	xzr, [x17]
	subs	x16, x16, #4096
	b.gt	1b
	ret
