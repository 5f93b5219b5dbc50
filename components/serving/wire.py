"""What is no HTTP at all ends in a problem of the same form as the rest."""

import orjson
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from components.serving.problems import Problem

NO_HTTP = Problem(400, "what was sent is no HTTP, or a body whose chunks are not as they say")


class JsonHttp(AutoHTTPProtocol):  # type: ignore[valid-type, misc] # one of two, by what is installed
    """uvicorn's protocol, which says so in plain text."""

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the same for all
        body = orjson.dumps(NO_HTTP.to_json())
        head = f"content-type: application/json\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        self.transport.write(b"HTTP/1.1 400 Bad Request\r\n" + head.encode() + body)
        self.transport.close()
