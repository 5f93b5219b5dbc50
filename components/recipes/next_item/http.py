"""Users over HTTP: the best items of each, by what is stored of them or by a history that a request brings."""

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from components.core.bundle import read_bundle
from components.recipes.next_item.encoding.ids import read_ids
from components.recipes.next_item.online.answers import Found, Recommender, answer
from components.recipes.next_item.online.chosen import KEYS, Chosen, read_chosen
from components.recipes.next_item.online.rows import HISTORY, USER, Question, RowForm
from components.recipes.next_item.online.schema import row_schema
from components.recipes.next_item.serving.predictor import BLEND
from components.serving.problems import Detail, Problem
from components.serving.service import MEBIBYTE, Answered, Options, Short

MAX_BODY = MEBIBYTE
FOUND = 20  # items that a search answers at most
WRITTEN = (USER, "rank", "item", "score", "title", "answered_by", "because", "because_title", "warnings")


def open_service(bundle: Path, histories: Path | None, _checks: Any) -> "RankingService":
    """The bundle, answering by those histories of its users, or where there are none by those of its fit."""
    predictor = Recommender(read_bundle(bundle, threads=1))
    if histories is not None:
        predictor.know(histories)
    return RankingService(predictor)


class RankingService:
    """A predictor that answers rows as JSON has them."""

    key = (USER,)

    def __init__(self, predictor: Recommender) -> None:
        self.predictor, self.form = predictor, RowForm(predictor.data)

    def forget(self, digests: Collection[str]) -> None:
        """Know the people of these digests no more."""
        self.predictor.forget(digests)
        self.__dict__.pop("_schema", None)

    def options(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """How many items, which ones, and whether those that a user has had."""
        return read_chosen(given, self.predictor.catalogue)

    def more(self) -> Mapping[str, Mapping[str, Any]]:
        """The keys of a request beside its rows, as JSON Schema."""
        return KEYS

    def check(self, row: Any) -> Sequence[Detail]:
        """What is wrong with a row's form."""
        return self.form.check(row)

    def answer(self, rows: Sequence[Mapping[str, Any]], options: Options) -> Sequence[Answered]:
        """All of them together; what is wrong with one does not concern the others."""
        chosen = Chosen.of(options)
        questions = [self.form.question(row) for row in rows]
        found = answer(self.predictor, questions, chosen)
        return [
            _answered(one, question, chosen, strict=options.strict)
            for one, question in zip(found, questions, strict=True)
        ]

    def schema(self) -> Mapping[str, Any]:
        """A row as JSON Schema."""
        return self._schema

    def about(self) -> Mapping[str, Any]:
        """Facts for people."""
        catalogue = self.predictor.catalogue
        return {
            "columns": self.predictor.columns,
            "top": self.predictor.settings.top,
            "users": len(catalogue.user_ids),
            "items": len(catalogue.item_ids),
            "titles": self.predictor.has_titles,
        }

    def find(self, column: str, text: str, limit: int = FOUND) -> Sequence[Mapping[str, Any]]:
        """Items, or users, whose title or id holds a text, in the catalogue's order; whose id it is comes first."""
        catalogue = self.predictor.catalogue
        wanted = text.strip().casefold()
        if column in (USER, self.form.user):
            pairs = [(one, "") for one in catalogue.user_ids.tolist() if one is not None]
        else:
            pairs = list(zip(catalogue.item_ids.tolist(), catalogue.titles.tolist(), strict=True))
        found = [pair for pair in pairs if wanted in pair[1].casefold() or wanted in pair[0].casefold()]
        found.sort(key=lambda pair: pair[0].casefold() != wanted)
        return [{"value": value, "title": title} for value, title in found[:limit]]

    def gathered(self, rows: Sequence[Any]) -> list[Any]:
        """Rows as `casebook predict` has them, to those of a request: interactions become the histories of their users,
        in the order in which these first stand there.
        """
        events = set(self.form.events.values())
        if not all(isinstance(row, Mapping) for row in rows) or not any(events & set(row) for row in rows):
            return list(rows)
        histories: dict[str, dict[str, Any]] = {}
        for row in rows:
            user = row.get(self.form.user, row.get(USER))
            ids = read_ids([user], self.form.missing)
            text = str(ids.texts[0]) if ids.fault is None else repr(user)
            if not text:
                continue  # as `predict` does
            rest = {name: cell for name, cell in row.items() if name not in events}
            held = histories.setdefault(text, {**rest, HISTORY: []})
            event = {name: row[name] for name in self.form.events.values() if name in row}
            if event.get(self.form.events["item"]) is not None:
                held[HISTORY].append(event)
        if not histories:
            raise Problem(422, f"no row names a user in {self.form.user!r}", [Detail((self.form.user,), "is missing")])
        return list(histories.values())

    def flat(self, answers: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Answers as `casebook predict` writes them: a record for each item of each user."""
        whole = [{**one, **item} for one in answers for item in one["items"]]
        return [{name: record[name] for name in WRITTEN if name in record} for record in whole]

    @cached_property
    def _schema(self) -> Mapping[str, Any]:
        return row_schema(self.form, self.predictor)


def read_short(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """`user`, an id or a list of ids, or `history`, to the rows of `predict`; all else are its own keys.

    Raises:
        Problem: 422, a history of several users.
    """
    rest = {name: cell for name, cell in content.items() if name not in (USER, HISTORY)}
    user, history = content.get(USER), content.get(HISTORY)
    if isinstance(user, list) and history is not None:
        detail = [Detail((HISTORY,), "is one user's; ask for several with /v1/CASE/predict")]
        raise Problem(422, "a history, and several users", detail)
    if isinstance(user, list):
        return {**rest, "rows": [{USER: one} for one in user]}
    return {**rest, "rows": [{name: content[name] for name in (USER, HISTORY) if name in content}]}


SHORT = Short("/recommend", {USER: {"description": "an id, or a list of ids"}, HISTORY: {"type": "array"}}, read_short)


def _answered(one: Found, question: Question, chosen: Chosen, *, strict: bool) -> Answered:
    where = HISTORY if question.given else USER
    if one.wrong:
        return Answered(None, [Detail((where,), one.wrong)])
    if strict and one.new:
        return Answered(None, [Detail((where,), said) for said in one.new])
    plain = one.items and chosen.is_plain and one.answered_by == BLEND
    return Answered(
        {USER: question.user, "answered_by": one.answered_by, "items": one.items, "warnings": one.warnings},
        told={"best score": one.items[0]["score"]} if plain else {},
        kept=question.raw,
    )
