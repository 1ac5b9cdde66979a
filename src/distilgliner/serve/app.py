"""The HTTP application: questions, what there is, whether it is up, and the page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from distilgliner import __version__
from distilgliner.errors import UserError
from distilgliner.serve.answering import Answerer, AnswerTimeoutError
from distilgliner.serve.limits import LimitedApp, ServeLimits
from distilgliner.serve.question import About, Answer, Question

ROUTE = "/gliner"
"""Where GLiNER's own server answers and its client asks."""
_PAGE = Path(__file__).parent / "page"


def build_app(answerer: Answerer, limits: ServeLimits) -> LimitedApp:
    """The application, which refuses what is beyond the limits; every error is `{"error": …}`."""
    # The pages of FastAPI that show the schema load scripts from elsewhere.
    app = FastAPI(title="DistilGLiNER", version=__version__, docs_url=None, redoc_url=None)

    @app.post(ROUTE, response_model=Answer | list[Answer])
    async def find_entities(question: Question) -> Response:
        """The entities of one text, or of each of several, in order."""
        found = await answerer.answer(question, limits.timeout_seconds)
        # Not checked: that takes longer than to find them. In ASCII: half a character, which JSON
        # can name, has no other form.
        return Response(json.dumps(found), media_type="application/json")

    @app.get("/model")
    async def describe_model() -> About:
        """The name of the model, its labels, and whether it takes others."""
        return answerer.about

    @app.get("/health")
    async def tell_health() -> dict[str, str]:
        """Whether it is up; it is when it answers."""
        return {"status": "ok"}

    app.mount("/", StaticFiles(directory=_PAGE, html=True))
    _answer_errors(app)
    return LimitedApp(app, limits)


def _answer_errors(app: FastAPI) -> None:
    """Every error that the asker can mend, as one sentence."""

    @app.exception_handler(UserError)
    async def _tell_user(_: Request, error: UserError) -> JSONResponse:
        return JSONResponse({"error": str(error)}, 400)

    @app.exception_handler(AnswerTimeoutError)
    async def _tell_timeout(_: Request, __: AnswerTimeoutError) -> JSONResponse:
        error = "The answer took too long; send less text at once, or try again in a moment."
        return JSONResponse({"error": error}, 504)

    @app.exception_handler(HTTPException)
    async def _tell_path(_: Request, error: HTTPException) -> JSONResponse:
        return JSONResponse({"error": f"{error.detail}."}, error.status_code, error.headers)

    @app.exception_handler(RequestValidationError)
    async def _tell_field(_: Request, error: RequestValidationError) -> JSONResponse:
        return JSONResponse({"error": describe_fault(error.errors()[0])}, 400)


def describe_fault(fault: dict[str, Any]) -> str:
    """What is wrong with a question, in a sentence, from pydantic's first complaint."""
    kind, place = fault["type"], [part for part in fault["loc"] if part != "body"]
    if kind == "json_invalid":
        return f"The body is not JSON ({fault['ctx']['error']})."
    name = str(place[0]) if place else ""
    if not name:
        return 'The body must be JSON, as {"text": "…", "labels": ["person"]}, and be sent as such.'
    if kind == "missing":
        return f'"{name}" is missing; send {{"text": "…", "labels": ["person"]}}.'
    if kind == "extra_forbidden":
        known = ", ".join(Question.model_fields)
        return f'"{name}" is not known here; a question has: {known}.'
    return _MEANINGS[name]


_MEANINGS = {
    "text": '"text" must be a string, or a list of them.',
    "labels": '"labels" must be a list of names, the same for all texts, as ["person", "city"].',
    "threshold": '"threshold" must be a number between 0 and 1; 0.5 is usual.',
    "flat_ner": 'A student finds entities that do not overlap; leave "flat_ner" out.',
    "multi_label": 'A student gives an entity one label; leave "multi_label" out.',
}
