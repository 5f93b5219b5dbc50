"""Figures of the server, as Prometheus reads them."""

import os
from collections.abc import Callable
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
DIFFERENCES = (1e-9, 1e-6, 1e-4, 1e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 10.0, 100.0, 1e3, 1e4, 1e5, 1e6)
FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # where several processes leave their figures for each other


class Figures:
    """What is counted. `registry` is the process's own; several processes are added up by `page`."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._counted: dict[tuple[str, int], tuple[Counter, Histogram]] = {}
        registry = self.registry
        self.requests = Counter(
            "casebook_requests", "Requests, by case and status.", ["case", "status"], registry=registry
        )
        self.rows = Counter("casebook_rows", "Rows answered.", ["case", "version"], registry=registry)
        self.seconds = Histogram(
            "casebook_request_seconds",
            "From a request's headers to the end of its answer: what the body takes to come is in it.",
            ["case"],
            buckets=SECONDS,
            registry=registry,
        )
        self.swaps = Counter("casebook_swaps", "Versions exchanged while serving.", ["case"], registry=registry)
        self.log_dropped = Counter(
            "casebook_log_dropped_rows", "Rows that the log had no room for.", ["case"], registry=registry
        )
        self.log_failed = Counter(
            "casebook_log_failures", "Files of the log that could not be written.", registry=registry
        )
        self.trouble = Gauge(
            "casebook_swap_trouble",
            "1 where a version that should serve cannot be opened.",
            ["case"],
            multiprocess_mode="livemax",
            registry=registry,
        )
        self._add_beside(registry)
        self.waiting = Gauge("casebook_waiting_rows", "Rows that wait.", multiprocess_mode="livesum", registry=registry)
        self.serving = Gauge(
            "casebook_serving_version",
            "The number of the version that serves.",
            ["case"],
            multiprocess_mode="livemostrecent",
            registry=registry,
        )

    def _add_beside(self, registry: CollectorRegistry) -> None:
        """Of what is tried beside the champion: its role is shadow or canary."""
        self.beside_version = Gauge(
            "casebook_beside_version",
            "The number of the version that is tried beside the champion, 0 for none.",
            ["case", "role"],
            multiprocess_mode="livemostrecent",
            registry=registry,
        )
        self.beside_trouble = Gauge(
            "casebook_beside_trouble",
            "1 where a version that should be tried beside the champion cannot be opened.",
            ["case", "role"],
            multiprocess_mode="livemax",
            registry=registry,
        )
        self.canary_fell = Counter(
            "casebook_canary_fallbacks",
            "Rows that the champion answered as the canary did not take them, or failed.",
            ["case", "why"],
            registry=registry,
        )
        self.shadow_rows = Counter(
            "casebook_shadow_rows",
            "Rows that the shadow has seen: it said the same, something other, refused the row, or failed.",
            ["case", "version", "outcome"],
            registry=registry,
        )
        self.shadow_difference = Histogram(
            "casebook_shadow_difference",
            "The largest difference of a row's scores from the champion's.",
            ["case"],
            buckets=DIFFERENCES,
            registry=registry,
        )
        self.shadow_dropped = Counter(
            "casebook_shadow_dropped_rows", "Rows that the shadow had no room for.", ["case"], registry=registry
        )

    def stands(self, case: str, role: str, version: str | None, trouble: str) -> None:
        """Tell which version is tried beside the champion."""
        self.beside_version.labels(case, role).set(int(version or 0))
        self.beside_trouble.labels(case, role).set(1 if trouble else 0)

    def count(self, case: str, status: int, seconds: float) -> None:
        """A request that was answered."""
        if (key := (case, status)) not in self._counted:  # a look at labels takes longer than the counting
            self._counted[key] = self.requests.labels(case, str(status)), self.seconds.labels(case)
        requests, took = self._counted[key]
        requests.inc()
        took.observe(seconds)

    def page(self, waiting: Callable[[], int]) -> bytes:
        """All of them as text, of every process of this server."""
        self.waiting.set(waiting())
        if not os.environ.get(FOLDER):
            return generate_latest(self.registry)
        forget_the_dead(Path(os.environ[FOLDER]))
        together = CollectorRegistry()
        MultiProcessCollector(together)
        return generate_latest(together)


def forget_the_dead(folder: Path) -> None:
    """Remove what processes that have been killed left of how things stand; what they counted stays."""
    for path in folder.glob("gauge_live*_*.db"):  # the number of the process is the end of the name
        try:
            os.kill(int(path.stem.rpartition("_")[2]), 0)
        except ProcessLookupError:
            path.unlink(missing_ok=True)
        except PermissionError:  # somebody else's now
            continue
