"""The sample server: an example of an application behind the balancer. It is no part of the balancer.

A deployment needs only `/home` and `/heartbeat`. `/slow`, `/drip` and `/echo` are for trying out long requests, long
answers, and methods, headers and bodies.
"""

import os
import time
from collections.abc import Iterator

from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, HTTPException, MethodNotAllowed, NotFound

SLOWEST_SECONDS = 120.0
LARGEST_BODY = 1024 * 1024
PIECES = 10
ANY_METHOD = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def create_app(server_id: str) -> Flask:
    """The application. Its answers name `server_id`."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    # Compact also with FLASK_DEBUG: some clients split the text and expect no blank after a colon.
    app.json.compact = True  # type: ignore[attr-defined]
    app.register_error_handler(HTTPException, error_as_json)
    app.after_request(allow_any_origin)

    @app.get("/home")
    def home() -> ResponseReturnValue:
        return {"message": f"Hello from Server: {server_id}", "status": "successful"}

    @app.get("/heartbeat")
    def heartbeat() -> ResponseReturnValue:
        return Response()

    @app.get("/slow")
    def slow() -> ResponseReturnValue:
        seconds = seconds_to_wait(request.args.get("seconds", "1"))
        time.sleep(seconds)
        return {"message": f"{server_id} took {seconds:g} seconds", "status": "successful"}

    @app.get("/drip")
    def drip() -> ResponseReturnValue:
        seconds = seconds_to_wait(request.args.get("seconds", "1"))
        return Response(pieces(server_id, seconds), mimetype="text/plain")

    @app.route("/echo", methods=ANY_METHOD)
    def echo() -> ResponseReturnValue:
        return request_as_seen() | {"server": server_id, "status": "successful"}

    return app


def seconds_to_wait(text: str) -> float:
    """The seconds in `text`, from 0 to SLOWEST_SECONDS. Raises BadRequest for anything else."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= SLOWEST_SECONDS:
        raise BadRequest(f"seconds must be a number from 0 to {SLOWEST_SECONDS:g}")
    return seconds


def pieces(server_id: str, seconds: float) -> Iterator[str]:
    """The pieces of an answer that begins at once and ends after `seconds` seconds."""
    for number in range(1, PIECES + 1):
        yield f"{server_id}: {number} of {PIECES}\n"
        time.sleep(seconds / PIECES)


def request_as_seen() -> dict[str, object]:
    """The request as this server got it. `target`: as in the request line, not decoded. `body`: one character per
    byte."""
    body = request.get_data()
    request.stream.read(1)  # A chunked body is cut at the limit; only a further read raises the 413.
    return {
        "method": request.method,
        "target": request.environ.get("RAW_URI", request.full_path),
        "headers": dict(request.headers),
        "body": body.decode("latin-1"),
        "client": request.remote_addr,
    }


def error_as_json(error: HTTPException) -> ResponseReturnValue:
    """An error in the JSON shape of the other answers. A 405 names the allowed methods."""
    message = error.description
    if isinstance(error, NotFound):
        message = f"'{request.path}' is not an endpoint of this server"
    response = jsonify(message=f"<Error> {message}", status="failure")
    response.status_code = error.code or 500
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.allow.update(error.valid_methods)
    return response


def allow_any_origin(response: Response) -> Response:
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


app = create_app(os.environ.get("SERVER_ID", "unnamed"))
