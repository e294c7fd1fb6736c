// SPDX-License-Identifier: Apache-2.0
// Alert on served ports that have lost their connections.
{
  local config = $._config,
  local lib = $._lib,
  local others = 'process, ' + lib.serviceLabels,  // a restart may change these labels

  prometheusAlerts+:: {
    groups+: [{
      name: 'tcp_exporter_served_ports',
      rules: [
        // Ten or more connections during the hour before the last hour, and none on that port for five minutes, of any
        // process. The exporter answers and has not folded the port's series.
        //
        // A service moves, as a pod does, if nothing listens on the port any more and another host of the job has
        // connections of the process on that port.
        lib.alert(
          'TcpConnectionsLost',
          'warning',
          '2m',
          |||
            (
            instance_process_local_port:tcp_connections_established:min1h offset 1h >= %(lost)d
            unless ignoring (%(others)s)
            max_over_time(instance_process_local_port_state:tcp_connections:sum{state="established"}[5m]) > 0
            and ignoring (local_port, %(others)s)
            last_over_time(%(answers)s[4m])
            unless ignoring (state, local_port, %(others)s)
            %(folded)s > 0
            )
            unless (
            instance_process_local_port:tcp_connections_established:min1h offset 1h
            and on (%(service)s)
            last_over_time(instance_process_local_port_state:tcp_connections:sum{state="established"}[5m]) > 0
            unless ignoring (state, %(others)s)
            last_over_time(instance_process_local_port_state:tcp_connections:sum{state="listen"}[5m]) > 0
            )
          ||| % {
            lost: config.lostConnections,
            others: others,
            answers: lib.select('tcp_sockets', 'state="established"'),
            folded: lib.last(lib.select('tcp_exporter_folded_series')),
            service: lib.jobLabels + ', process, local_port',
          },
          'All connections to a port are gone',
          '{{ $labels.process }} on {{ $labels.instance }} has lost all connections on port {{ $labels.local_port }}, at '
          + 'least {{ $value | printf "%.0f" }} for an hour before. The process has ended or hangs, or clients cannot reach '
          + 'it.'
        ),
      ],
    }],
  },
}
