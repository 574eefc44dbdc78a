"""Tokens of both versions, and Connect, the page on which a driver consents. facts/smartcar.md sections 1.3 to 1.5."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from html import escape
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from scheduler.vehicles.simulator.bearer import APPLICATION_LIFETIME_S, GRANT_LIFETIME_S
from scheduler.vehicles.simulator.car import Car
from scheduler.vehicles.simulator.conduct import VIRTUAL_KEY_URL
from scheduler.vehicles.simulator.consents import Grant
from scheduler.vehicles.simulator.envelope import fields
from scheduler.vehicles.simulator.gate import Gate
from scheduler.vehicles.simulator.signals import vin
from scheduler.vehicles.simulator.world import World

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>SIMULATED Smartcar Connect</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:32em;margin:3em auto;padding:0 1em;color-scheme:light dark}}</style>
<h1>SIMULATED Smartcar Connect</h1>{content}</html>"""


class OAuth:
    """The paths of the iam, auth and connect hosts."""

    def __init__(self, world: World, gate: Gate) -> None:
        self._world, self._gate = world, gate

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/oauth2/token", self.application_token, methods=["POST"]),
            Route("/oauth/token", self.grant_token, methods=["POST"]),
            Route("/oauth/authorize", self.authorize),
            Route("/oauth/authorize", self.decided, methods=["POST"]),
        ]

    async def application_token(self, request: Request) -> Response:
        """Client credentials, as a form or as JSON. The token is the application's; there is no refresh token."""
        if (instead := await self._gate.read(None, "token")) is not None:
            return instead
        form, client = await fields(request), self._world.scenario.client
        if form is None or "grant_type" not in form:
            return oauth_error("invalid_request", "grant_type is missing")
        if form["grant_type"] != "client_credentials":
            return oauth_error("unsupported_grant_type", "only client_credentials")
        if (form.get("client_id"), form.get("client_secret")) != (client.id, client.secret):
            return oauth_error("invalid_client", "client authentication failed", 401)
        return _tokens(self._gate.application_token(), APPLICATION_LIFETIME_S)

    async def grant_token(self, request: Request) -> Response:
        """Exchange a code, or renew: the old refresh token dies a little after its first use."""
        if (instead := await self._gate.read(None, "token")) is not None:
            return instead
        client, form = self._world.scenario.client, await fields(request)
        if basic(request) != (client.application_id, client.legacy_secret):
            return oauth_error("invalid_client", "client authentication failed", 401)
        match (form or {}).get("grant_type"):
            case "authorization_code":
                return self._exchange(form or {})
            case "refresh_token":
                return self._refresh(form or {})
            case None:
                return oauth_error("invalid_request", "grant_type is missing")
        return oauth_error("unsupported_grant_type", "only authorization_code and refresh_token")

    def _exchange(self, form: Mapping[str, str]) -> Response:
        code = form.get("code", "")
        grant = self._world.consents.code_grant(code, form.get("redirect_uri", ""), self._world.now())
        if grant is None:
            return oauth_error("invalid_grant", "Invalid code: it is wrong, used, expired or another address's.")
        self._world.record("consent", act="exchanged", code=code)
        return self._pair(grant)

    def _refresh(self, form: Mapping[str, str]) -> Response:
        token = form.get("refresh_token", "")
        grant = self._world.consents.refresh_grant(token, self._world.now())
        if grant is None or not self._world.consents.cars(grant):
            return oauth_error("invalid_grant", "Invalid refresh_token: it is wrong, used, expired or revoked.")
        self._world.record("consent", act="refreshed", token=token)
        return self._pair(grant)

    def _pair(self, grant: Grant) -> Response:
        refresh_token = self._world.consents.newest_refresh()
        return _tokens(self._gate.grant_token(grant), GRANT_LIFETIME_S, refresh_token=refresh_token)

    # Connect

    async def authorize(self, request: Request) -> Response:
        """Show the page; in simulated mode it approves by itself."""
        query = request.query_params
        wrong = self._wrong(query)
        if wrong is not None:
            return HTMLResponse(_PAGE.format(content=f"<p>{escape(wrong)}</p>"), 400)
        _, fault = self._world.struck(None, "connect")
        if fault is not None and fault.code is not None:
            words = f"simulated: {fault.code.replace('_', ' ')}"
            return _back(query, error=fault.code, error_description=words)
        if query.get("mode") == "simulated":
            return self._approve(query, self._choice(query))
        return HTMLResponse(_PAGE.format(content=self._form(query)))

    async def decided(self, request: Request) -> Response:
        """Do as the person at the page decided."""
        query, form = request.query_params, await fields(request) or {}
        if self._wrong(query) is not None:
            return await self.authorize(request)
        cars = [car for car in self._world.cars.values() if car.spec.user_id == form.get("user")]
        if form.get("decision") != "approve":
            return _back(query, error="access_denied", error_description="User denied access to application.")
        return self._approve(query, cars)

    def _wrong(self, query: Mapping[str, str]) -> str | None:
        client = self._world.scenario.client
        named = {query.get("client_id"), query.get("application_id")} - {None}
        if query.get("response_type") != "code":
            return "response_type must be code."
        if not named or not named <= {client.application_id, client.id}:
            return "There is no such application: client_id or application_id must name it."
        if not urlsplit(query.get("redirect_uri", "")).scheme:
            return "redirect_uri is missing."
        if client.redirect_uris and query["redirect_uri"] not in client.redirect_uris:
            return "redirect_uri is not registered; it must match to the byte."
        if query.get("mode", "live") not in ("live", "test", "simulated"):
            return "mode must be live, test or simulated."
        return None

    def _choice(self, query: Mapping[str, str]) -> list[Car]:
        """Return the cars a driver would pick: of the user, VIN or make that is asked for, else of the next one at the door."""
        user, wanted_vin, make = query.get("user"), query.get("single_select_vin"), query.get("make", "").upper()
        cars = [
            car
            for car in self._world.cars.values()
            if (not user or car.spec.user_id == user)
            and (not wanted_vin or vin(car) == wanted_vin)
            and (not make or car.spec.make.upper() == make)
        ]
        waiting = [car for car in cars if car.spec.id not in self._world.consents.connections]
        first = (waiting or cars)[:1]
        if query.get("single_select") == "true":
            return first
        return [car for car in cars if first and car.spec.user_id == first[0].spec.user_id]

    def _approve(self, query: Mapping[str, str], cars: list[Car]) -> Response:
        if not cars:
            return _back(query, error="no_vehicles", error_description="There is no vehicle in this account.")
        scopes = [scope.removeprefix("required:") for scope in query.get("scope", "").split()]
        permissions = scopes or list(cars[0].spec.permissions)
        user_id, redirect_uri = cars[0].spec.user_id, query["redirect_uri"]
        code = self._world.connect([car.spec.id for car in cars], user_id, permissions, redirect_uri)
        keyless = any(car.rules.wants_virtual_key and not car.spec.virtual_key for car in cars)
        return _back(query, code=code, user_id=user_id, virtual_key_url=VIRTUAL_KEY_URL if keyless else None)

    def _form(self, query: Mapping[str, str]) -> str:
        users: dict[str, list[str]] = {}
        for car in self._choice({**query, "single_select": ""}) or list(self._world.cars.values()):
            users.setdefault(car.spec.user_id, []).append(f"{car.spec.make} {car.spec.model}")
        rows = "".join(
            f'<p><label><input type="radio" name="user" value="{escape(user)}" checked> {escape(", ".join(cars))}</label>'
            for user, cars in users.items()
        )
        asked = escape(query.get("scope", "") or "all there is")
        buttons = "".join(
            f'<button name="decision" value="{value}">{label}</button> '
            for value, label in (("approve", "Approve"), ("deny", "Deny"))
        )
        return f'<form method="post"><p>An application asks for: {asked}.{rows}<p>{buttons}</form>'


def basic(request: Request) -> tuple[str, str] | None:
    """Return the name and the secret of HTTP Basic authentication; None without."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        name, colon, secret = b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return None
    return (name, secret) if scheme.lower() == "basic" and colon else None


def oauth_error(error: str, description: str, status: int = 400) -> Response:
    """Answer as OAuth does."""
    return JSONResponse({"error": error, "error_description": description}, status)


def _tokens(access_token: str, expires_in: int, **more: str) -> Response:
    body = {"access_token": access_token, "token_type": "Bearer", "expires_in": expires_in, **more}
    return JSONResponse(body, headers={"Cache-Control": "no-store"})


def _back(query: Mapping[str, str], **answer: str | None) -> Response:
    """Send the browser back to the application with *answer* and the state it came with."""
    uri = urlsplit(query["redirect_uri"])
    told = {**answer, "state": query.get("state"), "external_id": query.get("external_id")}
    pairs = [*parse_qsl(uri.query), *((key, value) for key, value in told.items() if value is not None)]
    return RedirectResponse(uri._replace(query=urlencode(pairs)).geturl(), 302)
