# SPDX-License-Identifier: Apache-2.0
"""Plays the story with real sockets, real exporters and a real Prometheus, and keeps the time series for a picture.

record.py PATH-OF-THE-EXPORTER FOLDER [MINUTES]

FOLDER/data is then Prometheus's, and FOLDER/times.json says when the story began and ended. Needs root.
"""
import contextlib
import json
import pathlib
import shutil
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

from fleet import Fleet  # noqa: E402
from scene import Scene  # noqa: E402
from story import HOSTS, Story  # noqa: E402

SECONDS = 5  # from one scrape and one step of the story to the next
MINUTES = 12


def play(story: Story, seconds: float) -> tuple[float, float]:
    began = time.time()
    while (passed := time.time() - began) < seconds:
        story.step(passed / seconds)
        time.sleep(max(0.0, SECONDS - (time.time() - began - passed)))
    return began, time.time()


def main() -> None:
    binary, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    minutes = float(sys.argv[3]) if len(sys.argv) > 3 else MINUTES
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with contextlib.closing(Scene()) as scene:
        fleet = Fleet(scene, HOSTS)
        story = Story(fleet)
        with fleet.exporters(str(binary), "bpf"), fleet.prometheus(f"{SECONDS}s", str(folder / "data")):
            began, ended = play(story, minutes * 60)
    times = {"from": began, "to": ended, "interval": SECONDS}
    (folder / "times.json").write_text(json.dumps(times) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
