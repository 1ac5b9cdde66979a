"""The HTTP application: questions, what there is, whether it is up, and the page."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from distilgliner.errors import UserError
from distilgliner.serve.admission import LimitedApp
from distilgliner.serve.answering import Answerer, AnswerTimeoutError
from distilgliner.serve.guard import GuardedApp, Hosts
from distilgliner.serve.lanes import FailedError, GivenUpError
from distilgliner.serve.limits import ServeLimits
from distilgliner.serve.question import About, Answer, Question, describe_fault, parse_question
from distilgliner.version import __version__

ROUTE = "/gliner"
"""Where GLiNER's own server answers and its client asks."""
_ADAPTERS = f"{ROUTE}/adapter-cache"
_READ = ("GET", "HEAD")
_PAGE = Path(__file__).parent / "page"


def build_app(
    answerer: Answerer, limits: ServeLimits | None = None, hosts: Hosts | None = None
) -> GuardedApp:
    """The application, which refuses what is beyond the limits; every error is `{"error": …}`.

    limits: None for those of the answerer. hosts: None for those of this machine alone.
    """
    limits = limits or answerer.limits
    # The pages of FastAPI that show the schema load scripts from elsewhere.
    app = FastAPI(title="DistilGLiNER", version=__version__, docs_url=None, redoc_url=None)
    app.router.route_class = _StrictRoute

    @app.post(ROUTE, response_model=Answer | list[Answer])
    async def find_entities(question: Question) -> Response:
        """The entities of one text, or of each of several, in order."""
        found = await answerer.answer(question, limits.timeout_seconds)
        # Not checked: that takes longer than to find them.
        return Response(found, media_type="application/json")

    @app.get("/model")
    @app.head("/model", include_in_schema=False)
    async def describe_model() -> About:
        """The name of the model, its labels, and whether it takes others."""
        return answerer.about

    @app.get("/health")
    @app.head("/health", include_in_schema=False)
    async def tell_health() -> dict[str, str]:
        """Whether it is up; it is when it answers."""
        return {"status": "ok"}

    @app.api_route(_ADAPTERS, methods=list(_READ), include_in_schema=False)
    async def tell_adapters() -> dict[str, Any]:
        """What GLiNER's own server says when it has no adapters."""
        return {"enabled": False, "base_adapter_id": "__base__"}

    app.mount("/", StaticFiles(directory=_PAGE, html=True))
    _answer_errors(app)
    methods: dict[str, tuple[str, ...]] = {ROUTE: ("POST",)}
    methods |= dict.fromkeys(("/model", "/health", "/openapi.json", _ADAPTERS), _READ)
    methods |= dict.fromkeys(("/", *(f"/{file.name}" for file in _PAGE.iterdir())), _READ)
    return GuardedApp(LimitedApp(app, limits), methods, hosts or Hosts())


class _StrictRequest(Request):
    """A request whose JSON is read by `parse_question`."""

    async def json(self) -> Any:
        return parse_question(await self.body())


class _StrictRoute(APIRoute):
    """A route whose requests are strict."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_strictly(request: Request) -> Response:
            return await handle(_StrictRequest(request.scope, request.receive))

        return handle_strictly


def _answer_errors(app: FastAPI) -> None:
    """Every error as one sentence. Others than these are answered by `GuardedApp`."""

    def tell(kind: type[Exception], describe: Callable[[Any], tuple[int, str]]) -> None:
        async def answer(_: Request, error: Exception) -> JSONResponse:
            status, sentence = describe(error)
            return JSONResponse({"error": sentence}, status, getattr(error, "headers", None))

        app.add_exception_handler(kind, answer)

    tell(UserError, lambda error: (400, str(error)))
    tell(RequestValidationError, lambda error: (400, describe_fault(error.errors()[0])))
    tell(HTTPException, lambda error: (error.status_code, f"{error.detail.rstrip('.')}."))
    slow = "The answer took too long; send less text at once, or try again in a moment."
    tell(AnswerTimeoutError, lambda _: (504, slow))
    tell(GivenUpError, lambda _: (503, "The server is stopping; ask again when it is up."))
    failed = "The model failed on this request ({}); send less text or fewer labels at once."
    tell(FailedError, lambda error: (500, failed.format(error)))
