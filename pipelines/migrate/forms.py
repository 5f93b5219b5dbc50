"""A case's block of the form before recipes in the form of today; its values are the same."""

import copy
from collections.abc import Collection, Mapping
from typing import Any

from components.core.errors import CasebookError
from components.core.params.defaults import defaults_of
from components.core.params.old import CODE, MOVED, WAIVERS, waivers

Block = dict[str, Any]

# What `code` named, but for the case's own folder, of each kind of problem.
CODES: Mapping[str, Mapping[str, str]] = {
    "binary": {
        "preparation": "table", "datamodule": "table.py", "network": "tabm.py", "learner": "binary.py",
        "baselines": "table.py", "predictor": "table", "evaluation": "binary", "report": "binary_report",
    },
    "survival": {
        "preparation": "table", "datamodule": "cohort.py", "network": "tabm.py", "learner": "survival.py",
        "baselines": "survival.py", "predictor": "survival", "evaluation": "survival", "report": "survival_report",
    },
    "detection": {
        "preparation": "images", "datamodule": "images", "network": "cell_detector.py", "learner": "detection",
        "baselines": "segmentation.py", "predictor": "detection", "evaluation": "detection",
        "report": "detection_report",
    },
    "next_item": {
        "preparation": "interactions", "datamodule": "sequences.py", "network": "sequence_transformer.py",
        "learner": "next_item", "baselines": "interactions.py", "predictor": "ranking", "evaluation": "ranking",
        "report": "ranking_report",
    },
    "conversion": {
        "preparation": "pinyin", "datamodule": "syllables.py", "network": "syllable_labeller.py",
        "learner": "syllable_labels.py", "baselines": "lattice", "predictor": "conversion", "evaluation": "text",
        "report": "text_report",
    },
}  # fmt: skip
CASE = {"binary": "finance_risk", "survival": "medical_prognosis", "detection": "medical_cells",
        "next_item": "recommender", "conversion": "pinyin_hanzi"}  # fmt: skip
# The variants whose params had a block of their own in `compress`, by the name of that block.
VARIANT_OF = {"prune": "pruned", "distill": "distilled", "low_rank": "low_rank", "ngrams": "pruned_ngrams"}
STATIC = "compress.variants.int8_static.calibration_rows"
FEW = "few"  # of `model`: few rows were treated as many are
WHOLE = ("source", "prepare", "model", "search", "fit", "evaluate", "compress", "release", "crossval")
# What the code had before a key said it.
THEN: Mapping[str, Mapping[str, Any]] = {
    "fit": {"max_steps": None, "validate_every": None, "accumulate": 1},
    "compress": {"confidence": 0.95, "seed": 0},
    "release": {"confidence": 0.95, "seed": 0},
}
# Keys of `release` that the gate has asked for since.
NEW_BARS = ("max_network_gap", "calibration_margin", "calibration_slope", "calibration_intercept", "overrides")


def renewed(block: Block, where: str) -> Block:
    """The whole block in the form of today.

    Raises:
        CasebookError: the block names modules of its own, for which there is no recipe, or is not whole.
    """
    _check_whole(block, where)
    new = copy.deepcopy(block)
    code = new.pop(CODE, None)
    recipe = new["recipe"] if code is None else recipe_of(code, where)
    check_waivers(block, where)
    for key in WAIVERS:
        new["release"].pop(key, None)
    _move_serving(new)
    _name_variants(new, where)
    for name, values in THEN.items():
        for key, value in values.items():
            new[name].setdefault(key, value)
    today = defaults_of(recipe)
    new.setdefault("predict", today.get("predict", {}))
    if isinstance(encode := new["prepare"].get("encode"), dict):  # of tables, whose classes were all kept apart
        encode.setdefault("fold", False)
    for key in NEW_BARS:
        if key in today["release"]:
            new["release"].setdefault(key, today["release"][key])
    for key, value in today["prepare"].items():  # what prepare has asked about since
        new["prepare"].setdefault(key, copy.deepcopy(value))
    if FEW in today["model"]:
        new["model"].setdefault(FEW, today["model"][FEW])
    new["smoke"] = renamed(new.get("smoke") or {}, new["compress"].get("variants") or {})
    return {"recipe": recipe, "start": None, **{name: value for name, value in new.items() if name != "recipe"}}


def check_waivers(block: Any, where: str) -> None:
    """Raises CasebookError if a check was waived: for how long, by whom and why no file says."""
    if waived := [key for key, value in waivers(block).items() if value is not False]:
        checks = ", ".join(
            f"{{check: {WAIVERS[key]}, who: NAME, because: TEXT, until: '2030-12-31'}}" for key in waived
        )
        raise CasebookError(
            f"{where}: release.{waived[0]} is set; it is an override now, which has a name, a reason and an end: write "
            f"release.overrides: [{checks}] there, or take the line out; then run this again"
        )


def _check_whole(block: Block, where: str) -> None:
    """Raises CasebookError unless the block states all that the form before recipes did."""
    lacking = [name for name in WHOLE if not isinstance(block.get(name), dict)]
    if lacking and "recipe" in block:
        raise CasebookError(
            f"{where}: it has `recipe:`, and keys of the form before recipes beside it; write compress.variants as a "
            f"map, a variant's name to its params, and {', '.join(MOVED)} of evaluate in model.serving"
        )
    if lacking:
        raise CasebookError(
            f"{where}: {len(lacking)} block(s) are missing, such as {lacking[0]}; the form before recipes states all "
            "of them: write them there first"
        )
    if CODE not in block and "recipe" not in block:
        raise CasebookError(f"{where}: it has neither `code:` nor `recipe:`; write `recipe:` with its kind of problem")


def recipe_of(code: Any, where: str) -> str:
    """Raises CasebookError if no recipe stands for these modules."""
    given = dict(code) if isinstance(code, dict) else {}
    recipe = next((name for name, known in CODES.items() if known["evaluation"] == given.get("evaluation")), None)
    if recipe is None:
        found = repr(given.get("evaluation"))
        raise CasebookError(f"{where}: code.evaluation {found} is of no recipe; write one, and `recipe:` by hand")
    known = {**CODES[recipe], "case": CASE[recipe]}
    others = [f"{key}: {given.get(key)}" for key in {**known, **given} if given.get(key) != known.get(key)]
    if others:
        raise CasebookError(
            f"{where}: code names {len(others)} module(s) that the recipe {recipe!r} has not, such as {others[0]!r}; "
            "put them into a recipe of your own, and write `recipe:` with its name there by hand"
        )
    return recipe


def renamed(values: Mapping[str, Any], variants: Collection[str]) -> Block:
    """The dotted keys of `smoke` under their names of today, less those of a variant that is not among `variants`."""
    found = {new_name(key): value for key, value in values.items()}
    return {key: value for key, value in found.items() if is_of(key, variants)}


def new_name(dotted: str) -> str:
    """The name of today of a dotted key."""
    first, _, rest = dotted.partition(".")
    block, dot, below = rest.partition(".")
    if first == "compress" and block in VARIANT_OF:
        return f"compress.variants.{VARIANT_OF[block]}{dot}{below}"
    if dotted == "compress.calibration_rows":
        return STATIC
    if first == "evaluate" and block in MOVED:
        return f"model.serving.{block}"
    return dotted


def is_of(dotted: str, variants: Collection[str]) -> bool:
    """Whether a dotted key of today is of no variant, or of one of these."""
    parts = dotted.split(".")
    return parts[:2] != ["compress", "variants"] or len(parts) < 3 or parts[2] in variants


def _move_serving(new: Block) -> None:
    """What is answered stood in `evaluate`."""
    moved = {key: new["evaluate"].pop(key) for key in reversed(MOVED) if key in new["evaluate"]}
    if moved:
        new["model"]["serving"] = {**(new["model"].get("serving") or {}), **moved}


def _name_variants(new: Block, where: str) -> None:
    """`variants` was a list of names, and the params of each stood beside it."""
    compress = new["compress"]
    if not isinstance(compress.get("variants"), list):
        return
    rows = compress.pop("calibration_rows", None)
    given = {name: compress.pop(block, None) for block, name in VARIANT_OF.items()}
    params = {**given, "int8_dynamic": {}, "int8_static": None if rows is None else {"calibration_rows": rows}}
    if lacking := [name for name in compress["variants"] if params.get(name) is None]:
        raise CasebookError(f"{where}: compress.variants has {lacking[0]!r}, of which compress has no params")
    compress["variants"] = {name: params[name] for name in compress["variants"]}
