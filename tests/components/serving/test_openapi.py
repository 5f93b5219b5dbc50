"""What the server says of itself: OpenAPI by case, and a page of the paths without a network; no request is a fault."""

import re

import pytest

from components.serving.docs import FILES
from components.serving.operations import WRONG
from tests.components.serving.fuzz import fuzz
from tests.components.serving.test_app import CASE, PATH, SECRET

PROBLEM = {"$ref": "#/components/schemas/Problem"}


def test_the_paths_of_a_case_are_told_with_its_columns_and_an_example_that_is_answered(client):
    told = client.get("/openapi.json").json()
    predict = told["paths"][PATH]["post"]
    body = predict["requestBody"]["content"]["application/json"]["schema"]
    assert body["properties"]["rows"]["items"] == {"$ref": f"#/components/schemas/{CASE}_row"}
    row = told["components"]["schemas"][f"{CASE}_row"]
    assert row["properties"]["Age"]["minimum"] == 18
    assert "owner" in row["properties"]["Home"]["enum"]
    (example,) = body["examples"]
    found = client.post(PATH, json=example).json()["rows"]
    answer = told["components"]["schemas"][f"{CASE}_answer"]
    assert set(answer["required"]) == set(found[0])
    assert {name: one["type"] for name, one in answer["properties"].items()} == {
        "score": "number", "decision": "string", "reasons": "array", "warnings": "array"
    }  # fmt: skip
    assert answer["properties"]["reasons"]["items"]["required"] == ["column", "value", "adds"]
    assert client.get(f"/v1/{CASE}/schema").json()["answer"] == answer


def test_every_status_of_a_problem_is_told_in_its_one_form(client):
    paths = client.get("/openapi.json").json()["paths"]
    responses = paths[PATH]["post"]["responses"]
    assert set(responses) == {"200", *map(str, WRONG)}
    for operations in paths.values():
        for operation in operations.values():
            for status, one in operation["responses"].items():
                if status != "200":
                    assert one["content"]["application/json"]["schema"] == PROBLEM
    assert {"/v2", "/v2/health/ready", "/metrics", f"/v2/models/{CASE}/infer", f"/v1/{CASE}/invocations"} <= set(paths)


def test_the_page_of_the_paths_asks_no_other_server_and_opens_without_the_token(serving):
    client, _ = serving(token=SECRET)
    page = client.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    linked = re.findall(r'(?:src|href)="([^"]*)"', page.text)
    assert {f"docs/{name}" for name in (*FILES, "start.js")} == set(linked)
    for path in linked:
        found = client.get(f"/{path}")
        assert found.status_code == 200
        assert "default-src 'none'" in found.headers["content-security-policy"]
    assert client.get("/openapi.json").status_code == 401
    told = client.get("/openapi.json", headers={"authorization": f"Bearer {SECRET}"}).json()
    assert told["security"] == [{"token": []}]


def test_nothing_that_is_asked_ends_in_a_fault(client):
    found = fuzz(str(client.base_url).rstrip("/"), examples=30)
    classes = {status // 100 for _, _, status in found}
    assert {2, 4} <= classes  # which of its own a path ends in is drawn anew wherever other modules are loaded
    assert len({path for _, path, _ in found}) > 10


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused_with_those_that_there_are(client, method):
    found = client.request(method, PATH)
    assert (found.status_code, found.headers["allow"]) == (405, "POST")
    if method != "HEAD":
        assert method in found.json()["error"]
