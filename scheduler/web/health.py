"""Whether the daemon does its work, in words that say what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from scheduler.domain.event import Fact


@dataclass(frozen=True, slots=True)
class HealthReport:
    """
    `reasons` are sentences, one for each thing that is wrong; none means well. `facts` are what was measured, with units in
    their names (`sweep_age_s`).
    """

    reasons: tuple[str, ...] = ()
    facts: Mapping[str, Fact] = field(default_factory=dict)

    @property
    def well(self) -> bool:
        return not self.reasons
