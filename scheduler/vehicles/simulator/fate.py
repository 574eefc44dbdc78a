"""What becomes of a command: what the car does, and what the caller is told. The two need not agree."""

from __future__ import annotations

from dataclasses import dataclass

from scheduler.vehicles.simulator.fault import Fault, FaultKind
from scheduler.vehicles.simulator.refusal import Refusal


@dataclass(frozen=True, slots=True)
class Fate:
    """
    One command's end.

    `effect`: `acted`, `late` (the car acts `after_s` from now), `refused` by the car, `ignored` by it, or `lost` on the way.
    The caller is told `refusal`, or success where it is None: at once, `streamed` after `after_s` under a 202, or, with
    `cut`, not at all.
    """

    effect: str
    refusal: Refusal | None = None
    after_s: float = 0.0
    streamed: bool = False
    cut: bool = False

    @property
    def status(self) -> int:
        """The HTTP status of the answer; 0 for none."""
        if self.cut:
            return 0
        if self.streamed:
            return 202
        return self.refusal.status if self.refusal else 200


def fate(own: Refusal | None, fault: Fault | None) -> Fate:
    """Return what becomes of a command that the car by itself would refuse with *own*, struck by *fault*."""
    natural = "acted" if own is None else "refused"
    if fault is None:
        return Fate(natural, own)
    match fault.kind:
        case FaultKind.IGNORED:
            return Fate("ignored")
        case FaultKind.LATE:
            return Fate("late", after_s=fault.seconds)
        case FaultKind.STREAMED:
            refused = fault.refusal()
            return Fate("late" if refused is None else "lost", refused, fault.seconds, streamed=True)
        case FaultKind.CUT:
            return Fate(natural if fault.acts else "lost", cut=True)
        case _:
            return Fate(natural if fault.acts else "lost", fault.refusal())
