"""Options of a case that say who is answered where no file does, such as `--users all`."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from components.core.errors import CasebookError
from components.core.job import Job
from components.core.recipe import recipe_of
from pipelines.commands.options import read_options, shown


@contextmanager
def rows_of(job: Job, source: Path | None, options: Sequence[str]) -> Iterator[Path]:
    """The file of rows, or in its place an empty one that nobody reads, named after the option that stands for it.

    Raises:
        CasebookError: neither a file nor such an option is given, or both.
    """
    declared = recipe_of(job).options
    standing: tuple[str, ...] = getattr(declared, "WITHOUT_FILE", ())
    given = [name for name in standing if name in read_options(job.case, declared, options)] if standing else []
    if len(given) > 1 or (given and source is not None):
        other = "IN" if len(given) == 1 else f"--{shown(given[1])}"
        raise CasebookError(f"{job.case}: --{shown(given[0])} says who is answered, and so does {other}; leave one out")
    if source is not None:
        yield source
        return
    if not given:
        instead = "".join(f", or --{shown(name)}" for name in standing)
        raise CasebookError(f"{job.case}: say what to answer: a file as IN, or - for the standard input{instead}")
    with tempfile.TemporaryDirectory(prefix="casebook-") as folder:
        empty = Path(folder, f"{shown(given[0])}.csv")
        empty.touch()
        try:
            yield empty
        except CasebookError as error:
            raise CasebookError(str(error).replace(str(empty), f"--{shown(given[0])}")) from None
