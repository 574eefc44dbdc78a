"""
A price curve as lines of text, with the planned charging below it.

    EUR/kWh  ▼ now 16:20                          known until Sun 00:00
      0.412 │      ▂▅██▆▃
            │▂▄▅▇▇███████▇▅▄▃▃▂
      0.241 │████████████████████▇▅▄▃▂▁▁▂▃········
            └──┬─────┬─────┬─────┬─────┬─────┬────
              18    21    Sun   03    06    09
     charge                     ██████

One column is half an hour. A dot is a price that is not known; a curve never draws 0 for it. A tilde below the hours marks
a forecast.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from scheduler.domain.interval import Interval, merged
from scheduler.domain.plan import ChargeWindow
from scheduler.domain.tariff import TariffCurve

STEP = timedelta(minutes=30)
"""At 80 columns half hours reach from an hour ago to the end of tomorrow, at any time after tomorrow's prices are out."""

MARGIN = 8
ROWS = 4
BLOCKS = " ▁▂▃▄▅▆▇█"
UNKNOWN = "·"
FORECAST = "~"
FEWEST_COLUMNS = 12


@dataclass(frozen=True, slots=True)
class _Column:
    """Half an hour of the chart. `price=None`: nothing of it is known."""

    start: datetime
    price: float | None
    firm: bool = True

    @property
    def interval(self) -> Interval:
        return Interval(self.start, self.start + STEP)


def price_chart(
    curve: TariffCurve,
    windows: Sequence[ChargeWindow],
    now: datetime,
    timezone: ZoneInfo,
    width: int,
    mark: str = "now",
) -> list[str]:
    """
    Return *curve* from about *now* on as lines no longer than *width*, hours in *timezone*.

    Below it, where there are *windows*, the half hours in which charging is planned: full blocks for most of the half hour,
    light ones for less. Nothing of the curve ahead: one line that says so. *mark* is what the arrow at *now* says.
    """
    columns = _columns(curve, windows, now, timezone, max(width - MARGIN, FEWEST_COLUMNS))
    known = [column.price for column in columns if column.price is not None]
    if not known:
        return [f"{curve.currency}/kWh: no price is known for now or later"[:width]]
    lines = [_head(curve, columns, now, timezone, mark)]
    lines += _bars(columns, min(known), max(known))
    lines += _axis(columns, timezone)
    if not all(column.firm for column in columns):
        lines.append(" " * MARGIN + "".join(" " if column.firm else FORECAST for column in columns))
    if windows:
        lines.append(f"{'charge':>{MARGIN - 1}} " + "".join(_mark(column, windows) for column in columns))
    legend = [f"{FORECAST} = forecast"] if not all(column.firm for column in columns) else []
    legend += [f"{UNKNOWN} = not known yet"] if len(known) < len(columns) else []
    if legend:
        lines.append(" " * MARGIN + ", ".join(legend))
    return [line.rstrip()[:width] for line in lines]


def cheapest_hours(curve: TariffCurve, now: datetime, timezone: ZoneInfo, count: int = 4) -> str | None:
    """
    Return the *count* cheapest whole clock hours ahead as a sentence, neighbours joined; None where fewer are known.

    Forecasts do not count. Of equal hours the earlier ones are named.
    """
    hour = timedelta(hours=1)
    local = now.astimezone(timezone)
    start = now - timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    start += hour if start < now else timedelta(0)
    priced: list[tuple[float, datetime]] = []
    while curve and start < curve.slots[-1].end:
        slots = curve.within(Interval(start, start + hour)).slots
        if all(slot.firm for slot in slots) and sum((slot.interval.duration for slot in slots), timedelta()) == hour:
            priced.append((sum(slot.price_per_kwh * (slot.interval.duration / hour) for slot in slots), start))
        start += hour
    if len(priced) < count:
        return None
    chosen = sorted(priced)[:count]
    spans = merged(Interval(begin, begin + hour) for _, begin in chosen)
    words = (f"{_clock(span.start, timezone, now)}-{span.end.astimezone(timezone):%H:%M}" for span in spans)
    mean = sum(price for price, _ in chosen) / count
    return f"cheapest {count} hours: {', '.join(words)} at {_label(mean)} {curve.currency}/kWh"


def known_words(curve: TariffCurve, now: datetime, timezone: ZoneInfo) -> str | None:
    """Return what is known from *now* on as a sentence: until when, then gaps and forecast; None where nothing lies ahead."""
    ahead = [slot for slot in curve.slots if slot.end > now]
    if not ahead:
        return None
    until = curve.known_until(now)
    words = ["no published price holds now" if until is None else f"known until {_clock(until, timezone, now)}"]
    gaps = [
        f"{_clock(gap.start, timezone, now)}-{gap.end.astimezone(timezone):%H:%M}"
        for gap in curve.gaps()
        if gap.end > now
    ]
    if gaps:
        words.append(f"not known {', '.join(gaps)}")
    if not all(slot.firm for slot in ahead):
        words.append(f"a forecast until {_clock(ahead[-1].end, timezone, now)}")
    return "; ".join(words)


def _clock(moment: datetime, timezone: ZoneInfo, now: datetime) -> str:
    """Say a moment by its weekday, and by its date where the weekday would mean an earlier one."""
    local = moment.astimezone(timezone)
    return f"{local:%a %H:%M}" if moment - now < timedelta(days=6) else f"{local:%a %d %b %H:%M}"


def _columns(
    curve: TariffCurve, windows: Sequence[ChargeWindow], now: datetime, timezone: ZoneInfo, most: int
) -> list[_Column]:
    """Return the half hours from an hour before *now*'s full hour to the end of what there is to see."""
    local = now.astimezone(timezone)
    hour = timedelta(hours=1)
    start = now - timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond) - hour
    ends = [curve.slots[-1].end] if curve else []
    ends += [window.end for window in windows]
    span = max([*ends, now + 24 * hour]) - start
    count = min(most, -(-span // STEP))
    return [_column(curve, start + index * STEP) for index in range(count)]


def _column(curve: TariffCurve, start: datetime) -> _Column:
    """Return a half hour with the mean price over its known part; a forecast in it makes the whole a forecast."""
    slots = curve.within(Interval(start, start + STEP)).slots
    known_s = sum(slot.interval.duration.total_seconds() for slot in slots)
    if known_s == 0:
        return _Column(start, None)
    money = sum(slot.price_per_kwh * slot.interval.duration.total_seconds() for slot in slots)
    return _Column(start, money / known_s, all(slot.firm for slot in slots))


def _head(curve: TariffCurve, columns: Sequence[_Column], now: datetime, timezone: ZoneInfo, mark: str) -> str:
    place = next((index for index, column in enumerate(columns) if now in column.interval), 0)
    left = f"{curve.currency + '/kWh':>{MARGIN - 1}} " + " " * place + f"▼ {mark} {now.astimezone(timezone):%H:%M}"
    until = curve.known_until(now)
    right = "" if until is None else f"known until {_clock(until, timezone, now)}"
    if curve.simulated:
        right = f"SIMULATED, {right}".removesuffix(", ")
    room = MARGIN + len(columns) - len(left)
    return left + (f"{right:>{room}}" if len(right) + 2 <= room else f"  {right}")


def _bars(columns: Sequence[_Column], low: float, high: float) -> list[str]:
    """Return the rows from the dearest down; the cheapest price is one eighth of a block high, so that it is seen."""
    eighths = [_height(column.price, low, high) for column in columns]
    lines: list[str] = []
    for row in reversed(range(ROWS)):
        label = {ROWS - 1: _label(high), 0: _label(low) if low < high else ""}.get(row, "")
        cells = (_cell(height, row) for height in eighths)
        lines.append(f"{label:>{MARGIN - 2}} │" + "".join(cells))
    return lines


def _height(price: float | None, low: float, high: float) -> int | None:
    if price is None:
        return None
    if high == low:
        return 4 * ROWS
    return 1 + round((price - low) / (high - low) * (8 * ROWS - 1))


def _cell(height: int | None, row: int) -> str:
    if height is None:
        return UNKNOWN if row == 0 else " "
    return BLOCKS[max(0, min(8, height - 8 * row))]


def _label(price: float) -> str:
    """Return a price in at most six characters: three decimals, fewer where the currency is small."""
    for decimals in (3, 2, 1, 0):
        text = f"{price:.{decimals}f}"
        if len(text) <= MARGIN - 2:
            return text
    return text


def _axis(columns: Sequence[_Column], timezone: ZoneInfo) -> list[str]:
    """Return the axis with a tick every third local hour, and below it the hours; midnight bears its weekday."""
    ticks = [" "] * (MARGIN - 1) + ["└"] + ["─"] * len(columns)
    hours = [" "] * (MARGIN + len(columns) + 3)
    for index, column in enumerate(columns):
        local = column.start.astimezone(timezone)
        if local.minute != 0 or local.hour % 3 != 0:
            continue
        ticks[MARGIN + index] = "┬"
        text = f"{local:%a}" if local.hour == 0 else f"{local:%H}"
        place = MARGIN + index - 1
        if "".join(hours[place - 1 : place]) == " ":
            hours[place : place + len(text)] = text
    return ["".join(ticks), "".join(hours)]


def _mark(column: _Column, windows: Sequence[ChargeWindow]) -> str:
    shared = (column.interval.clipped(window.interval) for window in windows)
    share = sum((part.duration for part in shared if part is not None), timedelta()) / STEP
    if share >= 0.5:
        return "█"
    return "░" if share > 0 else " "
