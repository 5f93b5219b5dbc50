"""The block `operate` of `params.yaml`: schedules and work pools. No stage depends on it, so none imports this."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from components.core.blocks import Block, read_block
from components.core.errors import CasebookError
from components.core.params.load import load_params
from components.core.params.monitor import MonitorParams, Timezone, Variable
from components.core.params.serve import ServeParams

Positive = Annotated[float, Field(gt=0, strict=False)]
Concurrency = Annotated[int, Field(ge=1)]


class CpuPool(Block):
    """`concurrency` flows run at once."""

    concurrency: Concurrency


class GpuPool(Block):
    """`concurrency` searches and fits run at once; `on_cpu` lets a machine without a GPU do them, too."""

    concurrency: Concurrency
    on_cpu: bool


class Pools(Block):
    cpu: CpuPool
    gpu: GpuPool


class Approval(Block):
    """Whether a person is asked before the gate is, and for how long; no answer is a no."""

    needed: bool
    within_minutes: Positive


class Record(Block):
    """`branch` takes the new `dvc.lock`, `{case}` in it is the case's name; `push` names a git remote, or null."""

    branch: str
    push: str | None


class RetrainParams(Block):
    """`cron` is null where nothing is scheduled.

    A stage that no worker of the pool `gpu` has begun after `start_deadline_s` runs where its flow runs, if no other
    stage keeps the pool busy. A worker that has said nothing for `heartbeat_age_s` counts as gone.
    """

    cron: str | None
    timezone: Timezone
    start_deadline_s: Positive
    heartbeat_age_s: Positive
    approval: Approval
    record: Record


class Notify(Block):
    """Where a team is told what happens; the environment's `variable` holds the address, which may hold a password.

    Of a `webhook` it is a URL, of `email` smtps://USER:PASSWORD@HOST:PORT/?from=ADDRESS&to=ADDRESS,ADDRESS.
    """

    kind: Literal["webhook", "email"]
    variable: Variable


class OperateParams(Block):
    """`cases` maps a case to dotted keys of `retrain` and `monitor` that are different for it.

    Where the checkout is `shared`, workers of other users reach what holds rows of people: those of its group.
    Without `notify` nobody is told of anything.
    """

    shared: bool = False
    notify: Notify | None = None
    pools: Pools
    retrain: RetrainParams
    monitor: MonitorParams
    serve: ServeParams = ServeParams()
    cases: dict[str, dict[str, Any]]

    def of(self, case: str) -> "OperateParams":
        """The block with the overrides of `case` in place.

        Raises:
            CasebookError: an override names no key, or its value does not fit.
        """
        content = self.model_dump(mode="python")
        where = f"params.operate.cases.{case}"
        for dotted, value in self.cases.get(case, {}).items():
            block, _, rest = dotted.partition(".")
            *parents, last = rest.split(".")
            node: Any = content[block] if block in ("retrain", "monitor") else None
            for part in parents:
                node = node.get(part) if isinstance(node, dict) else None
            if not isinstance(node, dict) or last not in node:
                raise CasebookError(f"{where}: {dotted!r} names no key of operate.retrain or operate.monitor")
            node[last] = value
        return read_block(OperateParams, content, where)


def load_operate(path: Path) -> OperateParams:
    """Read and check the block of a `params.yaml`, with the overrides of every case.

    Raises:
        CasebookError: what `load_params` says; the block is missing, has a wrong key or overrides a case that is not
            there.
    """
    params = load_params(path)
    if params.operate is None:
        raise CasebookError(f"{path.name}: no block `operate`; copy it from the params.yaml of the repository")
    operate = read_block(OperateParams, params.operate, "params.operate")
    for case in (*operate.cases, *operate.serve.cases, *operate.serve.max_body):
        params.case(case)
        operate.of(case)
    return operate
