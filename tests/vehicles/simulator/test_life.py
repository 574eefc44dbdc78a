"""A car's week: when it leaves and comes back, in local time and by the calendar."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from scheduler.vehicles.simulator.life import Happening, Life, LifeEvent, after
from scheduler.vehicles.simulator.scenario import Trip, Weekday

BERLIN = ZoneInfo("Europe/Berlin")
WEEKDAYS = (Weekday.MON, Weekday.TUE, Weekday.WED, Weekday.THU, Weekday.FRI)


def events(life: Life, since: datetime, count: int) -> list[LifeEvent]:
    found: list[LifeEvent] = []
    order = after(since)
    while len(found) < count and (event := life.next_event(order)) is not None:
        found.append(event)
        order = event.order
    return found


def test_leaves_and_returns_by_local_time() -> None:
    life = Life((Trip(days=WEEKDAYS, leaves=time(7), returns=time(17, 30)),), (), BERLIN, "s")

    found = events(life, datetime(2026, 2, 2, tzinfo=UTC), 3)

    assert [
        (datetime(2026, 2, 2, 6, tzinfo=UTC), Happening.LEAVES),
        (datetime(2026, 2, 2, 16, 30, tzinfo=UTC), Happening.RETURNS),
        (datetime(2026, 2, 3, 6, tzinfo=UTC), Happening.LEAVES),
    ] == [event.order for event in found]


def test_the_departure_follows_the_clocks_when_they_change() -> None:
    life = Life((Trip(leaves=time(7), returns=time(17)),), (), BERLIN, "s")

    leaves = [
        event.at for event in events(life, datetime(2026, 3, 28, tzinfo=UTC), 4) if event.what is Happening.LEAVES
    ]

    assert timedelta(hours=23) == leaves[1] - leaves[0]


def test_days_not_named_are_spent_at_home() -> None:
    life = Life((Trip(days=WEEKDAYS, leaves=time(7), returns=time(17)),), (), BERLIN, "s")

    after_friday = events(life, datetime(2026, 2, 6, 20, tzinfo=UTC), 1)[0]

    assert datetime(2026, 2, 9, 6, tzinfo=UTC) == after_friday.at


def test_a_return_not_after_the_departure_is_on_the_next_day() -> None:
    life = Life((Trip(days=(Weekday.MON,), leaves=time(22), returns=time(6)),), (), BERLIN, "s")

    left, returned = events(life, datetime(2026, 2, 2, tzinfo=UTC), 2)

    assert (Happening.LEAVES, Happening.RETURNS) == (left.what, returned.what)
    assert timedelta(hours=8) == returned.at - left.at


def test_a_return_comes_before_a_departure_at_the_same_moment() -> None:
    trips = (Trip(leaves=time(12), returns=time(18)), Trip(leaves=time(7), returns=time(12)))

    noon = events(Life(trips, (), BERLIN, "s"), datetime(2026, 2, 2, 8, tzinfo=UTC), 2)

    assert noon[0].at == noon[1].at
    assert [Happening.RETURNS, Happening.LEAVES] == [event.what for event in noon]


def test_nobody_leaves_earlier_than_their_habit() -> None:
    life = Life((Trip(leaves=time(7), returns=time(17), jitter_min=30),), (), BERLIN, "s")

    leaves = [
        event.at for event in events(life, datetime(2026, 2, 1, 12, tzinfo=UTC), 40) if event.what is Happening.LEAVES
    ]

    late = [(at - at.replace(hour=6, minute=0, second=0)).total_seconds() / 60 for at in leaves]
    assert min(late) >= 0
    assert max(late) <= 30
    assert len(set(late)) > 10


def test_the_same_seed_gives_the_same_days_and_another_seed_others() -> None:
    trips, since = (Trip(leaves=time(7), returns=time(17), jitter_min=30),), datetime(2026, 2, 1, tzinfo=UTC)

    first, same, other = (events(Life(trips, (), BERLIN, seed), since, 6) for seed in ("a", "a", "b"))

    assert first == same
    assert first != other


def test_a_car_without_habits_never_moves_by_itself() -> None:
    assert Life((), (), BERLIN, "s").next_event(after(datetime(2026, 2, 2, tzinfo=UTC))) is None
