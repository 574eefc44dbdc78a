"""The page: every car's card, what happened lately, and the four wishes as plain forms. Works without JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from urllib.parse import quote
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from scheduler.domain.event import CATALOGUE, Event
from scheduler.operations import FleetView, Operations, WhyView
from scheduler.web.api import named, wishes
from scheduler.web.card import CarCard, card
from scheduler.web.health import HealthReport
from scheduler.web.wording import clock_words, fact_words, moment_words

EVENTS_SHOWN = 12
EVENTS_READ = 200
"""Turns of the ring are noted too; the page leaves them out, so it reads further back than it shows."""

STATIC = {
    "style.css": "text/css; charset=utf-8",
    "refresh.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class EventLine:
    """One event as it is told; `meaning` is the catalogue's."""

    at: str
    who: str
    what: str
    facts: str
    level: str
    meaning: str


@dataclass(frozen=True, slots=True)
class WhyPage:
    """Why cars are charged as they are: a title and sentences for each."""

    at: str
    version: str
    simulated: bool
    simulated_prices: bool
    views: tuple[WhyView, ...]


@dataclass(frozen=True, slots=True)
class FleetPage:
    """
    Everything the template places.

    `simulated`: no real car is read or switched. `simulated_prices`: the cars are real, and some are planned on prices that
    are not; those say so themselves.
    """

    at: str
    version: str
    simulated: bool
    simulated_prices: bool
    health: HealthReport
    cards: tuple[CarCard, ...]
    events: tuple[EventLine, ...]


def page(operations: Operations, health: Callable[[], HealthReport]) -> list[Route]:
    """Return the routes of the page, its fragment (for the script that refreshes it), its forms and its static files."""
    environment = Environment(
        loader=PackageLoader("scheduler.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    async def why(request: Request) -> Response:
        name = request.path_params["name"]
        named(operations, name)
        told = why_page(operations, name, request.query_params.get("at") or None)
        return HTMLResponse(environment.get_template("why.html").render(page=told))

    def rendered(template: str) -> HTMLResponse:
        return HTMLResponse(environment.get_template(template).render(page=fleet_page(operations, health())))

    async def whole(_request: Request) -> Response:
        return rendered("page.html")

    async def fragment(_request: Request) -> Response:
        return rendered("fleet.html")

    return [
        Route("/", whole),
        Route("/fleet", fragment),
        Route("/cars/{name}/why", why),
        *(_form_route(operations, verb, wish) for verb, wish in wishes(operations).items()),
        *_static_routes(),
    ]


def _form_route(operations: Operations, verb: str, wish: Callable[[str], tuple[str, ...]]) -> Route:
    async def wished(request: Request) -> Response:
        name = request.path_params["name"]
        named(operations, name)
        wish(name)
        # 303: the browser fetches the page again, and reloading it later wishes nothing a second time.
        return RedirectResponse(f"/#car-{quote(name, safe='')}", status_code=303)

    return Route(f"/cars/{{name}}/{verb}", wished, methods=["POST"])


def fleet_page(operations: Operations, health: HealthReport) -> FleetPage:
    """Return how the fleet stands now, in words."""
    fleet = operations.fleet()
    curves = {tariff_id: operations.curve(tariff_id) for tariff_id in {car.tariff_id for car in fleet.cars}}
    timezone = fleet.cars[0].timezone if fleet.cars else ZoneInfo("UTC")
    return FleetPage(
        at=f"{clock_words(fleet.now, timezone)} {fleet.now.astimezone(timezone):%Z}",
        version=fleet.version,
        simulated=fleet.simulated,
        simulated_prices=not fleet.simulated and any(car.simulated for car in fleet.cars),
        health=health,
        cards=tuple(card(car, curves[car.tariff_id], fleet.now) for car in fleet.cars),
        events=tuple(_event_lines(operations.events(limit=EVENTS_READ), fleet, timezone)),
    )


def why_page(operations: Operations, name: str, at: str | None) -> WhyPage:
    """Return why the cars that *name* means are charged as they are, or were *at* a past time."""
    fleet, views = operations.fleet(), operations.why(name, at)
    timezone = views[0].timezone
    return WhyPage(
        at=f"{clock_words(fleet.now, timezone)} {fleet.now.astimezone(timezone):%Z}",
        version=fleet.version,
        simulated=fleet.simulated,
        simulated_prices=not fleet.simulated and any(view.simulated for view in views),
        views=views,
    )


def _event_lines(events: list[Event], fleet: FleetView, timezone: ZoneInfo) -> list[EventLine]:
    """Return the newest first."""
    titles = {car.vehicle_id: car.title for car in fleet.cars}
    told = [event for event in reversed(events) if event.level != "debug"][:EVENTS_SHOWN]
    return [
        EventLine(
            at=moment_words(event.at, fleet.now, timezone),
            who=titles.get(event.vehicle_id, event.vehicle_id) if event.vehicle_id else "",
            what=event.name.replace(".", " ").replace("_", " "),
            facts=", ".join(
                fact_words(name, fact, fleet.now, timezone)
                for name, fact in event.facts.items()
                if fact is not None and fact != ""
            ),
            level=event.level,
            meaning=CATALOGUE[event.name].meaning if event.name in CATALOGUE else "",
        )
        for event in told
    ]


def _static_routes() -> list[Route]:
    # Read once and kept: a file response would read it in a thread for every request.
    return [_static_route(name, media_type) for name, media_type in STATIC.items()]


def _static_route(name: str, media_type: str) -> Route:
    body = files("scheduler.web").joinpath("static", name).read_bytes()

    async def static(_request: Request) -> Response:
        return Response(body, media_type=media_type)

    return Route(f"/static/{name}", static)
