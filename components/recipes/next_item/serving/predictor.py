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
from components.recipes.next_item.encoding.repeats import recommends_seen
from components.recipes.next_item.encoding.spec import ITEMS, USERS
from components.recipes.next_item.metrics.sets import Sets
from components.recipes.next_item.serving.asked import Asked, Columns, by_features, read_asked, rows_of_frame, select
from components.recipes.next_item.serving.choice import Choice, Lists, read_choice
from components.recipes.next_item.serving.cold import FeaturePopularity
from components.recipes.next_item.serving.given import RANGE
from components.recipes.next_item.serving.index import IndexSettings, ItemIndex
from components.recipes.next_item.serving.reasons import because as because_of
from components.recipes.next_item.serving.remarks import LONG_HISTORY, TOO_FEW, TOO_MANY, Remarks
from components.recipes.next_item.serving.scorers import SCORERS, Member, Scorer, SequenceScorer, standardized
from components.recipes.next_item.serving.shortlist import shortlist
from components.recipes.next_item.serving.stored import Stored, StoredFiles, encoders_of
from components.recipes.next_item.serving.topk import top_k, user_blocks

if TYPE_CHECKING:  # who answers a request loads no pandas
    import pandas as pd

INTERACTIONS, HISTORIES = "interactions", "histories.parquet"
BLEND, FEATURES, POPULARITY = "blend", "features", "popularity"  # ways of answering
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
    `score` (K,), and `title` (K,), None where no item of the catalogue has one. `answered_by` (K,) says which of the
    ways of answering gave it; `because` (K,) is the item of the history that speaks most for it, None where none
    does, and `because_title` (K,) that one's title: both None where nobody asked for them. `warnings` (K,) are lists
    of what is strange about the user's rows, None where the model knows nothing to hold them against. `asked` is what
    the column of who was asked is called.
    """

    user: np.ndarray
    rank: np.ndarray
    item: np.ndarray
    score: np.ndarray
    title: np.ndarray | None
    answered_by: np.ndarray
    because: np.ndarray | None = None
    because_title: np.ndarray | None = None
    warnings: np.ndarray | None = None
    asked: str = "user"

    def columns(self) -> dict[str, np.ndarray]:
        """As they are written."""
        found = {self.asked: self.user, "rank": self.rank, "item": self.item, "score": self.score}
        names = ("title", "answered_by", "because", "because_title", "warnings")
        more = {name: getattr(self, name) for name in names}
        return found | {name: values for name, values in more.items() if values is not None}


class RankingPredictor:
    """Raw interactions, or users, to `user, rank, item, score, title`.

    The score is the blend: for each member the distance of the item's score from the user's mean over
    the catalogue, in standard deviations, times the member's weight, summed. A user without any known
    event is answered by what users of like features had, or where none is known by popularity, and the score is then
    the item's share of their events.
    """

    TAKES: ClassVar[Literal["rows"]] = "rows"

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.settings = read_block(RankingSettings, bundle.manifest.settings, "bundle.settings")
        self.data: dict[str, Any] = bundle.json(INTERACTIONS)
        self.columns: Columns = self.data["columns"]
        users, items = (pq.read_table(bundle.path(name)) for name in (USERS, ITEMS))
        self.catalogue = make_catalogue(users, items, self.data)
        self._all = self.catalogue  # before anyone is forgotten
        self._kept: StoredFiles | None = None
        self._gone: Collection[str] = ()

    def know(self, folder: Path) -> None:
        """Answer users who are named without events by those of a folder that `write_stored` has written.

        Raises:
            CasebookError: the folder is damaged, or of a model with other users or items.
        """
        known = StoredFiles(folder)
        if known.kept.encoders != encoders_of(self._all):
            raise CasebookError(f"{folder}: of a model with other users or items than {self.bundle.folder}")
        self._kept = known
        self.__dict__.pop("stored", None)

    def forget(self, digests: Collection[str]) -> None:
        """Know the users of these digests no more: neither what they did nor what they are."""
        ids = self.catalogue.user_ids
        gone = [place for place, text in enumerate(ids) if digest_of([text]) in digests] if digests else []
        if gone:
            ids = ids.copy()
            ids[gone] = None  # which is no id that anyone can ask for
            self.catalogue = replace(self.catalogue, user_ids=ids)
        self._gone = frozenset(digests)
        self.__dict__.pop("stored", None)

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
        allow: Lists | None = None,
        deny: Lists | None = None,
        include_seen: bool | None = None,
        because: bool = False,
    ) -> dict[str, Any]:
        """What `predict_file` writes of the rows, by column; `allow` and `deny` are the ids themselves, or those of
        each user by the user's id.
        """
        exclude_seen = None if include_seen is None else not include_seen
        found = self.answer(rows, top=top, allow=allow, deny=deny, exclude_seen=exclude_seen, because=because)
        return dict(found.columns())

    def answer(
        self,
        rows: RawRows,
        *,
        top: int | None = None,
        allow: Lists | None = None,
        deny: Lists | None = None,
        exclude_seen: bool | None = None,
        because: bool = False,
        remarks: Remarks | None = None,
    ) -> Recommended:
        """What every answer comes from: the `top` items of each user in raw rows; fewer where fewer are left.

        Rows are interactions in the raw data's columns: a user's rows are then the whole history that
        counts, also of a user whom the bundle knows. Or they have the user's column alone: then the
        stored history counts. `allow` and `deny` are raw item ids, those to choose from and those to leave
        out, or such ids by user. `exclude_seen` leaves out what the user has seen; None does as the case does. What
        could not be used is left in `remarks`, and without them said, one warning a kind.

        Raises:
            CasebookError: a column is missing, or a time is none.
        """
        heard = Remarks() if remarks is None else remarks
        asked = read_asked(rows, self.data, self.catalogue, self.stored, heard)
        found = self._answer(asked, top, (allow, deny), heard, exclude_seen=exclude_seen, because=because)
        if remarks is None:
            heard.say()
        return found

    def like(
        self,
        items: Sequence[str | int],
        *,
        top: int | None = None,
        allow: Lists | None = None,
        deny: Lists | None = None,
        remarks: Remarks | None = None,
    ) -> Recommended:
        """Items like each of some raw ids: what is answered to who has had that one alone, and not that one.

        Raises:
            CasebookError: the model does not know such an item.
        """
        heard = Remarks() if remarks is None else remarks
        texts = id_texts(list(items))
        index = self.catalogue.item_index(texts)
        if (index < 0).any():
            raise CasebookError(
                f"item {texts[index < 0][0][:60]!r}: the model does not know it; its items are called such as "
                f"{str(self.catalogue.item_ids[0])[:60]!r}"
            )
        time, rating = np.full(len(texts), self.data["last_time"], np.int64), np.zeros(len(texts), np.int8)
        once = Histories(index.astype(np.int32), time, rating, np.arange(len(texts) + 1))
        asked = Asked(texts, np.full(len(texts), -1), once)
        found = self._answer(asked, top, (allow, deny), heard, exclude_seen=True, because=False)
        if remarks is None:
            heard.say()
        return replace(found, asked="like")

    def _answer(
        self,
        asked: Asked,
        top: int | None,
        lists: tuple[Lists | None, Lists | None],
        heard: Remarks,
        *,
        exclude_seen: bool | None,
        because: bool,
    ) -> Recommended:
        count, wanted = len(self.catalogue.item_ids), self.settings.top if top is None else top
        choice = read_choice(*lists, self.catalogue, asked.ids, heard)
        items, scores = self.best(asked, top=min(wanted, count), choice=choice, exclude_seen=exclude_seen)
        heard.add(LONG_HISTORY % self.data["window"], asked.ids[asked.histories.lengths > self.data["window"]].tolist())
        few = ((items < 0).any(axis=1) | (wanted > count)) & ~choice.unlisted(asked.ids)
        heard.add(TOO_MANY % (wanted, count) if wanted > count else TOO_FEW, asked.ids[few].tolist())
        return self._recommended(asked, items, scores, self._because(asked, items) if because else None)

    def _because(self, asked: Asked, items: np.ndarray) -> np.ndarray:
        members = [(member, self.member_scorers[member.name]) for member in self.settings.members]
        return because_of(members, asked, items)

    @property
    def recommends_seen(self) -> bool:
        """Whether items that a user has seen are candidates."""
        return recommends_seen(self.data)

    def seen(self, asked: Asked) -> Sets:
        """The items that are no answer, as the user has seen them."""
        if self.recommends_seen:
            return Sets.none(len(asked.ids))
        return Sets(asked.histories.item.astype(np.int64), asked.histories.start)

    def _recommended(
        self, asked: Asked, items: np.ndarray, scores: np.ndarray, because: np.ndarray | None
    ) -> Recommended:
        user, place = np.nonzero(items >= 0)
        item = items[user, place]
        found = Recommended(
            user=asked.ids[user],
            rank=(place + 1).astype(np.int32),
            item=self.catalogue.item_ids[item],
            score=scores[user, place].astype(np.float64),
            title=self.catalogue.titles[item] if self.has_titles else None,
            answered_by=self.answered_by(asked)[user],
            warnings=self._warnings(asked, user),
        )
        if because is None:
            return found
        event = because[user, place]
        names = self.catalogue.item_ids, self.catalogue.titles
        ids, titles = (np.array([*these, None], object)[event] for these in names)
        return replace(found, because=ids, because_title=titles if self.has_titles else None)

    def answered_by(self, asked: Asked) -> np.ndarray:
        """Of each user (N,) which way of answering does."""
        ways = np.where(by_features(self._with_codes(asked)), FEATURES, POPULARITY).astype(object)
        ways[asked.histories.lengths > 0] = BLEND
        return ways

    def _with_codes(self, asked: Asked) -> Asked:
        if asked.codes is not None:
            return asked
        codes = np.zeros((len(asked.ids), len(self.catalogue.user_features)), np.int64)
        codes[asked.users >= 0] = self.catalogue.user_codes[asked.users[asked.users >= 0]]
        return replace(asked, codes=codes)

    def _warnings(self, asked: Asked, user: np.ndarray) -> np.ndarray | None:
        if RANGE not in self.data:
            return None
        said: Sequence[Any] | np.ndarray = asked.warnings if asked.warnings is not None else [[] for _ in asked.ids]
        return np.array([*(said[one] for one in user), None], object)[:-1]

    @cached_property
    def has_titles(self) -> bool:
        """Whether any item has one; without, answers have no such column."""
        return bool((self.catalogue.titles != "").any())

    def best(
        self, asked: Asked, *, top: int, choice: Choice | None = None, exclude_seen: bool | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Item indices `(N, top)`, -1 where none is left, and their scores; of all items, or of those that the choice
        leaves, and without seen ones where `exclude_seen` says so, or it is None and the case does not recommend them.

        From the threshold of the settings on, users are answered from a short list: what the index finds
        for the learner and the neighbours of the history, scored exactly. A user whose list is too short
        for all that is barred is scored item by item.
        """
        exclude_seen = not self.recommends_seen if exclude_seen is None else exclude_seen
        choice = choice or Choice(np.zeros(len(self.catalogue.item_ids), bool))
        items = np.full((len(asked.ids), top), -1, np.int64)
        scores = np.zeros((len(asked.ids), top), np.float32)
        rest = np.ones(len(asked.ids), bool)
        if self.index is not None and not choice.barred.mean() > MOST_BARRED:
            barred = choice.barred
            found = shortlist(self.scorers, self.index, asked, top=top, barred=barred, exclude_seen=exclude_seen)
            rest = found.short | (asked.histories.lengths == 0) | choice.of_their_own(asked.ids)
            items[~rest], scores[~rest] = found.items[~rest], found.scores[~rest]
        places = np.flatnonzero(rest)
        left = select(asked, places)
        for part, block in self.score_blocks(left):
            choice.bar(block, left.ids[part])
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
            empty = np.flatnonzero(some.histories.lengths == 0)
            block[empty] = self._without_history(select(self._with_codes(some), empty))
            yield part, block

    def _without_history(self, asked: Asked) -> np.ndarray:
        """Scores `(N, M)` by what users of like features had, where any is known, and by popularity."""
        scores = np.tile(self.popularity, (len(asked.ids), 1))
        known = by_features(asked)
        if known.any():
            assert asked.codes is not None
            scores[known] = self.feature_popularity.scores(asked.codes[known])
        return scores

    @cached_property
    def histories(self) -> Histories:
        """All events known at fitting, by user index."""
        table = pq.read_table(self.bundle.path(HISTORIES))
        user, item, time, rating = (table[name].to_numpy() for name in ("user", "item", "time", "rating"))
        codes = rating_codes(rating, self.data["rating_edges"])
        return make_histories(user, item, time, codes, len(self.catalogue.user_ids))

    @cached_property
    def stored(self) -> Stored:
        """What answers a user who is named alone: what there is to `know`, or else what was known at fitting."""
        if self._kept is None:
            return Stored(self.histories, {})
        return self._kept.stored(len(self.catalogue.user_ids), self.data["rating_edges"], self._gone)

    @cached_property
    def popularity(self) -> np.ndarray:
        """Each item's share of the training events, `(M,)`."""
        share: np.ndarray = (self.catalogue.counts / max(1, self.catalogue.counts.sum())).astype(np.float32)
        return share

    @cached_property
    def feature_popularity(self) -> FeaturePopularity:
        """Of the events known at fitting."""
        return FeaturePopularity(self.histories, self.catalogue)

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
