# SPDX-License-Identifier: Apache-2.0
"""Tests of the queries in README.md and docs/, in a Prometheus that scrapes the exporter and node_exporter."""
import pathlib
import re
import subprocess
import tempfile
import textwrap
import unittest
from typing import Iterator

from actor import connect_pairs
from case import SceneCase, main
from exporter import PORT
from process import wait_until
from prometheus import Prometheus, Refused

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
NODE_PORT = 9100
TRIES_SECONDS = 60
CONFIG = {
    "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
    "scrape_configs": [
        {"job_name": name, "static_configs": [{"targets": [f"127.0.0.1:{port}"]}],
         "relabel_configs": [{"target_label": "instance", "replacement": "host"}]}
        for name, port in (("tcp", PORT), ("node", NODE_PORT))
    ],
}  # fmt: skip
SLOW = "deriv("  # such a query has no answer during a test
SAME = "### The same numbers"


def blocks(text: str) -> Iterator[list[tuple[str, str]]]:
    """Yields the queries of each block of PromQL, each with the comment above it."""
    for block in re.findall(r"```promql\n(.*?)```", text, re.DOTALL):
        parts = re.split(r"^# (.*)\n", "# \n" + block if not block.startswith("#") else block, flags=re.MULTILINE)
        yield list(zip(parts[1::2], (part.strip() for part in parts[2::2])))


def config_of_fleet() -> str:
    """Returns the pieces of configuration on the page as one file."""
    blocks_of_yaml = re.findall(r"^( *)```yaml\n(.*?)```", (DOCS / "fleet.md").read_text(encoding="utf-8"),
                                re.DOTALL | re.MULTILINE)  # fmt: skip
    *of_job, scrape, write = (textwrap.dedent(text) for _, text in blocks_of_yaml)
    return scrape + "".join(textwrap.indent(text, "    ") for text in of_job) + write


class ConfigCase(unittest.TestCase):
    def test_prometheus_takes_what_the_page_configures(self) -> None:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
            file.write(config_of_fleet())
            file.flush()
            made = subprocess.run(["promtool", "check", "config", file.name], capture_output=True, encoding="utf-8",
                                  timeout=60, check=False)  # fmt: skip
        self.assertEqual(made.returncode, 0, made.stdout + made.stderr)


class DocsCase(SceneCase):
    def setUp(self) -> None:
        super().setUp()
        web, client = self.scene.actor("web"), self.scene.actor("client")
        ours, _ = connect_pairs(client, web, web.listen(port=80), 8, 80)
        for sock in ours[:5]:
            client.shutdown(sock=sock)
        web.listen(port=81, backlog=3)
        for _ in range(4):
            client.connect(port=81)
        self.start_exporter()
        self.scene.start("prometheus-node-exporter", "--collector.disable-defaults", "--collector.tcpstat",
                         "--collector.netstat", "--collector.sockstat", f"--web.listen-address=127.0.0.1:{NODE_PORT}",
                         GOMAXPROCS="1")  # fmt: skip
        self.prometheus = Prometheus(self.scene, CONFIG)
        self.addCleanup(self.prometheus.stop)
        self.prometheus.wait_for("up == 1", "job", answer={("tcp",): 1, ("node",): 1})

    def check_answers(self, page: pathlib.Path) -> int:
        """Waits for an answer to each query of the page, and returns the number of queries."""
        count = 0
        for block in blocks(page.read_text(encoding="utf-8")):
            for comment, query in block:
                count += 1
                if SLOW in query:
                    self.answer(query)  # Prometheus accepts it
                    continue
                with self.subTest(query, comment=comment):
                    self.assertTrue(wait_until(lambda query=query: self.answer(query), TRIES_SECONDS, 0.5),
                                    "there is no answer")  # fmt: skip
        return count

    def answer(self, query: str) -> dict[tuple[str, ...], float]:
        try:
            return self.prometheus.query(query, "state")
        except Refused as trouble:
            self.fail(str(trouble))

    def test_every_query_has_an_answer(self) -> None:
        self.assertGreater(self.check_answers(DOCS / "migration.md"), 15)
        self.assertGreater(self.check_answers(DOCS / "fleet.md"), 0)
        self.assertGreater(self.check_answers(ROOT / "README.md"), 2)

    def test_both_exporters_say_the_same(self) -> None:
        """Waits until both exporters have the same numbers, because Prometheus' own connections change."""
        text = (DOCS / "migration.md").read_text(encoding="utf-8")
        pairs = list(blocks(text.split(SAME)[1].split("\n###")[0]))
        self.assertEqual([[comment for comment, _ in pair] for pair in pairs], [["node_exporter", "tcp_exporter"]] * 3)
        for (_, node), (_, ours) in pairs:
            with self.subTest(ours):
                def same(node: str = node, ours: str = ours) -> bool:
                    return self.answer(node) == self.answer(ours) != {}

                self.assertTrue(wait_until(same, TRIES_SECONDS, 0.2), f"{self.answer(node)} != {self.answer(ours)}")

    def test_series_are_as_many_as_the_page_says(self) -> None:
        ((_, count),), = blocks((DOCS / "fleet.md").read_text(encoding="utf-8"))
        difference = f'({count}) - on (instance) scrape_samples_scraped{{job="tcp"}}'
        self.assertTrue(wait_until(lambda: list(self.answer(difference).values()) == [0], TRIES_SECONDS, 0.2),
                        f"{self.answer(count)}, scraped {self.answer('scrape_samples_scraped')}")  # fmt: skip


if __name__ == "__main__":
    main()
