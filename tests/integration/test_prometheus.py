# SPDX-License-Identifier: Apache-2.0
"""Tests with a real Prometheus: it scrapes the exporter in both formats, and its queries return the scene's counts."""
import http.server
from typing import Any

from actor import connect_pairs
from case import SceneCase, main
from exporter import OPENMETRICS, TEXT, Exporter, Reply
from prometheus import Prometheus

# Prometheus 2.42 requests OpenMetrics by default. The second proxy requests the text format instead.
JOBS = {"openmetrics": (9101, None), "text": (9102, "text/plain;version=0.0.4")}
CONFIG = {
    "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
    "scrape_configs": [
        {"job_name": job, "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]} for job, (port, _) in JOBS.items()
    ],
}


class Proxy(http.server.ThreadingHTTPServer):
    """Passes scrapes on to the exporter, with another Accept header if it has one, and keeps their headers."""

    def __init__(self, exporter: Exporter, port: int, accept: str | None):
        self.exporter, self.accept = exporter, accept
        self.seen: list[tuple[dict, Reply]] = []
        with exporter.scene.network():
            super().__init__(("127.0.0.1", port), Handler)


class Handler(http.server.BaseHTTPRequestHandler):
    server: Proxy

    def do_GET(self) -> None:  # pylint: disable=invalid-name
        asked = dict(self.headers)
        if self.server.accept:
            asked["Accept"] = self.server.accept
        reply = self.server.exporter.ask(self.path, headers=asked)
        self.server.seen.append((asked, reply))
        self.send_response(reply.status)
        for name in "Content-Type", "Content-Encoding":
            if reply.headers[name]:
                self.send_header(name, reply.headers[name])
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, format: str, *args: Any) -> None:  # pylint: disable=redefined-builtin
        pass


class PrometheusCase(SceneCase):
    def setUp(self) -> None:
        super().setUp()
        self.make_sockets()
        self.exporter = self.start_exporter()
        self.prometheus = Prometheus(self.scene, CONFIG)
        self.addCleanup(self.prometheus.stop)
        self.query = self.prometheus.query
        self.proxies = {job: self.start_proxy(port, accept) for job, (port, accept) in JOBS.items()}

    def make_sockets(self) -> None:
        web, client, odd = (self.scene.actor(name) for name in ("web", "client", "odd"))
        ours, _ = connect_pairs(client, web, web.listen(port=80), 5, 80)
        for sock in ours[:3]:
            client.shutdown(sock=sock)
        odd.listen(port=81)
        odd.rename(name='a"b\\c\nd')

    def start_proxy(self, port: int, accept: str | None) -> Proxy:
        proxy = Proxy(self.exporter, port, accept)
        self.serve(proxy)
        return proxy

    def test_queries_answer_what_was_made(self) -> None:
        self.prometheus.wait_for("up == 1", "job", answer={(job,): 1 for job in JOBS})
        for job in JOBS:
            with self.subTest(job):
                self.check_job(job)
        self.check_headers()

    def last(self, selector: str) -> str:
        """Returns the value of the last good scrape, because a scrape can be late on a busy machine."""
        return f"last_over_time({selector}[1m])"

    def check_job(self, job: str) -> None:
        web = self.last(f'tcp_connections{{job="{job}",process="web",local_port="80"}}')
        self.assertEqual(self.query(f"{web} != 0", "state"), {("listen",): 1, ("established",): 2, ("close_wait",): 3})
        self.assertEqual(self.query(f"count({web})"), {(): 10})
        close_wait = self.last(f'tcp_connections{{job="{job}",state="close_wait"}}')
        self.assertEqual(self.query(f"topk(1, sum by (process) ({close_wait}))", "process"), {("web",): 3})
        outbound = self.last(f'tcp_outbound_connections{{job="{job}",process="client"}}')
        states = self.query(f"{outbound} != 0", "state", "remote_port")
        self.assertEqual(states, {("established", "80"): 2, ("fin_wait2", "80"): 3})
        odd = self.last(f'tcp_connections{{job="{job}",local_port="81",state="listen"}}')
        self.assertEqual(self.query(odd, "process"), {('a"b\\c\nd',): 1})
        info = self.last(f'tcp_exporter_build_info{{job="{job}"}}')
        self.assertEqual(list(self.query(info).values()), [1])
        scrapes = self.last(f'tcp_exporter_scrapes_total{{job="{job}"}}')
        self.assertEqual(len(self.query(f"{scrapes} > 0")), 1)

    def check_headers(self) -> None:
        """Prometheus requested gzip and OpenMetrics, and received them."""
        types = {"openmetrics": OPENMETRICS, "text": TEXT}
        for job, proxy in self.proxies.items():
            answers = [(asked, reply) for asked, reply in proxy.seen if reply.status == 200]
            self.assertTrue(answers)
            for asked, reply in answers:
                self.assertEqual(asked["Accept-Encoding"], "gzip")
                self.assertEqual(reply.headers["Content-Encoding"], "gzip")
                self.assertEqual(reply.headers["Content-Type"], types[job], asked)


if __name__ == "__main__":
    main()
