# SPDX-License-Identifier: Apache-2.0
"""Tests of --print-metrics: one scrape on standard output, which node_exporter's textfile collector serves."""
import os
import subprocess
import tempfile
import urllib.request
from collections import Counter

from actor import connect_pairs
from case import SceneCase, main
from exporter import without_limit
from exposition import Exposition
from process import wait_until

NODE_PORT = 9100
SECONDS = 30


class PrintMetrics(SceneCase):
    def setUp(self) -> None:
        super().setUp()
        web, client = self.scene.actor("web"), self.scene.actor("client")
        ours, _ = connect_pairs(client, web, web.listen(port=80, backlog=1), 4, 80)
        client.shutdown(sock=ours[0])
        for _ in range(2):
            client.connect(port=80)
        self.await_states(Counter(listen=1, established=10, close_wait=1, fin_wait2=1))

    def print_metrics(self, *flags: str) -> bytes:
        output = self.output_of_binary("--print-metrics", *flags)
        self.assertEqual((output.code, without_limit(output.stderr)), (0, b""))
        return output.stdout

    def test_it_is_a_scrape(self) -> None:
        exposition = Exposition(self.print_metrics(), openmetrics=False)
        self.check_totals(exposition, self.oracle(self.scene.ss()))
        self.check_owners(exposition, Counter({
            ("listen", "web", "80"): 1,
            ("established", "web", "80"): 5,
            ("close_wait", "web", "80"): 1,
            ("established", "client", "ephemeral"): 5,
            ("fin_wait2", "client", "ephemeral"): 1,
        }))  # fmt: skip
        self.assertEqual(exposition.sum_by("tcp_exporter_backend_info", "backend"), {(self.backend,): 1})

    def test_flags_apply(self) -> None:
        exposition = Exposition(self.print_metrics("--collector.process.include=web", "--collector.label=pid",
                                                   "--web.disable-exporter-metrics"), openmetrics=False)  # fmt: skip
        self.assertEqual({name for (name,) in exposition.sum_by("tcp_connections", "process")}, {"web"})
        self.assertTrue(all("pid" in dict(key) for key in exposition.family("tcp_connections").samples))
        self.assertEqual([name for name in exposition.families if not name.startswith("tcp_")], [])
        self.assertNotIn("tcp_exporter_build_info", exposition.families)

    def test_the_kernels_drops(self) -> None:
        """A process that ends after one scrape has seen no drop itself."""
        client = self.scene.actor("late")
        client.connect(port=80, wait=False)
        metrics = Exposition(self.print_metrics(), openmetrics=False)
        self.assertGreater(metrics.value("tcp_accept_queue_drops_total", process="web", local_port="80"), 0)

    def test_promtool_accepts_it(self) -> None:
        checked = subprocess.run(["promtool", "check", "metrics"], input=self.print_metrics(), capture_output=True,
                                 check=False, timeout=SECONDS)  # fmt: skip
        self.assertEqual((checked.returncode, checked.stdout, checked.stderr), (0, b"", b""))

    def test_the_textfile_collector_serves_it(self) -> None:
        folder = self.enterContext(tempfile.TemporaryDirectory())
        with open(os.path.join(folder, "tcp_exporter.prom"), "wb") as file:
            file.write(self.print_metrics())
        program = self.scene.start("prometheus-node-exporter", f"--collector.textfile.directory={folder}",
                                   f"--web.listen-address=127.0.0.1:{NODE_PORT}")  # fmt: skip
        text = ""

        def scrape() -> bool:
            nonlocal text
            try:
                with self.scene.network(), urllib.request.urlopen(f"http://127.0.0.1:{NODE_PORT}/metrics") as reply:
                    text = reply.read().decode()
            except OSError:
                return False
            return True

        if not wait_until(scrape, SECONDS):
            self.fail(f"node_exporter does not answer: {program.output()}")
        self.assertIn("\nnode_textfile_scrape_error 0\n", text)
        self.assertIn('\ntcp_connections{local_port="80",process="web",state="close_wait"} 1\n', text)

    def test_errors(self) -> None:
        """Nothing is printed, and the status tells."""
        output = self.scene.output_of(self.binary, "--print-metrics", "--collector.replay=/nowhere")
        self.assertEqual((output.code, output.stdout), (1, b""))
        self.assertEqual(output.stderr, b'tcp_exporter: cannot read "/nowhere": No such file or directory\n')
        full = self.write_script(f"{self.binary} --collector.backend={self.backend} --print-metrics >/dev/full")
        output = self.scene.output_of(full)
        self.assertEqual(output.code, 1)
        self.assertIn(b"cannot write to standard output", output.stderr)


if __name__ == "__main__":
    main()
