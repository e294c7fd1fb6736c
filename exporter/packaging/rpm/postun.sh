# SPDX-License-Identifier: Apache-2.0
# Runs after the files are removed, or replaced by another version.
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload || :
	if [ "$1" -ge 1 ]; then
		systemctl try-restart tcp_exporter.service || :
	fi
fi
