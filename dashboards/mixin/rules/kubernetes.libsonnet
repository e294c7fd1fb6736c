// SPDX-License-Identifier: Apache-2.0
// Recording rule for Kubernetes: sockets by pod. kube-state-metrics maps the container id, which the exporter's label
// `container` has, to the names of namespace, pod and container.
{
  local lib = $._lib,

  kubernetesRules+:: {
    groups+: [{
      name: 'tcp_exporter_kubernetes',
      rules: [{
        record: 'namespace_pod_container_process_state:tcp_connections:sum',
        expr: |||
          sum by (%(kept)s, process, state) (
          label_replace(instance_process_state:tcp_connections:sum{container!=""}, "container_id", "$1", "container", "(.+)")
          * on (%(id)s) group_left (namespace, pod, container)
          max by (%(kept)s, container_id) (
          label_replace(kube_pod_container_info, "container_id", "$1", "container_id", ".+://(.+)"))
          )
        ||| % { kept: lib.by('namespace, pod, container'), id: lib.by('container_id') },
      }],
    }],
  },
}
