// SPDX-License-Identifier: Apache-2.0
// Alerts on outbound connections and ephemeral ports.
{
  local config = $._config,
  local lib = $._lib,
  local leak(series, growth, back) = lib.leak(series, growth, back, lib.jobLabels + ', process, remote_port'),
  local unanswered = lib.last('instance_process_remote_port_state:tcp_outbound_connections:sum{state="syn_sent"}'),
  local established = lib.last('instance_process_remote_port_state:tcp_outbound_connections:sum{state="established"}'),
  local ports = lib.last('instance:tcp_ephemeral_ports:ratio'),
  local uses = '{{ $labels.instance }} uses {{ $value | humanizePercentage }} of its ephemeral ports. Without a free port '
               + 'to an address, connect() fails.',

  prometheusAlerts+:: {
    groups+: [{
      name: 'tcp_exporter_outbound',
      rules: [
        // A fast leak grows within an hour, a slow leak within eight hours.
        lib.alert(
          'TcpOutboundLeak',
          'warning',
          '15m',
          lib.last('instance_process_remote_port:tcp_outbound_connections_open:sum') + ' and (\n(%s) or (%s)\n)' % [
            leak({
              rise: 'instance_process_remote_port:tcp_outbound_connections_open:rise15m',
              jobFloor: 'job_process_remote_port:tcp_outbound_connections_open:min15m',
              jobCeiling: 'job_process_remote_port:tcp_outbound_connections_open:max15m',
            }, config.fastLeakGrowth, ['15m', '30m', '1h']),
            leak({
              rise: 'instance_process_remote_port:tcp_outbound_connections_open:rise2h',
              jobFloor: 'job_process_remote_port:tcp_outbound_connections_open:min2h',
              jobCeiling: 'job_process_remote_port:tcp_outbound_connections_open:max2h',
            }, config.leakGrowth, ['2h', '4h', '8h']),
          ],
          'Outbound connections leak',
          '{{ $labels.process }} on {{ $labels.instance }} has {{ $value | printf "%.0f" }} open connections to port '
          + '{{ $labels.remote_port }}, and the number only grows. The process will reach a limit on descriptors, on ports, '
          + 'or of the peer.'
        ),

        lib.alert(
          'TcpSynSentPileup',
          'warning',
          '5m',
          '%s > %d\nand ignoring (state) %s\n> ignoring (state) %g * %s'
          % [unanswered, config.synSent, unanswered, config.synSentRatio, established],
          'Connections get no answer',
          '{{ $labels.process }} on {{ $labels.instance }} has {{ $value | printf "%.0f" }} connections to port '
          + '{{ $labels.remote_port }} in SYN_SENT. The peer is down, its accept queue is full, or a firewall drops the '
          + 'packets.'
        ),

        // Both sides drop the same labels, because a target may have one of these labels too.
        lib.alert(
          'TcpTimeWaitHigh',
          'warning',
          '10m',
          |||
            sum without (process, state, %(service)s)
            (last_over_time(instance_process_remote_port_state:tcp_outbound_connections:sum{state="time_wait",remote_port!="other"}[5m]))
            / ignoring (remote_port) group_left ()
            max without (%(service)s) (%(limit)s > 0) > %(threshold)g
          ||| % {
            service: lib.serviceLabels,
            limit: lib.last(lib.select('tcp_ephemeral_ports_limit')),
            threshold: config.timeWaitRatio,
          },
          'TIME_WAIT uses many ephemeral ports',
          'Connections from {{ $labels.instance }} to port {{ $labels.remote_port }} have TIME_WAIT sockets that equal '
          + '{{ $value | humanizePercentage }} of the ephemeral ports. At 100 % to one address, connect() fails.',
          dashboard='host'
        ),

        lib.alert(
          'TcpEphemeralPortsLow',
          'warning',
          '5m',
          '%s > %g' % [ports, config.ephemeralPortsWarning],
          'Few ephemeral ports are free',
          uses,
          dashboard='host'
        ),

        lib.alert(
          'TcpEphemeralPortsLow',
          'critical',
          '2m',
          '%s > %g' % [ports, config.ephemeralPortsCritical],
          'Few ephemeral ports are free',
          uses,
          dashboard='host'
        ),
      ],
    }],
  },
}
