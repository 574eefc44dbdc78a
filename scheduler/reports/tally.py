"""
What each policy cost over many sessions, and what share of the possible saving it kept.

What a policy failed to deliver is billed as if the session had charged at once, so that leaving the dear energy out saves
nothing. `saving` and `captured` follow from `price_per_kwh` alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from scheduler.domain.interval import Interval
from scheduler.planning.departures import SHORT_KWH
from scheduler.reports.market import Market
from scheduler.reports.sessions import ReplayedSession

ROUNDING_KWH = 1e-6


@dataclass(frozen=True, slots=True)
class Bill:
    """One session under one policy: money for what flowed, what is missing of what could have flowed, and the starts."""

    cost: float
    missing_kwh: float
    starts: int


@dataclass(frozen=True, slots=True)
class PolicyResult:
    """
    What a policy comes to.

    `price_per_kwh` is per kWh that could be delivered, what is missing being bought at the price of charging at once.
    `saving` is against charging at once, `captured` the share of foresight's saving; 0-1, negative where it is dearer.
    """

    name: str
    price_per_kwh: float
    saving: float
    captured: float
    energy_undelivered: float
    sessions_short: float
    starts_per_session: float


@dataclass(frozen=True, slots=True)
class BilledSession:
    """One session under every policy, `at_once` among them."""

    kwh: float
    beyond_horizon: bool
    bills: dict[str, Bill]

    def also(self, name: str, one: Bill) -> BilledSession:
        """Return the same session under one policy more."""
        return replace(self, bills=self.bills | {name: one})


def bill(session: ReplayedSession, market: Market, charged: Sequence[Interval]) -> Bill:
    """Return what charging in those stretches came to, as prices turned out to be."""
    power_kw = session.recorded.power_kw
    flowed_kwh = sum((window.duration for window in charged), timedelta(0)) / timedelta(hours=1) * power_kw
    missing_kwh = missing_beyond_rounding(session.deliverable_kwh - flowed_kwh)
    return Bill(sum(market.cost_per_kw(window) for window in charged) * power_kw, missing_kwh, len(charged))


def missing_beyond_rounding(missing_kwh: float) -> float:
    """Return what is missing, and nothing where that is no more than what rounding leaves."""
    return missing_kwh if missing_kwh > ROUNDING_KWH else 0.0


def results(sessions: Iterable[BilledSession], names: Sequence[str]) -> tuple[PolicyResult, ...]:
    """Return what each of the policies in *names* comes to over *sessions*; of no sessions, nothing."""
    billed = list(sessions)
    if not billed:
        return ()
    kwh = sum(session.kwh for session in billed)
    costs = {name: sum(_charged_up(session, name) for session in billed) for name in {*names, "at_once", "foresight"}}
    dumb, best = costs["at_once"], costs["foresight"]
    return tuple(
        PolicyResult(
            name,
            costs[name] / kwh,
            (dumb - costs[name]) / dumb if dumb > 0 else 0.0,
            (dumb - costs[name]) / (dumb - best) if dumb > best else 1.0,
            sum(session.bills[name].missing_kwh for session in billed) / kwh,
            sum(session.bills[name].missing_kwh > SHORT_KWH for session in billed) / len(billed),
            sum(session.bills[name].starts for session in billed) / len(billed),
        )
        for name in names
    )


def _charged_up(session: BilledSession, name: str) -> float:
    """Return the money for the whole of what could be delivered: what is missing at the price of charging at once."""
    one = session.bills[name]
    return one.cost + one.missing_kwh * session.bills["at_once"].cost / session.kwh
