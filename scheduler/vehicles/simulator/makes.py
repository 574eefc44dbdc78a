"""
What makes do differently: facts/smartcar.md section 5, one row each. A car follows its row where its file says `as_its_make`.

The sheet tells what a make does, seldom with which error it says so. Those codes are our choice and marked below.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

_MINUTE_S = 60.0


@dataclass(frozen=True, slots=True)
class MakeRules:
    """
    One make's ways.

    `commands_per_drive` counts start and stop until the car is driven; `stops_per_30_days` rolls. Below `least_soc_pct`
    neither start nor stop works. `consent_lasts` is how long the owner's log-in holds. With `full_on_schedule` a START at a
    place with a timer charges to 100 %, whatever the limit. `reports_every_s` is the middle of the documented range.
    """

    reports_every_s: float = 5 * _MINUTE_S
    commands_per_drive: int | None = None
    stops_per_30_days: int | None = None
    least_soc_pct: float = 0.0
    stops: bool = True
    sets_limit: bool = True
    only_at_home: bool = False
    wants_pairing: bool = False
    wants_virtual_key: bool = False
    full_on_schedule: bool = False
    sets_schedules: tuple[str, ...] = ()
    consent_lasts: timedelta | None = None


PLAIN = MakeRules()
_GM = MakeRules(reports_every_s=37 * _MINUTE_S, least_soc_pct=50.0)
_FORD = MakeRules(full_on_schedule=True)
_BMW = MakeRules(stops_per_30_days=80, sets_limit=False, only_at_home=True)
_SLOW = MakeRules(reports_every_s=45 * _MINUTE_S)
_SLOWISH = MakeRules(reports_every_s=22 * _MINUTE_S)

MAKES = {
    "ACURA": _SLOW,
    "AUDI": MakeRules(reports_every_s=4 * _MINUTE_S),
    "BMW": _BMW,
    "BUICK": _GM,
    "BYD": MakeRules(reports_every_s=2 * _MINUTE_S),
    "CADILLAC": _GM,
    "CHEVROLET": _GM,
    "DACIA": _SLOW,
    "FORD": _FORD,
    "GMC": _GM,
    "HONDA": _SLOWISH,
    "JAGUAR": _SLOWISH,
    "LANDROVER": _SLOWISH,
    "LINCOLN": _FORD,
    "MG": _SLOW,
    "MINI": MakeRules(reports_every_s=45 * _MINUTE_S, stops_per_30_days=80, sets_limit=False, only_at_home=True),
    "NISSAN": MakeRules(stops=False),
    "POLESTAR": MakeRules(reports_every_s=2 * _MINUTE_S),
    "PORSCHE": _SLOW,
    "RENAULT": _SLOW,
    "RIVIAN": MakeRules(reports_every_s=4 * _MINUTE_S, wants_pairing=True, consent_lasts=timedelta(days=14)),
    "TESLA": MakeRules(reports_every_s=5.0, wants_virtual_key=True, sets_schedules=("daily", "weekly", "workweek")),
    "TOYOTA": _SLOW,
    "VOLKSWAGEN": MakeRules(commands_per_drive=15),
    "VOLVO": MakeRules(reports_every_s=2 * _MINUTE_S, sets_schedules=("daily",)),
}


def rules_of(make: str) -> MakeRules:
    """Return the row of *make*, written as anybody writes it; a make without one has no ways of its own."""
    return MAKES.get(make.upper().replace(" ", "").replace("-", ""), PLAIN)
