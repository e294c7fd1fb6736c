# SPDX-License-Identifier: Apache-2.0
# Runs before the files are removed.
if [ "$1" -eq 0 ] && [ -d /run/systemd/system ]; then
	systemctl --no-reload disable --now tcp_exporter.socket tcp_exporter.service || :
fi
