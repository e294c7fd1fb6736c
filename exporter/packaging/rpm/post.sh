# SPDX-License-Identifier: Apache-2.0
# Runs after the files are installed. The presets of the system decide whether the service starts.
if command -v systemd-sysusers >/dev/null; then
	systemd-sysusers tcp_exporter.conf || :
fi
if [ "$1" -eq 1 ] && [ -d /run/systemd/system ]; then
	systemctl daemon-reload || :
	systemctl preset tcp_exporter.service || :
fi
