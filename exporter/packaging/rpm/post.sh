# SPDX-License-Identifier: Apache-2.0
# After the files are there; whether the service starts is for the system's presets to say.
if command -v systemd-sysusers >/dev/null; then
	systemd-sysusers tcp_exporter.conf || :
fi
if [ "$1" -eq 1 ] && [ -d /run/systemd/system ]; then
	systemctl daemon-reload || :
	systemctl preset tcp_exporter.service || :
fi
