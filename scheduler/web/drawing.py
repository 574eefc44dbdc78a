"""
One car's price curve with its plan, as plain geometry for the SVG of `templates/drawing.html`.

    now 17:32                       ready 07:00 at 80 %
      |                                     |
    --|--.      ______                      |      .--     a step curve: each price holds until the next
      |  |_____|#####|__    _______ / / / / | / / / / /    # a window, filled;  / / prices that are not known yet
      |         #####   |__|                |
     18:00   21:00   Sat 00:00   03:00   06:00             local wall time, right on days of 23 and 25 hours

Across, everything is a share of the width (0-100), so that one drawing fits a phone and a desktop while its text keeps its
size; down, everything is in pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from scheduler.domain.driver import ChargeGoal
from scheduler.domain.interval import Interval, without
from scheduler.domain.plan import ChargePlan, ChargeWindow
from scheduler.domain.tariff import PriceSlot, TariffCurve
from scheduler.web.scale import Level, PriceScale
from scheduler.web.wording import amount_words, clock_words, moment_words, price_words, span_words

QUARTER = timedelta(minutes=15)
BEFORE_NOW = timedelta(hours=1)
SHORTEST, LONGEST = timedelta(hours=12), timedelta(hours=40)
"""Below 12 h a curve says nothing; above 40 h (tonight, and all of tomorrow) a phone cannot show quarters of an hour."""


@dataclass(frozen=True, slots=True)
class Band:
    """A part of the width, from `x` on, `width` wide; `kind` is its CSS class, `title` is told on hovering."""

    x: float
    width: float
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A vertical line at `x` with a label; `kind` is its CSS class."""

    x: float
    label: str
    kind: str

    @property
    def anchor(self) -> str:
        """Where the label hangs on its line, so that it never leaves the drawing: the longest takes half a phone's width."""
        if self.x < 30:
            return "start"
        return "middle" if self.x <= 70 else "end"


@dataclass(frozen=True, slots=True)
class Drawing:
    """
    Everything that is drawn. `line`, `forecast_line`, `area` and `charged` are SVG paths whose x runs from 0 to 1000.

    `summary` says the same in words, for those who do not see it.
    """

    currency: str
    line: str
    forecast_line: str
    area: str
    charged: str
    zero_y: float
    past_width: float
    windows: tuple[Band, ...]
    unknown: tuple[Band, ...]
    slots: tuple[Band, ...]
    levels: tuple[Level, ...]
    hours: tuple[Mark, ...]
    days: tuple[Mark, ...]
    now: Mark
    departure: Mark | None
    departs_later: str
    summary: str


def drawing(
    curve: TariffCurve, plan: ChargePlan | None, goal: ChargeGoal | None, now: datetime, timezone: ZoneInfo
) -> Drawing:
    """
    Return the drawing of *plan* over *curve*, from the full hour before *now* to the last known price or the departure,
    12 to 40 hours in all. An empty curve is drawn too: all of it unknown.
    """
    windows = plan.windows if plan else ()
    span = _span(curve, windows, goal, now)
    shown = curve.within(span)
    across = _Across(span)
    scale = PriceScale.of(slot.price_per_kwh for slot in shown.slots)
    departure = goal.ready_by if goal and goal.ready_by < span.end else None
    hours, days = _time_marks(span, across, timezone)
    return Drawing(
        currency=curve.currency,
        line=_steps((slot for slot in shown.slots if slot.firm), across, scale),
        forecast_line=_steps((slot for slot in shown.slots if not slot.firm), across, scale),
        area=_areas(shown.slots, across, scale),
        charged=_areas((slot for w in windows for slot in _during(shown, w, span)), across, scale),
        zero_y=scale.y(0.0),
        past_width=across.x(now),
        windows=tuple(_window_bands(windows, across, now, timezone)),
        unknown=tuple(
            across.band(gap, "unknown", f"{span_words(gap.start, gap.end, now, timezone)}: price not known yet")
            for gap in without(span, (slot.interval for slot in shown.slots))
        ),
        slots=tuple(_slot_bands(shown, windows, across, now, timezone)),
        levels=scale.levels(),
        hours=hours,
        days=days,
        now=Mark(across.x(now), f"now {clock_words(now, timezone)}", "now"),
        departure=_departure(departure, goal, across, now, timezone),
        departs_later=f"ready {moment_words(goal.ready_by, now, timezone)} →" if goal and departure is None else "",
        summary=_summary(shown, windows, now, timezone),
    )


class _Across:
    """From moments to shares of the width."""

    def __init__(self, span: Interval) -> None:
        self._span = span

    def x(self, at: datetime) -> float:
        return round(100 * ((at - self._span.start) / self._span.duration), 2)

    def band(self, interval: Interval, kind: str, title: str) -> Band:
        x = self.x(interval.start)
        return Band(x, round(self.x(interval.end) - x, 2), kind, title)

    def clipped(self, interval: Interval) -> Interval | None:
        return interval.clipped(self._span)


def _span(curve: TariffCurve, windows: tuple[ChargeWindow, ...], goal: ChargeGoal | None, now: datetime) -> Interval:
    start = now.replace(minute=0, second=0, microsecond=0) - BEFORE_NOW
    ends = [window.end for window in windows]
    if curve:
        ends.append(curve.slots[-1].end)
    if goal:
        ends.append(goal.ready_by + timedelta(hours=1))
    end = min(max([start + SHORTEST, *ends]), start + LONGEST)
    return Interval(start, end)


def _during(shown: TariffCurve, window: ChargeWindow, span: Interval) -> tuple[PriceSlot, ...]:
    part = window.interval.clipped(span)
    return shown.within(part).slots if part else ()


def _runs(slots: Iterable[PriceSlot]) -> Iterator[list[PriceSlot]]:
    """Yield the unbroken stretches of *slots*: a gap is never drawn over."""
    run: list[PriceSlot] = []
    for slot in slots:
        if run and run[-1].end != slot.start:
            yield run
            run = []
        run.append(slot)
    if run:
        yield run


def _steps(slots: Iterable[PriceSlot], across: _Across, scale: PriceScale) -> str:
    return " ".join(_step_path(run, across, scale) for run in _runs(slots))


def _areas(slots: Iterable[PriceSlot], across: _Across, scale: PriceScale) -> str:
    """Return the path of the areas between the curve and 0."""
    zero = scale.y(0.0)
    paths = []
    for run in _runs(slots):
        first, last = across.x(run[0].start) * 10, across.x(run[-1].end) * 10
        paths.append(f"{_step_path(run, across, scale)} L{last:.1f} {zero} L{first:.1f} {zero}Z")
    return " ".join(paths)


def _step_path(run: list[PriceSlot], across: _Across, scale: PriceScale) -> str:
    path = [f"M{across.x(run[0].start) * 10:.1f} {scale.y(run[0].price_per_kwh)}"]
    path.extend(f"V{scale.y(slot.price_per_kwh)}H{across.x(slot.end) * 10:.1f}" for slot in run)
    return "".join(path)


def _window_bands(
    windows: tuple[ChargeWindow, ...], across: _Across, now: datetime, timezone: ZoneInfo
) -> Iterator[Band]:
    for window in windows:
        part = across.clipped(window.interval)
        if part:
            title = f"{span_words(window.start, window.end, now, timezone)}: charging at {window.power_kw:.1f} kW"
            yield across.band(part, "window", title)


def _slot_bands(
    shown: TariffCurve, windows: tuple[ChargeWindow, ...], across: _Across, now: datetime, timezone: ZoneInfo
) -> Iterator[Band]:
    """Yield one invisible band for each price, to be pointed at."""
    for slot in shown.slots:
        title = f"{span_words(slot.start, slot.end, now, timezone)}: {price_words(slot.price_per_kwh, shown.currency)}"
        if slot.components:
            parts = (f"{part.name} {amount_words(part.price_per_kwh)}" for part in slot.components)
            title += f" ({', '.join(parts)})"
        if not slot.firm:
            title += ", a forecast"
        if any(slot.interval.overlaps(window.interval) for window in windows):
            title += ", charging"
        yield across.band(slot.interval, "slot", title)


def _time_marks(span: Interval, across: _Across, timezone: ZoneInfo) -> tuple[tuple[Mark, ...], tuple[Mark, ...]]:
    """
    Return the marks of the hours and of the first moments of local days.

    They are found by walking over the moments and asking each for its wall time, never by counting hours: a day may have
    23 or 25 of them, may not begin at 00:00, and some zones stand at half an hour to UTC.
    """
    moments = [span.start + QUARTER * step for step in range(int(span.duration / QUARTER))]
    hours, days = [], [Mark(0.0, f"{span.start.astimezone(timezone):%a}", "first")]
    for before, moment in pairwise(moments):
        local = moment.astimezone(timezone)
        if local.date() != before.astimezone(timezone).date():
            days.append(Mark(across.x(moment), f"{local:%a}", "midnight"))
        if local.minute == 0 and local.hour % 3 == 0:
            hours.append(Mark(across.x(moment), f"{local:%H}", "major" if local.hour % 6 == 0 else "minor"))
    # The first day's name gives way where midnight is too near for both.
    return tuple(hours), tuple(days if len(days) < 2 or days[1].x > 8 else days[1:])


def _departure(
    departure: datetime | None, goal: ChargeGoal | None, across: _Across, now: datetime, timezone: ZoneInfo
) -> Mark | None:
    if departure is None or goal is None:
        return None
    words = f"ready {moment_words(departure, now, timezone)} at {goal.target_pct:.0f} %"
    return Mark(max(across.x(departure), 0.0), words, "departure")


def _summary(shown: TariffCurve, windows: tuple[ChargeWindow, ...], now: datetime, timezone: ZoneInfo) -> str:
    if not shown:
        return "No price is known yet."
    cheapest = min(shown.slots, key=lambda slot: slot.price_per_kwh)
    dearest = max(shown.slots, key=lambda slot: slot.price_per_kwh)
    charging = ", ".join(span_words(window.start, window.end, now, timezone) for window in windows)
    return (
        f"Prices {span_words(shown.slots[0].start, shown.slots[-1].end, now, timezone)}, "
        f"lowest {price_words(cheapest.price_per_kwh, shown.currency)} at {moment_words(cheapest.start, now, timezone)}, "
        f"highest {price_words(dearest.price_per_kwh, shown.currency)} at {moment_words(dearest.start, now, timezone)}; "
        f"charging {charging or 'not planned'}."
    )
