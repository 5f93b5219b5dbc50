"""`/docs`: the paths as Swagger UI shows them, from files of a package; nothing is asked of another server."""

from collections.abc import Awaitable, Callable
from importlib import resources

from fastapi import FastAPI
from starlette.responses import Response

UI = "fastapi_swagger.resources"  # Swagger UI's files, in a package that follows its releases
FILES = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css", "favicon-32x32.png": "image/png"}
PAGE = b"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Casebook: paths</title>
<link rel="stylesheet" href="docs/swagger-ui.css"><link rel="icon" href="docs/favicon-32x32.png"></head>
<body><div id="paths"></div><script src="docs/swagger-ui-bundle.js"></script><script src="docs/start.js"></script>
</body>
</html>
"""
START = b"""SwaggerUIBundle({
  url: "openapi.json", dom_id: "#paths", deepLinking: true, tryItOutEnabled: true, validatorUrl: null,
  defaultModelsExpandDepth: 0, syntaxHighlight: false, requestSnippetsEnabled: true,
});
"""
POLICY = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}
KEPT = {"Cache-Control": "max-age=86400", **POLICY}


def add_docs(app: FastAPI) -> None:
    """The page, its script and Swagger UI's files."""
    _add(app, "/docs", Response(PAGE, media_type="text/html", headers=POLICY))
    _add(app, "/docs/start.js", Response(START, media_type="text/javascript", headers=POLICY))
    for name, kind in FILES.items():
        _add(app, f"/docs/{name}", _file(name, kind))


def _add(app: FastAPI, path: str, answer: Response | Callable[[], Awaitable[Response]]) -> None:
    async def given() -> Response:
        return answer if isinstance(answer, Response) else await answer()

    app.add_api_route(path, given, methods=["GET"], include_in_schema=False)


def _file(name: str, kind: str) -> Callable[[], Awaitable[Response]]:
    async def read() -> Response:
        content = (resources.files(UI) / name).read_bytes()
        return Response(content, media_type=kind, headers=KEPT)

    return read
