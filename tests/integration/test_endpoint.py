# SPDX-License-Identifier: Apache-2.0
"""Tests of the endpoint of the real binary, over real sockets."""
import gzip
import subprocess
import threading

from actor import connect_pairs
from case import SceneCase, main
from exporter import OPENMETRICS, PORT, TEXT, read_metrics

# Accept headers of Prometheus 2.42 and 3
PROMETHEUS2 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
SAME_IN_BOTH = (
    "tcp_connections", "tcp_sockets", "tcp_outbound_connections", "tcp_accept_queue_limit", "tcp_exporter_build_info"
)  # fmt: skip


class Endpoint(SceneCase):
    def setUp(self) -> None:
        super().setUp()
        web, client = self.scene.actor("web"), self.scene.actor("client")
        connect_pairs(client, web, web.listen(port=80), 3, 80)
        self.exporter = self.start_exporter()

    def content_type(self, accept: str) -> str:
        reply = self.exporter.ask("/metrics", headers={"Accept": accept})
        self.assertEqual(reply.status, 200)
        self.assertIn("openmetrics" if reply.body.endswith(b"# EOF\n") else "text/plain", reply.headers["Content-Type"])
        return reply.headers["Content-Type"]

    def test_formats(self) -> None:
        self.assertEqual(self.content_type("*/*"), TEXT)
        self.assertEqual(self.content_type("text/plain"), TEXT)
        self.assertEqual(self.content_type("text/html,application/xhtml+xml"), TEXT)
        self.assertEqual(self.content_type(PROMETHEUS2), OPENMETRICS)
        self.assertEqual(self.content_type(PROMETHEUS3), OPENMETRICS + "; escaping=allow-utf-8")

    def test_both_formats_say_the_same(self) -> None:
        text = read_metrics(self.exporter.ask("/metrics"))
        openmetrics = read_metrics(self.exporter.ask("/metrics", headers={"Accept": PROMETHEUS2}))
        for name in SAME_IN_BOTH:
            self.assertEqual(text.family(name).samples, openmetrics.family(name).samples, name)
        self.assertEqual(text.value("tcp_exporter_scrapes_total") + 1, openmetrics.value("tcp_exporter_scrapes_total"))

    def test_gzip(self) -> None:
        plain = self.exporter.ask("/metrics")
        self.assertIsNone(plain.headers["Content-Encoding"])
        packed = self.exporter.ask("/metrics", headers={"Accept-Encoding": "gzip"})
        self.assertEqual(packed.headers["Content-Encoding"], "gzip")
        self.assertEqual(int(packed.headers["Content-Length"]), len(packed.body))
        self.assertLess(len(packed.body), len(plain.body) / 2)
        first = [body.split(b"# HELP tcp_sockets")[0] for body in (plain.body, gzip.decompress(packed.body))]
        self.assertEqual(*first)

    def test_promtool_finds_no_fault(self) -> None:
        body = self.exporter.ask("/metrics").body
        result = subprocess.run(["promtool", "check", "metrics"], input=body, capture_output=True, check=False)
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, b"", b""), body.decode())

    def test_health(self) -> None:
        for path in "/healthz", "/readyz":
            reply = self.exporter.ask(path)
            self.assertEqual(reply.status, 200, reply)
            self.assertTrue(reply.headers["Content-Type"].startswith("text/plain"), reply.headers)

    def test_landing_page_links_to_the_metrics(self) -> None:
        reply = self.exporter.ask("/")
        self.assertEqual(reply.status, 200)
        self.assertTrue(reply.headers["Content-Type"].startswith("text/html"), reply.headers)
        self.assertIn(b'href="./metrics"', reply.body)

    def test_head(self) -> None:
        for path in "/", "/metrics", "/healthz", "/readyz":
            with self.exporter.link() as link:
                head, get = link.ask(path, "HEAD"), link.ask(path)
                self.assertEqual((head.status, head.body), (200, b""), path)
                self.assertEqual(head.headers["Content-Type"], get.headers["Content-Type"], path)

    def test_unknown_paths(self) -> None:
        for path in "/metrics/", "/metric", "/favicon.ico", "/../etc/passwd", "//", "/metrics%2f":
            self.assertEqual(self.exporter.ask(path).status, 404, path)

    def test_a_zero_byte_does_not_cut_a_path_short(self) -> None:
        for path in "/%00", "/metrics%00", "/healthz%00/nowhere":
            self.assertEqual(self.exporter.ask(path).status, 404, path)

    def test_other_methods(self) -> None:
        for path in "/metrics", "/", "/healthz":
            for method in "POST", "PUT", "DELETE", "OPTIONS", "PATCH":
                reply = self.exporter.ask(path, method)
                self.assertEqual(reply.status, 405, (method, path))
                self.assertEqual(reply.headers["Allow"], "GET, HEAD")

    def test_families_by_request(self) -> None:
        only = self.exporter.metrics("/metrics?collect[]=tcp_sockets&collect[]=tcp_connections")
        self.assertEqual(set(only.families), {"tcp_sockets", "tcp_connections"})
        rest = self.exporter.metrics("/metrics?exclude[]=tcp_connections")
        self.assertIn("tcp_sockets", rest.families)
        self.assertNotIn("tcp_connections", rest.families)
        self.assertEqual(self.exporter.ask("/metrics?collect[]=nonsense").status, 400)

    def test_hopeless_timeouts_are_one_line(self) -> None:
        with self.exporter.link() as link:
            for _ in range(300):
                reply = link.ask("/metrics", headers={"X-Prometheus-Scrape-Timeout-Seconds": "0.000000001"})
                self.assertEqual(reply.status, 503)
        lines = [line for line in self.exporter.program.output().stderr.splitlines() if b"scrape timed out" in line]
        self.assertLess(len(lines), 10, "a line for each")
        self.assertRegex(lines[0], rb"level=warn .* count=1")

    def test_requests_are_counted(self) -> None:
        before = self.exporter.metrics().sum_by("tcp_exporter_http_requests_total", "code")
        self.exporter.ask("/nowhere")
        after = self.exporter.metrics().sum_by("tcp_exporter_http_requests_total", "code")
        self.assertEqual(after - before, {("200",): 1, ("404",): 1})

    def test_a_timeout_that_cannot_be_met(self) -> None:
        before = self.exporter.metrics().sum_by("tcp_exporter_http_requests_total", "code")
        for timeout in "10", "5.5":
            reply = self.exporter.ask("/metrics", headers={"X-Prometheus-Scrape-Timeout-Seconds": timeout})
            self.assertEqual(reply.status, 200, reply.body)
        reply = self.exporter.ask("/metrics", headers={"X-Prometheus-Scrape-Timeout-Seconds": "0.000001"})
        self.assertEqual(reply.status, 503)
        self.assertRegex(reply.body.decode(), "time")
        after = self.exporter.metrics().sum_by("tcp_exporter_http_requests_total", "code")
        self.assertEqual(after - before, {("200",): 3, ("503",): 1})

    def test_a_scrape_that_comes_too_late_is_counted(self) -> None:
        reply = self.exporter.ask("/metrics", headers={"X-Prometheus-Scrape-Timeout-Seconds": "0.000001"})
        self.assertEqual(reply.status, 503)
        self.assertEqual(self.exporter.metrics().value("tcp_exporter_scrape_errors_total", cause="timeout"), 1)

    def test_scrapes_at_the_same_time(self) -> None:
        replies: list = []
        threads = [threading.Thread(target=lambda: replies.append(self.exporter.ask("/metrics"))) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([reply.status for reply in replies], [200] * 20)
        for reply in replies:
            served = read_metrics(reply).sum_by("tcp_connections", "state", "process")
            self.assertEqual((served[("listen", "web")], served[("established", "web")]), (1, 3))

    def test_its_own_numbers(self) -> None:
        exposition = self.exporter.metrics()
        self.assertEqual(exposition.value("tcp_exporter_backend_info", backend="procfs"), 1)
        phases = {dict(key)["phase"] for key in exposition.family("tcp_exporter_scrape_duration_seconds").samples}
        self.assertEqual(phases, {"sockets", "owners", "aggregate", "encode"})
        # The link of this scrape, of three descriptors, is closed by now, or not yet.
        self.assertAlmostEqual(exposition.value("process_open_fds"), self.exporter.open_fds(), delta=4)
        self.assertGreater(exposition.value("process_resident_memory_bytes"), 1 << 20)


class Addresses(SceneCase):
    def test_several_addresses(self) -> None:
        more = ("--web.listen-address=127.0.0.2:9000", "--web.listen-address", f"[::1]:{PORT}")
        exporter = self.start_exporter(*more)
        for address, port in ("127.0.0.1", PORT), ("127.0.0.2", 9000), ("::1", PORT):
            with exporter.link(address, port) as link:
                self.assertEqual(link.ask("/metrics").status, 200, (address, port))
        with exporter.link("127.0.0.2", PORT) as link:
            self.assertRaises(ConnectionRefusedError, link.ask, "/metrics")

    def test_without_a_host_it_is_both_families(self) -> None:
        exporter = self.start_exporter("--web.listen-address=:9000", "--web.telemetry-path=/numbers")
        for address in "127.0.0.1", "::1":
            with exporter.link(address, 9000) as link:
                self.assertEqual(link.ask("/numbers").status, 200, address)
                self.assertEqual(link.ask("/metrics").status, 404, address)

    def test_an_address_in_use(self) -> None:
        self.scene.actor("web").listen(port=PORT)
        output = self.scene.output_of(self.binary, f"--web.listen-address=127.0.0.1:{PORT}")
        self.assertEqual(output.code, 1, output)
        self.assertIn(f"127.0.0.1:{PORT}", output.stderr.decode())

    def test_bad_flags(self) -> None:
        for flag in "--web.listen-address=nowhere", "--collector.max-series=1", "--collector.label=shoe", "--no-such", \
                "--service=install":
            output = self.scene.output_of(self.binary, flag)
            self.assertEqual((output.code, output.stdout), (2, b""), flag)
            self.assertRegex(output.stderr.decode(), rf"\A[^\n]*{flag.split('=')[0]}[^\n]*\n\Z")

    def test_without_its_own_metrics(self) -> None:
        exposition = self.start_exporter("--web.disable-exporter-metrics").metrics()
        self.assertIn("tcp_connections", exposition.families)
        self.assertEqual([name for name in exposition.families if name.startswith(("tcp_exporter_", "process_"))], [])


if __name__ == "__main__":
    main()
