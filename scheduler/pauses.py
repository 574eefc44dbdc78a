"""What the operator's settings say of looks and calls, as the values that the turns go by."""

from __future__ import annotations

from datetime import timedelta

from scheduler.dispatch.budget import CallLimits
from scheduler.dispatch.looking import LookPlan
from scheduler.settings_file import SettingsFile


def look_plan(settings: SettingsFile) -> LookPlan:
    """Return the pauses between looks."""

    def seconds(numbers: tuple[float, ...]) -> tuple[timedelta, ...]:
        return tuple(timedelta(seconds=number) for number in numbers)

    return LookPlan(
        unplugged=timedelta(seconds=settings.look_unplugged_s),
        waiting=timedelta(seconds=settings.look_waiting_s),
        charging=timedelta(seconds=settings.look_charging_s),
        confirm=seconds(settings.confirm_after_s),
        patience=timedelta(seconds=settings.confirm_patience_s),
        unreachable=seconds(settings.unreachable_after_s),
        told=timedelta(seconds=settings.look_told_s),
        fresh=timedelta(seconds=settings.look_fresh_s),
        by_make=settings.look_by_make,
    )


def call_limits(settings: SettingsFile, per_look: int) -> CallLimits:
    """Return what may be called. *per_look*: how many calls a look counts as; a setting of 0 is no limit."""
    per_month, burst = settings.calls_per_month or None, settings.calls_burst or None
    return CallLimits(per_month, settings.calls_reserve, burst, settings.calls_per_minute, per_look)
