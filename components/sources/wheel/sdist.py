"""Download a pinned sdist and run nothing of it: `python sdist.py OPTIONS -- NAME==VERSION`.

The options are those of `pip download`, which cannot do this: it asks the package for its
metadata, and so runs the package's setup.py or build backend (https://github.com/pypa/pip/issues/1884).
Here pip only finds the archive's address and fetches it, with all of its configuration: indexes,
links, credentials, certificates, proxies. A process of its own, for pip is no library.
"""

import hashlib
import logging
import sys
from pathlib import Path

from pip._internal.commands.download import DownloadCommand
from pip._internal.exceptions import PipError
from pip._internal.models.link import Link
from pip._internal.network.session import PipSession
from pip._internal.network.utils import HEADERS, response_chunks
from pip._vendor.packaging.requirements import Requirement
from pip._vendor.requests import RequestException
from tqdm import tqdm


def main(arguments: list[str]) -> None:
    """Save the archive in the folder `--dest`; a failure ends the process with one line on stderr."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")  # on stderr, as pip itself
    command = DownloadCommand("download", "Download a source archive.")
    options, (text,) = command.parse_args(arguments)
    try:
        with command.main_context():
            session = command.get_default_session(options)
            finder = command._build_package_finder(options, session)
            requirement = Requirement(text)
            best = finder.find_best_candidate(requirement.name, requirement.specifier).best_candidate
            if best is None:
                versions = sorted({found.version for found in finder.find_all_candidates(requirement.name)})
                raise PipError(f"No sdist of {text} found (from versions: {', '.join(map(str, versions)) or 'none'})")
            _save(session, best.link, Path(options.download_dir) / best.link.filename)
    except (PipError, RequestException, OSError) as error:
        sys.exit(f"ERROR: {error}")


def _save(session: PipSession, link: Link, target: Path) -> None:
    response = session.get(link.url_without_fragment, headers=HEADERS, stream=True)
    response.raise_for_status()
    size = int(response.headers["Content-Length"]) if "Content-Length" in response.headers else None
    digest = hashlib.new(link.hash_name) if link.hash_name else None
    # On stdout, as pip's own bar is; no bar where that is not a terminal.
    bar = tqdm(total=size, desc=link.filename, unit="B", unit_scale=True, file=sys.stdout, disable=None)
    with bar, target.open("wb") as file:
        for chunk in response_chunks(response):
            file.write(chunk)
            bar.update(len(chunk))
            if digest:
                digest.update(chunk)
    if digest and digest.hexdigest() != link.hash:
        raise PipError(f"{link.filename}: {link.hash_name} is {digest.hexdigest()}, the index says {link.hash}")


if __name__ == "__main__":
    main(sys.argv[1:])
