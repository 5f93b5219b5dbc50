"""Trains RecTools' or RecBole's SASRec: run by `benchmarks.sequential`, with the Python of the peers' environment.

`python sequential_peers.py LIBRARY SETTINGS` with settings in JSON; its last line is JSON: parameters, and for each
epoch the processor's seconds that it trained, its share of a whole epoch (RecBole's take many minutes, and may be cut
to so many `batches`), and NDCG@10 and HR@10 where they are wanted.
"""

import itertools
import json
import logging
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

Settings = dict[str, Any]
Score = Callable[[list[np.ndarray]], np.ndarray]
TOP = 10


class Log:
    """What each epoch took and reached; training stops when its seconds have passed the budget."""

    def __init__(self, settings: Settings, train: pd.DataFrame) -> None:
        self.settings = settings
        self.histories = [items.to_numpy() for _, items in train.groupby("user")["item"]]
        question = pd.read_csv(settings["question"]).sort_values("user")
        assert question["user"].tolist() == sorted(train["user"].unique().tolist())
        self.target = question["item"].to_numpy()
        self.epochs: list[dict[str, float]] = []

    def add(self, seconds: float, share: float, score: Score) -> None:
        quality = self._quality(score) if self.settings["scored"] else {}
        self.epochs.append({"seconds": seconds, "share": share, **quality})

    @property
    def spent(self) -> bool:
        return sum(epoch["seconds"] for epoch in self.epochs) >= self.settings["budget"]

    def _quality(self, score: Score) -> dict[str, float]:
        scores = score([items[-self.settings["window"] :] for items in self.histories])
        rows = np.arange(len(self.target))
        wanted = scores[rows, self.target].copy()
        for row, items in enumerate(self.histories):
            scores[row, items] = -np.inf
        scores[rows, self.target] = wanted
        rank = (scores >= wanted[:, None]).sum(axis=1)  # 1 + greater + equal: the target equals itself
        gain = np.where(rank <= TOP, 1 / np.log2(rank + 1), 0)
        return {"ndcg": float(gain.mean()), "hr": float((rank <= TOP).mean())}


def rectools(settings: Settings, train: pd.DataFrame, log: Log) -> int:
    from pytorch_lightning import Callback, Trainer
    from rectools import Columns
    from rectools.dataset import Dataset
    from rectools.models import SASRecModel

    class Clock(Callback):
        def on_train_epoch_start(self, trainer: Any, module: Any) -> None:  # noqa: ARG002
            self.started = time.process_time()

        def on_train_epoch_end(self, trainer: Any, module: Any) -> None:
            seconds = time.process_time() - self.started
            module.eval()
            log.add(seconds, 1.0, lambda histories: score(module.torch_model, histories))
            module.train()
            trainer.should_stop = log.spent

    @torch.no_grad()
    def score(network: Any, histories: list[np.ndarray]) -> np.ndarray:
        known = pd.Series(model.data_preparator.item_id_map.get_external_sorted_by_internal())
        codes = pd.Series(known.index, index=known)
        shown = np.zeros((len(histories), settings["window"]), np.int64)
        for row, items in enumerate(histories):
            shown[row, -len(items) :] = codes[items]
        parts = [network({"x": part})[:, -1] for part in torch.from_numpy(shown).split(64)]
        scores = np.full((len(histories), settings["items"]), -np.inf)
        real = [isinstance(item, (int, np.integer)) for item in known]  # the first ones are padding and the like
        scores[:, known[real].astype(int)] = torch.cat(parts).numpy()[:, real]
        return scores

    def trainer() -> Any:
        return Trainer(
            max_epochs=settings["epochs"], accelerator="cpu", devices=1, logger=False, callbacks=[Clock()],
            enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
        )  # fmt: skip

    model = SASRecModel(
        n_factors=settings["size"], n_blocks=settings["blocks"], n_heads=settings["heads"], loss="softmax",
        session_max_len=settings["window"], batch_size=settings["batch_size"], epochs=settings["epochs"],
        get_trainer_func=trainer,
    )  # fmt: skip
    # The place in the file stands for the time, so that ties keep the order of the file.
    when = pd.to_datetime(np.arange(len(train)), unit="s")
    events = {Columns.User: train["user"], Columns.Item: train["item"], Columns.Weight: 1.0, Columns.Datetime: when}
    model.fit(Dataset.construct(pd.DataFrame(events)))
    return sum(parameter.numel() for parameter in model.torch_model.parameters())


def recbole(settings: Settings, train: pd.DataFrame, log: Log) -> int:
    with tempfile.TemporaryDirectory() as folder:
        return _recbole(settings, train, log, Path(folder))


def _recbole(settings: Settings, train: pd.DataFrame, log: Log, folder: Path) -> int:
    from recbole.config import Config
    from recbole.data import create_dataset, data_preparation
    from recbole.model.sequential_recommender import SASRec
    from recbole.trainer import Trainer
    from recbole.utils import init_seed

    (folder / "events").mkdir()
    # RecBole holds out each user's last event itself: here it is the one that is asked for.
    asked = pd.read_csv(settings["question"])
    events = pd.concat([train, asked]).sort_values("user", kind="stable")
    columns = {"user_id:token": events["user"], "item_id:token": events["item"]}
    table = pd.DataFrame({**columns, "timestamp:float": np.arange(len(events))})
    table.to_csv(folder / "events" / "events.inter", sep="\t", index=False)
    config = Config(
        model="SASRec",
        dataset="events",
        config_dict={
            "data_path": str(folder), "checkpoint_dir": str(folder / "saved"), "use_gpu": False, "worker": 0,
            "load_col": {"inter": ["user_id", "item_id", "timestamp"]}, "show_progress": False, "state": "ERROR",
            "MAX_ITEM_LIST_LENGTH": settings["window"], "hidden_size": settings["size"],
            "inner_size": settings["size"], "n_layers": settings["blocks"], "n_heads": settings["heads"],
            "loss_type": "CE", "train_neg_sample_args": None, "train_batch_size": settings["batch_size"],
            "eval_args": {"split": {"LS": "valid_only"}, "order": "TO", "mode": "full", "group_by": "user"},
        },
    )  # fmt: skip
    torch.set_num_threads(1)
    init_seed(config["seed"], config["reproducibility"])
    dataset = create_dataset(config)
    loader, *_ = data_preparation(config, dataset)
    model = SASRec(config, loader.dataset)
    trainer = Trainer(config, model)
    codes = dataset.field2token_id["item_id"]

    @torch.no_grad()
    def score(histories: list[np.ndarray]) -> np.ndarray:
        model.eval()
        shown = torch.zeros(len(histories), settings["window"], dtype=torch.long)
        for row, items in enumerate(histories):
            shown[row, : len(items)] = torch.tensor([codes[str(item)] for item in items])
        lengths = torch.tensor([len(items) for items in histories])
        asked = zip(shown.split(64), lengths.split(64), strict=True)
        parts = [model.full_sort_predict({model.ITEM_SEQ: x, model.ITEM_SEQ_LEN: n}) for x, n in asked]
        scores = np.full((len(histories), settings["items"]), -np.inf)
        for token, code in codes.items():
            if code:
                scores[:, int(token)] = torch.cat([part[:, code] for part in parts]).numpy()
        return scores

    count = settings["batches"] or len(loader)
    endless = itertools.chain.from_iterable(loader for _ in itertools.count())
    while len(log.epochs) < settings["epochs"] and not log.spent:
        started = time.process_time()
        trainer._train_epoch(itertools.islice(endless, count), 0)
        log.add(time.process_time() - started, count / len(loader), score)
    return sum(parameter.numel() for parameter in model.parameters())


PEERS = {"rectools": rectools, "recbole": recbole}


def main() -> None:
    warnings.simplefilter("ignore")
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    library, settings = sys.argv[1], json.loads(sys.argv[2])
    torch.set_num_threads(1)
    torch.manual_seed(0)
    train = pd.read_csv(settings["train"])
    log = Log(settings, train)
    parameters = PEERS[library](settings, train, log)
    print(json.dumps({"parameters": parameters, "epochs": log.epochs}))


if __name__ == "__main__":
    main()
