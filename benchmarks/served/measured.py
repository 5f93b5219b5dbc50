"""Servers of a case, asked in turn: what was measured of each kind of request, and its medians."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from statistics import median

import numpy as np

from benchmarks.served.questions import Question
from benchmarks.served.servers import Server

CONNECTIONS = (1, 8, 32)
OURS = "casebook serve"


@dataclass(frozen=True)
class Effort:
    """How long each is asked at a time, and how often in turn."""

    rounds: int = 3
    seconds: float = 1.0
    warming: float = 0.3


@dataclass
class Cost:
    """Of requests of one kind, a value for each round: milliseconds of CPU a request, requests a second, milliseconds
    that half and nearly all of them took, and how many were sent away to come again.
    """

    cpu: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    away: int = 0

    def add(self, server: Server, path: str, bodies: Sequence[bytes], connections: int, seconds: float) -> None:
        found, spent = server.load(path, bodies, connections, seconds)
        self.cpu.append(1000 * spent / len(found.took))
        self.rate.append(len(found.took) / found.wall)
        self.p50.append(float(np.quantile(found.took, 0.5)))
        self.p99.append(float(np.quantile(found.took, 0.99)))
        self.away += found.away


Costs = Mapping[tuple[str, int, str], Cost]  # by kind, connections and server


def measured(case: str, servers: Mapping[str, Server], questions: Sequence[Question], effort: Effort) -> Costs:
    """Every server with every kind of request over each number of connections, in rounds that they take in turn."""
    ways = {
        (question.kind, name): (f"/v1/{case}/predict", question.bodies(ours=True))
        if name == OURS
        else ("/invocations", question.bodies(ours=False))
        for question in questions
        for name in servers
    }
    for (_, name), (path, bodies) in ways.items():
        servers[name].load(path, bodies, 1, effort.warming)
    kinds = [question.kind for question in questions]
    costs = {key: Cost() for key in product(kinds, CONNECTIONS, servers)}
    for turn in range(effort.rounds):
        order = list(servers)[:: -1 if turn % 2 else 1]
        for kind, connections, name in product(kinds, CONNECTIONS, order):
            path, bodies = ways[kind, name]
            costs[kind, connections, name].add(servers[name], path, bodies, connections, effort.seconds)
    return costs


def ratio(costs: Costs, kind: str, connections: int, name: str, what: str = "cpu") -> float:
    """How many times the server `name` takes what ours does, round by round: the median."""
    theirs, ours = (getattr(costs[kind, connections, one], what) for one in (name, OURS))
    return median(one / other for one, other in zip(theirs, ours, strict=True))
