"""
What a look at the car means: plugged in or gone, who started it, what flowed since the last look. Pure.

Cars start by themselves on plug-in, drivers use the maker's app, reports are late. The rules (architecture.md section 6):

    charging begins   our START was the last word            -> ours
                      within `automatic_within` of plug-in   -> automatic; the plan may stop it, once
                      otherwise                              -> the driver's hand; wins until unplugged
    charging ends     our STOP was the last word, or full    -> ours, or natural
                      otherwise                              -> the driver's hand; wins until unplugged

Only a change between two looks can show a hand. "Not said" is never "unplugged": the cable is gone only on evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from scheduler.domain.command import Command, Verb
from scheduler.domain.interval import Interval
from scheduler.domain.session import ChargeSession, Hand
from scheduler.domain.tariff import TariffCurve
from scheduler.domain.vehicle import Vehicle, VehicleState

FULL_WITHIN_PCT = 1.0
"""A car this close below its own limit has stopped because it is full: reports are whole percents."""

REPLUGGED_DROP_PCT = 3.0
"""A state of charge this much lower than before, cable in: a car that does not tell its odometer was away meanwhile."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What one look means. `session` is the plug-in now (None: unplugged); `closed` the one that this look ended."""

    session: ChargeSession | None
    closed: ChargeSession | None = None
    plugged_in: bool = False
    hand: Hand = Hand.NONE


def observe(
    session: ChargeSession | None,
    before: VehicleState | None,
    state: VehicleState,
    commands: Sequence[Command],
    automatic_within: timedelta,
    looked_at: datetime | None = None,
) -> Observation:
    """
    Return what *state* means after *before* in *session*.

    *commands* are those of this session, oldest first; *looked_at* is when *before* was seen, on our clock. `hand` is set
    only by the look that shows it first: a hand that charges takes the place of one that stopped; that such charging ends
    once is no news.
    """
    if not _plugged_in(session, state):
        closed = replace(session, unplugged_at=state.seen_at, end_soc_pct=_end_soc(before, state)) if session else None
        return Observation(None, closed)
    if session is None or before is None:
        return Observation(_opened(state, before, looked_at), plugged_in=True)
    if _was_away(before, state):
        closed = replace(session, unplugged_at=before.last_word_at, end_soc_pct=before.soc_pct)
        return Observation(_opened(state, before, looked_at), closed, plugged_in=True)
    hand = _hand(session, before, state, commands, automatic_within)
    if hand is Hand.NONE or session.hand in (hand, Hand.CHARGING):
        return Observation(session)
    return Observation(replace(session, hand=hand), hand=hand)


def _plugged_in(session: ChargeSession | None, state: VehicleState) -> bool:
    if state.plugged_in is not None:
        return state.plugged_in
    return bool(state.charging) or session is not None


def _opened(state: VehicleState, before: VehicleState | None, looked_at: datetime | None) -> ChargeSession:
    """Open a session at the cable's date; where the car was seen gone or away since that date, at its last word."""
    since = before.last_word_at if before is not None else state.seen_at
    plugged_in_at = state.seen_at if state.seen_at >= since else state.last_word_at
    return ChargeSession(state.vehicle_id, plugged_in_at, start_soc_pct=state.soc_pct, gone_until=looked_at)


def _end_soc(before: VehicleState | None, state: VehicleState) -> float | None:
    return state.soc_pct if state.soc_pct is not None else before.soc_pct if before else None


def _was_away(before: VehicleState, state: VehicleState) -> bool:
    if before.odometer_km is not None and state.odometer_km is not None:
        # A cold night and a warmed cabin take more than 3 % from a car that stands at its cable.
        return state.odometer_km > before.odometer_km + 0.5
    if before.soc_pct is None or state.soc_pct is None:
        return False
    return state.soc_pct < before.soc_pct - REPLUGGED_DROP_PCT


def _hand(
    session: ChargeSession,
    before: VehicleState,
    state: VehicleState,
    commands: Sequence[Command],
    automatic_within: timedelta,
) -> Hand:
    sent = (command for command in reversed(commands) if command.sent_at is not None)
    last = next((command for command in sent if command.verb is not Verb.LIMIT), None)
    if before.charging is False and state.charging:
        automatic = state.charging_at - session.plugged_in_at <= automatic_within and not session.automatic_stopped
        explained = automatic and session.hand is Hand.NONE
        return Hand.NONE if explained or _ours(last, Verb.START, session, before) else Hand.CHARGING
    if before.charging and state.charging is False:
        return Hand.NONE if is_full(state) or _ours(last, Verb.STOP, session, before) else Hand.STOPPED
    return Hand.NONE


def _ours(last: Command | None, verb: Verb, session: ChargeSession, before: VehicleState) -> bool:
    """Whether a change to what *verb* asks for is our doing. Once a hand was seen, only a command sent since counts."""
    if last is None or last.sent_at is None:
        return False
    since_hand = session.hand is Hand.NONE or last.sent_at >= before.charging_at
    return last.status.open or (last.verb is verb and since_hand)


def is_full(state: VehicleState) -> bool:
    """Whether the car has no more to take: it says so, or it stands at its own limit."""
    if state.fully_charged:
        return True
    limit_pct = 100.0 if state.limit_pct is None else state.limit_pct
    return state.soc_pct is not None and state.soc_pct >= limit_pct - FULL_WITHIN_PCT


def soc_now(state: VehicleState, vehicle: Vehicle, now: datetime) -> float | None:
    """
    Return the state of charge at *now*: as last seen, plus what has flowed since if the car charges.

    At most the car's own limit; makes report up to an hour late (facts/smartcar.md section 5).
    """
    if state.soc_pct is None or state.soc_seen_at is None:
        return state.soc_pct
    if not state.charging:
        return state.soc_pct
    power_kw = vehicle.max_power_kw if state.power_kw is None else min(state.power_kw, vehicle.max_power_kw)
    hours = max((now - state.soc_seen_at).total_seconds(), 0.0) / 3600
    gained_pct = 100 * power_kw * vehicle.efficiency * hours / vehicle.usable_kwh
    ceiling_pct = 100.0 if state.limit_pct is None else state.limit_pct
    return max(state.soc_pct, min(state.soc_pct + gained_pct, ceiling_pct))


def metered(
    session: ChargeSession,
    before: VehicleState | None,
    state: VehicleState,
    vehicle: Vehicle,
    curve: TariffCurve | None,
) -> ChargeSession:
    """
    Return the session with what flowed between the two looks: the rise in charge, over the efficiency, at the mean
    price of that stretch. An estimate for reports, never a bill.
    """
    if before is None or before.soc_pct is None or state.soc_pct is None:
        return session
    if before.soc_seen_at is None or state.soc_seen_at is None or before.soc_seen_at >= state.soc_seen_at:
        return session
    rise_pct = state.soc_pct - before.soc_pct
    if rise_pct <= 0 or before.soc_seen_at < session.plugged_in_at:
        return session
    energy_kwh = rise_pct / 100 * vehicle.usable_kwh / vehicle.efficiency
    stretch = Interval(before.soc_seen_at, state.soc_seen_at)
    mean_price = 0.0
    if curve is not None:
        known = curve.within(stretch)
        known_h = sum(slot.interval.duration.total_seconds() for slot in known.slots) / 3600
        mean_price = known.cost([stretch], 1.0) / known_h if known_h else 0.0
    return replace(session, energy_kwh=session.energy_kwh + energy_kwh, cost=session.cost + energy_kwh * mean_price)
