"""The two addresses of a driver's consent: the one that leads to Smartcar's Connect, and the one that it leads back to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from scheduler.domain.errors import InvalidValue

COOKIE = "smartcharge_connect"
COOKIE_S = 600
"""As long as the state that is bound to it."""

Begin = Callable[[str], tuple[str, str]]
"""From a driver's id to Connect's address and the cookie to bring back. InvalidValue in words for the driver."""

End = Callable[[Mapping[str, str], str | None], tuple[bool, str, str | None]]
"""From the redirect's query and the cookie to: done, a sentence, and a link to follow next."""


def connect(begin: Begin, end: End, redirect_uri: str) -> list[Route]:
    """Return the routes. A driver who began under another name of ours is led to the one Smartcar will lead back to."""
    home = urlsplit(redirect_uri)

    async def departing(request: Request) -> Response:
        driver = request.path_params["driver"]
        if home.hostname and request.url.hostname != home.hostname:
            return RedirectResponse(f"{home.scheme}://{home.netloc}/connect/{quote(driver, safe='')}", 303)
        try:
            url, cookie = begin(driver)
        except InvalidValue as error:
            return _page(str(error), status=404)
        answer = RedirectResponse(url, 303)
        answer.set_cookie(
            COOKIE,
            cookie,
            max_age=COOKIE_S,
            path="/connect",
            secure=home.scheme == "https",
            httponly=True,
            samesite="lax",
        )
        return answer

    async def returned(request: Request) -> Response:
        done, sentence, link = end(request.query_params, request.cookies.get(COOKIE))
        answer = _page(sentence, link, status=200 if done else 400)
        answer.delete_cookie(COOKIE, path="/connect")
        return answer

    # The callback first: it is no driver.
    return [
        Route("/connect/callback", returned, methods=["GET"]),
        Route("/connect/{driver}", departing, methods=["GET"]),
    ]


def _page(sentence: str, link: str | None = None, *, status: int) -> HTMLResponse:
    more = f'<p><a href="{escape(link)}">Let Smartcar\'s key into your Tesla</a></p>' if link else ""
    return HTMLResponse(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>smartcharge</title><p>{escape(sentence)}</p>{more}</html>',
        status_code=status,
    )
