"""A replayed year as a table for people, and how much of it is done while it runs."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import StringIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from scheduler.reports.backtest import Advance, BacktestReport
from scheduler.reports.tally import PolicyResult

WIDTH = 100


@contextmanager
def progress_bar() -> Iterator[Advance | None]:
    """Yield what shows how much is done, on standard error; None where that is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    columns = (TextColumn("replaying"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("replaying", total=None)

        def advance(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        yield advance


def backtest_text(report: BacktestReport) -> str:
    """Return the report as tables: all sessions, and those that on arrival reached beyond the published prices apart."""
    console = Console(file=StringIO(), width=WIDTH)
    console.print(_heading(report))
    console.print(_table("all sessions", report.currency, (*report.policies, report.any_starts)))
    if report.policies_beyond:
        title = f"{report.sessions_beyond} of them reach beyond the prices published on arrival"
        console.print(_table(title, report.currency, report.policies_beyond))
    dropped = [f"{count} {reason}" for reason, count in sorted(report.dropped.items())]
    console.print(f"left out: {', '.join(dropped) or 'none'}")
    console.print(_forecast(report))
    console.print("What was not delivered is billed at the price of charging at once.")
    assert isinstance(console.file, StringIO)
    return console.file.getvalue().rstrip()


def _heading(report: BacktestReport) -> str:
    if report.risk is None:
        return f"{report.sessions} sessions, each departure named by its driver"
    return f"{report.sessions} sessions, departures learned, {report.risk:.1%} of the sessions may be short"


def _forecast(report: BacktestReport) -> str:
    error = report.forecast_error
    if error is None:
        return "no forecast: the prices begin less than two weeks before the first session, or end with it"
    days = ", ".join(f"{one:.4f} on day {n}" for n, one in enumerate(error.by_days_ahead, start=1))
    return f"The forecast was off by {error.per_kwh:.4f} {report.currency}/kWh on average beyond the published prices: {days}."


def _table(title: str, currency: str, policies: Sequence[PolicyResult]) -> Table:
    table = Table(title=title, title_justify="left", title_style="")
    table.add_column("policy")
    for name in (f"{currency}/kWh", "saving", "captured", "undelivered", "short", "starts"):
        table.add_column(name, justify="right")
    for policy in policies:
        table.add_row(
            policy.name,
            f"{policy.price_per_kwh:.4f}",
            f"{policy.saving:.1%}",
            f"{policy.captured:.1%}",
            f"{policy.energy_undelivered:.2%}",
            f"{policy.sessions_short:.2%}",
            f"{policy.starts_per_session:.2f}",
        )
    return table
