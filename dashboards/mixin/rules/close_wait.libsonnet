// SPDX-License-Identifier: Apache-2.0
// Alerts on sockets in CLOSE_WAIT.
{
  local config = $._config,
  local lib = $._lib,
  local inState(state, more='') =
    lib.last('instance_process_local_port_state:tcp_connections:sum{state="%s"%s}' % [state, more]),
  local oldest = lib.last('instance_process_local_port:tcp_close_wait_oldest_seconds:max'),
  local has = '{{ $labels.process }} on {{ $labels.instance }} has ',
  local sockets = has + '{{ $value | printf "%.0f" }} sockets in CLOSE_WAIT on port {{ $labels.local_port }}',

  prometheusAlerts+:: {
    groups+: [{
      name: 'tcp_exporter_close_wait',
      rules: [
        lib.alert(
          'TcpCloseWaitHigh',
          'warning',
          '10m',
          '%s > %d' % [inState('close_wait'), config.closeWaitWarning],
          'Many CLOSE_WAIT sockets',
          sockets + '. Each socket costs a file descriptor. Without a free descriptor the process can neither accept nor '
          + 'connect.'
        ),

        lib.alert(
          'TcpCloseWaitHigh',
          'critical',
          '5m',
          '%s > %d' % [inState('close_wait'), config.closeWaitCritical],
          'Many CLOSE_WAIT sockets',
          sockets + '. The usual limit is %d file descriptors. At its limit the process can neither accept nor connect.'
                    % config.descriptors
        ),

        lib.alert(
          'TcpCloseWaitLeak',
          'warning',
          '10m',
          'instance_process_local_port_state:tcp_connections:min2h and ' + lib.leak({
            rise: 'instance_process_local_port_state:tcp_connections:rise2h',
            jobFloor: 'job_process_local_port_state:tcp_connections:min2h',
            jobCeiling: 'job_process_local_port_state:tcp_connections:max2h',
          }, config.leakGrowth, ['2h', '4h', '8h'], lib.jobLabels + ', process, local_port'),
          'CLOSE_WAIT sockets leak',
          has + 'had at least {{ $value | printf "%.0f" }} sockets in CLOSE_WAIT on port {{ $labels.local_port }} for two '
          + 'hours, and the number has grown for eight hours. The process will run out of file descriptors.'
        ),

        lib.alert(
          'TcpCloseWaitOld',
          'warning',
          '5m',
          '%s > %d\nand ignoring (state) %s >= %d'
          % [oldest, config.closeWaitOldSeconds, inState('close_wait'), config.closeWaitOldSockets],
          'Old CLOSE_WAIT sockets',
          has + 'a CLOSE_WAIT socket on port {{ $labels.local_port }} that is {{ $value | humanizeDuration }} old, among '
          + 'at least %d. No code in the process handles the socket any more.' % config.closeWaitOldSockets
        ),

        lib.alert(
          'TcpCloseWaitOld',
          'info',
          '5m',
          '%s > %d' % [oldest, config.closeWaitVeryOldSeconds],
          'Very old CLOSE_WAIT socket',
          has + 'a CLOSE_WAIT socket on port {{ $labels.local_port }} that is {{ $value | humanizeDuration }} old. No code '
          + 'in the process handles the socket any more.'
        ),

        lib.alert(
          'TcpCloseWaitOutgrowsEstablished',
          'warning',
          '15m',
          '%s >= %d\nand ignoring (state) %s\n> ignoring (state) %s' % [
            inState('close_wait', ',process!="(other)"'),
            config.closeWaitOutgrownSockets,
            inState('close_wait'),
            inState('established'),
          ],
          'More CLOSE_WAIT than established',
          sockets + ', and fewer established ones. The process hangs, or does not close finished connections.'
        ),
      ],
    }],
  },
}
