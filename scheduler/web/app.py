"""The web application: page, API, health and metrics behind one guard. Everything runs on the daemon's own loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from scheduler.domain.errors import InvalidValue, StoreUnavailable
from scheduler.expectation import plainly
from scheduler.operations import Operations
from scheduler.prepaying import Prepaying
from scheduler.web.answers import ErrorAnswer, ErrorMessage, HealthAnswer
from scheduler.web.api import PREFIX, UnknownName, api
from scheduler.web.credit import credit
from scheduler.web.guard import Guard
from scheduler.web.health import HealthReport
from scheduler.web.page import page


def web_app(
    operations: Operations,
    *,
    health: Callable[[], HealthReport],
    metrics: Callable[[], tuple[bytes, str]],
    prepaying: Prepaying,
    allowed_hosts: frozenset[str],
    public_hosts: frozenset[str] = frozenset(),
    doors: Sequence[Route] = (),
) -> FastAPI:
    """
    Return the application.

    *metrics* gives the exposition and its content type. *allowed_hosts* are the names and addresses by which we may be
    called, without a port; every other is turned away (`Guard`). *public_hosts* lead to *doors* only: the webhook, and a
    driver's consent.
    """
    application = FastAPI(
        title="smartcharge",
        version=operations.fleet().version,
        description="What smartcharge plans and does, and the four things a person may wish of a car.",
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    application.include_router(api(operations))
    application.include_router(credit(prepaying))
    application.router.routes.extend([*page(operations, health), *_watching(health, metrics), *doors])
    _tell_errors(application)
    paths = frozenset(door.path for door in doors)
    application.add_middleware(Guard, allowed_hosts=allowed_hosts, public_hosts=public_hosts, public_paths=paths)
    return application


def _watching(health: Callable[[], HealthReport], metrics: Callable[[], tuple[bytes, str]]) -> list[Route]:
    async def healthz(_request: Request) -> Response:
        report = health()
        answer = HealthAnswer(
            status="well" if report.well else "unwell", reasons=list(report.reasons), facts=dict(report.facts)
        )
        return JSONResponse(answer.model_dump(mode="json"), status_code=200 if report.well else 503)

    async def exposition(_request: Request) -> Response:
        body, content_type = metrics()
        return Response(body, headers={"content-type": content_type})

    return [Route("/healthz", healthz), Route("/metrics", exposition)]


def _tell_errors(application: FastAPI) -> None:
    """Every error is `{"error": {"message": ...}}`, whoever raised it."""

    @application.exception_handler(UnknownName)
    async def unknown_name(_request: Request, error: UnknownName) -> Response:
        return _error(404, str(error))

    @application.exception_handler(InvalidValue)
    async def invalid_value(_request: Request, error: InvalidValue) -> Response:
        return _error(422, str(error))

    @application.exception_handler(StoreUnavailable)
    async def store_unavailable(_request: Request, error: StoreUnavailable) -> Response:
        return _error(503, str(error))

    @application.exception_handler(RequestValidationError)
    async def invalid_request(_request: Request, error: RequestValidationError) -> Response:
        wrong = "; ".join(
            f"{problem['loc'][-1]}: {plainly(problem)}, got {problem['input']!r}" for problem in error.errors()
        )
        return _error(422, wrong)

    @application.exception_handler(HTTPException)
    async def no_such_page(request: Request, error: HTTPException) -> Response:
        return _error(error.status_code, f"{request.method} {request.url.path}: {error.detail}", error.headers)


def _error(status: int, message: str, headers: object = None) -> Response:
    answer = ErrorAnswer(error=ErrorMessage(message=message))
    kept = dict(headers) if isinstance(headers, dict) else None
    return JSONResponse(answer.model_dump(mode="json"), status_code=status, headers=kept)
