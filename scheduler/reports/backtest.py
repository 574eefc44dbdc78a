"""
A past year, replayed: real sessions meet real prices, and every policy knows only what was known then.

    known      the driver names the departure: the exact planner on published prices, with a forecast of the rest
    learned    nobody does: on each arrival the departures to choose from, then the price of risk session by session, then
               the plans
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from scheduler.domain.errors import InvalidValue
from scheduler.reports.any_starts import any_starts
from scheduler.reports.crew import Crew
from scheduler.reports.forecast_error import ForecastError, forecast_error
from scheduler.reports.market import read_market
from scheduler.reports.replayer import POLICIES, Menus, Replayer, RiskPrices, Scene
from scheduler.reports.risk import risk_prices
from scheduler.reports.sessions import read_sessions, replay
from scheduler.reports.tally import Bill, BilledSession, PolicyResult, results

Departure = Literal["known", "learned"]
Advance = Callable[[int, int], None]
"""Called again and again with how many pieces of work are done, and how many there are."""

Piece = TypeVar("Piece")

ANY_STARTS = "foresight_any_starts"

RISK = 0.05
"""The share of sessions that may be short where departures are learned, unless the operator says otherwise."""


@dataclass(frozen=True, slots=True)
class BacktestReport:
    """
    What every policy came to: over all sessions, and apart for those that on arrival reach beyond the published prices.

    `any_starts` is foresight without a limit on starts. `dropped` counts rows and sessions left out, by reason.
    `forecast_error` is measured on the days on which cars arrived; None where nothing could be forecast.
    """

    departure: Departure
    risk: float | None
    currency: str
    sessions: int
    sessions_beyond: int
    policies: tuple[PolicyResult, ...]
    policies_within: tuple[PolicyResult, ...]
    policies_beyond: tuple[PolicyResult, ...]
    any_starts: PolicyResult
    dropped: dict[str, int]
    forecast_error: ForecastError | None

    def document(self) -> dict[str, Any]:
        """Return the report as JSON has it."""
        return {
            "sessions": self.sessions,
            "currency": self.currency,
            "policies": [asdict(result) for result in self.policies],
            "departure": self.departure,
            "risk": self.risk,
            ANY_STARTS: asdict(self.any_starts),
            "within_horizon": _part(self.sessions - self.sessions_beyond, self.policies_within),
            "beyond_horizon": _part(self.sessions_beyond, self.policies_beyond),
            "dropped": self.dropped,
            "forecast_error": None if self.forecast_error is None else asdict(self.forecast_error),
        }


def read_scene(
    *,
    prices: Path,
    sessions: Path,
    timezone: str,
    first_day: date,
    last_day: date,
    column: str | None = None,
    limit: int | None = None,
    seed: int = 0,
    max_starts: int | None = 2,
) -> Scene:
    """
    Return what is to be replayed: *sessions* moved into the local days *first_day* to *last_day*, on *prices*.

    *timezone* names the zone whose days are auctioned. *limit* draws so many sessions, the same ones for the same *seed*.
    ConfigError where a file is wrong, InvalidValue where nothing is left to replay.
    """
    market = read_market(prices, column, _zone(timezone))
    recorded, lacking = read_sessions(sessions)
    moved = replay(recorded, market, first_day, last_day, limit, seed, lacking)
    if not moved.sessions:
        raise InvalidValue(
            f"no session of {sessions} meets the prices of {prices} from {first_day.isoformat()} to {last_day.isoformat()}"
        )
    return Scene(market, moved, max_starts)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise InvalidValue(f"expected a time zone such as Europe/Berlin, got {name!r}") from error


def run_backtest(
    scene: Scene,
    departure: Departure = "known",
    risk: float = RISK,
    *,
    workers: int | None = None,
    advance: Advance | None = None,
) -> BacktestReport:
    """
    Replay *scene* under every policy. *risk*: the share of sessions that may be short where departures are learned.

    *workers*: see `Crew`.
    """
    if departure == "learned":
        return trade_off(scene, [risk], workers=workers, advance=advance)[0]
    work = _Work(len(scene.replay.sessions), advance)
    with Crew(scene, workers) as crew:
        billed = list(work.watched(crew.answers(Replayer.known, range(len(scene.replay.sessions)))))
        error = _forecast_error(scene, crew)
    return _report(scene, billed, departure, None, error, any_starts(scene.replay.sessions, scene.market))


def trade_off(
    scene: Scene, risks: Sequence[float], *, workers: int | None = None, advance: Advance | None = None
) -> list[BacktestReport]:
    """Replay *scene* with learned departures, once for each share of sessions in *risks* that may be short."""
    sessions = scene.replay.sessions
    work = _Work(len(sessions) * (1 + len(risks)), advance)
    free = any_starts(sessions, scene.market)
    reports: list[BacktestReport] = []
    with Crew(scene, workers) as crew:
        error = _forecast_error(scene, crew)
        menus = list(work.watched(crew.answers(Replayer.menus, range(len(sessions)))))
        for risk in risks:
            jobs = list(enumerate(_risk_prices(scene, menus, risk)))
            billed = list(work.watched(crew.answers(Replayer.learned, jobs)))
            reports.append(_report(scene, billed, "learned", risk, error, free))
    return reports


class _Work:
    """Tells how much of *total* pieces is done, as they are."""

    def __init__(self, total: int, advance: Advance | None) -> None:
        self._total, self._advance, self._done = total, advance, 0

    def watched(self, pieces: Iterable[Piece]) -> Iterator[Piece]:
        for piece in pieces:
            self._done += 1
            if self._advance is not None:
                self._advance(self._done, self._total)
            yield piece


def _risk_prices(scene: Scene, menus: Sequence[Menus], risk: float) -> Iterator[RiskPrices]:
    """Yield what risk costs on each arrival: what would have been short before, on the very menus of the policy."""
    sessions = scene.replay.sessions
    left = [session.stay.end for session in sessions]
    known = [menu.known_prices.critical_price(end) for menu, end in zip(menus, left, strict=True)]
    ours = [menu.ours.critical_price(end) for menu, end in zip(menus, left, strict=True)]
    prices = zip(risk_prices(sessions, known, risk), risk_prices(sessions, ours, risk), strict=True)
    return (RiskPrices(*both) for both in prices)


def _forecast_error(scene: Scene, crew: Crew) -> ForecastError | None:
    """Return how far the forecast was off on the days on which cars arrived."""
    days = sorted({session.stay.start.astimezone(scene.market.zone).date() for session in scene.replay.sessions})
    return forecast_error(crew.answers(Replayer.forecast_missed, days))


def _report(
    scene: Scene,
    billed: Sequence[BilledSession],
    departure: Departure,
    risk: float | None,
    error: ForecastError | None,
    free: Sequence[Bill],
) -> BacktestReport:
    beyond = [session for session in billed if session.beyond_horizon]
    within = [session for session in billed if not session.beyond_horizon]
    return BacktestReport(
        departure,
        risk,
        scene.market.currency,
        len(billed),
        len(beyond),
        results(billed, POLICIES),
        results(within, POLICIES),
        results(beyond, POLICIES),
        results([session.also(ANY_STARTS, one) for session, one in zip(billed, free, strict=True)], [ANY_STARTS])[0],
        scene.replay.dropped,
        error,
    )


def _part(sessions: int, policies: Sequence[PolicyResult]) -> dict[str, Any]:
    return {"sessions": sessions, "policies": [asdict(result) for result in policies]}
