"""How long each stage of a case took when it last ran: `state/<case>/times.json`, which `casebook run` keeps."""

import re
import time
from collections.abc import Iterable
from pathlib import Path

from components.core.errors import DamagedError
from components.core.files import read_json, write_json
from components.core.job import Paths

TIMES = "times.json"
RUNNING = re.compile(r"Running stage '([^']+)'")  # what DVC says as it starts one


class Watch:
    """Tells from what DVC says how long each stage took, from its start to the next one's or to the end."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.seconds: dict[str, float] = {}
        self._stage: str | None = None
        self._since = self.began

    def hear(self, line: str) -> None:
        if found := RUNNING.match(line):
            self._close()
            self._stage = found[1]

    def end(self, *, whole: bool) -> None:
        """The last stage counts where it did not fail."""
        if whole:
            self._close()
        self._stage = None

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self.began

    def _close(self) -> None:
        now = time.monotonic()
        if self._stage is not None:
            self.seconds[self._stage] = now - self._since
        self._since = now


def expected(root: Path, case: str, stages: Iterable[str]) -> float | None:
    """Seconds that these stages of the case took when each last ran; None where one of them never did here."""
    known = _read(root, case)
    seconds = [known.get(stage.partition("@")[0]) for stage in stages]
    return None if None in seconds else sum(one for one in seconds if one is not None)


def keep(root: Path, case: str, watch: Watch) -> None:
    """Write what was measured over what stood there."""
    new = {stage.partition("@")[0]: round(took, 1) for stage, took in watch.seconds.items()}
    if new:
        write_json(_file(root, case), {**_read(root, case), **new})


def _read(root: Path, case: str) -> dict[str, float]:
    """Nothing where the file is damaged: it is written anew as stages run."""
    try:
        known = read_json(_file(root, case))
    except (FileNotFoundError, DamagedError):
        return {}
    found = known.items() if isinstance(known, dict) else ()
    return {stage: took for stage, took in found if isinstance(took, int | float)}


def _file(root: Path, case: str) -> Path:
    return Paths(root).state(case) / TIMES


def in_words(seconds: float) -> str:
    """`8 s`, `3 min 10 s`, `1 h 5 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
