// SPDX-License-Identifier: Apache-2.0
// Alerts on the exporter itself.
{
  local config = $._config,
  local lib = $._lib,
  // Jobs in which an exporter has answered within a week
  local exporters = 'and on (%s) last_over_time(job:tcp_exporters:count[1w])' % lib.jobLabels,
  local up = lib.select('up'),

  prometheusAlerts+:: {
    groups+: [{
      name: 'tcp_exporter_itself',
      rules: [
        lib.alert(
          'TcpExporterDown',
          'warning',
          '5m',
          '%s == 0 %s' % [up, exporters],
          'Exporter does not answer',
          'Every scrape of {{ $labels.instance }} (job {{ $labels.job }}) has failed for five minutes (up is {{ $value }}). '
          + 'No alert on the connections of this host can fire.',
          dashboard='host'
        ),

        // Three interruptions or more, so that one long interruption is TcpExporterDown only.
        lib.alert(
          'TcpExporterScrapesLost',
          'warning',
          '10m',
          '1 - avg_over_time(%s[1h]) > %g\nand changes(%s[1h]) > 4\n%s' % [up, config.scrapesLostRatio, up, exporters],
          'Prometheus loses scrapes',
          'Prometheus has lost {{ $value | humanizePercentage }} of the scrapes of {{ $labels.instance }} (job '
          + '{{ $labels.job }}) within an hour. Graphs have gaps, and alerts fire late.',
          dashboard='host'
        ),

        lib.alert(
          'TcpExporterScrapesFailing',
          'warning',
          '5m',
          'rate(%s[15m])\n/ ignoring (cause) group_left () rate(%s[15m]) > %g' % [
            lib.select('tcp_exporter_scrape_errors_total'),
            lib.select('tcp_exporter_scrapes_total'),
            config.scrapesFailedRatio,
          ],
          'Scrapes of the exporter fail',
          'tcp_exporter on {{ $labels.instance }} has failed {{ $value | humanizePercentage }} of its scrapes of the last 15 '
          + 'minutes, cause {{ $labels.cause }}. Graphs have gaps.',
          dashboard='host'
        ),

        lib.alert(
          'TcpExporterSlow',
          'warning',
          '10m',
          'sum without (phase) (%s) > %g'
          % [lib.last(lib.select('tcp_exporter_scrape_duration_seconds')), config.scrapeSeconds],
          'Scrapes of the exporter are slow',
          'tcp_exporter on {{ $labels.instance }} needs {{ $value | humanizeDuration }} per scrape. Beyond the scrape '
          + 'timeout (10s by default) its scrapes fail.',
          dashboard='host'
        ),

        lib.alert(
          'TcpExporterSeriesLimitReached',
          'info',
          '10m',
          '%s > 0' % lib.last(lib.select('tcp_exporter_folded_series')),
          'Series limit reached',
          'tcp_exporter on {{ $labels.instance }} has folded {{ $value | printf "%.0f" }} series into process "(other)". '
          + 'Sums are exact, and alerts cannot name these processes.',
          dashboard='host'
        ),

        lib.alert(
          'TcpExporterOwnersUnknown',
          'warning',
          '15m',
          'sum without (process, state, %s)\n(%s) > 0' % [
            lib.serviceLabels,
            lib.last('instance_process_state:tcp_connections:sum{process="(unknown)"}'),
          ],
          'Owners of sockets are unknown',
          'tcp_exporter on {{ $labels.instance }} cannot see the owners of {{ $value | printf "%.0f" }} sockets and counts '
          + 'them for process "(unknown)". Alerts cannot name their processes.',
          dashboard='host'
        ),
      ],
    }],
  },
}
