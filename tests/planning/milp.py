"""
A second oracle: the same problem as a mixed-integer program in continuous time, solved by HiGHS. No grid of steps.

    begin of run r = sum of d[r, i]      d[r, i] = how much of cell i lies before the begin, filled from the left:
    end of run r   = sum of f[r, i]      a cell holds something only when the one before it is full
    charged by r in cell i = f[r, i] - d[r, i]

Shares no code with the planner. Times are minutes since plugging in. The reserve and the precondition are left to
`enumeration.py`, and so is `prefer`, which is not linear.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import highspy
import numpy as np

from tests.planning.checker import Document, moment_s, overlap_s

Terms = dict[int, float]
"""A linear expression: column -> coefficient."""

FEASIBILITY = 1e-9


class RunProgram:
    """One vehicle's problem with at most *runs* runs. Levels are minimised one after another, each kept for the next."""

    def __init__(self, document: Document, runs: int) -> None:
        (self._vehicle,) = document["vehicles"]
        self._document, self._runs = document, runs
        self._lower: list[float] = []
        self._upper: list[float] = []
        self._whole: list[bool] = []
        self._rows: list[tuple[Terms, float, float]] = []
        self._cells = self._cut()
        self._power_kw = float(self._vehicle["max_power_kw"])
        self._charge_rows()
        self._run_rows()
        self.shortfalls = [self._shortfall(goal) for goal in self._vehicle["goals"]]

    @property
    def unknown(self) -> Terms:
        """Minutes at an unknown price."""
        return self._all({i: 1.0 for i, (_, price, _) in enumerate(self._cells) if price is None})

    @property
    def cost(self) -> Terms:
        """Energy and starts in money."""
        prices = {i: (price or 0.0) * self._power_kw / 60 for i, (_, price, _) in enumerate(self._cells)}
        starts = {column: number * self._vehicle["start_cost"] for column, number in self.starts.items()}
        return self._all(prices) | starts

    def least(self, level: Mapping[int, float]) -> float:
        """Return the least value of *level* among the plans that are left."""
        solver = highspy.Highs()  # type: ignore[no-untyped-call]
        solver.silent()
        for option, value in (
            ("mip_rel_gap", 0.0),
            ("mip_abs_gap", 0.0),
            ("mip_feasibility_tolerance", FEASIBILITY),
            ("primal_feasibility_tolerance", FEASIBILITY),
            ("threads", 1),
        ):
            solver.setOptionValue(option, value)
        solver.passModel(self._model(level))
        solver.run()
        assert solver.getModelStatus() == highspy.HighsModelStatus.kOptimal, solver.getModelStatus()
        return float(solver.getInfo().objective_function_value)

    def keep(self, level: Mapping[int, float], most: float) -> None:
        """Leave only plans whose *level* is at most *most*."""
        self._row(dict(level), -highspy.kHighsInf, most)

    def _cut(self) -> list[tuple[tuple[float, float], float | None, bool]]:
        """Return the cells between plug-in and the last goal: span in minutes, price (None: unknown), and whether open."""
        vehicle, document = self._vehicle, self._document
        start = max(0.0, moment_s(document, vehicle["plugged_in_from"]) if vehicle["plugged_in_from"] else 0.0)
        end = moment_s(document, vehicle["goals"][-1]["ready_by"])
        self.start_s, self.running = start, bool(vehicle["charging"]) and start == 0.0

        def spans(rows: list[Any]) -> list[tuple[tuple[float, float], Any]]:
            return [((moment_s(document, row[0]), moment_s(document, row[1])), row[-1]) for row in rows]

        firm, expected = spans(document["tariff"]), spans(document["forecast"])
        shut = spans(vehicle["blocked"])
        shut += [row for row in spans(document["power_limits"]) if row[1] < vehicle["max_power_kw"]]
        marks = {start, end, *(moment_s(document, goal["ready_by"]) for goal in vehicle["goals"])}
        marks |= {mark for span, _ in (*firm, *expected, *shut) for mark in span}
        cells: list[tuple[tuple[float, float], float | None, bool]] = []
        for cell in pairwise(sorted(mark for mark in marks if start <= mark <= end)):
            known = [price for span, price in firm if overlap_s(span, cell) > 0]
            guessed = [price for span, price in expected if overlap_s(span, cell) > 0]
            price = next(iter((*known, *guessed)), None)
            cap = vehicle["max_price"]
            capped = cap is not None and (not known or known[0] > cap)
            is_open = not capped and not any(overlap_s(span, cell) > 0 for span, _ in shut)
            cells.append((((cell[0] - start) / 60, (cell[1] - start) / 60), price, is_open))
        return cells

    def _charge_rows(self) -> None:
        """Lay down every run's begin and end, cell by cell."""
        lengths = [until - begin for (begin, until), _, _ in self._cells]
        self._begins = [self._moment(lengths) for _ in range(self._runs)]
        self._ends = [self._moment(lengths) for _ in range(self._runs)]
        for begins, ends in zip(self._begins, self._ends, strict=True):
            for (_, _, is_open), before_begin, before_end in zip(self._cells, begins, ends, strict=True):
                charged = {before_end: 1.0, before_begin: -1.0}
                self._row(charged, 0.0, highspy.kHighsInf if is_open else 0.0)
        energy = self._vehicle["goals"][-1]["energy_kwh"] / self._power_kw * 60
        self._row(self._all(dict.fromkeys(range(len(self._cells)), 1.0)), 0.0, energy)

    def _moment(self, lengths: list[float]) -> list[int]:
        """Return columns that hold how much of each cell lies before a moment."""
        columns = [self._column(length) for length in lengths]
        for (one, other), (length, following) in zip(pairwise(columns), pairwise(lengths), strict=True):
            full = self._column(1.0, whole=True)
            self._row({one: 1.0, full: -length}, 0.0, highspy.kHighsInf)
            self._row({other: 1.0, full: -following}, -highspy.kHighsInf, 0.0)
        return columns

    def _run_rows(self) -> None:
        """Lay down what rules bind runs: their lengths, their pauses, and how many there may be."""
        vehicle, horizon = self._vehicle, self._cells[-1][0][1]
        used = [self._column(1.0, whole=True) for _ in range(self._runs)]
        short = [self._column(1.0, whole=True) for _ in range(self._runs)]
        needed = vehicle["goals"][-1]["energy_kwh"] / self._power_kw * 60
        least, pause = min(vehicle["min_run_s"] / 60, needed), vehicle["min_pause_s"] / 60
        for r in range(self._runs):
            length = dict.fromkeys(self._ends[r], 1.0) | dict.fromkeys(self._begins[r], -1.0)
            self._row(length | {used[r]: -horizon}, -highspy.kHighsInf, 0.0)
            self._row(length | {used[r]: -least, short[r]: least}, 0.0, highspy.kHighsInf)
        for r, (earlier, later) in enumerate(pairwise(used)):
            self._row({earlier: 1.0, later: -1.0}, 0.0, highspy.kHighsInf)
            apart = dict.fromkeys(self._begins[r + 1], 1.0) | dict.fromkeys(self._ends[r], -1.0)
            self._row(apart | {later: -pause}, 0.0, highspy.kHighsInf)
        self.short_runs: Terms = dict.fromkeys(short, 1.0)
        self.starts: Terms = dict.fromkeys(used, 1.0)
        if self.running:
            free = self._column(1.0, whole=True)
            self._row(dict.fromkeys(self._begins[0], 1.0) | {free: horizon}, -highspy.kHighsInf, horizon)
            self._row({used[0]: 1.0, free: -1.0}, 0.0, highspy.kHighsInf)
            self.starts[free] = -1.0
        if vehicle["max_starts"] is not None:
            self._row(dict(self.starts), -highspy.kHighsInf, vehicle["max_starts"])
        if vehicle["continuous"]:
            self._row(dict.fromkeys(used, 1.0), -highspy.kHighsInf, 1.0)

    def _shortfall(self, goal: Document) -> Terms:
        """Return the minutes missing at a goal's time."""
        by = (moment_s(self._document, goal["ready_by"]) - self.start_s) / 60
        missing = self._column(highspy.kHighsInf)
        had = self._all({i: 1.0 for i, ((_, until), _, _) in enumerate(self._cells) if until <= by + 1e-9})
        self._row(had | {missing: 1.0}, goal["energy_kwh"] / self._power_kw * 60, highspy.kHighsInf)
        return {missing: 1.0}

    def _all(self, weights: Mapping[int, float]) -> Terms:
        """Return what all runs charge in cells, weighted per cell."""
        terms: Terms = {}
        for begins, ends in zip(self._begins, self._ends, strict=True):
            for cell, weight in weights.items():
                terms[ends[cell]], terms[begins[cell]] = weight, -weight
        return terms

    def _column(self, upper: float, *, whole: bool = False) -> int:
        self._lower.append(0.0)
        self._upper.append(upper)
        self._whole.append(whole)
        return len(self._upper) - 1

    def _row(self, terms: Terms, lower: float, upper: float) -> None:
        self._rows.append((terms, lower, upper))

    def _model(self, level: Mapping[int, float]) -> highspy.HighsLp:
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(self._upper), len(self._rows)
        costs = np.zeros(lp.num_col_)
        for column, weight in level.items():
            costs[column] = weight
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = costs, np.array(self._lower), np.array(self._upper)
        lp.row_lower_ = np.array([lower for _, lower, _ in self._rows])
        lp.row_upper_ = np.array([upper for _, _, upper in self._rows])
        lp.integrality_ = [
            highspy.HighsVarType.kInteger if whole else highspy.HighsVarType.kContinuous for whole in self._whole
        ]
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = np.cumsum([0, *(len(terms) for terms, _, _ in self._rows)])
        lp.a_matrix_.index_ = np.array([column for terms, _, _ in self._rows for column in terms])
        lp.a_matrix_.value_ = np.array([weight for terms, _, _ in self._rows for weight in terms.values()])
        return lp
