"""
What flowed into a car between two reports, and when what it may still take is used up. Pure.

The car's own counter says it best (`energyadded`), else the rise of its battery, else its power over time, else the most it
can draw over time. Each has its uncertainty; a stop is timed by the predicted crossing, as far ahead of it as the uncertainty
asks for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.domain.command import Command, CommandStatus, Verb
from scheduler.domain.credit import Meter
from scheduler.domain.interval import Interval
from scheduler.domain.vehicle import Vehicle, VehicleState

COUNTER_STEP_KWH = 0.005
"""A counter that falls by less has not begun anew; it was rounded."""

COUNTER_UNCERTAIN_KWH = 0.05
SOC_STEP_PCT = 1.0
"""Most cars report whole percents, and nobody says whether they round or cut."""

POWER_UNCERTAIN = 0.1
"""Nobody says whether the power a car reports is at its plug or at its battery."""

_IN_VAIN = (CommandStatus.FAILED, CommandStatus.REFUSED)

LEAST_STRETCH = timedelta(seconds=1)

LEAD = timedelta(seconds=60)
"""How long before the crossing the stop is sent: a turn may come half a minute late, and a car takes its time to obey."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """Energy at the plug between two reports, and the stretch in which it flowed. `uncertainty_kwh` is as far as *meter* goes."""

    kwh: float
    uncertainty_kwh: float
    meter: Meter
    during: Interval


def meter_of(state: VehicleState) -> Meter:
    """Return what a car is metered by that tells what *state* does."""
    if state.energy_added_kwh is not None:
        return Meter.COUNTER
    if state.soc_pct is not None:
        return Meter.BATTERY
    return Meter.POWER if state.power_kw is not None else Meter.TIME


def delivered(
    before: VehicleState, state: VehicleState, vehicle: Vehicle, since: datetime, commands: Sequence[Command] = ()
) -> Delivered | None:
    """
    Return what flowed between two reports of a stay that began at *since*; None where nothing did.

    A counter that has fallen began anew: it counts the current or the last session (facts/smartcar.md section 3.4), and
    counts what reached the battery. Whatever a fast charger gave is not ours. *commands* are those of the stay: when a car
    was told tells best when it began or ended between two reports.
    """
    if before.fast_charger or state.fast_charger:
        return None
    if before.energy_added_kwh is not None and state.energy_added_kwh is not None:
        began_anew = state.energy_added_kwh < before.energy_added_kwh - COUNTER_STEP_KWH
        rise_kwh = state.energy_added_kwh - (0.0 if began_anew else before.energy_added_kwh)
        flowing = _flowing(before, state, Meter.COUNTER, since, commands)
        return _risen(max(rise_kwh, 0.0) / vehicle.efficiency, Meter.COUNTER, vehicle, state, flowing)
    if before.soc_pct is not None and state.soc_pct is not None:
        rise_pct = max(state.soc_pct - before.soc_pct, 0.0)
        flowing = _flowing(before, state, Meter.BATTERY, since, commands)
        return _risen(_at_plug(rise_pct, vehicle), Meter.BATTERY, vehicle, state, flowing)
    return _by_power(before, state, vehicle, _flowing(before, state, Meter.POWER, since, commands))


def uncertainty_kwh(meter: Meter, vehicle: Vehicle) -> float:
    """Return how far a stay's readings may be off in all; 0 by power, where each piece has its own share of it."""
    if meter is Meter.COUNTER:
        return COUNTER_UNCERTAIN_KWH
    return _at_plug(SOC_STEP_PCT, vehicle) if meter is Meter.BATTERY else 0.0


def share_uncertain(meter: Meter) -> float:
    """Return by what share more may have flowed than was metered; 0 for a reading, which is off by as much once."""
    return 0.0 if meter.reads else POWER_UNCERTAIN


def power_kw(state: VehicleState, vehicle: Vehicle) -> float:
    """
    Return the power at the plug to reckon with: what the car reports, at most what it can draw.

    Without a report it is that most: a stop comes rather too early, and the car is looked at again, than too late.
    """
    return min(state.power_kw, vehicle.max_power_kw) if state.power_kw else vehicle.max_power_kw


def flowed_since_report(state: VehicleState, vehicle: Vehicle, now: datetime) -> float:
    """Return how many kWh a car has taken since what it was metered by was true; 0 for one that does not charge."""
    hours = max((now - metered_at(state, meter_of(state))).total_seconds(), 0.0) / 3600
    return power_kw(state, vehicle) * hours if state.charging else 0.0


def metered_at(state: VehicleState, meter: Meter) -> datetime:
    """Return the moment up to which *state* tells by *meter* what flowed."""
    if meter is Meter.COUNTER:
        return state.energy_seen_at or state.last_word_at
    if meter is Meter.BATTERY:
        return state.soc_seen_at or state.last_word_at
    return state.charging_at


@dataclass(frozen=True, slots=True)
class _Flowing:
    """When a car charged between two reports, at most; `vague`: it may have been any part of it. None: it did not."""

    during: Interval | None
    vague: bool = False


def _flowing(
    before: VehicleState, state: VehicleState, meter: Meter, since: datetime, commands: Sequence[Command]
) -> _Flowing:
    """
    Return when the car charged between two reports: from one to the other, or from our START, or up to our STOP.

        before       START            state            not charging before: it began when it was told to
          |            |----------------|
          |----------------STOP         |              not charging now: it ended when it was last told to

    Where nobody told it (a hand, a limit of its own, a start on plug-in) it may have been any part of that time.
    """
    first, last = max(metered_at(before, meter), since), metered_at(state, meter)
    told = [(each.verb, each.sent_at) for each in commands if each.sent_at is not None and each.status not in _IN_VAIN]
    started_at = next((at for verb, at in told if verb is Verb.START and first <= at <= last), None)
    stopped_at = next((at for verb, at in reversed(told) if verb is Verb.STOP and first <= at <= last), None)
    vague = False
    if not before.charging:
        first, vague = started_at or first, started_at is None
    if not state.charging:
        last, vague = stopped_at or last, vague or stopped_at is None
    return _Flowing(Interval(first, last) if first < last else None, vague)


def _risen(kwh: float, meter: Meter, vehicle: Vehicle, state: VehicleState, flowing: _Flowing) -> Delivered | None:
    """Return a reading's rise. One whose dates leave no time for it flowed all the same: at its end."""
    if not kwh:
        return None
    last = metered_at(state, meter)
    during = flowing.during or Interval(last - LEAST_STRETCH, last)
    return Delivered(kwh, uncertainty_kwh(meter, vehicle), meter, during)


def _by_power(before: VehicleState, state: VehicleState, vehicle: Vehicle, flowing: _Flowing) -> Delivered | None:
    """Return power times time. Of a stretch that may have been any part of a longer one it is half, give or take that."""
    if flowing.during is None or not (before.charging or state.charging):
        return None
    reports = [each for each in (before, state) if each.charging]
    told = all(each.power_kw is not None for each in reports)
    mean_kw = sum(power_kw(each, vehicle) for each in reports) / len(reports)
    most_kwh = mean_kw * flowing.during.duration.total_seconds() / 3600
    kwh = most_kwh / 2 if flowing.vague else most_kwh
    uncertain_kwh = POWER_UNCERTAIN * most_kwh + (most_kwh - kwh)
    return Delivered(kwh, uncertain_kwh, Meter.POWER if told else Meter.TIME, flowing.during)


def _at_plug(pct: float, vehicle: Vehicle) -> float:
    return pct / 100 * vehicle.usable_kwh / vehicle.efficiency
