"""The application: what is answered at which path. `docs/serving.md` has them all."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from components.serving.answers import request_keys
from components.serving.around import Around
from components.serving.asking import answered, read_options, read_request
from components.serving.bodies import (
    FORM,
    IMAGES,
    MOST_ROWS,
    ROWS,
    STREAMS,
    keys_of_query,
    media_type,
    read_json,
)
from components.serving.docs import add_docs
from components.serving.errors import add_handlers
from components.serving.invocations import add_invocations
from components.serving.leaving import told_to_leave
from components.serving.multipart import read_form
from components.serving.openapi import add_openapi
from components.serving.page.routes import add_page
from components.serving.pictures import one_drawn, picture, wants_picture
from components.serving.problems import Problem
from components.serving.protocol import add_protocol
from components.serving.service import facts, takes_files
from components.serving.short import add_short_paths
from components.serving.state import State
from components.serving.straight import Straight
from components.serving.streaming import Streamed, stream
from components.serving.writing import AsJson

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def make_app(state: State) -> FastAPI:
    """All routes over the state, which the application opens and closes."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        with told_to_leave(state):
            yield
        state.stop()

    app = FastAPI(title="Casebook", lifespan=lifespan, docs_url=None, redoc_url=None, redirect_slashes=False)
    add_handlers(app)
    predict = _predict(state)
    app.add_middleware(Straight, predict=predict)
    app.add_middleware(Around, state=state)
    app.add_api_route("/v2/health/live", _live, methods=["GET"])
    app.add_api_route("/v2/health/ready", _ready(state), methods=["GET"])
    app.add_api_route("/metrics", _metrics(state), methods=["GET"], response_class=PlainTextResponse)
    app.add_api_route("/v1/{case}/predict", predict, methods=["POST"], response_class=AsJson)
    app.add_api_route("/v1/{case}/schema", _schema(state), methods=["GET"], response_class=AsJson)
    app.add_api_route("/v1/{case}/card", _card(state), methods=["GET"], response_class=PlainTextResponse)
    add_protocol(app, state)
    add_invocations(app, state)
    add_short_paths(app, state)
    add_page(app, state)
    add_docs(app)
    add_openapi(app, state)
    return app


async def _live() -> dict[str, bool]:
    return {"live": True}


def _ready(state: State) -> Callable[[], Awaitable[Response]]:
    async def ready() -> Response:
        good = state.ready and not state.draining
        return AsJson({"ready": good}, 200 if good else 503)

    return ready


def _metrics(state: State) -> Callable[[], Awaitable[Response]]:
    async def metrics() -> Response:
        return Response(state.figures.page(lambda: state.batcher.waiting), media_type=METRICS_TYPE)

    return metrics


def _predict(state: State) -> Callable[[str, Request], Awaitable[Response]]:
    async def predict(case: str, request: Request) -> Response:
        """Answer rows: `{"rows": [{column: value, …}, …]}`, lines of JSON or CSV."""
        model = state.model(case)
        kind = media_type(request, IMAGES if takes_files(model.service) else ROWS)
        if kind in STREAMS:
            keys = keys_of_query(request)
            options, log = read_options(state, model, keys), keys.get("log") is not False
            lines = stream(state, model, request, kind, options, state.limits[case], log=log)
            return Streamed(lines, kind)
        limit, drawn = state.limits[case], wants_picture(request, model)
        content = await (read_form(request, limit) if kind == FORM else read_json(request, limit))
        if request.scope["query_string"] and isinstance(content, Mapping):
            content = {**keys_of_query(request), **content}
        asked = read_request(state, model, one_drawn(content) if drawn else content, MOST_ROWS)
        rows = await answered(state, model, asked)
        if drawn:
            return picture(model, rows, asked.request_id)
        return AsJson({"case": case, **rows.by, "request_id": asked.request_id, "rows": rows})

    return predict


def _schema(state: State) -> Callable[[str], Awaitable[Response]]:
    async def schema(case: str) -> Response:
        model = state.model(case)
        recipe, about = state.slots[case].job.params.recipe, facts(model.service)
        told = {"case": case, "recipe": recipe, "version": model.version, "row": model.service.schema()}
        return AsJson({**told, "request": request_keys(model.service), "answer": model.answers.answer, "about": about})

    return schema


def _card(state: State) -> Callable[[str], Awaitable[Response]]:
    async def card(case: str) -> Response:
        path = state.model(case).card
        if not path.is_file():
            raise Problem(404, f"{case}: this version has no card")
        return PlainTextResponse(path.read_text(encoding="utf-8"), media_type="text/markdown")

    return card
