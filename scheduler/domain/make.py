"""
What a make allows, as one table: how often its cars report, and the limits that bind harder than money.

The figures are the public ones of November 2025 to September 2026 (Smartcar's documentation pages on brand quirks,
data frequency and BMW's energy interface, and the reports of owners named in the notes). Per model, year and region only
Smartcar's compatibility matrix knows; what a car answers at run time wins over this table.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class MakeRules:
    """
    The rules of one make. None for a limit means that none is known.

    `report_interval` is the longest usual time between two reports of a car that is awake: how long to wait before a
    missing confirmation means anything. A car at rest or asleep reports nothing at all, whatever its make.

    `commands_per_drive`: starts and stops together, until the car is driven. `stops_per_30_days`: rolling. Below
    `min_command_soc_pct` neither start nor stop is possible. `start_ignores_limit`: a start where the car keeps a
    schedule of its own charges to 100 %. `can_set_limit`: whether Smartcar can set the car's own limit, so that it is a
    backstop for a stop. `in_browser`: whether Smartcar's Connect takes it in a browser. `reconsent_every`: how long a
    consent lasts where it is known to end by itself.
    `source` names where the row comes from, `notes` says what else to know.
    """

    make: str
    report_interval: timedelta
    can_start: bool = True
    can_stop: bool = True
    can_set_limit: bool = True
    commands_per_drive: int | None = None
    stops_per_30_days: int | None = None
    min_command_soc_pct: float | None = None
    start_ignores_limit: bool = False
    in_browser: bool = True
    reconsent_every: timedelta | None = None
    notes: str = ""
    source: str = ""

    def words(self) -> tuple[str, ...]:
        """Return what a driver of this make should know when they connect it: what cannot be done, and what is done instead."""
        said = []
        if not self.in_browser:
            said.append(
                "Smartcar connects this make by a telephone's app only, so a browser may be refused. Ids that were got by one "
                "go into the driver's file: smartcar_vehicle_id and smartcar_user_id."
            )
        if not self.can_start:
            said.append("It cannot be started from here: set its own timer by the plan that is shown.")
        if not self.can_stop:
            said.append(
                "It can be started and not stopped: it is started when that is best, and ends at its own limit."
            )
        if not self.can_set_limit:
            said.append("Its own charge limit cannot be set from here: set it in the car.")
        if self.commands_per_drive is not None:
            said.append(f"It takes {self.commands_per_drive} starts and stops until it is driven; plans keep to that.")
        if self.stops_per_30_days is not None:
            said.append(f"It takes {self.stops_per_30_days} stops in 30 days; plans keep to that.")
        if self.min_command_soc_pct is not None:
            said.append(f"Below {self.min_command_soc_pct:.0f} % it can be neither started nor stopped.")
        if self.start_ignores_limit:
            said.append("Where it keeps a schedule of its own, a start fills it to 100 %: delete the schedule.")
        return tuple(said)


_FREQUENCY = "Smartcar docs: data frequency"
_QUIRKS = "Smartcar docs: data frequency, brand quirks"
_GM_NOTES = "Deep sleep after three to four days, ended only by the ignition. The maker's app shares the quota."
_PSA_NOTES = "Control asks the owner for a PIN and a second factor; a stop re-enables the car's delayed programme."


def _row(make: str, minutes: int, source: str = _FREQUENCY, notes: str = "") -> MakeRules:
    return MakeRules(make, timedelta(minutes=minutes), notes=notes, source=source)


def _general_motors(make: str) -> MakeRules:
    return replace(_row(make, 45, _QUIRKS, _GM_NOTES), min_command_soc_pct=50.0)


def _bmw_group(make: str, minutes: int) -> MakeRules:
    notes = (
        "Europe's energy interface: alternating current only, within about 200 m of the consented address, no limit."
    )
    source = "Smartcar docs: data frequency, BMW energy integration"
    return replace(_row(make, minutes, source, notes), stops_per_30_days=80, can_set_limit=False)


def _ford(make: str) -> MakeRules:
    notes = "Connects through Smartcar's mobile SDK only, never from a browser."
    return replace(_row(make, 10, _QUIRKS, notes), start_ignores_limit=True, in_browser=False)


_ROWS = (
    _row("TESLA", 5, _QUIRKS, "Needs Smartcar's virtual key on 3, Y, Cybertruck and S, X from 2021."),
    _row("BYD", 3, _QUIRKS, "One session an account: signing in to the maker's app ends ours."),
    _row("POLESTAR", 3),
    _row("VOLVO", 3, _QUIRKS, "Own charge schedules are daily only."),
    replace(
        _row("VOLKSWAGEN", 10, _QUIRKS, "1 to 3 minutes in the US. The owner must be the primary user."),
        commands_per_drive=15,
    ),
    _row("AUDI", 5),
    replace(
        _row("RIVIAN", 5, _QUIRKS, "Owners with a second factor authorise again about every two weeks."),
        reconsent_every=timedelta(weeks=2),
    ),
    _row(
        "HYUNDAI",
        5,
        _QUIRKS,
        "Before 2025: a report every 10 % while charging, after commands, and when charging stops.",
    ),
    _row(
        "KIA", 5, _QUIRKS, "Before 2025: a report every 10 % while charging, after commands, and when charging stops."
    ),
    _row("SKODA", 5),
    _row("HONDA", 30),
    _row("JAGUAR", 30),
    _row("LAND ROVER", 30),
    _general_motors("CHEVROLET"),
    _general_motors("GMC"),
    _general_motors("CADILLAC"),
    _general_motors("BUICK"),
    _row("ACURA", 60, _QUIRKS, "Falls into deep sleep."),
    _row("DACIA", 60),
    _row("MG", 60),
    _row("PORSCHE", 60),
    _row("RENAULT", 60),
    _row("TOYOTA", 60),
    _bmw_group("BMW", 10),
    _bmw_group("MINI", 60),
    _ford("FORD"),
    _ford("LINCOLN"),
    replace(
        _row("NISSAN", 10, _QUIRKS, "No stop in the US; elsewhere unknown, so none is counted on."), can_stop=False
    ),
    _row("PEUGEOT", 10, _QUIRKS, _PSA_NOTES),
    _row("CITROEN", 10, _QUIRKS, _PSA_NOTES),
    _row("OPEL", 10, _QUIRKS, _PSA_NOTES),
    _row("CUPRA", 10),
    _row("MERCEDES-BENZ", 10),
)

MAKES: dict[str, MakeRules] = {row.make: row for row in _ROWS}

_OTHER_NAMES = {"VW": "VOLKSWAGEN", "MERCEDES": "MERCEDES-BENZ", "ŠKODA": "SKODA", "CITROËN": "CITROEN"}

# The slow end of what most makes do, so that a make nobody wrote down is not called deaf too early.
_UNKNOWN_INTERVAL = timedelta(minutes=30)


def rules_for(make: str) -> MakeRules:
    """Return the rules of *make*, whatever its letter case; a cautious row, named after it, for one not in the table."""
    name = " ".join(make.replace("_", " ").upper().split())
    name = _OTHER_NAMES.get(name, name)
    return MAKES.get(name) or MakeRules(name, _UNKNOWN_INTERVAL, source="no row: cautious default")
