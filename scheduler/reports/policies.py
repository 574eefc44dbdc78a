"""
Ways to charge a replayed session: at once, by a night timer, by known prices, by ours, and with foresight.

A policy that plans sees the market through `Market.published` alone and plans anew at each publication; foresight reads
what prices turned out to be. Each returns when the car charged, ascending, touching windows joined.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Protocol

from scheduler.domain.interval import Interval, merged, without
from scheduler.domain.plan import ChargeNeed, ChargePlan, ChargeRules, EnergyGoal, Prefer
from scheduler.domain.tariff import TariffCurve
from scheduler.planning.cheapest import cheapest_plan
from scheduler.planning.departures import Menu, departure_menu
from scheduler.planning.futures import Futures, futures
from scheduler.planning.horizon import outlook
from scheduler.planning.stays import AHEAD, StayHistory
from scheduler.reports.market import Market
from scheduler.reports.sessions import ReplayedSession

NIGHT = (time(0), time(6))
LONGEST_STAY = timedelta(days=6)
"""How far ahead courses of prices are made: beyond it a stay's prices are unknown until they are nearer."""

KEPT_FUTURES = 4
DROP_KWH = 1e-6
"""Less than this is rounding, not energy."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a session stands at a moment: what is still to flow, how many starts are left, whether it charges."""

    now: datetime
    energy_kwh: float
    starts_left: int | None
    charging: bool


class Planner(Protocol):
    """What a planning policy does at a moment, knowing what is known then."""

    def __call__(self, progress: Progress) -> ChargePlan: ...


def at_once(session: ReplayedSession) -> tuple[Interval, ...]:
    """Charge from arrival on."""
    return _from(session.stay.start, _charge_time(session, session.deliverable_kwh))


def night_timer(session: ReplayedSession, market: Market) -> tuple[Interval, ...]:
    """Charge from 00:00 to 06:00 local time, and what the stay's nights cannot hold from arrival on. A yardstick: it knows
    how many nights the car will stay.
    """
    left = _charge_time(session, session.deliverable_kwh)
    nights: list[Interval] = []
    day = session.stay.start.astimezone(market.zone).date()
    while left > timedelta(0) and day <= session.stay.end.astimezone(market.zone).date():
        begin, until = (datetime.combine(day, wall, market.zone).astimezone(UTC) for wall in NIGHT)
        night = Interval(begin, until).clipped(session.stay)
        if night is not None:
            nights.append(Interval(night.start, min(night.end, night.start + left)))
            left -= nights[-1].duration
        day += timedelta(days=1)
    rest: list[Interval] = []
    for free in without(session.stay, nights):
        if left > timedelta(0):
            rest.append(Interval(free.start, min(free.end, free.start + left)))
            left -= rest[-1].duration
    return merged([*nights, *rest])


def foresight(session: ReplayedSession, market: Market, max_starts: int | None) -> tuple[Interval, ...]:
    """Charge at the cheapest times of the whole stay, knowing its end and every price of it."""
    need = _need(session.stay.end, session.deliverable_kwh)
    rules = ChargeRules(session.recorded.power_kw, max_starts)
    plan = cheapest_plan(session.stay.start, market.settled(session.stay), need, rules)
    return tuple(window.interval for window in plan.windows)


def followed(
    session: ReplayedSession, market: Market, max_starts: int | None, planner: Planner, *, known_departure: bool
) -> tuple[Interval, ...]:
    """
    Charge as *planner* says at arrival and again at each publication, until the car is full or gone.

    With a known departure nothing is planned again once every price before it is published.
    """
    power_kw, now = session.recorded.power_kw, session.stay.start
    charged: tuple[Interval, ...] = ()
    while True:
        flowed = sum((window.duration for window in charged), timedelta(0))
        left = _charge_time(session, session.recorded.energy_kwh) - flowed
        left_kwh = left / timedelta(hours=1) * power_kw
        if left_kwh <= DROP_KWH:
            return charged
        charging = bool(charged) and charged[-1].end == now
        starts_left = None if max_starts is None else max_starts - len(charged)
        plan = planner(Progress(now, left_kwh, starts_left, charging))
        until = session.stay.end
        if not (known_departure and market.horizon(now) >= until):
            until = min(until, market.next_publication(now))
        done = (window.interval.clipped(Interval(now, until)) for window in plan.windows)
        charged = merged([*charged, *(window for window in done if window is not None)])
        if until == session.stay.end:
            return charged
        now = until


class Pricing:
    """What a planner expects of prices: those published, and with *forecast* what those after them may be."""

    def __init__(self, market: Market, *, forecast: bool) -> None:
        self._market, self._forecast = market, forecast
        self._ahead: dict[datetime, Futures | None] = {}

    def until(self, now: datetime) -> datetime:
        """Return up to when a price, known or expected, can be told at *now*."""
        horizon = self._market.horizon(now)
        return horizon + LONGEST_STAY if self._forecast and self._futures(now) is not None else horizon

    def curve(self, now: datetime, need: ChargeNeed, rules: ChargeRules) -> TariffCurve:
        """Return the curve to plan *need* on, as it could be drawn at *now*."""
        known = self._market.published(now)
        if not self._forecast or need.goals[-1].ready_by <= self._market.horizon(now):
            return known
        return outlook(now, known, self._futures(now), need, rules, self._market.next_publication(now))

    def _futures(self, now: datetime) -> Futures | None:
        """Return what may come after the published prices; made once for each publication, the last few are kept."""
        horizon = self._market.horizon(now)
        if horizon not in self._ahead:
            if len(self._ahead) >= KEPT_FUTURES:
                self._ahead.pop(next(iter(self._ahead)))
            window = Interval(horizon, horizon + LONGEST_STAY)
            self._ahead[horizon] = futures(self._market.past(now), window, self._market.zone)
        return self._ahead[horizon]


def by_departure(session: ReplayedSession, pricing: Pricing) -> Planner:
    """Plan for the departure that the driver has named; what has no expected price is left for later."""

    def plan(progress: Progress) -> ChargePlan:
        ready_by = min(session.stay.end, pricing.until(progress.now))
        room_kwh = (ready_by - progress.now) / timedelta(hours=1) * session.recorded.power_kw
        need = _need(ready_by, min(progress.energy_kwh, room_kwh))
        rules = ChargeRules(session.recorded.power_kw, progress.starts_left)
        curve = pricing.curve(progress.now, need, rules)
        return cheapest_plan(progress.now, curve, need, rules, charging=progress.charging)

    return plan


class ByOdds:
    """Plan for the departure that past stays let us expect."""

    def __init__(self, session: ReplayedSession, pricing: Pricing, history: StayHistory) -> None:
        self._session, self._pricing, self._history = session, pricing, history

    def menu(self, progress: Progress) -> tuple[Menu, TariffCurve]:
        """Return when to be ready by what is known at a moment, and the curve that says so."""
        session = self._session.recorded
        odds = self._history.odds(session.driver, session.arrived_at, session.charge_time, session.site)
        odds = odds.still_here(progress.now - self._session.stay.start)
        need = _need(progress.now + AHEAD, progress.energy_kwh)
        curve = self._pricing.curve(progress.now, need, ChargeRules(session.power_kw))
        return departure_menu(progress.now, curve, odds, progress.energy_kwh, session.power_kw), curve

    def at(self, risk_price: float) -> Planner:
        """Return the planner that pays *risk_price* for the chance that a session is short."""

        def plan(progress: Progress) -> ChargePlan:
            menu, curve = self.menu(progress)
            need = _need(menu.at(risk_price).ready_by, progress.energy_kwh)
            rules = ChargeRules(self._session.recorded.power_kw, progress.starts_left, prefer=Prefer.EARLY)
            return cheapest_plan(progress.now, curve, need, rules, charging=progress.charging)

        return plan


def arrival(session: ReplayedSession, max_starts: int | None) -> Progress:
    """Return where a session stands when the car is plugged in."""
    return Progress(session.stay.start, session.recorded.energy_kwh, max_starts, charging=False)


def _need(ready_by: datetime, energy_kwh: float) -> ChargeNeed:
    return ChargeNeed((EnergyGoal(ready_by, energy_kwh),))


def _charge_time(session: ReplayedSession, energy_kwh: float) -> timedelta:
    return timedelta(hours=energy_kwh / session.recorded.power_kw)


def _from(start: datetime, duration: timedelta) -> tuple[Interval, ...]:
    return (Interval(start, start + duration),) if duration > timedelta(0) else ()
