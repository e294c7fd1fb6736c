// SPDX-License-Identifier: Apache-2.0
// The files that ../generate writes, with the default settings. Their names are relative to the project.
local mixin = import '../mixin.libsonnet';

{
  'dashboards/prometheus/recording.yml': mixin.prometheusRules,
  'dashboards/prometheus/kubernetes.yml': mixin.kubernetesRules,
  'dashboards/prometheus/alerts.yml': mixin.prometheusAlerts,
  'dashboards/alertmanager/alertmanager.yml': mixin.alertmanagerConfig,
  'exporter/packaging/kubernetes/prometheus-operator/prometheusrule.yaml': {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'tcp-exporter', labels: { 'app.kubernetes.io/name': 'tcp-exporter' } },
    spec: { groups: mixin.prometheusRules.groups + mixin.kubernetesRules.groups + mixin.prometheusAlerts.groups },
  },
} + {
  ['dashboards/grafana/' + name]: mixin.grafanaDashboards[name]
  for name in std.objectFields(mixin.grafanaDashboards)
}
