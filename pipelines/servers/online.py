"""The application of `casebook serve`, made in each of its processes from what the command has noted."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
from starlette.types import ASGIApp

from components.core.errors import CasebookError
from components.core.job import Paths
from components.core.params.load import load_params
from components.core.params.operate import load_operate
from components.core.recipe import make_job
from components.registry.champion import CHAMPION
from components.serving.app import make_app
from components.serving.finding import registry_to_read
from components.serving.models import online
from components.serving.problems import Problem
from components.serving.server import worker
from components.serving.state import Serving, State
from pipelines.servers.guard import OwnNames
from pipelines.servers.names import own
from pipelines.servers.settings import settings_for
from pipelines.stages import set_up_logging

if TYPE_CHECKING:
    from components.serving.service import Explain

NOTED = "CASEBOOK_SERVING"  # of the environment: what the command was asked, for the processes that it starts
WORKER = f"{__name__}:in_worker"


@dataclass(frozen=True)
class Noted:
    """What the command was asked. The token stays where it is."""

    host: str
    cases: list[str]
    version: str | None
    explain: "Explain"
    look_every: float
    strict: bool
    shadow: str | None
    canary: float | None


def note(noted: Noted) -> None:
    """Leave it for `application`, in this process or one that it starts."""
    os.environ[NOTED] = json.dumps(asdict(noted))


def application() -> OwnNames:
    """All models opened, behind the check of who is asked.

    Raises:
        CasebookError: a case has no such version, or it cannot be opened.
    """
    noted = Noted(**json.loads(os.environ[NOTED]))
    settings = settings_for(noted.host)
    path, root = Path("params.yaml"), Path.cwd()
    params, operate = load_params(path), load_operate(path)
    jobs = [make_job(case, params.case(case), Paths(root)) for case in noted.cases]
    logs = {job.case: operate.of(job.case).monitor.log for job in jobs}
    asked = Serving(
        jobs=jobs,
        version=noted.version,
        explain=noted.explain,
        strict=noted.strict,
        token=settings.token,
        logs=logs,
        look_every=noted.look_every,
        max_body=operate.serve.max_body,
        shadow=noted.shadow,
        canary=noted.canary,
    )
    state = State(asked)
    state.start()
    return OwnNames(make_app(state), (*own(settings.host), *settings.names), settings.names, refused())


def in_worker() -> ASGIApp:
    """The same in one of several processes."""
    set_up_logging()
    return worker(application)


def refused() -> tuple[bytes, bytes]:
    """What who asks by another name is told, and its type."""
    told = "the server answers its own names only; CASEBOOK_ALLOWED_HOSTS lists further ones"
    return orjson.dumps(Problem(403, told).to_json()), b"application/json"


def cases_to_serve(names: list[str]) -> list[str]:
    """Those named, or all that have a champion and a recipe that is answered over HTTP.

    Raises:
        CasebookError: there is none, or one that is named is not answered over HTTP.
    """
    params = load_params(Path("params.yaml"))
    for name in names:
        online(params.case(name).recipe)
    if names:
        return list(dict.fromkeys(names))
    models = registry_to_read(Path.cwd()).registered_models()
    found = [case for case in params.cases if case in models and CHAMPION in models[case].aliases]
    if not (served := [case for case in found if _is_online(params.case(case).recipe)]):
        raise CasebookError("no case has a champion that is answered over HTTP; `casebook run CASE` makes one")
    return served


def _is_online(recipe: str) -> bool:
    try:
        online(recipe)
    except CasebookError:
        return False
    return True
