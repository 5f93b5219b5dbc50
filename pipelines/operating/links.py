"""Links to the pages of MLflow that show a case's run."""

from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from components.core.files import dvc_md5

EMBEDDED = "http://127.0.0.1:5000"  # of `casebook ui`, which shows the store of this checkout


def run_page(case: str, root: Path) -> str:
    """The page of the run that fitted what stands in `models/<case>/fitted`."""
    from components.tracking.runs import run_of_fit  # MLflow takes seconds to import
    from components.tracking.track import connect

    tracker = connect(root)
    run = run_of_fit(tracker, case, dvc_md5(root / "models" / case / "fitted"))
    return page_address(tracker.uri, tracker.experiment(case), run)


def page_address(store: str, experiment: str, run: str) -> str:
    parts = urlsplit(store)
    plain = parts._replace(netloc=parts.netloc.rpartition("@")[2])  # a password has no place in a link
    address = urlunsplit(plain).rstrip("/") if parts.scheme in ("http", "https") else EMBEDDED
    return f"{address}/#/experiments/{experiment}/runs/{run}"
