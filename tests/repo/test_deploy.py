"""compose.yaml and the Kubernetes manifests: valid, the processes of the Procfile, and no secret in them."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import kubernetes_validate
import pytest
import yaml
from honcho.environ import parse_procfile

from components.serving.around import OPEN
from components.serving.leaving import DRAINED_WITHIN
from components.serving.metrics import Figures
from pipelines.servers.names import parse, stated
from pipelines.servers.serve import AROUND

ROOT = Path(__file__).resolve().parents[2]
KUBERNETES = ROOT / "deploy" / "kubernetes"
COMPOSE = ("compose.yaml", "deploy/compose.gpu.yaml")
VERSION = "1.37"
SECRETS = {"CASEBOOK_TOKEN", "CASEBOOK_DATABASE_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "POSTGRES_PASSWORD"}


def processes() -> dict[str, list[str]]:
    found = parse_procfile((ROOT / "Procfile").read_text(encoding="utf-8")).processes
    return {name: command.split() for name, command in found.items()}


def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8")))


def manifests() -> Iterator[dict[str, Any]]:
    for name in kustomization()["resources"]:
        yield from yaml.safe_load_all((KUBERNETES / name).read_text(encoding="utf-8"))


def kustomization() -> dict[str, Any]:
    return dict(yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text(encoding="utf-8")))


def containers() -> dict[str, dict[str, Any]]:
    pods = [one["spec"]["template"]["spec"] for one in manifests() if one["kind"] in ("Deployment", "StatefulSet")]
    return {container["name"]: container for pod in pods for container in pod["containers"]}


def check_compose(*paths: Path) -> "subprocess.CompletedProcess[str]":
    command = [str(Path(sys.executable).parent / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec"]
    return subprocess.run([*command, *map(str, paths)], capture_output=True, text=True, check=False)


def test_compose_keeps_to_its_specification(tmp_path: Path) -> None:
    done = check_compose(*(ROOT / name for name in COMPOSE))
    assert done.returncode == 0, done.stdout
    wrong = tmp_path / "compose.yaml"
    wrong.write_text((ROOT / "compose.yaml").read_text(encoding="utf-8").replace("depends_on", "depend_on"))
    assert "depend_on" in check_compose(wrong).stdout


def test_the_manifests_keep_to_kubernetes_schemas() -> None:
    found = list(manifests())
    kinds = {"Deployment", "StatefulSet", "Service", "NetworkPolicy", "HorizontalPodAutoscaler", "PodDisruptionBudget"}
    assert {one["kind"] for one in found} >= kinds
    for one in found:
        kubernetes_validate.validate(one, VERSION, strict=True)
    found[-1]["spec"]["podSelectors"] = {}
    with pytest.raises(kubernetes_validate.ValidationError, match="podSelectors"):
        kubernetes_validate.validate(found[-1], VERSION, strict=True)


def test_every_manifest_is_applied() -> None:
    files = {path.name for path in KUBERNETES.glob("*.yaml")} - {"kustomization.yaml"}
    assert set(kustomization()["resources"]) == files


def test_all_three_start_the_same_processes() -> None:
    expected = processes()
    assert set(expected) == {"prefect", "mlflow", "cpu", "gpu", "serve"}
    assert all(" ".join(expected[name][3:5]) in AROUND for name in ("prefect", "mlflow", "serve"))
    in_compose = {name: one["command"] for name, one in compose()["services"].items() if name != "database"}
    assert in_compose == expected
    assert {name: one["command"] for name, one in containers().items() if name != "postgres"} == expected


def test_the_servers_answer_the_names_by_which_they_are_called() -> None:
    settings = [one["data"] for one in manifests() if one["kind"] == "ConfigMap"]
    for given in (*settings, *(compose()["services"][name]["environment"] for name in processes())):
        listed = stated(given["CASEBOOK_ALLOWED_HOSTS"])
        for address in (given["PREFECT_API_URL"], given["MLFLOW_TRACKING_URI"], "http://serve:8000"):
            asked = parse(urlsplit(address).netloc)
            assert asked is not None
            assert any(name.covers(asked) for name in listed), address


def test_no_secret_stands_in_them() -> None:
    for service in compose()["services"].values():
        given = {name: value for name, value in service["environment"].items() if name in SECRETS and value is not None}
        assert all("${CASEBOOK_" in value and ":?" in value for value in given.values()), given
    assert "Secret" not in {one["kind"] for one in manifests()}
    for container in containers().values():
        given = {one["name"]: one for one in container["env"] if one["name"] in SECRETS}
        assert given
        assert all("secretKeyRef" in one["valueFrom"] for one in given.values())


def test_containers_publish_to_this_machine_alone_and_have_no_privileges() -> None:
    services = compose()["services"]
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert ports == ["127.0.0.1:4200:4200", "127.0.0.1:5000:5000", "127.0.0.1:8000:8000"]
    assert all(services[name]["cap_drop"] == ["ALL"] for name in processes())
    assert {one["spec"]["type"] for one in manifests() if one["kind"] == "Service" and "type" in one["spec"]} == set()
    for container in containers().values():
        assert container["securityContext"] == {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def test_the_packages_of_the_image_are_those_of_make_setup() -> None:
    dockerfile, makefile = (ROOT / "deploy" / "Dockerfile").read_text(), (ROOT / "Makefile").read_text()
    (torch,) = {word for word in makefile.split() if word.startswith("torch==")}
    assert torch in dockerfile.split()
    for name in ("pyproject.toml", "constraints.txt"):
        assert f"!{name}" in (ROOT / ".dockerignore").read_text().splitlines()


def test_what_answers_is_probed_limited_and_told_to_end_in_time() -> None:
    serve = containers()["serve"]
    paths = {name: serve[f"{name}Probe"]["httpGet"]["path"] for name in ("readiness", "liveness", "startup")}
    assert paths == {"readiness": "/v2/health/ready", "liveness": "/v2/health/live", "startup": "/v2/health/live"}
    assert set(OPEN) >= {*paths.values(), "/metrics"}  # asked without the token
    assert set(serve["resources"]["limits"]) == {"cpu", "memory"}
    found = {(one["kind"], one["metadata"]["name"]): one.get("spec", {}) for one in manifests()}
    pod = found["Deployment", "serve"]["template"]["spec"]
    needed = serve["lifecycle"]["preStop"]["sleep"]["seconds"] + DRAINED_WITHIN
    assert pod["terminationGracePeriodSeconds"] > needed + 2
    assert int(compose()["services"]["serve"]["stop_grace_period"].removesuffix("s")) > DRAINED_WITHIN + 2
    metrics = found["HorizontalPodAutoscaler", "serve"]["metrics"]
    named = [one["pods"]["metric"]["name"] for one in metrics if one["type"] == "Pods"]
    assert set(named) <= {one.name for one in Figures().registry.collect()}
    assert "replicas" not in found["Deployment", "serve"]


def test_the_image_that_answers_has_no_more_than_that_takes() -> None:
    lines = (ROOT / "deploy" / "Dockerfile.serve").read_text(encoding="utf-8").splitlines()
    said = [line for line in lines if line and not line.startswith("#")]
    (installs,) = [line for line in said if "pip install" in line]
    assert [word for word in installs.split() if "[" in word] == ["'/tmp/casebook[serve]'"]
    assert "--constraint /tmp/casebook/constraints.txt" in installs
    last = said[max(place for place, line in enumerate(said) if line.startswith("FROM")) :]
    assert sum(line.startswith("FROM") for line in said) == 2
    assert "USER casebook" in last
    assert not [line for line in last if line.startswith("RUN") and "useradd" not in line]
    (command,) = [line for line in last if line.startswith("CMD")]
    assert json.loads(command.removeprefix("CMD")) == processes()["serve"]
