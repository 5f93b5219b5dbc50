"""Commands by which a case leaves, gets another name, or gives back the room it does not need."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.shared import AsJson, CaseName, bring_up_to_date, job_of, show

app = typer.Typer()

Look = Annotated[bool, typer.Option("--dry-run", help="say what would go, and how much; touch nothing")]
PREFECT = "prefect.yaml"


@app.command()
def remove(
    case: CaseName,
    registry: Annotated[
        bool, typer.Option("--registry", help="what MLflow has as well: versions, ledger, runs; there is no way back")
    ] = False,
    dry_run: Look = False,
    as_json: AsJson = False,
) -> None:
    """Take a case out of the checkout. Its block, its part of dvc.lock, its data, models, reports and state."""
    from pipelines.leaving.remove import plan
    from pipelines.leaving.remove import remove as take_away
    from pipelines.stages import set_up_logging

    set_up_logging()
    root = Path.cwd()
    rows = [asdict(one) for one in plan(root, case, registry=registry)]
    if not dry_run:
        take_away(root, case, registry=registry)
        bring_up_to_date(["code"], dry_run=False, single=True)  # or `dvc status` would tell of it
    show([{**row, "bytes": _amount(row["bytes"], as_json)} for row in rows], as_json)
    if registry:
        lost = "would lose" if dry_run else "has lost"
        typer.echo(f"what MLflow {lost} cannot be brought back, but from a `casebook backup` of before", err=True)
    if dry_run:
        return
    if not registry:
        typer.echo(f"what MLflow has of {case} is still there: its versions, ledger and runs", err=True)
    typer.echo(f"{case} is removed; `casebook gc` frees what DVC's cache and downloads hold of it", err=True)
    _deploy_again(root)


@app.command()
def rename(
    old: Annotated[str, typer.Argument(metavar="OLD", help="a case of params.yaml")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="its new name: small letters, digits, _")],
) -> None:
    """Give a case another name; nothing runs again. In params.yaml, dvc.lock, folders, studies and MLflow."""
    from pipelines.leaving.rename import rename as give_name
    from pipelines.stages import set_up_logging

    set_up_logging()
    give_name(Path.cwd(), old, new)
    bring_up_to_date(["code"], dry_run=False, single=True)  # or `dvc status` would tell of it
    typer.echo(f"{old} is {new} now; look at `git diff`, then commit params.yaml and dvc.lock")
    _deploy_again(Path.cwd())


@app.command()
def forget(
    case: CaseName,
    key: Annotated[
        list[str],
        typer.Option(help="whose rows: the value of prepare.key, a user's id; once for each column of the key"),
    ],
) -> None:
    """Take a person out of the log of predictions, of what predict knows, and of the next prepare."""
    from pipelines.leaving.forget import forget as take_out
    from pipelines.stages import set_up_logging

    set_up_logging()
    gone = take_out(Path.cwd(), job_of(case), key)
    bring_up_to_date(["code"], dry_run=False, single=True)  # or `dvc status` would tell of it
    typer.echo(f"{case}: {gone.rows} row(s) taken out of the log of predictions")
    known = "" if gone.is_new else "params.yaml had it already: "
    typer.echo(f"{known}predict knows the person no more, and prepare leaves the rows out")
    typer.echo(
        f"registered versions of {case} still hold the person, the histories that they serve among it; predict only "
        f"leaves them out. Commit params.yaml, then `casebook run {case}` makes a version without, and `casebook gc "
        f"{case} --keep 1` deletes others; a former champion goes if its version and run are deleted in MLflow first",
        err=True,
    )


@app.command()
def gc(
    keep: Annotated[int, typer.Option(min=1, help="how many of the newest versions of a case stay in any case")],
    cases: Annotated[
        list[str] | None,
        typer.Argument(help="cases of params.yaml; if none is named all of them, DVC's cache and downloads"),
    ] = None,
    dry_run: Look = False,
    as_json: AsJson = False,
) -> None:
    """Delete old versions, finished work and unused downloads. Runs, studies, checkpoints and former outs among it."""
    from pipelines.leaving.collect import collect
    from pipelines.stages import set_up_logging

    set_up_logging()
    found = collect(Path.cwd(), cases or [], keep, dry_run=dry_run)
    show([{**asdict(one), "bytes": _amount(one.bytes, as_json)} for one in found], as_json)
    total = sum(one.bytes for one in found)
    typer.echo(f"{_amount(total, as_json=False)} bytes {'can be' if dry_run else 'were'} freed", err=True)


def _amount(number: int | None, as_json: bool) -> int | str | None:
    return number if as_json or number is None else f"{number:,}"


def _deploy_again(root: Path) -> None:
    if (root / PREFECT).exists():
        typer.echo("run `casebook deploy`: Prefect's server and prefect.yaml still have the old deployments", err=True)
