"""When a car is usually plugged in, and what that makes of the looks at it."""

from __future__ import annotations

import random
import statistics
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from scheduler.domain.session import ChargeSession
from scheduler.domain.vehicle import VehicleId
from scheduler.planning.plugging import LEAST_OFTEN, MOST_OFTEN, PlugInHabit, plug_in_habit

BERLIN = ZoneInfo("Europe/Berlin")
CAR = VehicleId("ada-id3")
MONDAY = date(2026, 2, 2)
PAUSE, LEAST = timedelta(hours=2), timedelta(minutes=30)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def wall(day: int, hour: float) -> datetime:
    """Return that hour in Berlin, *day* days after the first Monday."""
    return (datetime.combine(MONDAY + timedelta(days=day), time(), BERLIN) + hour * HOUR).astimezone(UTC)


def commuting(weeks: int, seen_late: timedelta = 40 * MINUTE) -> list[ChargeSession]:
    """Return stays from 18:00 to 07:30 of every working day, seen *seen_late*, the look before that an hour earlier."""
    days = [day for day in range(7 * weeks) if (MONDAY + timedelta(days=day)).weekday() < 5]
    ends = [wall(following, 7.5) for following in days[1:]]
    arrivals = [wall(day, 18) + seen_late for day in days]
    stays = [
        ChargeSession(CAR, arrived, unplugged_at=end, gone_until=arrived - HOUR)
        for arrived, end in zip(arrivals, ends, strict=False)
    ]
    return [*stays, ChargeSession(CAR, arrivals[-1], unplugged_at=wall(7 * weeks, 7.5), gone_until=arrivals[-1] - HOUR)]


def looks(habit: PlugInHabit, begin: datetime, end: datetime, pause: timedelta = PAUSE) -> list[datetime]:
    """Return the looks at a car that stays unplugged all the time."""
    moments, moment = [], habit.next_look(begin, pause, LEAST)
    while moment < end:
        moments.append(moment)
        moment = habit.next_look(moment, pause, LEAST)
    return moments


def known(sessions: list[ChargeSession], now: datetime) -> PlugInHabit:
    habit = plug_in_habit(sessions, BERLIN, now)
    assert habit is not None
    return habit


def test_a_cable_that_was_in_for_minutes_is_no_trouble_in_the_hour_after_it() -> None:
    brief = ChargeSession(CAR, wall(0, 18) + timedelta(seconds=3), unplugged_at=wall(0, 18.1))

    habits = [known([brief], wall(0, 18.1) + minutes * MINUTE) for minutes in (0, 5, 20, 70, 200)]

    assert [(7, 96)] * 5 == [habit.often.shape for habit in habits]


def test_nothing_is_known_of_a_car_that_was_plugged_in_once() -> None:
    assert plug_in_habit([], BERLIN, wall(7, 12)) is None
    assert plug_in_habit([ChargeSession(CAR, wall(0, 18))], BERLIN, wall(7, 12)) is None
    assert plug_in_habit([ChargeSession(CAR, wall(0, 18), unplugged_at=wall(1, 7))], BERLIN, wall(7, 12)) is None


def test_looks_are_moved_to_when_the_car_usually_comes_home() -> None:
    habit = known(commuting(2), wall(14, 8))

    early = looks(habit, wall(14, 8), wall(14, 16.5))
    late = looks(habit, wall(14, 16.5), wall(14, 19))

    assert len(early) <= 3
    assert len(late) >= 3


def test_over_the_hours_it_is_away_looks_are_no_more_than_ever() -> None:
    habit = known(commuting(2), wall(14, 8))

    share = [float(habit.often[0, quarter]) for quarter in range(30, 72)]

    assert sum(share) / len(share) <= 1.1
    assert float(habit.often.mean()) <= 1.0 + 1e-9
    assert LEAST_OFTEN <= float(habit.often.min())
    assert float(habit.often.max()) <= MOST_OFTEN


def test_a_fortnight_without_a_plug_in_costs_no_look_more_than_ever() -> None:
    habit = known(commuting(3), wall(21, 8))

    asked = looks(habit, wall(21, 8), wall(35, 8))

    assert len(asked) <= timedelta(days=14) / PAUSE


def test_two_looks_are_never_closer_than_the_make_or_smartcar_wants_it() -> None:
    habit = known(commuting(2), wall(14, 8))

    asked = looks(habit, wall(14, 8), wall(15, 8), pause=30 * MINUTE)

    assert all(later - earlier >= 30 * MINUTE for earlier, later in pairwise(asked))
    assert len(looks(habit, wall(14, 8), wall(15, 8), pause=MINUTE)) > 700


def test_weekends_say_little_of_working_days() -> None:
    habit = known(commuting(3), wall(21, 8))

    assert float(habit.often[0, 72]) > 2 * float(habit.often[5, 40])


def test_a_habit_lives_by_the_wall_clock_when_the_hour_changes() -> None:
    spring = [replace(stay, gone_until=None) for stay in commuting(8)]

    habit = known(spring, wall(56, 8))

    assert float(habit.often[1, 72]) > float(habit.often[1, 80])


def test_what_is_older_than_eight_weeks_says_nothing() -> None:
    assert plug_in_habit(commuting(1), BERLIN, wall(100, 12)) is None


def test_a_clock_that_was_put_back_in_the_middle_of_a_stay_breaks_nothing() -> None:
    backwards = ChargeSession(CAR, wall(9, 20), unplugged_at=wall(9, 18), gone_until=wall(9, 21))

    habit = known([*commuting(1), backwards], wall(10, 8))

    assert float(habit.often.min()) >= LEAST_OFTEN


def lived(weeks: int, chance: random.Random, *, learned: bool) -> tuple[list[timedelta], int]:
    """Live with looks as the only news; return how late each plug-in after two weeks was seen, and the looks since then."""
    stays: list[ChargeSession] = [ChargeSession(CAR, wall(0, 0))]
    late: list[timedelta] = []
    asked, settled = 0, wall(14, 0)
    for day in range(7 * weeks):
        if (MONDAY + timedelta(days=day)).weekday() > 4:
            continue
        gone, home = wall(day, chance.gauss(7.5, 0.2)), wall(day, chance.gauss(18, 0.25))
        stays[-1] = replace(stays[-1], unplugged_at=gone)
        look, before, since = gone + chance.uniform(0, 6) * HOUR, gone, gone
        habit = plug_in_habit(stays, BERLIN, look) if learned else None
        while before < home:
            asked += look >= settled
            since, before, look = before, look, habit.next_look(look, PAUSE, LEAST) if habit else look + PAUSE
        late += [before - home] if home >= settled else []
        stays.append(ChargeSession(CAR, before, gone_until=since))
    return late, asked


def test_an_evening_plug_in_is_seen_twice_as_soon_after_two_weeks_for_no_more_calls() -> None:
    as_ever = [lived(8, random.Random(seed), learned=False) for seed in range(10)]
    learned = [lived(8, random.Random(seed), learned=True) for seed in range(10)]

    (before, calls_before), (after, calls_after) = (
        (statistics.median(late / MINUTE for house in houses for late in house[0]), sum(house[1] for house in houses))
        for houses in (as_ever, learned)
    )
    print(f"plug-in at about 18:00: seen after {before:.0f} minutes in the median, once learned {after:.0f};")
    print(f"{calls_before * 30 / 420:.0f} looks a month, once learned {calls_after * 30 / 420:.0f}")

    assert before >= 45
    assert after <= 25
    assert calls_after <= calls_before
