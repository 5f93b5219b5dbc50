"""Small histories, a prepared folder and a network, for tests of the sequence learner."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from components.core.job import Meta
from components.core.params.case import FitParams
from components.recipes.next_item.encoding.histories import Histories
from components.recipes.next_item.encoding.tokens import Tokenizer
from components.recipes.next_item.params.tokens import TokenParams
from components.recipes.next_item.training.sequence_transformer import SequenceTransformer
from tests.toy.jobs import toy_params

HOUR = 3600
TOKENS = TokenParams(gap_edges=(1, 60, HOUR), places=3, counts=5, period_seconds=HOUR)
ITEMS = 12


def histories(users: Sequence[Sequence[int]], times: Sequence[Sequence[int]] | None = None) -> Histories:
    """Items of each user; times default to a minute apart, rating codes to 1 + item % 5."""
    times = times or [[60 * place for place in range(len(items))] for items in users]
    item = np.array([item for items in users for item in items], np.int32)
    start = np.concatenate([[0], np.cumsum([len(items) for items in users])]).astype(np.int64)
    flat = np.array([time for row in times for time in row], np.int64)
    return Histories(item=item, time=flat, rating=(1 + item % 5).astype(np.int8), start=start)


def tokenizer(rated: bool = True) -> Tokenizer:
    return Tokenizer(TOKENS, 0, 5 * HOUR, (2.0, 3.0, 4.0, 5.0) if rated else None)


def random_users(count: int, longest: int, seed: int = 0) -> list[list[int]]:
    """Each user meets distinct items, 3 to `longest` of them."""
    generator = np.random.default_rng(seed)
    return [generator.permutation(ITEMS)[: generator.integers(3, longest + 1)].tolist() for _ in range(count)]


def fit_params(**values: object) -> FitParams:
    return toy_params("finance_risk", **{f"fit__{name}": value for name, value in values.items()}).fit


def write_prepared(folder: Path, users: list[list[int]], *, features: bool = True, repeats: str | None = None) -> Path:
    """A prepared folder whose validation event is each user's last; pairs of events share a second."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        (user, item, 40 * (place // 2), 1.0 + item % 5, len(items) - 1 - place)
        for user, items in enumerate(users)
        for place, item in enumerate(items)
    ]
    frame = pd.DataFrame(rows, columns=["user", "item", "time", "rating", "left"])
    frame.insert(0, "event", np.arange(1, len(frame) + 1))
    frame = frame.astype({"user": "int32", "item": "int32", "time": "int64", "rating": "float32"})
    train = frame[frame.left > 0]
    train.drop(columns="left").to_parquet(folder / "train.parquet", index=False)
    frame[frame.left == 0].drop(columns="left").to_parquet(folder / "val.parquet", index=False)
    counts = np.bincount(train.item, minlength=ITEMS).astype(np.int64)
    items = pd.DataFrame({"id": [f"i{k}" for k in range(ITEMS)], "title": "a title", "count": counts})
    people = pd.DataFrame({"id": [f"u{k}" for k in range(len(users))]})
    described: dict[str, list[dict[str, object]]] = {"users": [], "items": []}
    if features:
        items["decade"] = (1 + np.arange(ITEMS) % 2).astype(np.int32)
        items["genres"] = [np.array([1 + k % 3], np.int32) for k in range(ITEMS)]
        people["job"] = (1 + np.arange(len(users)) % 2).astype(np.int32)
        described["users"] = [_feature("job", "category", 3)]
        described["items"] = [_feature("decade", "band", 3), _feature("genres", "set", 4)]
    items.to_parquet(folder / "items.parquet", index=False)
    people.to_parquet(folder / "users.parquet", index=False)
    columns = {"user": "u", "item": "i", "time": "t", "rating": "r" if features else None}
    data = {
        "columns": columns,
        "users": len(users),
        "items": ITEMS,
        "first_time": int(frame.time.min()),
        "last_time": int(frame.time.max()),
        "rating_edges": [2.0, 3.0, 4.0, 5.0] if features else [],
        "user_features": described["users"],
        "item_features": described["items"],
        "spec": {} if repeats is None else {"repeats": repeats},
    }
    Meta("recommender", {}, {}, {}, data).write(folder)
    return folder


def _feature(name: str, kind: str, size: int) -> dict[str, object]:
    return {"name": name, "kind": kind, "size": size, "labels": ["(unknown)", *map(str, range(1, size))]}


def network(*, features: bool = True, items: int = ITEMS, seed: int = 0, **values: object) -> SequenceTransformer:
    """With weights large enough that every input shows in the output."""
    torch.manual_seed(seed)
    options = {"window": 6, "size": 8, "blocks": 2, "heads": 2, "expansion": 2}
    options |= {"dropout": 0.0, "attention_dropout": 0.0, "input_dropout": 0.0, **values}
    codes = 1 + torch.arange(items)[:, None] % 2
    net = SequenceTransformer(
        counts=torch.arange(items) % 5,
        item_codes=codes if features else codes[:, :0],
        code_sizes=[3] if features else [],
        item_sets=torch.eye(4)[torch.arange(items) % 4] if features else torch.zeros(items, 0),
        token_sizes=list(tokenizer(rated=features).sizes.values()),
        user_sizes=[3] if features else [],
        **options,
    )
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.ndim > 1:
                parameter.normal_(std=0.4)
    return net
