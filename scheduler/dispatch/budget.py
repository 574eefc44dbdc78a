"""
What may still be spent on a car this month, and on what. Pure.

    left      0 ....... 10 ....... 20 ................................................ 500
              |  stops,  | planned  |  looks, the sparser the fewer are left
              |  last    | starts   |
              |  starts  |          |

Looks and commands are billed alike (facts/smartcar.md: 500 a car and month; when they are gone, commands are blocked too).
So the last ones are kept for what cannot wait: a STOP, and the last START before a departure.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import IntEnum

from scheduler.dispatch.decide import Situation
from scheduler.dispatch.looking import LookPlan
from scheduler.domain.command import Verb
from scheduler.domain.session import Override


class Need(IntEnum):
    """How badly a call is needed; the higher, the deeper it may reach into what is left."""

    LOOK = 0
    START = 1
    LAST = 2


@dataclass(frozen=True, slots=True)
class CallLimits:
    """
    What the account allows. `per_month` is per car, None for no limit; `reserve` of it is kept back.

    `burst` calls may come at once from the whole application, `per_minute` come back; None for no limit. A look counts as
    `per_look` calls: two with v2, one for each path of its batch.
    """

    per_month: int | None = 500
    reserve: int = 20
    burst: int | None = 120
    per_minute: float = 2.0
    per_look: int = 1


@dataclass(frozen=True, slots=True)
class Allowance:
    """The calls of one car that are `left` until `ends`; None: they are not counted."""

    left: int | None
    reserve: int
    ends: datetime

    def covers(self, need: Need) -> bool:
        """Whether a call of this need may be made."""
        return self.left is None or self.left > kept_for_more(need, self.reserve)

    def pace(self, now: datetime) -> timedelta:
        """Return the pause at which looks alone would last until the month ends."""
        if self.left is None:
            return timedelta(0)
        spendable = max(self.left - self.reserve, 1)
        return max(self.ends - now, timedelta(0)) / spendable


def allowance(used: int, limits: CallLimits, now: datetime, *, refused: bool = False) -> Allowance:
    """
    Return what is left after *used* calls since `month_of(now)`. *refused*: Smartcar says that nothing is.

    The months are the calendar's, in UTC: nobody can ask Smartcar when the billing month begins.
    """
    if limits.per_month is None:
        return Allowance(0 if refused else None, limits.reserve, next_month(now))
    return Allowance(0 if refused else max(limits.per_month - used, 0), limits.reserve, next_month(now))


def kept_for_more(need: Need, reserve: int) -> int:
    """Return how much of a *reserve* a call of this need leaves untouched."""
    return (reserve, reserve // 2, 0)[need]


def sparser(looks: LookPlan, pace: timedelta) -> LookPlan:
    """Return *looks* with no pause shorter than *pace*. The ladder after a command stays: it says whether a car obeys."""
    pauses = ("unplugged", "waiting", "charging", "told")
    return replace(looks, **{name: max(getattr(looks, name), pace) for name in pauses})


def need_of(verb: Verb, situation: Situation) -> Need:
    """Return how badly a command is needed: a stop, a wish, a reserve and the last start before a departure most."""
    if verb is Verb.STOP or situation.override is not Override.NONE:
        return Need.LAST
    below_reserve = situation.soc_pct is not None and situation.soc_pct < situation.reserve_pct
    windows = situation.plan.windows
    last = not windows or windows[-1].start <= situation.now
    return Need.LAST if below_reserve or last else Need.START


def useful_until(verb: Verb, situation: Situation) -> datetime:
    """
    Return when a command has to be sent at the latest. A stop, a wish and a reserve: now. A start: as long before the
    departure as its plan charges; without a departure, before its window ends. It may have passed.

    A window that has begun counts whole: a car that waits for its start has had none of it, and who waits longer must not
    seem to have more time for it.
    """
    now, windows = situation.now, [window for window in situation.plan.windows if window.end > situation.now]
    below_reserve = situation.soc_pct is not None and situation.soc_pct < situation.reserve_pct
    if verb is Verb.STOP or situation.override is not Override.NONE or below_reserve or not windows:
        return now
    charging = sum((window.end - window.start for window in windows), timedelta(0))
    return (situation.ready_by or windows[0].end) - charging


def month_of(now: datetime) -> datetime:
    """Return the beginning of the calendar month, in UTC."""
    return now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def next_month(now: datetime) -> datetime:
    """Return the beginning of the next calendar month, in UTC."""
    return month_of(month_of(now) + timedelta(days=32))
