"""Whatever goes wrong with a request ends in the one form of a problem, by whomever it is found."""

import logging
from typing import Any

import orjson
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from components.serving.problems import Problem

log = logging.getLogger(__name__)

GONE = 499  # what is counted where nobody heard an answer: the client went away
FAULT = "a fault of the server; its log says more"
SAID = {404: "there is no such path; /docs shows those that there are", 405: "the path is not asked by this method"}


def add_handlers(app: FastAPI) -> None:
    """Those of problems, of what the routes refuse, and of faults."""
    handlers: dict[type[Exception], Any] = {
        Problem: _problem,
        HTTPException: _refused,
        ClientDisconnect: _gone,
        Exception: _fault,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


def answer_of(problem: Problem) -> Response:
    """The problem, as JSON."""
    return Response(orjson.dumps(problem.to_json()), problem.status, problem.headers, "application/json")


async def _problem(_request: Request, problem: Problem) -> Response:
    return answer_of(problem)


async def _refused(request: Request, error: HTTPException) -> Response:
    told = SAID.get(error.status_code, str(error.detail))
    headers = {name.title(): value for name, value in (error.headers or {}).items()}
    if allowed := headers.get("Allow"):
        told = f"{told}, {request.method}: it takes {allowed}"
    return answer_of(Problem(error.status_code, told, headers=headers))


async def _gone(_request: Request, _error: ClientDisconnect) -> Response:
    return Response(status_code=GONE)


async def _fault(request: Request, error: Exception) -> Response:
    log.exception("%s %s: a fault of the server", request.method, request.url.path, exc_info=error)
    return answer_of(Problem(500, FAULT, headers={"Connection": "close"}))  # as uvicorn does after a fault
