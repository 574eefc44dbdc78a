"""
A second reading of design/problem.md: whether an answer keeps the rules of its problem and counts right.

It knows nothing of the planner, of its types or of its units: it takes the two JSON documents as anyone may have them.
Whether a plan that keeps the rules is also the best one is for the oracles (`enumeration.py`, `milp.py`).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import datetime
from typing import Any

Document = dict[str, Any]
Span = tuple[float, float]
"""From the first to the second moment, in seconds since the problem's `now`."""

SECOND_SLACK = 2e-6
"""Answers are told to the microsecond, so a sum of two ends may be off by as much."""
RELATIVE_SLACK = 1e-9


def broken_rules(problem: Document, answer: Document, *, short_runs: bool = False) -> list[str]:
    """Return what is wrong with *answer*, in words; *short_runs*: a goal cannot be met without runs below the least."""
    return list(_Checker(problem, answer).complaints(short_runs=short_runs))


def moment_s(problem: Document, text: str) -> float:
    """Return a moment of a document in seconds since the problem's `now`."""
    return (datetime.fromisoformat(text) - datetime.fromisoformat(problem["now"])).total_seconds()


def overlap_s(one: Span, other: Span) -> float:
    """Return how long both last."""
    return max(min(one[1], other[1]) - max(one[0], other[0]), 0.0)


class _Checker:
    def __init__(self, problem: Document, answer: Document) -> None:
        self.problem, self.answer = problem, answer
        (self.vehicle,) = problem["vehicles"]
        (self.plan,) = answer["plans"]
        self.power_kw: float = self.vehicle["max_power_kw"]
        self.goals = [(self._s(goal["ready_by"]), float(goal["energy_kwh"])) for goal in self.vehicle["goals"]]
        self.end, self.energy_kwh = self.goals[-1] if self.goals else (0.0, 0.0)
        plugged_in = self.vehicle.get("plugged_in_from")
        self.start = max(0.0, self._s(plugged_in)) if plugged_in else 0.0
        self.need_s = self.energy_kwh / self.power_kw * 3600
        self.windows = [(self._s(start), self._s(end)) for start, end, _ in self.plan["windows"]]
        self.shut = [self._span(row) for row in self.vehicle.get("blocked", [])]
        self.shut += [self._span(row) for row in problem.get("power_limits", []) if row[2] < self.power_kw]
        self.tariff = [(self._span(row), float(row[2])) for row in problem["tariff"]]
        self.forecast = [(self._span(row), float(row[2])) for row in problem.get("forecast", [])]

    def _s(self, text: str) -> float:
        return moment_s(self.problem, text)

    def _span(self, row: list[Any]) -> Span:
        return self._s(row[0]), self._s(row[1])

    def complaints(self, *, short_runs: bool) -> Iterator[str]:
        yield from self._shape()
        yield from self._never_shut()
        yield from self._cap()
        yield from self._runs(short_runs=short_runs)
        yield from self._precondition()
        yield from self._reserve()
        yield from self._promises()
        yield from self._money()

    def _shape(self) -> Iterator[str]:
        for (start, end), (_, _, power_kw) in zip(self.windows, self.plan["windows"], strict=True):
            if end <= start:
                yield f"the window at {start} s is empty"
            if power_kw != self.power_kw:
                yield f"the window at {start} s charges at {power_kw} kW"
            if start < self.start or end > self.end:
                yield f"the window at {start} s is not between plugging in and the last goal"
        for (_, end), (start, _) in zip(self.windows, self.windows[1:], strict=False):
            if start <= end:
                yield f"the windows that meet at {start} s are not ascending, disjoint and merged"
        charged_s = sum(end - start for start, end in self.windows)
        if charged_s > self.need_s + SECOND_SLACK:
            yield f"charges {charged_s} s, and only {self.need_s} s are needed"
        if not self._near(charged_s * self.power_kw / 3600, self.plan["energy_kwh"]):
            yield f"says {self.plan['energy_kwh']} kWh for {charged_s} s"

    def _never_shut(self) -> Iterator[str]:
        for window in self.windows:
            for span in self.shut:
                if overlap_s(window, span) > 0:
                    yield f"charges at {window} s, which is blocked or limited at {span} s"

    def _cells(self) -> Iterator[tuple[Span, float | None, bool]]:
        """Yield every stretch of one price from plug-in to the end: its span, the price (None: unknown), and whether firm."""
        marks = {self.start, self.end, *(mark for span in self.shut for mark in span)}
        marks |= {mark for span, _ in (*self.tariff, *self.forecast) for mark in span}
        marks |= {mark for window in self.windows for mark in window}
        inside = sorted(mark for mark in marks if self.start <= mark <= self.end)
        for cell in itertools.pairwise(inside):
            firm = [price for span, price in self.tariff if overlap_s(span, cell) > 0]
            expected = [price for span, price in self.forecast if overlap_s(span, cell) > 0]
            price = next(iter((*firm, *expected)), None)
            yield cell, price, bool(firm)

    def _above_cap(self, price: float | None, *, firm: bool) -> bool:
        cap = self.vehicle.get("max_price")
        return cap is not None and (not firm or price is None or price > cap)

    def _cap(self) -> Iterator[str]:
        reserve_s = self.vehicle.get("reserve_kwh", 0.0) / self.power_kw * 3600
        for cell, price, firm in self._cells():
            if self._above_cap(price, firm=firm) and self._charged_s(cell) > 0:
                after_s = self._charged_s((self.start, cell[1]))
                if after_s > reserve_s + SECOND_SLACK:
                    yield f"charges at {cell} s at {price}, above the cap and beyond the reserve"

    def _charged_s(self, span: Span) -> float:
        return sum(overlap_s(window, span) for window in self.windows)

    def _warm(self) -> list[Span]:
        """Return when the precondition wants charging and neither a block nor the cap wins over it."""
        wanted = min(self.vehicle.get("precondition_s", 0.0), self.need_s)
        last: Span = (max(self.end - wanted, self.start), self.end)
        warm = []
        for cell, price, firm in self._cells():
            shut = any(overlap_s(cell, span) > 0 for span in self.shut)
            if overlap_s(cell, last) > 0 and not shut and not self._above_cap(price, firm=firm):
                warm.append((max(cell[0], last[0]), cell[1]))
        return warm

    def _runs(self, *, short_runs: bool) -> Iterator[str]:
        rules, warm = self.vehicle, self._warm()
        reserve_s = rules.get("reserve_kwh", 0.0) / self.power_kw * 3600
        counted, starts, apart = 0, 0, 0
        for window in self.windows:
            free = rules.get("charging", False) and window[0] == 0.0
            warms = any(overlap_s(window, span) > 0 for span in warm)
            starts += not free
            counted += not free and not warms
            apart += not warms and self._charged_s((self.start, window[0])) >= reserve_s - SECOND_SLACK
        most = rules.get("max_starts", 2)
        if most is not None and counted > most:
            yield f"{counted} starts, and {most} are allowed"
        if rules.get("continuous", False) and apart > 1:
            yield f"{apart} runs apart from the reserve's and the precondition's, and one is allowed"
        if starts != self.plan["starts"]:
            yield f"says {self.plan['starts']} starts, and there are {starts}"
        least_s = min(rules.get("min_run_s", 0), self.need_s)
        for start, end in self.windows:
            if not short_runs and end - start < least_s - SECOND_SLACK:
                yield f"the run at {start} s lasts {end - start} s, and at least {least_s} s are wanted"
        for (_, end), (start, _) in zip(self.windows, self.windows[1:], strict=False):
            if start - end < rules.get("min_pause_s", 0) - SECOND_SLACK:
                yield f"the pause at {end} s lasts {start - end} s, and at least {rules['min_pause_s']} s are wanted"

    def _precondition(self) -> Iterator[str]:
        warm = self._warm()
        if self.vehicle.get("min_pause_s", 0) and any(one[1] < other[0] for one, other in itertools.pairwise(warm)):
            return  # a pause may be longer than the block between two warm times
        for span in warm:
            if self._charged_s(span) < span[1] - span[0] - SECOND_SLACK:
                yield f"does not charge throughout {span} s, where the precondition wants it"

    def _reserve(self) -> Iterator[str]:
        """Complain where open time passes before the reserve is had; starts and pauses may be a reason, so only without."""
        rules = self.vehicle
        if rules.get("max_starts", 2) is not None or rules.get("min_pause_s", 0) or rules.get("precondition_s", 0):
            return
        left_s = min(rules.get("reserve_kwh", 0.0) / self.power_kw * 3600, self.need_s)
        for cell, _, _ in self._cells():
            if left_s <= SECOND_SLACK:
                return
            if not any(overlap_s(cell, span) > 0 for span in self.shut):
                wanted_s = min(cell[1] - cell[0], left_s)
                if self._charged_s((cell[0], cell[0] + wanted_s)) < wanted_s - SECOND_SLACK:
                    yield f"does not charge at {cell} s, though the reserve is not had yet"
                left_s -= wanted_s

    def _promises(self) -> Iterator[str]:
        short = []
        for (by, energy_kwh), told in zip(self.goals, self.plan["goals"], strict=bool(self.plan["goals"])):
            missing = max(energy_kwh - self._charged_s((self.start, by)) * self.power_kw / 3600, 0.0)
            short.append(missing)
            if not self._near(missing, told["shortfall_kwh"]) or self._s(told["ready_by"]) != by:
                yield f"says {told} of a goal at {by} s that is short of {missing} kWh"
        worst = max(short, default=0.0)
        if not self._near(worst, self.plan["shortfall_kwh"]):
            yield f"says a shortfall of {self.plan['shortfall_kwh']} kWh, and it is {worst} kWh"
        outcome, needed = self.plan["outcome"], self.energy_kwh > 0
        told_short = self.plan["shortfall_kwh"] > 0
        allowed = {"nothing_needed"} if not needed else {"short_of_time", "short_of_prices"} if told_short else {"met"}
        if outcome not in allowed or (outcome == "short_of_prices" and self.vehicle.get("max_price") is None):
            yield f"says {outcome} with a shortfall of {self.plan['shortfall_kwh']} kWh"

    def _money(self) -> Iterator[str]:
        cost, unknown_kwh, all_firm = 0.0, 0.0, True
        for cell, price, firm in self._cells():
            energy_kwh = self._charged_s(cell) * self.power_kw / 3600
            cost += energy_kwh * (price or 0.0)
            unknown_kwh += energy_kwh if price is None else 0.0
            all_firm = all_firm and (firm or not energy_kwh)
        start_costs = self.plan["starts"] * self.vehicle.get("start_cost", 0.0)
        for name, expected, told in (
            ("cost", cost, self.plan["cost"]),
            ("unknown_kwh", unknown_kwh, self.plan["unknown_kwh"]),
            ("start_costs", start_costs, self.plan["start_costs"]),
            ("cost in all", cost + start_costs, self.answer["cost"]),
        ):
            if not self._near(expected, told):
                yield f"says {name} {told}, and it is {expected}"
        if all_firm is not self.plan["cost_known"]:
            yield f"says cost_known {self.plan['cost_known']}"
        proven = self._near(self.answer["lower_bound"], self.answer["cost"])
        if self.answer["lower_bound"] > self.answer["cost"] + 1e-9 or (self.answer["optimal"] and not proven):
            yield f"says lower_bound {self.answer['lower_bound']} and optimal {self.answer['optimal']}"

    def _near(self, one: float, other: float) -> bool:
        """Whether two amounts are the same but for a microsecond at full power, and a float's own noise."""
        dearest = max((abs(price) for _, price in (*self.tariff, *self.forecast)), default=1.0)
        slack = SECOND_SLACK * 10 * self.power_kw / 3600 * max(dearest, 1.0)
        return abs(one - other) <= slack + RELATIVE_SLACK * max(abs(one), abs(other))
