"""Place of this process in a distributed fit, as the variables tell it that torchrun sets."""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Launched:
    """`rank` counts through all nodes, `local_rank` through the processes of this one."""

    rank: int
    local_rank: int
    world_size: int


def launched() -> Launched | None:
    """None of a process that nobody started as one of several."""
    if "WORLD_SIZE" not in os.environ:
        return None
    return Launched(
        rank=int(os.environ.get("RANK", "0")),
        local_rank=int(os.environ.get("LOCAL_RANK", "0")),
        world_size=int(os.environ["WORLD_SIZE"]),
    )
