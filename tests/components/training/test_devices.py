"""Locks of pretended devices: CUDA_VISIBLE_DEVICES declares them, real processes take them and die."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch

from components.training.devices import VISIBLE, visible_devices

PATIENCE = 120.0
# The module without torch, which takes seconds to import: the devices are declared, so nobody asks it.
HOLDER = """
import logging, sys, time, types
sys.modules["torch"] = types.ModuleType("torch")
logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s")
from components.core.errors import CasebookError
from components.training.devices import claim
params = types.SimpleNamespace(accelerator=sys.argv[1], devices=int(sys.argv[2]))
try:
    for _ in range(2):  # the trials of a search: the second takes nothing more
        print("has", *claim(params), flush=True)
except CasebookError as error:
    sys.exit(str(error))
time.sleep(600)
"""


@dataclass
class Holder:
    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    @property
    def has(self) -> list[str]:
        """The devices that it has taken; none as long as it waits."""
        lines = [line.split()[1:] for line in self.said.splitlines() if line.startswith("has")]
        return lines[0] if lines else []


@dataclass
class Machine:
    """One folder of locks, and the processes that train there."""

    folder: Path
    holders: list[Holder] = field(default_factory=list)

    def start(self, visible: str, devices: int = 1, accelerator: str = "auto", **variables: str) -> Holder:
        log = self.folder / f"said-{len(self.holders)}.txt"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CASEBOOK_")}
        environment |= {"TMPDIR": str(self.folder), VISIBLE: visible, **variables}
        with log.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-c", HOLDER, accelerator, str(devices)],
                env=environment,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        self.holders.append(Holder(process, log))
        return self.holders[-1]


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path)
    yield made
    for holder in made.holders:
        holder.process.kill()
        holder.process.wait()


def wait_until(happened: Callable[[], object], holder: Holder) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, holder.said
        time.sleep(0.02)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_two_processes_get_two_devices_a_third_waits_and_gets_that_of_the_killed(
    machine: Machine, number: signal.Signals
) -> None:
    first, second = machine.start("0,1"), machine.start("0,1")
    for holder in (first, second):
        wait_until(lambda holder=holder: holder.has, holder)
    assert sorted(first.has + second.has) == ["0", "1"]
    third = machine.start("0,1")
    wait_until(lambda: "waiting for 1 free device(s)" in third.said, third)
    for holder in (first, second):
        assert re.search(rf"{holder.has[0]} by process {holder.process.pid}\b", third.said), third.said
    assert third.has == []
    first.process.send_signal(number)
    first.process.wait()
    wait_until(lambda: third.has, third)
    assert third.has == first.has


@pytest.mark.slow
def test_who_wants_two_takes_none_until_both_are_free(machine: Machine) -> None:
    one = machine.start("0,1")
    wait_until(lambda: one.has, one)
    both = machine.start("0,1", devices=2)
    wait_until(lambda: "waiting for 2 free device(s)" in both.said, both)
    other = machine.start("0,1")  # nothing is held by the one who waits
    wait_until(lambda: other.has, other)
    assert sorted(one.has + other.has) == ["0", "1"]
    for holder in (one, other):
        holder.process.kill()
    wait_until(lambda: both.has, both)
    assert both.has == ["0", "1"]


@pytest.mark.slow
def test_a_rank_takes_the_device_of_its_number(machine: Machine) -> None:
    said = {"WORLD_SIZE": "2"}
    ranks = [machine.start("0,1", devices=2, LOCAL_RANK=str(number), **said) for number in range(2)]
    for number, rank in enumerate(ranks):
        wait_until(lambda rank=rank: rank.has, rank)
        assert rank.has == [str(number)]


@pytest.mark.slow
def test_who_asks_for_more_than_there_are_is_told(machine: Machine) -> None:
    holder = machine.start("0,1", devices=3)
    assert holder.process.wait(PATIENCE) == 1
    assert "fit.devices is 3, but this machine shows 2: ['0', '1']" in holder.said


@pytest.mark.slow
def test_nothing_is_taken_for_cpu_nor_for_what_a_fit_started_itself(machine: Machine) -> None:
    on_cpu = machine.start("0", accelerator="cpu")
    helper = machine.start("0", CASEBOOK_DEVICES_HELD="0")
    for holder in (on_cpu, helper):
        wait_until(lambda holder=holder: holder.said.count("has") == 2, holder)
        assert holder.has == []


@pytest.mark.parametrize(
    ("declared", "devices"),
    [
        ("0,1", ["0", "1"]),
        (" 2 , GPU-8f", ["2", "GPU-8f"]),
        ("", []),
        ("-1", []),
        ("1,-1,0", ["1"]),
        ("NoDevFiles", []),
    ],
)
def test_devices_are_read_as_cuda_reads_them(
    monkeypatch: pytest.MonkeyPatch, declared: str, devices: list[str]
) -> None:
    monkeypatch.setenv(VISIBLE, declared)
    assert visible_devices() == devices


def test_where_nobody_declares_torch_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VISIBLE, raising=False)
    assert visible_devices() == [str(number) for number in range(torch.cuda.device_count())]
