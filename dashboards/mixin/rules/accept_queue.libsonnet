// SPDX-License-Identifier: Apache-2.0
// Alerts on accept queues.
{
  local config = $._config,
  local lib = $._lib,
  local ratio = lib.last('instance_process_local_port:tcp_accept_queue:ratio'),
  local length = 'instance_process_local_port:tcp_accept_queue_length:sum',
  local queue = 'The accept queue of {{ $labels.process }} on {{ $labels.instance }}, port {{ $labels.local_port }}, is '
                + '{{ $value | humanizePercentage }} full. ',
  // The queue is never empty and never shrinks, so the process accepts nothing.
  local stuck = 'min_over_time(instance_process_local_port:tcp_accept_queue_length:sum{process!="(other)"}[5m]) %s\n'
                + 'and resets(instance_process_local_port:tcp_accept_queue_length:sum[5m]) == 0',
  local accepted_none = '{{ $labels.process }} on {{ $labels.instance }} has accepted none of at least '
                        + '{{ $value | printf "%.0f" }} waiting connections on port {{ $labels.local_port }} for ten minutes. ',

  prometheusAlerts+:: {
    groups+: [{
      name: 'tcp_exporter_accept_queue',
      rules: [
        lib.alert(
          'TcpAcceptQueueNearLimit',
          'warning',
          '5m',
          '%s > %g' % [ratio, config.acceptQueueWarning],
          'Accept queue almost full',
          queue + 'When it is full, the kernel drops new connections.'
        ),

        lib.alert(
          'TcpAcceptQueueFull',
          'critical',
          '2m',
          '%s >= %g\nand %s >= %d' % [ratio, config.acceptQueueCritical, lib.last(length), config.acceptQueuePageLength],
          'Accept queue full',
          queue + 'The kernel drops new connections, and clients wait or time out.'
        ),

        lib.alert(
          'TcpAcceptQueueDrops',
          'warning',
          '2m',
          'instance_process_local_port:tcp_accept_queue_drops:increase5m{process!="(other)"} > %d' % config.acceptQueueDrops,
          'Connection attempts are dropped',
          'The kernel has dropped {{ $value | printf "%.0f" }} connection attempts to {{ $labels.process }} on '
          + '{{ $labels.instance }}, port {{ $labels.local_port }}, within five minutes. Their clients wait for a second or '
          + 'longer, or time out.',
          dashboard='host'
        ),

        lib.alert(
          'TcpAcceptQueueStuck',
          'warning',
          '5m',
          stuck % '> 0',
          'Process accepts no connections',
          accepted_none + 'These clients wait or time out.'
        ),

        lib.alert(
          'TcpAcceptQueueStuck',
          'critical',
          '5m',
          '%s\nand %s >= %g' % [
            stuck % ('>= %d' % config.acceptQueuePageLength),
            ratio,
            config.acceptQueueStuckCritical,
          ],
          'Process accepts no connections',
          accepted_none + 'Its clients wait or time out.'
        ),
      ],
    }],
  },
}
