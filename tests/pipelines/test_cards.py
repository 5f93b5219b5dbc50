"""The card from what the stages leave: a table worked out by hand, and the whole of a released case."""

from pathlib import Path
from typing import Any

import pytest

from components.core.job import Paths
from components.core.params.load import load_params
from components.core.recipe import make_job, recipe_of
from components.registry.ledger import history
from components.tracking.track import LONGEST_NOTE, connect, shortened
from pipelines.cards import interval, origin, variants_table


def bounds(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.1, "high": value + 0.1}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ({"kind": "wheel", "requirement": "rows==1.0", "archive": "wheel"}, "rows==1.0"),
        ({"kind": "folder", "path": "lab"}, "lab"),
        ({"kind": "http", "base": "https://host/x", "manifest": "m"}, "https://host/x"),
    ],
)
def test_where_the_data_are_from(source: dict[str, str], expected: str) -> None:
    assert origin(source) == expected


def test_variants_mark_the_picked_one() -> None:
    common = {"bytes": 10, "p50_ms": 1.0, "p99_ms": 2.0, "per_s": 1234.6, "largest_difference": 0.0}
    common |= {"loss_on_validation": bounds(0.0), "auc": bounds(0.8)}
    table = variants_table({"picked": "int8", "variants": [common | {"name": n} for n in ("fp32", "int8")]}, "auc")
    assert [row[0] for row in table.rows] == ["fp32", "int8 (picked)"]
    assert table.rows[0][2:5] == ["1.00", "2.00", 1235]
    assert (table.title, table.columns[5]) == ("Variants", "auc")
    assert table.rows[0][5] == interval(bounds(0.8))


@pytest.mark.slow
def test_the_card_of_a_released_case(pristine: Any) -> None:
    card = (pristine.root / "reports" / "toy" / "card.md").read_text(encoding="utf-8")
    job = make_job("toy", load_params(pristine.root / "params.yaml").case("toy"), Paths(Path(pristine.root)))
    release, metrics = pristine.json("reports/toy/release.json"), pristine.json("reports/toy/metrics.json")
    primary = recipe_of(job).primary
    value = metrics["test"][primary]["value"]
    expected = [job.params.evaluate["notice"], job.params.evaluate["limits"], "made up", f"{value:.4f}"]
    expected += [check["reason"] for check in release["checks"]]
    expected += [release["commit"], release["data_md5"], "lightgbm", "logistic", "(picked)"]
    expected += ["Decisions by Marital", "Score bands", "Stability"]
    assert [text for text in expected if text not in card] == []
    notes = [value for (value,) in pristine.rows("select value from tags where key = 'mlflow.note.content'")]
    (note,) = [one for one in notes if one.startswith("# toy")]  # trials and baselines have notes of their own
    assert note == shortened(card, LONGEST_NOTE, "card.md")
    assert "## Gate" in note  # what is cut are tables
    summary, entry = pristine.json("reports/toy/summary.json"), metrics["test"][primary]
    shown = f"{entry['value']:.4f} [{entry['low']:.4f}, {entry['high']:.4f}]"
    assert card.count(shown) >= 3  # the first sentence, the table of figures, the line of the picked variant
    assert f"**{shown}** on {metrics['rows']['test']} test rows" in card
    told = {name: summary[name] for name in ("test", "low", "high")}
    assert told == {"test": entry["value"], "low": entry["low"], "high": entry["high"]}
    (picked,) = [one for one in metrics["variants"] if one["name"] == summary["variant"]]
    assert picked[primary] == pytest.approx(entry, abs=1e-6)
    (ledger,) = history(connect(pristine.root), "toy")[-1:]
    assert ledger.metrics == metrics["test"]
    floors = [check["reason"] for check in release["checks"] if check["name"] == f"floor {primary}"]
    assert all(reason.startswith(f"{primary} {shown}, ") for reason in floors)
