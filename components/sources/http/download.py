"""One file at a time into a cache by digest: streamed, resumed where it broke off, and checked."""

import shutil
from collections.abc import Callable
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from threading import Event

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

from components.core.files import CHUNK, file_digest
from components.core.passwords import without_login

OK, PARTIAL, UNFIT_RANGE = 200, 206, 416
BUSY = (408, 429, 500, 502, 503, 504)
BACKOFF, LONGEST_WAIT = 0.5, 30.0  # seconds; doubled with each attempt


class UnavailableError(Exception):
    """A place does not give the file; another one may. `silent`: it gave no answer at all."""

    def __init__(self, reason: str, *, silent: bool = False) -> None:
        super().__init__(reason)
        self.silent = silent


class StoppedError(Exception):
    """Another file failed, or the process is told to end."""


class Downloads:
    """A folder that keeps files as `<sha256>`, and as `<sha256>.part` until they are whole.

    `told` hears of a file by its digest what share of it is here.
    """

    def __init__(
        self, folder: Path, *, connections: int, retries: int, timeout: float, told: Callable[[str, float], object]
    ) -> None:
        self.folder, self.retries, self.timeout, self.told = folder, retries, timeout, told
        self.stop = Event()
        self.session = _session(connections, retries)

    def kept(self, digest: str) -> Path | None:
        """The file of this digest, if it is here and still right; one that is not is removed."""
        path = self.folder / digest
        if path.is_file() and file_digest(path) != digest:
            path.unlink()
        return path if path.is_file() else None

    def copy(self, path: Path, digest: str) -> Path:
        """Keep the file at `path` under `digest`.

        Raises:
            UnavailableError: it is not there, cannot be read or has another digest.
        """
        part = self._part(digest)
        try:
            if not path.is_file():
                raise UnavailableError("not there")
            shutil.copyfile(path, part)
        except OSError as error:
            raise UnavailableError(f"cannot be read: {error.strerror}") from None
        return self._keep(digest)

    def bring(self, url: str, digest: str) -> Path:
        """Download `url` and keep it under `digest`.

        Raises:
            UnavailableError: the server cannot be reached, has no such file, breaks off again and
                again, or gives another one.
        """
        part, failures = self._part(digest), 0
        most = begun = _size(part)
        while True:
            try:
                self._append(url, part, digest)
                break
            except HTTPError as error:  # in the middle of the file: go on from there
                failures = 0 if _size(part) > most else failures + 1
                most = max(most, _size(part))
                if failures > self.retries:
                    raise UnavailableError(f"broke off {failures} times after {most} bytes: {_plain(error)}") from None
                self._wait(failures)
        if begun and file_digest(part) != digest:  # what was begun may be no part of it
            part.unlink()
            return self.bring(url, digest)
        return self._keep(digest)

    def _append(self, url: str, part: Path, digest: str) -> None:
        """Ask for what `part` lacks, and add it."""
        start = _size(part)
        headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={start}-"} if start else {})}
        try:
            answer = self.session.get(url, headers=headers, stream=True, timeout=self.timeout)
        except requests.RequestException as error:
            raise UnavailableError(_plain(error), silent=True) from None
        with answer:
            if start and answer.status_code == UNFIT_RANGE:
                return  # nothing is lacking, or it is no part of this file: the digest tells
            if answer.status_code not in (OK, PARTIAL):
                raise UnavailableError(f"HTTP {answer.status_code} {answer.reason}")
            goes_on = answer.headers.get("Content-Range", "").startswith(f"bytes {start}-")
            if not goes_on:
                start = 0
            length = start + (answer.raw.length_remaining or 0)
            with part.open("ab" if goes_on else "wb") as file:
                # Each piece as it comes: of one that is waited for, a break would take what had come.
                while piece := answer.raw.read1(CHUNK):
                    if self.stop.is_set():
                        raise StoppedError
                    start += file.write(piece)
                    self.told(digest, start / max(start, length))

    def _keep(self, digest: str) -> Path:
        part = self._part(digest)
        found = file_digest(part)
        if found != digest:
            size = _size(part)
            part.unlink()
            raise UnavailableError(f"expected sha256 {digest}, found {found} in its {size} bytes")
        self.told(digest, 1.0)
        return part.replace(self.folder / digest)

    def _part(self, digest: str) -> Path:
        return self.folder / f"{digest}.part"

    def _wait(self, failures: int) -> None:
        if self.stop.wait(min(LONGEST_WAIT, BACKOFF * 2 ** (failures - 1)) if failures else 0):
            raise StoppedError


def _session(connections: int, retries: int) -> requests.Session:
    """Tries again, with back-off or when the server says, where it is not reached or too busy."""
    retry = Retry(
        total=retries,
        status_forcelist=BUSY,
        allowed_methods={"GET"},
        backoff_factor=BACKOFF,
        backoff_max=LONGEST_WAIT,
        raise_on_status=False,
    )
    session = requests.Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # threads share the session
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=connections, max_retries=retry))
    return session


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _plain(error: BaseException) -> str:
    """The innermost cause: what wraps it repeats the address and names Python's objects."""
    while (inner := getattr(error, "reason", None) or next(iter(error.args), None)) and isinstance(inner, Exception):
        error = inner
    text = " ".join(str(error.args[-1] if error.args else error).split())
    return f"{type(error).__name__}: {without_login(text)}"
