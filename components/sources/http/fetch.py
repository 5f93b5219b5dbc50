"""Files of a manifest from a mirror or from where they come, many at a time."""

import logging
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock

from tqdm import tqdm

from components.core.errors import CasebookError
from components.core.locks import held_lock
from components.core.params.source import HttpSource
from components.core.passwords import has_password, without_login
from components.sources.http.download import Downloads, StoppedError, UnavailableError
from components.sources.http.manifest import read_manifest
from components.sources.http.places import MIRROR, Place, places

log = logging.getLogger(__name__)

BAR = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}{postfix}"


def fetch(source: HttpSource, folder: Path, root: Path, cache: Path) -> None:
    """Write each file of the manifest to `folder`, at its path there, once all are here and right.

    Files are kept in `cache` by digest, so that a fetch that was cut off goes on where it was, in
    the middle of a file too, and a changed manifest brings only what is new. Two fetches at once
    take turns.

    Raises:
        CasebookError: the manifest is wrong, or a file cannot be had or is another than the pinned one.
    """
    files = read_manifest(root / source.manifest)
    if has_password(source.base):
        log.warning(
            "params.yaml: source.base: holds a password, and whoever reads the repository has it; ~/.netrc can hold it"
        )
    kept = cache / "http"
    kept.mkdir(parents=True, exist_ok=True)
    with held_lock(kept / "fetch.lock", "download"):
        try:
            paths = _Fetch(source, files, kept).run()
            for name, digest in files.items():
                _link(paths[digest], folder / name)
        except OSError as error:
            raise CasebookError(
                f"{error.filename or kept}: cannot be written: {error.strerror}; see to the disk and its permissions"
            ) from None


class _Fetch:
    """One run over a manifest: what is in `files` (path: digest), through `places` in their order."""

    def __init__(self, source: HttpSource, files: dict[str, str], kept: Path) -> None:
        self.source = source
        self.names = {digest: name for name, digest in files.items()}  # equal files are brought once
        self.places = list(places(source.base))
        self.silent: set[Place] = set()
        self.missed: Counter[str] = Counter()
        self.shares: dict[str, float] = {}
        self.lock = Lock()
        self.base = without_login(source.base)
        self.bar = tqdm(total=len(self.names), desc=self.base, bar_format=BAR, leave=False, disable=None)
        self.downloads = Downloads(
            kept, connections=source.connections, retries=source.retries, timeout=source.timeout, told=self._tell
        )

    def run(self) -> dict[str, Path]:
        """The kept file of each digest."""
        pool = ThreadPoolExecutor(self.source.connections)
        try:
            with self.bar, _quiet_retries():
                asked = {digest: pool.submit(self._one, digest) for digest in self.names}
                wait(asked.values(), return_when=FIRST_EXCEPTION)
                for one in asked.values():
                    if one.done() and (error := one.exception()) is not None and not isinstance(error, StoppedError):
                        raise error
                return {digest: one.result() for digest, one in asked.items()}
        finally:
            self.downloads.stop.set()  # a signal, too, ends here: the threads are not left to finish their files
            pool.shutdown(cancel_futures=True)
            self._sum_up()

    def _one(self, digest: str) -> Path:
        if self.downloads.stop.is_set():
            raise StoppedError
        if (path := self.downloads.kept(digest)) is not None:
            self._tell(digest, 1.0)
            return path
        name = self.names[digest]
        for place in self.places:
            if place in self.silent:
                continue
            try:
                path = place.path(name)
                if path is not None:
                    return self.downloads.copy(path, digest)
                return self.downloads.bring(place.url(name), digest)
            except UnavailableError as problem:
                if not place.is_mirror:
                    raise CasebookError(self._failure(name, place, problem)) from None
                self._miss(place, name, problem)
        raise AssertionError("the last place is no mirror")

    def _miss(self, place: Place, name: str, problem: UnavailableError) -> None:
        with self.lock:
            self.missed[place.shown("")] += 1
            if sum(self.missed.values()) == 1:
                log.warning("%s: %s: %s; taken from %s", MIRROR, place.shown(name), problem, self.base)
            if problem.silent:
                self.silent.add(place)

    def _sum_up(self) -> None:
        for place, count in self.missed.items():
            if count > 1:
                log.warning("%s: %s: %d files are not there, or are others", MIRROR, place, count)

    def _tell(self, digest: str, share: float) -> None:
        with self.lock:
            self.bar.update(share - self.shares.get(digest, 0.0))
            self.shares[digest] = share

    def _failure(self, name: str, place: Place, problem: UnavailableError) -> str:
        with self.lock:
            here = sum(share == 1 for share in self.shares.values())
        return (
            f"{name}: {place.shown(name)}: {problem}. {here} of {len(self.names)} files are here and stay for the next "
            f"run. See to the network, source.base and {self.source.manifest}, or set {MIRROR} to a folder or an "
            "address that has the files where their URLs say, less the host; if a file was meant to change, look at it "
            "and put its new sha256 into the manifest"
        )


@contextmanager
def _quiet_retries() -> Iterator[None]:
    """Without a line of urllib3's for each attempt of each thread: what comes of them is told once."""
    retries = logging.getLogger("urllib3.connectionpool")
    before = retries.level
    retries.setLevel(logging.ERROR)
    try:
        yield
    finally:
        retries.setLevel(before)


def _link(path: Path, target: Path) -> None:
    """The same file under another name, which takes no room; a copy where that cannot be."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with suppress(OSError):
        os.link(path, target)
        return
    shutil.copyfile(path, target)
