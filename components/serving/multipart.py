"""Files of a form, as browsers and `curl -F` send them: each is a row, its other fields are the request's keys."""

from typing import Any

from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from components.serving.bodies import MOST_ROWS, parts_of
from components.serving.parsing import key_of_text
from components.serving.problems import Detail, Problem

MOST_FIELDS = 20
LONGEST_FIELD = 4096  # bytes


class _InMemory(MultiPartParser):
    """One that leaves files in memory, as other bodies are: the body's limit holds for all of them, and a full disk
    costs no answer.
    """

    def __init__(self, request: Request, most: int) -> None:
        self.spool_max_size = most + 1
        super().__init__(
            request.headers,
            parts_of(request, most),
            max_files=MOST_ROWS,
            max_fields=MOST_FIELDS,
            max_part_size=LONGEST_FIELD,
        )


async def read_form(request: Request, most: int) -> dict[str, Any]:
    """The same as a body of JSON: `rows`, each `{"image": name, "pixels": bytes}`, beside the other fields.

    Raises:
        Problem: 400 where it is no such form, 413 where it is longer than `most` bytes, 422 where it has no file.
    """
    try:
        form = await _InMemory(request, most).parse()
    except MultiPartException as error:
        status = 413 if "Too many" in error.message else 400
        raise Problem(status, f"the form cannot be read: {error.message}") from None
    rows: list[dict[str, Any]] = []
    content: dict[str, Any] = {}
    for name, value in form.multi_items():
        if isinstance(value, str):
            content[name] = key_of_text(name, value)
        else:
            rows.append({"image": value.filename or name, "pixels": await value.read()})
            await value.close()
    if not rows:
        raise Problem(
            422, "the form has no file", [Detail(("rows",), "send each image as a file: -F image=@cells.png", None)]
        )
    return {**content, "rows": rows}
