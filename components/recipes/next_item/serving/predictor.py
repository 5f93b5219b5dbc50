"""The best next items for users: learner and neighbours, blended; popularity where there is no history. No torch."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
import pyarrow.parquet as pq
from pydantic import Field

from components.core.blocks import Block, read_block
from components.core.bundle import Bundle, read_bundle
from components.core.errors import CasebookError
from components.core.forgotten import digest_of
from components.core.opened import kept_open
from components.kits.tables.encoding.cells import RawRows
from components.recipes.next_item.encoding.catalogue import make_catalogue
from components.recipes.next_item.encoding.histories import Histories, make_histories, rating_codes
from components.recipes.next_item.encoding.ids import id_texts
from components.recipes.next_item.encoding.spec import ITEMS, USERS
from components.recipes.next_item.serving.asked import Asked, Columns, read_asked, rows_of_frame, select
from components.recipes.next_item.serving.given import RANGE
from components.recipes.next_item.serving.index import IndexSettings, ItemIndex
from components.recipes.next_item.serving.remarks import TOO_FEW, UNKNOWN_ALLOWED, UNKNOWN_DENIED, Remarks
from components.recipes.next_item.serving.scorers import SCORERS, Member, Scorer, SequenceScorer, standardized
from components.recipes.next_item.serving.shortlist import shortlist
from components.recipes.next_item.serving.topk import top_k, user_blocks

if TYPE_CHECKING:  # who answers a request loads no pandas
    import pandas as pd

INTERACTIONS, HISTORIES = "interactions", "histories.parquet"
MOST_BARRED = 0.5  # share of the catalogue; with more left out the index finds mostly what may not be answered
Count = Annotated[int, Field(ge=1)]


class RankingSettings(Block):
    """The `settings` of a ranking bundle: `top` items are answered where nobody says how many."""

    members: list[Member]
    top: Count
    index: IndexSettings


@dataclass(frozen=True)
class Recommended:
    """K rows, best first for each user in the order asked: `user` (K,), `rank` (K,) from 1, `item` (K,) raw ids,
    `score` (K,), and `title` (K,), None where no item of the catalogue has one; `warnings` (K,), lists of what is
    strange about the user's rows, None where the model knows nothing to hold them against.
    """

    user: np.ndarray
    rank: np.ndarray
    item: np.ndarray
    score: np.ndarray
    title: np.ndarray | None
    warnings: np.ndarray | None = None

    def columns(self) -> dict[str, np.ndarray]:
        """As they are written."""
        found = {"user": self.user, "rank": self.rank, "item": self.item, "score": self.score}
        more = {"title": self.title, "warnings": self.warnings}
        return found | {name: values for name, values in more.items() if values is not None}


class RankingPredictor:
    """Raw interactions, or users, to `user, rank, item, score, title`.

    The score is the blend: for each member the distance of the item's score from the user's mean over
    the catalogue, in standard deviations, times the member's weight, summed. A user without any known
    event is answered by popularity, and the score is then the item's share of the training events.
    """

    TAKES: ClassVar[Literal["rows"]] = "rows"

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.settings = read_block(RankingSettings, bundle.manifest.settings, "bundle.settings")
        self.data: dict[str, Any] = bundle.json(INTERACTIONS)
        self.columns: Columns = self.data["columns"]
        users, items = (pq.read_table(bundle.path(name)) for name in (USERS, ITEMS))
        self.catalogue = make_catalogue(users, items, self.data)

    def forget(self, digests: Collection[str]) -> None:
        """Know the users of these digests no more: neither what they did nor what they are."""
        ids = self.catalogue.user_ids
        gone = [place for place, text in enumerate(ids) if digest_of([text]) in digests] if digests else []
        if gone:
            ids = ids.copy()
            ids[gone] = None  # which is no id that anyone can ask for
            self.catalogue = replace(self.catalogue, user_ids=ids)

    def predict(self, rows: "pd.DataFrame") -> "pd.DataFrame":
        """`recommend` with the bundle's own number of items."""
        return self.recommend(rows)

    def recommend(self, rows: "pd.DataFrame", **chosen: Any) -> "pd.DataFrame":
        """`answer` for a frame, as a frame; `chosen` are its keywords."""
        import pandas as pd  # which only frames need

        return pd.DataFrame(self.answer(rows_of_frame(rows, self.data), **chosen).columns())

    def answers_to(
        self,
        rows: RawRows,
        *,
        top: int | None = None,
        allow: Sequence[str | int] | None = None,
        deny: Sequence[str | int] | None = None,
    ) -> dict[str, Any]:
        """What `predict_file` writes of the rows, by column; `allow` and `deny` are the ids themselves."""
        return dict(self.answer(rows, top=top, allow=allow, deny=deny).columns())

    def answer(
        self,
        rows: RawRows,
        *,
        top: int | None = None,
        allow: Sequence[str | int] | None = None,
        deny: Sequence[str | int] | None = None,
        exclude_seen: bool = True,
        remarks: Remarks | None = None,
    ) -> Recommended:
        """What every answer comes from: the `top` items of each user in raw rows; fewer where fewer are left.

        Rows are interactions in the raw data's columns: a user's rows are then the whole history that
        counts, also of a user whom the bundle knows. Or they have the user's column alone: then the
        stored history counts. `allow` and `deny` are raw item ids, those to choose from and those to leave
        out. What could not be used is left in `remarks`, and without them said, one warning a kind.

        Raises:
            CasebookError: a column is missing, or a time is none.
        """
        heard = Remarks() if remarks is None else remarks
        asked = read_asked(rows, self.data, self.catalogue, self.histories, heard)
        barred = self._barred(allow, deny, heard)
        items, scores = self.best(
            asked, top=self.settings.top if top is None else top, barred=barred, exclude_seen=exclude_seen
        )
        heard.add(TOO_FEW, asked.ids[(items < 0).any(axis=1)].tolist())
        if remarks is None:
            heard.say()
        return self._recommended(asked, items, scores)

    def _recommended(self, asked: Asked, items: np.ndarray, scores: np.ndarray) -> Recommended:
        user, place = np.nonzero(items >= 0)
        item = items[user, place]
        return Recommended(
            user=asked.ids[user],
            rank=(place + 1).astype(np.int32),
            item=self.catalogue.item_ids[item],
            score=scores[user, place].astype(np.float64),
            title=self.catalogue.titles[item] if self.has_titles else None,
            warnings=self._warnings(asked, user),
        )

    def _warnings(self, asked: Asked, user: np.ndarray) -> np.ndarray | None:
        if RANGE not in self.data:
            return None
        said: Sequence[Any] | np.ndarray = asked.warnings if asked.warnings is not None else [[] for _ in asked.ids]
        return np.array([*(said[one] for one in user), None], object)[:-1]

    @cached_property
    def has_titles(self) -> bool:
        """Whether any item has one; without, answers have no such column."""
        return bool((self.catalogue.titles != "").any())

    def best(self, asked: Asked, *, top: int, barred: np.ndarray, exclude_seen: bool) -> tuple[np.ndarray, np.ndarray]:
        """Item indices `(N, top)`, -1 where none is left, and their scores; `barred (M,)` items are left out.

        From the threshold of the settings on, users are answered from a short list: what the index finds
        for the learner and the neighbours of the history, scored exactly. A user whose list is too short
        for all that is barred is scored item by item.
        """
        items = np.full((len(asked.ids), top), -1, np.int64)
        scores = np.zeros((len(asked.ids), top), np.float32)
        rest = np.ones(len(asked.ids), bool)
        if self.index is not None and not barred.mean() > MOST_BARRED:
            found = shortlist(self.scorers, self.index, asked, top=top, barred=barred, exclude_seen=exclude_seen)
            rest = found.short | (asked.histories.lengths == 0)
            items[~rest], scores[~rest] = found.items[~rest], found.scores[~rest]
        places = np.flatnonzero(rest)
        left = select(asked, places)
        for part, block in self.score_blocks(left):
            block[:, barred] = -np.inf
            if exclude_seen:
                seen = left.histories.of(np.arange(part.start, part.stop))
                block[seen.user, seen.item] = -np.inf
            items[places[part]], scores[places[part]] = top_k(block, top)
        return items, scores

    def score_all(self, asked: Asked) -> np.ndarray:
        """Scores `(N, M)` of the whole catalogue, seen items too: for measuring."""
        return np.concatenate([block for _, block in self.score_blocks(asked)])

    def score_blocks(self, asked: Asked) -> Iterator[tuple[slice, np.ndarray]]:
        """The same in blocks of users, `(b, M)` float32 each, so that memory does not grow with their number."""
        for part in user_blocks(len(asked.ids), len(self.catalogue.item_ids)):
            some = select(asked, np.arange(part.start, part.stop))
            block = np.zeros((len(some.ids), len(self.catalogue.item_ids)), np.float32)
            for member, scorer in self.scorers:
                block += np.float32(member.weight) * standardized(scorer.scores(some))
            block[some.histories.lengths == 0] = self.popularity
            yield part, block

    def _barred(
        self, allow: Sequence[str | int] | None, deny: Sequence[str | int] | None, remarks: Remarks
    ) -> np.ndarray:
        barred = np.zeros(len(self.catalogue.item_ids), bool)
        if allow is not None:
            barred[:] = True
            barred[self._known(allow, "allow", UNKNOWN_ALLOWED, remarks)] = False
        if deny is not None:
            barred[self._known(deny, "deny", UNKNOWN_DENIED, remarks)] = True
        return barred

    def _known(self, ids: Sequence[str | int], name: str, message: str, remarks: Remarks) -> np.ndarray:
        texts = id_texts(list(ids), name=f"{name} list")
        index = self.catalogue.item_index(texts)
        if len(index) and (index < 0).all():
            raise CasebookError(
                f"{name} list: none of its {len(index)} line(s) is an item that the model knows, such as "
                f"{texts[0][:60]!r}, where items are called {str(self.catalogue.item_ids[0])[:60]!r}; give one "
                "item's id a line, and no other column"
            )
        remarks.add(message, texts[index < 0].tolist())
        known: np.ndarray = index[index >= 0]
        return known

    @cached_property
    def histories(self) -> Histories:
        """All events known at fitting, by user index."""
        table = pq.read_table(self.bundle.path(HISTORIES))
        user, item, time, rating = (table[name].to_numpy() for name in ("user", "item", "time", "rating"))
        codes = rating_codes(rating, self.data["rating_edges"])
        return make_histories(user, item, time, codes, len(self.catalogue.user_ids))

    @cached_property
    def popularity(self) -> np.ndarray:
        """Each item's share of the training events, `(M,)`."""
        share: np.ndarray = (self.catalogue.counts / max(1, self.catalogue.counts.sum())).astype(np.float32)
        return share

    @cached_property
    def member_scorers(self) -> dict[str, Scorer]:
        """Each member's own scorer, those of no weight too."""
        return {
            member.name: SCORERS[member.kind](self.bundle, member, self.data, self.catalogue)
            for member in self.settings.members
        }

    @cached_property
    def scorers(self) -> list[tuple[Member, Scorer]]:
        """Those that count."""
        return [(member, self.member_scorers[member.name]) for member in self.settings.members if member.weight]

    @cached_property
    def index(self) -> ItemIndex | None:
        """Of the learner's item vectors, made on the first question; None below the threshold."""
        if len(self.catalogue.item_ids) < self.settings.index.threshold:
            return None
        for _, scorer in self.scorers:
            if isinstance(scorer, SequenceScorer):
                return ItemIndex(scorer.vectors, scorer.bias, self.settings.index, threads=self.bundle.threads)
        return None


@kept_open
def open_predictor(folder: Path, *, threads: int = 1) -> RankingPredictor:
    """The predictor of a bundle folder.

    Raises:
        CasebookError: the folder is no whole bundle.
    """
    return RankingPredictor(read_bundle(folder, threads=threads))
