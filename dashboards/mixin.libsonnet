// SPDX-License-Identifier: Apache-2.0
// The monitoring mixin: recording rules, alerts, dashboards and inhibit rules, made from the settings in _config.
(import 'mixin/config.libsonnet')
+ (import 'mixin/rules/recording.libsonnet')
+ (import 'mixin/rules/kubernetes.libsonnet')
+ (import 'mixin/rules/close_wait.libsonnet')
+ (import 'mixin/rules/accept_queue.libsonnet')
+ (import 'mixin/rules/outbound.libsonnet')
+ (import 'mixin/rules/served_ports.libsonnet')
+ (import 'mixin/rules/exporter.libsonnet')
+ (import 'mixin/alertmanager.libsonnet')
+ (import 'mixin/grafana/fleet.libsonnet')
+ (import 'mixin/grafana/host.libsonnet')
+ (import 'mixin/grafana/process.libsonnet')
