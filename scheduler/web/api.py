"""The JSON API under /api/v1: the same questions and wishes as the command line and the page, all of them `Operations`."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from scheduler.domain.errors import InvalidValue
from scheduler.domain.tariff import TariffId
from scheduler.domain.vehicle import VehicleId
from scheduler.operations import CarView, Operations
from scheduler.web.answers import (
    CommandAnswer,
    CommandsAnswer,
    ErrorAnswer,
    EventAnswer,
    EventsAnswer,
    FleetAnswer,
    WishAnswer,
)
from scheduler.web.connect_answers import ConnectAnswer, LinkAnswer
from scheduler.web.price_answers import PricesAnswer
from scheduler.web.reasons import EstimateAnswer, WhyAnswer

PREFIX = "/api/v1"

ANYWHERE: dict[int | str, dict[str, Any]] = {
    421: {"model": ErrorAnswer, "description": "The Host header names somebody else"},
    422: {"model": ErrorAnswer, "description": "A value that makes no sense"},
    503: {"model": ErrorAnswer, "description": "The ledger cannot be read or written now"},
}
UNKNOWN_NAME: dict[int | str, dict[str, Any]] = {404: {"model": ErrorAnswer, "description": "No such name"}}
FOREIGN_WRITE: dict[int | str, dict[str, Any]] = {403: {"model": ErrorAnswer, "description": "A write from elsewhere"}}

Name = Annotated[str, Path(description="A car's name, or a driver's for all of their cars", max_length=200)]
CarName = Annotated[str | None, Query(description="Only this car, or this driver's cars", max_length=200)]


def api(operations: Operations) -> APIRouter:
    """Return the routes. All are coroutines: what they ask of is called on the daemon's own loop, never in a thread."""
    router = APIRouter(prefix=PREFIX, responses=ANYWHERE)
    _add_cars(router, operations)
    _add_reasons(router, operations)
    _add_wishes(router, operations)
    _add_consents(router, operations)
    _add_history(router, operations)
    _add_prices(router, operations)
    return router


def named(operations: Operations, name: str | None) -> tuple[CarView, ...]:
    """Return the cars that *name* means, all of them for None. An unknown name is an `UnknownName`, so a 404."""
    if name is None:
        return operations.fleet().cars
    try:
        return operations.cars(name)
    except InvalidValue as error:
        raise UnknownName(str(error)) from error


class UnknownName(InvalidValue):
    """The path or the query names nobody. Its sentence says who may have been meant."""


def wishes(operations: Operations) -> dict[str, Callable[[str], tuple[str, ...]]]:
    """Return what a person may wish of a car, by its verb."""
    return {
        "start": operations.start,
        "stop": operations.stop,
        "hold": operations.hold,
        "resume": operations.resume,
    }


def _add_cars(router: APIRouter, operations: Operations) -> None:
    @router.get("/cars", summary="Every car, now")
    async def cars() -> FleetAnswer:
        fleet = operations.fleet()
        return FleetAnswer.of(fleet, fleet.cars)

    @router.get("/cars/{name}", summary="One car, or one driver's cars, now", responses=UNKNOWN_NAME)
    async def car(name: Name) -> FleetAnswer:
        return FleetAnswer.of(operations.fleet(), named(operations, name))


def _add_reasons(router: APIRouter, operations: Operations) -> None:
    @router.get("/cars/{name}/why", summary="Why cars are charged as they are, or were", responses=UNKNOWN_NAME)
    async def why(
        name: Name,
        at: Annotated[
            str | None,
            Query(
                description="A past time: 18:30 or 2026-02-06 18:30 by the driver's clock, or ISO 8601", max_length=40
            ),
        ] = None,
    ) -> WhyAnswer:
        named(operations, name)
        return WhyAnswer.of(operations.fleet(), operations.why(name, at))

    @router.get("/cars/{name}/estimate", summary="How long a charge takes", responses=UNKNOWN_NAME)
    async def estimate(
        name: Name,
        to_pct: Annotated[float, Query(ge=0, le=100, description="The state of charge to reach")],
        from_pct: Annotated[float | None, Query(ge=0, le=100, description="Default: the last one seen")] = None,
        power_kw: Annotated[
            float | None, Query(ge=0.1, le=500, description="kW at the plug. Default: the car's")
        ] = None,
    ) -> EstimateAnswer:
        named(operations, name)
        return EstimateAnswer.of(operations.fleet(), operations.estimate(name, to_pct, from_pct, power_kw))


def _add_wishes(router: APIRouter, operations: Operations) -> None:
    for verb, wish in wishes(operations).items():
        _add_wish(router, operations, verb, wish)


def _add_wish(router: APIRouter, operations: Operations, verb: str, wish: Callable[[str], tuple[str, ...]]) -> None:
    async def wished(name: Name) -> WishAnswer:
        named(operations, name)
        return WishAnswer(sentences=list(wish(name)))

    first_line = (wish.__doc__ or "").strip().splitlines()[0]
    router.add_api_route(
        f"/cars/{{name}}/{verb}",
        wished,
        methods=["POST"],
        name=verb,
        summary=first_line,
        responses=UNKNOWN_NAME | FOREIGN_WRITE,
    )


def _add_consents(router: APIRouter, operations: Operations) -> None:
    @router.post(
        "/cars/{name}/connect",
        summary="A link by which a driver connects a car",
        responses=UNKNOWN_NAME | FOREIGN_WRITE,
    )
    async def link(name: Name) -> LinkAnswer:
        named(operations, name)
        link, notes = operations.connect_link(name), list(operations.connect_notes(name))
        return LinkAnswer(now=operations.fleet().now, link=link, notes=notes)

    @router.get("/cars/{name}/connect", summary="What came of the last such link", responses=UNKNOWN_NAME)
    async def answer(name: Name) -> ConnectAnswer:
        named(operations, name)
        now, came = operations.fleet().now, operations.connect_answer(name)
        if came is None:
            return ConnectAnswer(now=now, at=None, done=False, sentence="", link=None)
        return ConnectAnswer(now=now, at=came.at, done=came.done, sentence=came.sentence, link=came.link)

    @router.post(
        "/cars/{name}/disconnect",
        summary="End the consents at Smartcar and forget them here",
        responses=UNKNOWN_NAME | FOREIGN_WRITE,
    )
    async def disconnect(name: Name) -> WishAnswer:
        named(operations, name)
        return WishAnswer(sentences=list(await operations.disconnect(name)))


def _add_history(router: APIRouter, operations: Operations) -> None:
    @router.get("/events", summary="What happened, oldest first", responses=UNKNOWN_NAME)
    async def events(
        after: Annotated[int, Query(ge=-1, le=2**53, description="Only events with a larger seq; -1: the newest")] = -1,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        car: Annotated[str | None, Query(description="Only this car's", max_length=200)] = None,
    ) -> EventsAnswer:
        vehicle_id = None if car is None else _one_car(operations, car)
        return EventsAnswer(events=[EventAnswer.of(event) for event in operations.events(after, limit, vehicle_id)])

    @router.get("/commands", summary="Commands of the last 36 hours, oldest first", responses=UNKNOWN_NAME)
    async def commands(car: CarName = None) -> CommandsAnswer:
        every = [command for view in named(operations, car) for command in view.commands]
        every.sort(key=lambda command: command.queued_at)
        return CommandsAnswer(commands=[CommandAnswer.of(command) for command in every])


def _one_car(operations: Operations, name: str) -> VehicleId:
    views = named(operations, name)
    if len(views) > 1:
        cars = ", ".join(view.vehicle_id for view in views)
        raise UnknownName(f'"{name}" has several cars; name one of {cars}')
    return views[0].vehicle_id


def _add_prices(router: APIRouter, operations: Operations) -> None:
    @router.get("/tariffs/{tariff_id}/prices", summary="What drivers on a tariff pay", responses=UNKNOWN_NAME)
    async def prices(tariff_id: Annotated[str, Path(max_length=200)]) -> PricesAnswer:
        fleet = operations.fleet()
        known = sorted({str(car.tariff_id) for car in fleet.cars})
        if tariff_id not in known:
            close = get_close_matches(tariff_id, known, n=1)
            hint = f', did you mean "{close[0]}"?' if close else f"; known are {', '.join(known) or 'none'}"
            raise UnknownName(f'no tariff is called "{tariff_id}"{hint}')
        return PricesAnswer.of(TariffId(tariff_id), operations.curve(TariffId(tariff_id)), fleet.now)
