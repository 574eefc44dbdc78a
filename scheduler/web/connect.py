"""The two addresses of a driver's consent: the one that leads to Smartcar's Connect, and the one that it leads back to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from html import escape
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from scheduler.domain.errors import InvalidValue
from scheduler.ports import Departing, Returned

COOKIE = "smartcharge_connect"
COOKIE_S = 600
"""As long as the state that is bound to it."""

UNINVITED = "This page is for drivers who were sent a link. Ask whoever runs smartcharge for yours."

Begin = Callable[[str, str | None], Departing]
"""
From a driver's or a car's name and an invitation to the way to Connect. InvalidValue in words for
the driver. None for an invitation is somebody on this machine.
"""

End = Callable[[Mapping[str, str], str | None], Awaitable[Returned]]
"""From the redirect's query and the cookie to what came of it."""


def connect(
    begin: Begin, end: End, link: Callable[[str], str], public_hosts: frozenset[str] = frozenset()
) -> list[Route]:
    """
    Return the routes. *link* makes the address with an invitation, under the name that Smartcar leads back to.

    Whoever comes by a public name needs an invitation, or a stranger could connect a car as a driver's. Whoever is on
    this machine is led to the link.
    """

    async def departing(request: Request) -> Response:
        name, invitation = request.path_params["driver"], request.query_params.get("invitation")
        if not invitation and request.url.hostname in public_hosts:
            return _page(UNINVITED, status=403)
        try:
            if not invitation and urlsplit(home := link(name)).hostname != request.url.hostname:
                return RedirectResponse(home, 303)
            leaving = begin(name, invitation)
        except InvalidValue as error:
            return _page(str(error), status=404)
        answer = RedirectResponse(leaving.url, 303)
        answer.set_cookie(
            COOKIE,
            leaving.cookie,
            max_age=COOKIE_S,
            path="/connect",
            secure=urlsplit(link(name)).scheme == "https",
            httponly=True,
            samesite="lax",
        )
        return answer

    async def returned(request: Request) -> Response:
        came = await end(request.query_params, request.cookies.get(COOKIE))
        answer = _page(came.sentence, came.link, status=200 if came.done else 400)
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
