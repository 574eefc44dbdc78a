"""
Who is served, and when: all of `config/drivers/*.yaml` as domain values, and local wall times as moments.

One file is one driver with one or more cars; the file's name is the driver's id. What a file may hold is in
`driver_file.py`. This is the only file inside the house that knows local time: "07:00 on Monday" becomes a moment in UTC
here, on days of 23 and 25 hours too.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from scheduler.document import Document, InvalidDocument, Problem, read_document
from scheduler.domain.driver import Car, ChargeGoal, Driver, DriverId
from scheduler.domain.errors import InvalidValue
from scheduler.domain.interval import Interval, as_utc, merged
from scheduler.driver_file import ID, DriverFile
from scheduler.expectation import Loc, meant


def load_drivers(folder: Path, tariffs: Collection[str] | None = None) -> tuple[Driver, ...]:
    """
    Return the drivers of all `*.yaml` files in *folder*, in the order of their names: all of them, or none.

    *tariffs* are the ids a driver may name; None leaves them unchecked. Raise `InvalidDocument` (a `ConfigError`) with
    every problem of every file: a duplicate names both places.
    """
    problems: list[Problem] = []
    read: list[tuple[Document, Driver]] = []
    for path in _files(folder):
        problems += _name_problems(path)
        try:
            document = read_document(path)
            written = document.validated(DriverFile)
        except InvalidDocument as invalid:
            problems += invalid.problems
            continue
        problems += _nameless_cars(document, written)
        problems += _unknown_tariff(document, written, tariffs)
        read.append((document, written.driver(DriverId(path.stem))))
    problems += _duplicates(read)
    if problems:
        raise InvalidDocument(problems)
    return tuple(driver for _, driver in read)


def local(moment: datetime, timezone: ZoneInfo) -> datetime:
    """Return *moment* on the driver's wall clock, for people to read. Never calculate with it."""
    return as_utc(moment).astimezone(timezone)


def moment_of(written: str, timezone: ZoneInfo, now: datetime) -> datetime:
    """
    Return the moment that a person means: `18:30` (the last time it was so), `2026-02-06 18:30`, both on the driver's wall
    clock, or ISO 8601 with an offset. InvalidValue for anything else.

    A wall time that exists twice is the first of the two, one that does not exist is the moment the clocks jump.
    """
    if re.fullmatch(r"([01]?[0-9]|2[0-3]):[0-5][0-9]", written):
        hour, minute = map(int, written.split(":"))
        return _last_at(time(hour, minute), timezone, now)
    try:
        moment = datetime.fromisoformat(written)
    except ValueError as error:
        raise InvalidValue(
            f'got "{written}", expected a time such as "18:30", "2026-02-06 18:30" or "2026-02-06T17:30:00Z"'
        ) from error
    return as_utc(moment) if moment.tzinfo else _moment(moment, timezone)


def upcoming_goals(
    car: Car,
    timezone: ZoneInfo,
    now: datetime,
    horizon: timedelta = timedelta(days=7),
    plugged_in_at: datetime | None = None,
) -> tuple[ChargeGoal, ...]:
    """
    Return the departures and trips after *now*, up to and including *now* + *horizon*, in time order. One exactly at *now*
    is past.

        weekly   07:00                07:00          07:00
        trip             09:00  06:30                07:00
        goals    07:00,  09:00  06:30                07:00 (the trip's)      a trip replaces what is not earlier that day

    A car that is always ready within some hours has its goal so long after *plugged_in_at* (default: *now*), and so long
    after that again. On the night the clocks jump forward, a wall time that does not exist is the moment of the jump. On the
    night they fall back, a wall time that exists twice is the first of the two: rather ready early than late.
    """
    now, until = as_utc(now), as_utc(now) + horizon
    wishes = car.preferences
    goals: list[ChargeGoal] = []
    for day in _dates(local(now, timezone).date(), local(until, timezone).date()):
        trips = sorted((trip for trip in wishes.trips if trip.at.date() == day), key=lambda trip: trip.at)
        departure = wishes.departures.get(day.weekday())
        if departure is not None and not (trips and trips[0].at.time() <= departure.at):
            ready_by = _moment(datetime.combine(day, departure.at), timezone)
            goal = ChargeGoal(ready_by, departure.target_pct, wishes.reserve_pct, floor_pct=departure.floor_pct)
            goals.append(goal)
        goals += (
            ChargeGoal(_moment(trip.at, timezone), trip.target_pct, wishes.reserve_pct, trip.name) for trip in trips
        )
    if wishes.always_ready_within is not None:
        ready_by = _next_ready(as_utc(plugged_in_at or now), wishes.always_ready_within, now)
        goals.append(ChargeGoal(ready_by, wishes.daily_limit_pct, wishes.reserve_pct))
    return tuple(sorted((goal for goal in goals if now < goal.ready_by <= until), key=lambda goal: goal.ready_by))


def blocked_intervals(car: Car, timezone: ZoneInfo, window: Interval) -> tuple[Interval, ...]:
    """
    Return the parts of *window* in which the driver's wall clock shows a blocked hour, ascending and disjoint.

    A wall time that exists twice is blocked twice, one that does not exist never. `from` = `to` blocks a whole day.
    """
    blocked: list[Interval] = []
    for segment in _segments_of_one_offset(window, timezone):
        offset = local(segment.start, timezone).utcoffset() or timedelta(0)
        first, last = (segment.start + offset).date(), (segment.end + offset).date()
        for day in _dates(first - timedelta(days=1), last):
            for hours in car.preferences.blocked:
                if day.weekday() in hours.weekdays:
                    start = datetime.combine(day, hours.start, UTC) - offset
                    end = datetime.combine(day, hours.end, UTC) - offset
                    part = Interval(start, end if end > start else end + timedelta(days=1)).clipped(segment)
                    blocked += [part] if part else []
    return merged(blocked)


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise InvalidDocument([Problem(folder, None, None, "", "there is no such folder")])
    files = sorted(
        path for path in folder.iterdir() if path.suffix in {".yaml", ".yml"} and not path.name.startswith(".")
    )
    if not files:
        raise InvalidDocument(
            [Problem(folder, None, None, "", "holds no driver, expected one file such as ada.yaml for each")]
        )
    return files


def _name_problems(path: Path) -> Iterator[Problem]:
    if path.suffix != ".yaml":
        yield Problem(path, None, None, "", "expected a name that ends in .yaml")
    elif not re.fullmatch(ID, path.stem):
        expected = "expected small letters, digits and hyphens, such as ada.yaml"
        yield Problem(path, None, None, "", f"the file's name is the driver's id, {expected}")


def _nameless_cars(document: Document, written: DriverFile) -> Iterator[Problem]:
    for index, car in enumerate(written.cars):
        if car.id is None and not car.slug:
            yield document.problem(
                ("cars", index, "id"), f'is missing, and no id can be made of the name "{car.name or car.model}"'
            )


def _unknown_tariff(document: Document, written: DriverFile, tariffs: Collection[str] | None) -> Iterator[Problem]:
    if tariffs is not None and written.tariff not in tariffs:
        hint = meant(written.tariff, tariffs) or f"; known are {', '.join(sorted(tariffs)) or 'none'}"
        yield document.problem(("tariff",), f'got "{written.tariff}", expected the id of a tariff{hint}')


def _duplicates(read: Sequence[tuple[Document, Driver]]) -> Iterator[Problem]:
    driver_ids = {str(driver.id): document.path for document, driver in read}
    taken: dict[tuple[str, str], Problem] = {}
    for document, driver in read:
        for index, car in enumerate(driver.cars):
            loc: Loc = ("cars", index, "id")
            if (other := driver_ids.get(car.vehicle.id, document.path)) != document.path:
                yield document.problem(loc, f'the id "{car.vehicle.id}" is that of the driver in {other}')
            yield from _taken(taken, document, loc, car.vehicle.id, f'the id "{car.vehicle.id}"')
            loc = ("cars", index, "smartcar_vehicle_id")
            if car.vehicle.smartcar_vehicle_id:
                yield from _taken(taken, document, loc, car.vehicle.smartcar_vehicle_id, "this Smartcar vehicle")


def _taken(
    taken: dict[tuple[str, str], Problem], document: Document, loc: Loc, value: str, subject: str
) -> Iterator[Problem]:
    problem = document.problem(loc, "")
    first = taken.setdefault((str(loc[-1]), value), problem)
    if first is not problem:
        yield document.problem(loc, f"{subject} is used already, at {first.path}:{first.line}:{first.column}")


def _next_ready(plugged_in_at: datetime, within: timedelta, now: datetime) -> datetime:
    """Return the first moment after *now* that is a number of times *within* after *plugged_in_at*."""
    return plugged_in_at + within * max((now - plugged_in_at) // within + 1, 1)


def _dates(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=step) for step in range((last - first).days + 1))


def _moment(wall: datetime, timezone: ZoneInfo) -> datetime:
    """Return the moment at which the wall clock first shows *wall*, or jumps over it."""
    with_old_offset, with_new_offset = (wall.replace(tzinfo=timezone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if with_old_offset > with_new_offset:
        # The clocks jump over it: between the two readings of a time that does not exist lies the jump itself.
        return _jump(with_new_offset, with_old_offset, timezone)
    return with_old_offset


def _jump(before: datetime, after: datetime, timezone: ZoneInfo) -> datetime:
    """Return the moment at which the offset of *before* ends; that of *after* differs. Clocks jump at whole seconds."""
    offset = local(before, timezone).utcoffset()
    before, after = (
        before.replace(microsecond=0),
        after.replace(microsecond=0) + timedelta(seconds=after.microsecond > 0),
    )
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if local(middle, timezone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after


def _last_at(wall: time, timezone: ZoneInfo, now: datetime) -> datetime:
    today = local(now, timezone).date()
    moments = (_moment(datetime.combine(today - timedelta(days=back), wall), timezone) for back in (0, 1))
    return next(moment for moment in moments if moment <= now)


def _segments_of_one_offset(window: Interval, timezone: ZoneInfo) -> Iterator[Interval]:
    """
    Yield *window* cut where the clocks jump.

    Looks every six hours: no zone jumps twice within them (Casablanca's Ramadan, the closest pair, is weeks long).
    """
    start = at = window.start
    while at < window.end:
        following = min(at + timedelta(hours=6), window.end)
        if local(at, timezone).utcoffset() != local(following, timezone).utcoffset():
            jump = _jump(at, following, timezone)
            yield Interval(start, jump)
            start = jump
        at = following
    if start < window.end:
        yield Interval(start, window.end)
