"""A predictor of a table, as it is asked: rows are read, held against training's, and answered or refused."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from components.core.bundle import Bundle
from components.core.errors import CasebookError, StrangeError
from components.kits.tables.encoding.cells import RawRows, beside, columns_of_frame
from components.kits.tables.encoding.encode import TableEncoder
from components.kits.tables.encoding.known import Asked, Known
from components.kits.tables.encoding.reader import RowReader
from components.kits.tables.encoding.tally import JUDGED_CELLS, Tally
from components.kits.tables.limits import RowChecks

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)

ACCEPT = "accept_strange"
PARAMS: Mapping[str, Any] = {ACCEPT: False}  # what a request may ask for beside its rows
GO_ON = (
    "correct them, or go on as they are with --accept-strange (accept_strange=True in Python, among params over HTTP): "
    "unreadable cells count as missing, other classes as rare ones; predict.max_unreadable in params.yaml is the share "
    "of a column that may be unreadable"
)


class Columns(Protocol):
    """Answers to N rows, by column, as they are written."""

    def columns(self) -> dict[str, Any]: ...


class AskedTable(ABC):
    """Raw rows to answers beside their key columns. `checks` tells how strictly they are held against training's."""

    TAKES: ClassVar[Literal["rows"]] = "rows"

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.data: dict[str, Any] = bundle.json("table")
        self.encoder = TableEncoder.from_json(self.data["encoder"])
        self.reader = RowReader.of(self.data)
        self.known = Known.of(self.data, self.encoder)
        self.checks: Callable[[], RowChecks] = RowChecks

    @abstractmethod
    def answer_asked(self, asked: Asked, *, explain: bool) -> Columns:
        """Scores, decisions and, if asked for, reasons."""

    def predict(self, rows: "pd.DataFrame", *, accept_strange: bool = False) -> "pd.DataFrame":
        """Key columns and what is answered to the rows; `reasons` and `warnings` are lists of texts.

        Raises:
            CasebookError: as `answers_to`.
        """
        asked = self._look_at_frame(rows)
        self._check_call(asked, accept=accept_strange)
        return self._beside_key(rows, asked)

    def predict_checked(self, rows: "pd.DataFrame") -> "pd.DataFrame":
        """The same of some rows of a file that has been checked as a whole."""
        return self._beside_key(rows, self._look_at_frame(rows))

    def answers_to(self, rows: RawRows, *, accept_strange: bool = False) -> dict[str, Any]:
        """What `predict_file` writes of the rows, by column.

        Unreadable cells count as missing and classes that training did not have as rare ones, with a
        warning for each column and in the row.

        Raises:
            CasebookError: a column that the model uses is not there.
            StrangeError: the rows are not written as those of training, and are not to be answered all the same.
        """
        asked = self.look(rows)
        self._check_call(asked, accept=accept_strange)
        return beside(rows, self.data["key"], self.answer_asked(asked, explain=True).columns())

    def look(self, rows: RawRows) -> Asked:
        """Raw rows by column as the model takes them, with the marks of what is strange about them.

        Raises:
            CasebookError: a column that the model uses is not there.
        """
        read = self.reader.look(rows)
        return self.known.asked(rows, read, self.encoder.encode_rows(read.typed))

    def check_file(self, batches: "Iterable[pd.DataFrame]", source: Path, *, accept: bool) -> None:
        """Look at all rows of a file, before any is answered.

        Raises:
            CasebookError: as `answers_to`; the message begins with the file.
        """

        def looked(rows: "pd.DataFrame") -> Asked:
            try:
                return self._look_at_frame(rows)
            except CasebookError as error:
                raise CasebookError(f"{source}: {error}") from None

        try:
            self._check(map(looked, batches), accept=accept)
        except StrangeError as error:
            raise StrangeError(f"{source}: {error}") from None

    def _check_call(self, asked: Asked, *, accept: bool) -> None:
        if asked.marks or len(asked) >= JUDGED_CELLS:  # there is nothing to say of most requests, which are of one row
            self._check([asked], accept=accept)

    def _check(self, parts: Iterable[Asked], *, accept: bool) -> None:
        """Say of each column what is strange about the rows of all parts.

        Raises:
            StrangeError: they are not written as those of training, unless that is to be accepted.
        """
        tally = Tally(self.known)
        for part in parts:
            tally.add(part)
        remarks = tally.remarks(self.checks().max_unreadable if tally.unreadable else 0.0)
        stops = [one for one in remarks if one.stops]
        if stops and not accept:
            lines = "\n".join(f"  {one.column}: {one.text}" for one in stops)
            raise StrangeError(f"{len(stops)} column(s) are not written as those of training:\n{lines}\n{GO_ON}")
        for one in remarks:
            log.warning("column %s: %s", one.column, one.text)

    def _look_at_frame(self, rows: "pd.DataFrame") -> Asked:
        self.reader.check_names(rows.columns)
        return self.look(columns_of_frame(rows, self.reader.columns))

    def _beside_key(self, rows: "pd.DataFrame", asked: Asked) -> "pd.DataFrame":
        from components.kits.tables.encoding.convert import beside_key  # with pandas, which only frames need

        return beside_key(rows, self.data["key"], self.answer_asked(asked, explain=True).columns())
