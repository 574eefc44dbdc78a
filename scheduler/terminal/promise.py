"""
What `smartcharge run` prints: each car's promise, and the curve with its windows, first when the plans are made and again
when one changes so that a person would notice.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TextIO

from rich.console import Console
from rich.text import Text

from scheduler.domain.driver import ChargeGoal
from scheduler.domain.plan import ChargeWindow, PlanOutcome
from scheduler.domain.session import Hand, Override
from scheduler.domain.tariff import TariffCurve, TariffId
from scheduler.domain.vehicle import VehicleId
from scheduler.operations import CarView, FleetView
from scheduler.planning.ageing_words import told_notes
from scheduler.terminal.chart import MARGIN, price_chart
from scheduler.terminal.status import simulated_banner

WIDEST = 100
NARROWEST = 40

NOTICED = timedelta(minutes=5)
"""Every turn plans anew, and a car charges a little faster or slower than planned: an edge moved by less is no news."""


class PromiseBoard:
    """
    Prints the cars whose promise changed since the board was last shown.

    *curve* gives the prices in force on a tariff. Colours only where *out* (default: standard output) is a terminal.
    """

    def __init__(
        self, curve: Callable[[TariffId], TariffCurve | None], url: str = "", out: TextIO | None = None
    ) -> None:
        self._curve, self._url = curve, url
        self._out = sys.stdout if out is None else out
        self._told: dict[VehicleId, _Told] = {}

    def show(self, fleet: FleetView) -> int:
        """Print what is new of *fleet*; return how many cars that were. The page's address comes with the first of them."""
        fresh = [car for car in fleet.cars if self._is_news(car, fleet.now)]
        if not fresh:
            return 0
        width = max(min(shutil.get_terminal_size((WIDEST, 24)).columns, WIDEST), NARROWEST)
        console = Console(file=self._out, width=width, highlight=False)
        banner = simulated_banner(fleet.simulated, (car.simulated for car in fresh))
        if banner:
            console.print(Text(banner, style="bold yellow"))
        for car in fresh:
            # A pipe gets each sentence on a line of its own, however long; a terminal gets it folded between words.
            block = _block(car, self._curve(car.tariff_id), fleet.now, width)
            console.print(block, soft_wrap=not console.is_terminal)
        if self._url and not self._told:
            console.print(Text(f"The page: {self._url}", style="bold"))
        self._told |= {car.vehicle_id: _Told.of(car) for car in fresh}
        return len(fresh)

    def _is_news(self, car: CarView, now: datetime) -> bool:
        told = self._told.get(car.vehicle_id)
        return told is None or not told.same_at(now, _Told.of(car))


def print_promises(
    fleet: FleetView, curve: Callable[[TariffId], TariffCurve | None], url: str = "", out: TextIO | None = None
) -> None:
    """Print every car of *fleet* once."""
    PromiseBoard(curve, url, out).show(fleet)


def promise_lines(car: CarView, curve: TariffCurve | None, now: datetime, width: int) -> list[str]:
    """
    Return the lines below a car's sentence: the chart with its windows, and the notes of its promise.

    No chart where there are no prices, nor for a car that is not plugged in: nothing is planned for it.
    """
    plan = car.plan_in_force
    if curve is not None and car.promise is not None:
        curve = car.promise.outlook(curve)
    lines = price_chart(curve, plan.windows, now, car.timezone, width) if curve and plan else []
    notes = told_notes(car.promise, now, car.timezone) if car.promise and plan else ()
    return [*lines, *(f"  {note}" for note in notes)]


def _block(car: CarView, curve: TariffCurve | None, now: datetime, width: int) -> Text:
    # Text, not str: a name with brackets is a name, no markup.
    block = Text(car.sentence, style="bold")
    for line in _painted(promise_lines(car, curve, now, width)):
        block.append("\n").append_text(line)
    return block.append("\n")


def _painted(lines: list[str]) -> list[Text]:
    """Return the chart's lines with the columns green in which the car charges: those marked in its row `charge`."""
    marks = next((line for line in lines if line[:MARGIN].strip() == "charge"), "")
    charging = [place for place, mark in enumerate(marks) if place >= MARGIN and mark != " "]
    painted = []
    for line in lines:
        text = Text(line, style="not bold cyan" if "│" in line else "not bold dim")
        for place in charging if "│" in line or line == marks else ():
            text.stylize("not dim green", place, place + 1)
        painted.append(text)
    return painted


@dataclass(frozen=True, slots=True)
class _Told:
    """What a person was told of a car, less what changes all the time: percentages and cents."""

    seen: bool
    plugged_in: bool
    override: Override
    hand: Hand
    goal: ChargeGoal | None
    outcome: PlanOutcome | None
    windows: tuple[ChargeWindow, ...]

    @classmethod
    def of(cls, car: CarView) -> _Told:
        plan = car.plan_in_force
        return cls(
            car.state is not None,
            car.session is not None,
            car.override,
            car.session.hand if car.session else Hand.NONE,
            car.promise.goal if car.promise and plan else None,
            plan.outcome if plan else None,
            plan.windows if plan else (),
        )

    def same_at(self, now: datetime, other: _Told) -> bool:
        """Whether at *now* a person would not notice the difference. What lies in the past is no difference."""
        mine, others = self._edges(now), other._edges(now)
        return (
            self._facts() == other._facts()
            and len(mine) == len(others)
            and all(abs(a - b) < NOTICED for a, b in zip(mine, others, strict=True))
        )

    def _facts(self) -> tuple[object, ...]:
        return self.seen, self.plugged_in, self.override, self.hand, self.goal, self.outcome

    def _edges(self, now: datetime) -> list[datetime]:
        ahead = [window for window in self.windows if window.end > now]
        return [edge for window in ahead for edge in (max(window.start, now), window.end)]
