# SPDX-License-Identifier: Apache-2.0
"""Tests of a leap of the date: only displayed dates follow it. Time limits use the monotonic clock."""
import os
import re

from case import SceneCase, main

LIBRARY = os.environ["TCP_EXPORTER_TEST_CLOCK"]


class Steps(SceneCase):
    def test_a_day_forth_and_back(self) -> None:
        self.scene.actor("web").listen(port=80)
        exporter = self.start_exporter("--log.level=debug", LD_PRELOAD=LIBRARY)
        with exporter.link() as link:
            for _ in range(20):
                reply = link.ask("/metrics", headers={"X-Prometheus-Scrape-Timeout-Seconds": "5"})
                self.assertEqual(reply.status, 200, reply)
            exposition = link.metrics()
        self.assertEqual(exposition.sum_by("tcp_connections", "process")[("web",)], 1)
        dates = re.findall(r"^ts=\S+-(\d+)T", exporter.program.output().stderr.decode(), re.MULTILINE)
        self.assertGreater(len(set(dates)), 1, "the library is not there")


if __name__ == "__main__":
    main()
