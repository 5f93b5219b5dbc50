"""The file of `predict --out`: its form is looked at before the work, and written from what the recipe writes."""

import gzip
import json
import math
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.core.errors import CasebookError
from components.core.files import whole_file

if TYPE_CHECKING:
    import pyarrow.parquet as pq

PARQUET, JSON, WORKBOOK, PACKED = ".parquet", ".json", ".xlsx", ".gz"
FROM_ROWS = (JSON, WORKBOOK)  # written here, from a recipe's Parquet
BINARY = (PARQUET, WORKBOOK)  # not packed again
SHEET_ROWS = 1_048_575  # of a sheet, below its header
CELL = 32_767  # characters of a cell
EXACT = 2**53  # beyond it a sheet rounds whole numbers: they are written as text
BATCH_ROWS = 5_000


def forms(written: tuple[str, ...]) -> tuple[str, ...]:
    """Endings that answers may have, of a recipe that itself writes those of `written`; texts may be packed, too."""
    return (*written, *(form for form in FROM_ROWS if PARQUET in written and form not in written))


def form_of(out: Path, written: tuple[str, ...]) -> tuple[str, bool]:
    """The form that a file's name says, in small letters, and whether it is packed.

    Raises:
        CasebookError: it says none, or one that the recipe does not write.
    """
    name = out.name.lower()
    packed = name.endswith(PACKED)
    form = Path(name.removesuffix(PACKED)).suffix
    known = forms(written)
    if form in known and not (packed and form in BINARY):
        return form, packed
    texts = [one for one in known if one not in BINARY]
    shown = f"{', '.join(known)}, or one of {', '.join(texts)} with {PACKED} behind it"
    said = f"ends with {form}{PACKED if packed else ''}" if form or packed else "has no ending"
    raise CasebookError(f"{out}: the name of the answers {said}; they are written as {shown}")


def check_out(source: Path, out: Path, written: tuple[str, ...]) -> None:
    """Refuse what answers cannot be written to, before the work.

    Raises:
        CasebookError: it is a folder, the source itself or below a file, or its form is not written.
    """
    if out.is_dir():
        raise CasebookError(f"{out}: a folder; name a file for the answers, such as {out / ('answers' + written[0])}")
    form_of(out, written)
    if out.exists() and source.exists() and out.samefile(source):
        raise CasebookError(f"{out}: the file that is asked; its answers would take its place: name another with --out")
    above = next(folder for folder in out.absolute().parents if folder.exists())
    if not above.is_dir():
        raise CasebookError(f"{out}: {above} is a file, not a folder; name a file in a folder with --out")


def check_apart(out: Path, options: Mapping[str, Any]) -> None:
    """Refuse an option by its name that stands for the file of the answers: one would take the other's place.

    Raises:
        CasebookError: there is one.
    """
    for name, value in options.items():
        if isinstance(value, Path) and value.resolve() == out.resolve():
            raise CasebookError(f"--{name} {value}: the answers go there (--out); name another file")


@contextmanager
def answers_to(out: Path, written: tuple[str, ...]) -> Iterator[Path]:
    """Yield the path that the recipe writes its answers to. What is there when the block ends, however it ends, becomes
    `out`, whole or not at all.

    Raises:
        CasebookError: the answers do not fit into a workbook.
    """
    if out.suffix in written:
        yield out
        return
    form, packed = form_of(out, written)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".answers-", dir=out.parent) as folder:
        native = Path(folder, f"answers{form if form in written else PARQUET}")
        try:
            yield native
        except CasebookError as error:
            if str(native) not in str(error):
                raise
            raise CasebookError(str(error).replace(str(native), str(out))) from None
        finally:
            if native.exists():
                _move(native, out, form, packed=packed)


def _move(native: Path, out: Path, form: str, *, packed: bool) -> None:
    with whole_file(out) as temporary:
        if native.suffix != form:
            made = native.with_suffix(form)
            (_write_workbook if form == WORKBOOK else _write_json)(native, made, out)
            native = made
        if packed:
            with native.open("rb") as plain, gzip.open(temporary, "wb") as file:
                shutil.copyfileobj(plain, file)
        else:
            shutil.move(native, temporary)


def _write_json(native: Path, made: Path, _: Path) -> None:
    """A list of objects, a line each; what is missing, or no number, is null."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(native) as answers, made.open("w", encoding="utf-8") as file:
        before = "[\n"
        for row in _rows(answers):
            plain = {name: _plain(cell) for name, cell in row.items()}
            file.write(before + json.dumps(plain, ensure_ascii=False, default=str))
            before = ",\n"
        file.write("[]\n" if before.startswith("[") else "\n]\n")


def _write_workbook(native: Path, made: Path, out: Path) -> None:
    """One sheet; text is text whatever it begins with, and a list is joined as in CSV."""
    import pyarrow.parquet as pq
    import xlsxwriter

    with pq.ParquetFile(native) as answers, xlsxwriter.Workbook(made, {"constant_memory": True}) as book:
        if (count := answers.metadata.num_rows) > SHEET_ROWS:
            raise CasebookError(f"{out}: {count} answers, and a sheet holds {SHEET_ROWS}; write {PARQUET} or .csv")
        sheet = book.add_worksheet("answers")
        dates = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        sheet.write_row(0, 0, answers.schema_arrow.names)
        for number, row in enumerate(_rows(answers), start=1):
            for place, cell in enumerate(row.values()):
                _write_cell(sheet, number, place, _plain(cell), dates, out)


def _write_cell(sheet: Any, number: int, place: int, cell: Any, dates: Any, out: Path) -> None:
    if isinstance(cell, list):
        cell = "; ".join(str(one) for one in cell)
    if cell is None or cell == "":
        return
    if isinstance(cell, bool):
        sheet.write_boolean(number, place, cell)
    elif isinstance(cell, float) or (isinstance(cell, int) and abs(cell) <= EXACT):
        sheet.write_number(number, place, cell)
    elif isinstance(cell, datetime):
        sheet.write_datetime(number, place, cell.replace(tzinfo=None), dates)
    else:
        if len(text := str(cell)) > CELL:
            raise CasebookError(
                f"{out}: row {number} has a text of {len(text)} characters, and a cell holds {CELL}; "
                f"write {PARQUET} or .csv"
            )
        sheet.write_string(number, place, text)


def _rows(answers: "pq.ParquetFile") -> Iterator[dict[str, Any]]:
    for batch in answers.iter_batches(BATCH_ROWS):
        yield from batch.to_pylist()


def _plain(cell: Any) -> Any:
    return None if isinstance(cell, float) and not math.isfinite(cell) else cell
