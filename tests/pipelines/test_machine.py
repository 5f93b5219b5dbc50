"""What `casebook doctor` says of the machine."""

import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from pipelines.commands.machine import Finding, cores, gpu, memory, ports
from pipelines.servers.settings import HOST, MLFLOW_PORT, PREFECT_PORT, TOKEN

TWO = """GPU 0: NVIDIA H200 (UUID: GPU-1)
  MIG 1g.18gb     Device  0: (UUID: MIG-2)
GPU 1: NVIDIA L4 (UUID: GPU-3)
"""
LISTEN = """
import socket, sys
server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen()
print(server.getsockname()[1], flush=True)
sys.stdin.read()
"""


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the whole PATH, for an `nvidia-smi` of a machine that this one is not."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path / "bin" / "nvidia-smi"


def write(tool: Path, text: str, code: int = 0) -> None:
    tool.write_text(f"#!/bin/sh\necho '{text}'\nexit {code}\n")
    tool.chmod(0o755)


@pytest.mark.parametrize(
    ("torch", "found"),
    [
        ("2.13.0+cu130", "NVIDIA H200, NVIDIA L4"),
        ("2.13.0+cpu", "NVIDIA H200, NVIDIA L4; not used: torch 2.13.0+cpu is built for the CPU alone"),
    ],
)
def test_gpus_are_named_by_nvidias_tool(tool: Path, torch: str, found: str) -> None:
    write(tool, TWO)
    assert list(gpu(tool.parent, tool.parent, torch)) == [Finding("GPU", found)]


def test_no_gpu_is_no_fault_and_one_without_a_tool_that_works_is_told(tool: Path, tmp_path: Path) -> None:
    devices = tmp_path / "dev"
    none = [Finding("GPU", "none; everything runs on the CPU")]
    assert list(gpu(tmp_path, devices)) == none
    write(tool, "NVIDIA-SMI has failed", code=9)
    assert list(gpu(tmp_path, devices)) == none
    devices.mkdir()
    for name in ("nvidia0", "nvidiactl"):
        (devices / name).touch()
    assert list(gpu(tmp_path, devices, "2.13.0+cu130")) == [Finding("GPU", "nvidia0")]


def test_cores_and_memory_are_told(tmp_path: Path) -> None:
    (of_cores,), (of_memory,) = cores(tmp_path), memory(tmp_path)
    assert (of_cores.what, of_cores.remedy, of_memory.what, of_memory.remedy) == ("cores", "", "memory", "")
    usable, _, machine = of_cores.found.split(";")[0].split()
    assert 1 <= int(usable) <= int(machine) == psutil.cpu_count()
    assert of_memory.found.endswith(" GiB free")


def test_a_port_that_another_holds_is_a_fault_and_one_of_this_checkouts_servers_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = subprocess.Popen(
        [sys.executable, "-c", LISTEN], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with server, socket.socket() as free:
        assert server.stdin is not None
        assert server.stdout is not None
        free.bind(("127.0.0.1", 0))
        port, other = int(server.stdout.readline()), free.getsockname()[1]
        free.close()
        for name, value in ((MLFLOW_PORT, str(port)), (PREFECT_PORT, str(other)), (HOST, ""), (TOKEN, "")):
            monkeypatch.setenv(name, value)
        prefect, mlflow = ports(tmp_path)
        assert prefect == Finding(f"port {other} (Prefect)", "free")
        mine = f"this checkout's own server listens there (process {server.pid})"
        assert mlflow == Finding(f"port {port} (MLflow)", mine)
        process = f"{psutil.Process(server.pid).name()}, process {server.pid}"
        assert list(ports(tmp_path / "elsewhere"))[1] == Finding(
            f"port {port} (MLflow)",
            f"Address already in use: {process}",
            "end what listens there, or set CASEBOOK_MLFLOW_PORT to another port",
        )
        server.stdin.close()


def test_a_wrong_setting_of_the_servers_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MLFLOW_PORT, "many")
    (found,) = ports(tmp_path)
    assert (found.what, found.found) == ("servers", "a setting is wrong")
    assert found.remedy == "CASEBOOK_MLFLOW_PORT=many: a port is a number from 1 to 65535"
