"""One session under every policy: what a replay does again and again, in one process or in several."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from scheduler.domain.interval import Interval
from scheduler.planning.departures import Menu
from scheduler.planning.stays import StayHistory
from scheduler.reports.forecast_error import Missed, missed
from scheduler.reports.market import Market
from scheduler.reports.policies import (
    ByOdds,
    Planner,
    Pricing,
    arrival,
    at_once,
    by_departure,
    followed,
    foresight,
    night_timer,
)
from scheduler.reports.sessions import Replay, ReplayedSession
from scheduler.reports.tally import BilledSession, bill

POLICIES = ("at_once", "night_timer", "known_prices", "ours", "foresight")


@dataclass(frozen=True, slots=True)
class Scene:
    """What is replayed: the market, the sessions and the limit on starts."""

    market: Market
    replay: Replay
    max_starts: int | None


@dataclass(frozen=True, slots=True)
class Menus:
    """What can be chosen on one arrival: on the known prices alone, and on ours with a forecast."""

    known_prices: Menu
    ours: Menu


@dataclass(frozen=True, slots=True)
class RiskPrices:
    """What risk costs on one arrival, for each of the two that choose."""

    known_prices: float
    ours: float


class Replayer:
    """Replays sessions by their number."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._history: StayHistory | None = None
        self._known = Pricing(scene.market, forecast=False)
        self._ours = Pricing(scene.market, forecast=True)

    def known(self, number: int) -> BilledSession:
        """Return the bills of a session whose departure the driver has named."""
        session = self._scene.replay.sessions[number]
        return self._billed(session, by_departure(session, self._known), by_departure(session, self._ours), named=True)

    def forecast_missed(self, day: date) -> tuple[Missed, ...]:
        """Return how far off the prices expected on *day* were."""
        return missed(self._scene.market, day)

    def menus(self, number: int) -> Menus:
        """Return the departures to choose from on arrival."""
        session = self._scene.replay.sessions[number]
        now = arrival(session, self._scene.max_starts)
        known, ours = self._by_odds(session)
        return Menus(known.menu(now)[0], ours.menu(now)[0])

    def learned(self, job: tuple[int, RiskPrices]) -> BilledSession:
        """Return the bills of a session (by its number) whose departure is guessed at the given prices of risk."""
        number, prices = job
        session = self._scene.replay.sessions[number]
        known, ours = self._by_odds(session)
        return self._billed(session, known.at(prices.known_prices), ours.at(prices.ours), named=False)

    def _by_odds(self, session: ReplayedSession) -> tuple[ByOdds, ByOdds]:
        if self._history is None:
            self._history = StayHistory(self._scene.replay.stays, self._scene.market.zone)
        return ByOdds(session, self._known, self._history), ByOdds(session, self._ours, self._history)

    def _billed(self, session: ReplayedSession, known: Planner, ours: Planner, *, named: bool) -> BilledSession:
        market, max_starts = self._scene.market, self._scene.max_starts
        beyond = session.stay.end > market.horizon(session.stay.start)
        charged: dict[str, tuple[Interval, ...]] = {
            "at_once": at_once(session),
            "night_timer": night_timer(session, market),
            "foresight": foresight(session, market, max_starts),
        }
        charged["known_prices"] = followed(session, market, max_starts, known, known_departure=named)
        if named and not beyond:
            charged["ours"] = charged["known_prices"]  # every price is published: there is nothing to forecast
        else:
            charged["ours"] = followed(session, market, max_starts, ours, known_departure=named)
        bills = {name: bill(session, market, windows) for name, windows in charged.items()}
        return BilledSession(session.deliverable_kwh, beyond, bills)
