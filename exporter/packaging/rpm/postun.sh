# SPDX-License-Identifier: Apache-2.0
# After the files are gone, or those of another version there.
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload || :
	if [ "$1" -ge 1 ]; then
		systemctl try-restart tcp_exporter.service || :
	fi
fi
