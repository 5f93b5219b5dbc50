"""The requests that README and docs/serving.md show, sent as they stand there, by curl."""

import json
import re
import shlex
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from tests.toy.jobs import CHECKOUT

PATH = "/v1/finance_risk/predict"


def shown(page: str) -> list[str]:
    lines = (CHECKOUT / page).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.startswith("curl ") and PATH in line]


@pytest.mark.parametrize("page", ["README.md", "docs/serving.md"])
def test_a_request_that_is_shown_is_answered_in_the_form_that_is_shown(page: str, serving: Callable[..., Any]) -> None:
    client, _ = serving()
    commands = shown(page)
    assert commands
    for command in commands:
        words = shlex.split(command.replace("localhost:8000", f"localhost:{client.base_url.port}"))
        done = subprocess.run(words, cwd=CHECKOUT, capture_output=True, text=True, check=True)
        answer = json.loads(done.stdout)
        (row,) = answer["rows"]
        assert 0 < row["score"] < 1
        if page == "README.md":
            text = (CHECKOUT / page).read_text(encoding="utf-8")
            (block,) = re.findall(re.escape(command) + r"\n```\n\n```text\n(.*?)```", text, re.DOTALL)
            said = json.loads(block.replace("\n", ""))
            (its,) = said["rows"]
            assert (list(answer), list(row)) == (list(said), list(its))
            assert {key for one in row["reasons"] for key in one} <= {key for one in its["reasons"] for key in one}
            assert its["decision"] in ("approve", "decline")
