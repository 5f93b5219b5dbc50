"""A conversion bundle small enough to score by hand: nine syllables, two dozen words, probabilities as written here."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pyarrow as pa
import pyarrow.parquet as pq
from onnx import TensorProto, helper

from components.core.bundle import Manifest, write_bundle
from components.recipes.conversion.encoding.associations import make_associations
from components.recipes.conversion.encoding.ngrams import FIRST, START, NGrams
from components.recipes.conversion.encoding.windows import Windows
from components.recipes.conversion.params.windows import WindowParams
from components.recipes.conversion.serving.contexts import Contexts

PAIRS = {
    "an": "安按",
    "guo": "国过果",
    "hao": "好号",
    "le": "了乐",
    "ma": "吗马妈",
    "ni": "你泥",
    "xi": "西",
    "xian": "先现",
    "zhong": "中重",
}
TONES = {
    "an": ["1", "4"],
    "guo": ["2", "45", "3"],
    "hao": ["34", "4"],
    "le": ["5", "4"],
    "ma": ["5/3", "3", "1"],
    "ni": ["3", "2"],
    "xi": ["1"],
    "xian": ["1", "4"],
    "zhong": ["1", "4"],
}
SYLLABLES = sorted(PAIRS)
CHARACTERS = sorted({one for found in PAIRS.values() for one in found})
COMPOUND = {
    "西安": "xi an",
    "中国": "zhong guo",
    "你好": "ni hao",
    "好吗": "hao ma",
    "过了": "guo le",
    "国乐": "guo le",
}
WORDS = sorted([*CHARACTERS, *COMPOUND])
SYMBOL = {word: symbol for symbol, word in enumerate(WORDS, start=FIRST)}
CHARACTER_SYMBOL = {one: symbol for symbol, one in enumerate(sorted(CHARACTERS), start=FIRST)}
KINDS = ["v" if word in "过按" else "n" if len(word) == 1 else "~n" for word in WORDS]
BOUNDS = ["<s>", "</s>"]
CONTEXT_BITS = 10
END = 1
BONUS = [0.0625, 0.0, 0.0]  # what the network adds to the logits of a syllable's candidates, times the sum of the ids
WEIGHTS = {
    "word_bigram": 0.5,
    "word_trigram": 0.25,
    "words": -0.125,
    "others": -0.5,
    "character_trigram": 0.25,
    "other_trigram": 0.125,
    "association": 0.125,
    "boundary": -0.25,
    "lexicon": 0.0625,
    "learner": 0.5,
    "context": 0.25,
}
SETTINGS: dict[str, Any] = {
    "learner": "learner",
    "search": {
        "caps": [10, 5],
        "learner": 0.5,
        "other": -4.0,
        "behind": None,
        "beam": {"width": 50, "behind": 50.0, "order": 2},
        "rescored": 50,
        "weights": WEIGHTS,
    },
    "characters": {"width": 50, "behind": 50.0, "order": 3},
    "parts": {"longest": 6, "context": 2, "ways": 4, "abbreviated": 10},
    "input": {"abbreviations": False, "max_illegal": 0.125},
    "n_best": 3,
}


def ngrams(size: int, *, seed: int, two: Sequence[tuple[int, int]], three: Sequence[tuple[int, int, int]]) -> NGrams:
    """Made-up logarithms: that these sum to probabilities is nothing a search relies on."""
    rng = np.random.default_rng(seed)
    bigrams = np.array(sorted({a * size + b for a, b in two}), np.int64)
    rows = {int(key): row for row, key in enumerate(bigrams)}
    trigrams = np.array(sorted(rows[a * size + b] * size + c for a, b, c in three), np.int64)

    def logs(count: int, low: float, high: float) -> np.ndarray:
        return rng.uniform(low, high, count).astype(np.float16).astype(np.float32)

    return NGrams(
        logs(size, -6, -2), logs(size, -1, 0), bigrams, logs(len(bigrams), -3, 0), logs(len(bigrams), -1, 0),
        trigrams, logs(len(trigrams), -2, 0),
    )  # fmt: skip


def word_model() -> NGrams:
    one = SYMBOL
    two = [
        (START, one["你好"]), (START, one["你"]), (START, one["中"]), (one["你"], one["好吗"]),
        (one["你好"], one["吗"]), (one["西安"], one["过"]),
        (one["先"], one["过了"]), (one["吗"], END), (one["了"], END), (one["过"], one["了"]),
        (one["中"], one["国"]), (one["马"], END), (one["好"], one["马"]),
    ]  # fmt: skip
    three = [
        (START, one["你好"], one["吗"]), (START, one["你"], one["好吗"]), (one["你好"], one["吗"], END),
        (one["西安"], one["过"], one["了"]), (START, one["中"], one["国"]),
    ]  # fmt: skip
    return ngrams(len(WORDS) + FIRST, seed=1, two=two, three=three)


def character_model() -> NGrams:
    one = CHARACTER_SYMBOL
    two = [(one[a], one[b]) for a, b in ["你好", "好吗", "中国", "西安", "过了", "国过", "号马"]] + [(START, one["你"])]
    three = [(one["你"], one["好"], one["吗"]), (START, one["你"], one["好"])]
    return ngrams(len(CHARACTERS) + FIRST, seed=2, two=two, three=three)


def other_model() -> NGrams:
    one = CHARACTER_SYMBOL
    two = [(one[a], one[b]) for a, b in ["你好", "好马", "重国"]]
    return ngrams(len(CHARACTERS) + FIRST, seed=4, two=two, three=[(one["你"], one["好"], one["马"])])


def associations() -> Any:
    one = CHARACTER_SYMBOL
    alone = {symbol: -3.0 - symbol / 8 for symbol in one.values()}
    both = {
        (one[a], one[b]): value for (a, b), value in {"你好": -5.0, "中国": -4.0, "好号": -12.0, "了吗": -8.0}.items()
    }
    return make_associations(alone, both, len(CHARACTERS) + FIRST)


def log_q() -> np.ndarray:
    return (-np.arange(len(WORDS) + FIRST) / 4).astype(np.float32)


def context_weights() -> np.ndarray:
    return np.random.default_rng(3).normal(size=1 << CONTEXT_BITS).astype(np.float16).astype(np.float32)


def logits() -> np.ndarray:
    """`(S + 1, C)`: of each syllable, whatever is around it."""
    table = np.full((len(SYLLABLES) + 1, 3), -1e4, np.float32)
    for number, syllable in enumerate(SYLLABLES, start=1):
        for place in range(len(PAIRS[syllable])):
            table[number, place] = (number * (place + 1) % 5) / 2
    return table


def windows() -> Windows:
    """Known n-grams: ni hao and zhong guo, which has the larger id."""
    numbers = np.array([SYLLABLES.index(one) + 1 for one in ("ni", "hao", "zhong", "guo")], np.int64)
    return Windows.fit(numbers, np.array([0, 2, 4]), WindowParams(least=(1, 9, 9), most=9))


def arcs() -> pa.Table:
    """乐 is read yue by itself, and le is its other reading."""
    rows = [(SYMBOL[one], syllable, one == "乐") for syllable in SYLLABLES for one in PAIRS[syllable]]
    rows += [(SYMBOL[word], reading, False) for word, reading in COMPOUND.items()]
    rows.sort(key=lambda row: (row[1].count(" "), row[1]))  # stable: candidates in their order
    word, syllables, other = zip(*rows, strict=True)
    return pa.table({"word": pa.array(word, pa.int32()), "syllables": syllables, "other": other})


def contents() -> dict[str, Any]:
    return {
        "pinyin.json": {"pairs": PAIRS, "tones": TONES},
        "lexicon.parquet": parquet(pa.table({"word": [*BOUNDS, *WORDS], "log_q": log_q(), "kind": ["", "", *KINDS]})),
        "arcs.parquet": parquet(arcs()),
        "characters.parquet": parquet(pa.table({"character": [*BOUNDS, *sorted(CHARACTERS)]})),
        "associations.parquet": associations().to_content(),
        "contexts.parquet": Contexts(context_weights()).to_content(),
        **word_model().to_contents("words"),
        **character_model().to_contents("characters"),
        **other_model().to_contents("other_characters"),
    }


def write_tiny(folder: Path, changed: Mapping[str, Any] | None = None, *, without: Sequence[str] = ()) -> Path:
    """`changed` replaces settings by dotted key; `without` leaves files out."""
    settings = {key: dict(value) if isinstance(value, dict) else value for key, value in SETTINGS.items()}
    for dotted, value in (changed or {}).items():
        *parents, last = dotted.split(".")
        node = settings
        for part in parents:
            node[part] = dict(node[part])
            node = node[part]
        node[last] = value
    graphs = ("learner",) if settings["learner"] else ()
    files = contents()
    if graphs:
        files |= {"learner.onnx": graph().SerializeToString(), **windows().to_contents()}
    manifest = Manifest(case="tiny", predictor="conversion.predictor", graphs=graphs, settings=settings)
    write_bundle(folder, manifest, {name: content for name, content in files.items() if name not in without})
    return folder


def graph() -> onnx.ModelProto:
    """The logits of each syllable by its number, and more for its first candidate for n-grams around it."""
    nodes = [
        helper.make_node("Gather", ["table", "syllables"], ["own"], axis=0),
        helper.make_node("ReduceSum", ["hashed", "axes"], ["sum"], keepdims=1),
        helper.make_node("Cast", ["sum"], ["ids"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["ids", "bonus"], ["more"]),
        helper.make_node("Add", ["own", "more"], ["logits"]),
    ]
    weights = [
        helper.make_tensor("table", TensorProto.FLOAT, logits().shape, logits().ravel()),
        helper.make_tensor("axes", TensorProto.INT64, [1], [2]),
        helper.make_tensor("bonus", TensorProto.FLOAT, [len(BONUS)], BONUS),
    ]
    inputs = [
        helper.make_tensor_value_info("syllables", TensorProto.INT64, ["B", "L"]),
        helper.make_tensor_value_info("hashed", TensorProto.INT64, ["B", "L", "W"]),
    ]
    output = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["B", "L", "C"])
    model = helper.make_model(
        helper.make_graph(nodes, "tiny", inputs, [output], weights), opset_imports=[helper.make_opsetid("", 18)]
    )
    model.ir_version = 9
    onnx.checker.check_model(model)
    return model


def parquet(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()
