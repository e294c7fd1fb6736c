# SPDX-License-Identifier: Apache-2.0
"""Draws a dashboard from recorded time series: Prometheus serves them, a page queries it, Chromium paints the page.

draw.py PAGE RECORD PICTURES: the page as Vite built it, a folder that ../record.py filled, where pictures go.
"""
import contextlib
import http.server
import json
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from typing import Any, Iterator, NamedTuple

DASHBOARDS = pathlib.Path(__file__).resolve().parents[3] / "dashboards" / "grafana"
PROMETHEUS_PORT = 19090
WIDTH, CELL, HEADER = 1440, 38, 100


class Picture(NamedTuple):
    chosen: str  # of the variables
    last: str  # the last section that is shown


PICTURES = {
    "tcp-exporter-fleet": Picture("", "Over time"),
    "tcp-exporter-host": Picture("&var-instance=app-1", "Alerts"),
    "tcp-exporter-process": Picture("&var-process=billing&var-before=5m", "By host"),
}
CHROMIUM = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
            "--run-all-compositor-stages-before-draw", "--virtual-time-budget=60000"]  # fmt: skip


class Server(http.server.ThreadingHTTPServer):
    def __init__(self, page: pathlib.Path, record: pathlib.Path):
        self.page = page
        self.times = (record / "times.json").read_bytes()
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(http.server.SimpleHTTPRequestHandler):
    server: Server

    def __init__(self, *arguments: Any, **options: Any):
        super().__init__(*arguments, directory=str(arguments[2].page), **options)

    def do_GET(self) -> None:  # pylint: disable=invalid-name
        if self.path.startswith("/api/"):
            self.answer(*ask(self.path))
        elif self.path == "/times.json":
            self.answer(200, self.server.times)
        elif self.path.startswith("/dashboards/"):
            self.answer(200, (DASHBOARDS / pathlib.Path(self.path).name).read_bytes())
        else:
            super().do_GET()

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # pylint: disable=redefined-builtin
        pass


def ask(path: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PROMETHEUS_PORT}{path}") as reply:
            return reply.status, reply.read()
    except urllib.error.HTTPError as trouble:
        return trouble.code, trouble.read()


@contextlib.contextmanager
def prometheus(record: pathlib.Path, folder: str) -> Iterator[None]:
    config = pathlib.Path(folder) / "prometheus.yml"
    config.write_text("{}\n", encoding="utf-8")
    argv = ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={record / 'data'}", "--log.level=warn",
            f"--web.listen-address=127.0.0.1:{PROMETHEUS_PORT}", "--storage.tsdb.retention.time=10y"]  # fmt: skip
    with subprocess.Popen(argv) as process:
        try:
            for _ in range(150):
                time.sleep(0.2)
                with contextlib.suppress(urllib.error.URLError):
                    if ask("/-/ready")[0] == 200:
                        break
            yield
        finally:
            process.terminate()


def height_of(uid: str) -> int:
    """Returns the height down to the end of the last section in the picture."""
    panels = json.loads((DASHBOARDS / f"{uid}.json").read_text(encoding="utf-8"))["panels"]
    rows = {panel["title"]: panel["gridPos"]["y"] for panel in panels if panel["type"] == "row"}
    later = [y for y in rows.values() if y > rows[PICTURES[uid].last]]
    end = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in panels)
    return HEADER + CELL * min([*later, end])


def paint(url: str, uid: str, folder: str, *how: str) -> str:
    argv = [*CHROMIUM, f"--user-data-dir={folder}/{uid}", f"--window-size={WIDTH},{height_of(uid)}", *how,
            f"{url}/?dashboard={uid}{PICTURES[uid].chosen}"]  # fmt: skip
    return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=300).stdout


def main() -> None:
    page, record, pictures = (pathlib.Path(argument).resolve() for argument in sys.argv[1:4])
    pictures.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as closing:
        folder = closing.enter_context(tempfile.TemporaryDirectory())
        closing.enter_context(prometheus(record, folder))
        server = closing.enter_context(Server(page, record))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        closing.callback(server.shutdown)
        url = f"http://127.0.0.1:{server.server_address[1]}"
        for uid in PICTURES:
            document = paint(url, uid, folder, "--dump-dom")
            if 'data-drawn="yes"' not in document:
                sys.exit(f"{uid} was not drawn: {document[:2000]}")
            paint(url, uid, folder, f"--screenshot={pictures / uid}.png")
            print(f"{uid}.png")


if __name__ == "__main__":
    main()
