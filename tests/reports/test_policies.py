from __future__ import annotations

from datetime import timedelta
from math import inf

import pytest

from scheduler.domain.interval import Interval
from scheduler.domain.plan import ChargePlan
from scheduler.planning.stays import StayHistory
from scheduler.reports.market import Market
from scheduler.reports.policies import (
    ByOdds,
    Planner,
    Pricing,
    Progress,
    arrival,
    at_once,
    by_departure,
    followed,
    foresight,
    night_timer,
)
from scheduler.reports.sessions import RecordedSession, ReplayedSession
from tests.reports.year import BERLIN, HOUR, local, market, slots


def session(start: str, hours: float, energy_kwh: float = 11.0, power_kw: float = 11.0) -> ReplayedSession:
    begin = local(start)
    recorded = RecordedSession("s", "ada", "home", begin, begin + hours * HOUR, energy_kwh, power_kw)
    return ReplayedSession(recorded, Interval(begin, begin + hours * HOUR))


def walls(charged: tuple[Interval, ...]) -> list[tuple[str, str]]:
    return [
        (f"{window.start.astimezone(BERLIN):%a %H:%M}", f"{window.end.astimezone(BERLIN):%a %H:%M}")
        for window in charged
    ]


def test_charging_at_once_begins_on_arrival_and_ends_with_the_stay() -> None:
    assert [("Mon 18:10", "Mon 19:10")] == walls(at_once(session("2025-03-10T18:10", 13)))
    assert [("Mon 18:10", "Mon 18:40")] == walls(at_once(session("2025-03-10T18:10", 0.5)))


@pytest.mark.parametrize(
    ("start", "hours", "energy_kwh", "expected"),
    [
        ("2025-03-10T18:00", 13, 22, [("Tue 00:00", "Tue 02:00")]),
        ("2025-03-10T18:00", 13, 88, [("Mon 18:00", "Mon 20:00"), ("Tue 00:00", "Tue 06:00")]),
        ("2025-03-10T18:00", 37, 88, [("Tue 00:00", "Tue 06:00"), ("Wed 00:00", "Wed 02:00")]),
        ("2025-03-10T09:00", 4, 22, [("Mon 09:00", "Mon 11:00")]),
        ("2025-03-10T03:00", 9, 55, [("Mon 03:00", "Mon 08:00")]),
        ("2025-03-29T18:00", 12, 66, [("Sat 18:00", "Sat 19:00"), ("Sun 00:00", "Sun 06:00")]),
    ],
    ids=["one night", "more than a night", "two nights", "no night", "in the night", "a short night"],
)
def test_the_timer_charges_at_night_first_and_the_rest_on_arrival(
    start: str, hours: float, energy_kwh: float, expected: list[tuple[str, str]]
) -> None:
    assert expected == walls(night_timer(session(start, hours, energy_kwh), market()))


def test_foresight_knows_every_price_of_the_stay() -> None:
    two_nights = session("2025-03-10T18:00", 37, 22)

    assert [("Tue 03:00", "Tue 04:00"), ("Wed 03:00", "Wed 04:00")] == walls(foresight(two_nights, market(), 2))
    assert 1 == len(foresight(two_nights, market(), 1))


def planned(
    one: ReplayedSession, where: Market, *, forecast: bool, max_starts: int | None = 2
) -> list[tuple[str, str]]:
    planner = by_departure(one, Pricing(where, forecast=forecast))
    return walls(followed(one, where, max_starts, planner, known_departure=True))


def test_within_the_horizon_planning_is_foresight() -> None:
    one = session("2025-03-10T18:00", 13, 16.5)

    for forecast in (False, True):
        assert walls(foresight(one, market(), 2)) == planned(one, market(), forecast=forecast)


def test_who_waits_for_no_unknown_hour_takes_the_known_ones() -> None:
    # Tuesday's night costs 5 ct, Wednesday's 2 ct; on Monday evening only Tuesday's is known.
    assert "2025-03-11" == local("2025-03-11T03:00").date().isoformat()
    one = session("2025-03-10T18:00", 37, 11)
    cheap_first = market().cost_per_kw(Interval(local("2025-03-11T03:00"), local("2025-03-11T04:00")))
    cheap_later = market().cost_per_kw(Interval(local("2025-03-12T03:00"), local("2025-03-12T04:00")))
    expected = "Tue 03:00" if cheap_first < cheap_later else "Wed 03:00"

    assert [("Tue 03:00", "Tue 04:00")] == planned(one, market(), forecast=False)
    assert [(expected, expected.replace("03", "04"))] == walls(foresight(one, market(), 2))


def test_with_a_forecast_a_dear_night_is_let_pass_for_a_cheaper_one_that_is_expected() -> None:
    # Each night costs 2 or 5 ct at three, but the one that is known on Monday evening 17.
    dear = local("2025-03-11T00:00"), local("2025-03-12T00:00")
    raised = tuple(
        type(slot)(slot.start, slot.end, slot.price_per_kwh + (0.12 if dear[0] <= slot.start < dear[1] else 0.0))
        for slot in slots()
    )
    where = Market(raised, "EUR", BERLIN)
    one = session("2025-03-10T20:00", 35, 11)

    assert [("Tue 03:00", "Tue 04:00")] == planned(one, where, forecast=False)
    assert [("Wed 03:00", "Wed 04:00")] == planned(one, where, forecast=True)


def test_without_a_past_there_is_no_forecast() -> None:
    one = session("2025-01-08T20:00", 35, 11)

    assert planned(one, market(), forecast=False) == planned(one, market(), forecast=True)


def test_what_the_known_hours_cannot_hold_waits_for_the_next_prices() -> None:
    one = session("2025-03-10T11:00", 60, 11 * 20)

    charged = followed(one, market(), None, by_departure(one, Pricing(market(), forecast=False)), known_departure=True)

    assert 20 * HOUR == sum((window.duration for window in charged), timedelta(0))
    assert one.stay.start == charged[0].start


def test_no_more_starts_are_spent_than_there_are() -> None:
    one = session("2025-03-10T11:00", 100, 11 * 14)

    for starts in (1, 2, 3):
        charged = followed(
            one, market(), starts, by_departure(one, Pricing(market(), forecast=True)), known_departure=True
        )
        assert len(charged) <= starts
        assert 14 * HOUR == sum((window.duration for window in charged), timedelta(0))


class Noted:
    """A planner that notes how each question stood."""

    def __init__(self, planner: Planner) -> None:
        self.planner, self.asked = planner, list[Progress]()

    def __call__(self, progress: Progress) -> ChargePlan:
        self.asked.append(progress)
        return self.planner(progress)


def test_a_plan_is_made_anew_with_each_publication_until_the_car_is_full() -> None:
    one = session("2025-03-10T18:00", 60, 11)
    noted = Noted(by_departure(one, Pricing(market(), forecast=False)))

    followed(one, market(), 2, noted, known_departure=True)

    assert [Progress(one.stay.start, 11.0, 2, charging=False)] == noted.asked


def test_a_running_charge_goes_on_through_a_publication() -> None:
    one = session("2025-03-10T11:00", 60, 11 * 30)
    noted = Noted(by_departure(one, Pricing(market(), forecast=False)))

    charged = followed(one, market(), 2, noted, known_departure=True)

    assert Progress(local("2025-03-10T13:00"), 11 * 28.0, 1, charging=True) == noted.asked[1]
    assert ("Mon 11:00", "Mon 18:00") == walls(charged)[0]
    assert 2 == len(charged)


def sleeper(days: int) -> StayHistory:
    """A past in which Ada always came at 18:00 and left at 07:00."""
    stays = [session(f"2025-01-{day:02}T18:00", 13).recorded.stay for day in range(1, days + 1)]
    return StayHistory(stays, BERLIN)


def learned(one: ReplayedSession, history: StayHistory, risk_price: float) -> list[tuple[str, str]]:
    planner = ByOdds(one, Pricing(market(), forecast=True), history).at(risk_price)
    return walls(followed(one, market(), 2, planner, known_departure=False))


def test_who_always_slept_at_home_is_expected_to_and_a_stranger_is_charged_at_once() -> None:
    assert [("Mon 18:00", "Mon 19:00")] == learned(session("2025-03-10T18:00", 13), sleeper(0), inf)
    assert [("Tue 03:00", "Tue 04:00")] == learned(session("2025-03-10T18:00", 13), sleeper(28), 1.0)


def test_a_car_that_leaves_against_all_odds_leaves_empty() -> None:
    assert [] == learned(session("2025-03-10T18:00", 5), sleeper(28), 1.0)


def test_the_menu_on_arrival_is_made_of_what_was_known_then() -> None:
    one = session("2025-03-10T18:00", 13)

    menu, curve = ByOdds(one, Pricing(market(), forecast=False), sleeper(28)).menu(arrival(one, 2))

    assert local("2025-03-12T00:00") == curve.slots[-1].end
    assert local("2025-03-11T04:00") == menu.at(1.0).ready_by
    assert 0.0 == menu.critical_price(one.stay.end)
    assert menu.critical_price(local("2025-03-10T22:00")) > 0
