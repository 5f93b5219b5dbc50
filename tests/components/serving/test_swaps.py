"""The exchange of versions within one process."""

import threading
from dataclasses import dataclass
from typing import Any

from components.core.job import AnyJob
from components.registry.finding import Served
from tests.components.serving.served import until
from tests.components.serving.test_app import CASE, PATH


@dataclass
class Alias:
    """What a registry would say of the champion."""

    served: Served

    def __call__(self, _job: AnyJob, _which: str | None) -> Served:
        return self.served


def test_requests_that_had_begun_end_on_the_version_that_they_began_with(serving, fitted, example, monkeypatch):
    alias = Alias(Served("1", fitted.bundle, is_champion=True))
    client, state = serving(find=alias)
    slot, (begun, go) = state.slots[CASE], (threading.Event(), threading.Event())
    answer = slot.model.service.answer

    def slow(*asked: Any) -> Any:
        begun.set()
        assert go.wait(60)
        return answer(*asked)

    monkeypatch.setattr(slot.model.service, "answer", slow)
    found: dict[str, str] = {}

    def ask(name: str) -> threading.Thread:
        def post() -> None:
            found[name] = client.post(PATH, json={"rows": [example]}).json()["version"]

        thread = threading.Thread(target=post)
        thread.start()
        return thread

    computed = ask("computed")
    assert begun.wait(20)
    waits = ask("waits")
    until(lambda: state.batcher.waiting == 1, "a request that waits")
    alias.served = Served("2", fitted.bundle, is_champion=True)
    assert slot.look()
    later = ask("later")
    until(lambda: state.batcher.waiting == 2, "a request of the version that serves now")
    go.set()
    for thread in (computed, waits, later):
        thread.join(60)
    assert found == {"computed": "1", "waits": "1", "later": "2"}
