"""
The `smartcharge` command: one thin function per verb.

Each verb imports what it needs when it is called, so that `smartcharge status` answers before pandas would have loaded.
Exit codes: 0 done, 1 a request that makes no sense or no daemon, 2 wrong usage or an unsound planning problem, 65 a payload
that is wrong, 69 something needed is not there, 73 busy (another daemon, a port), 78 a file or setting to mend.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn, TextIO

import click

from scheduler import __version__
from scheduler.domain.errors import AlreadyRunning, ConfigError, FeedError, InvalidValue, SmartchargeError
from scheduler.prepaid_verb import prepaid
from scheduler.terminal.consent_verbs import connect, disconnect
from scheduler.terminal.options import CONFIG, DAY, DIRECTORY, FILE, PERCENT, STATE

if TYPE_CHECKING:
    from scheduler.ledger_view import LedgerView
    from scheduler.terminal.daemon import RunningDaemon

EXIT_CODES: tuple[tuple[type[SmartchargeError], int], ...] = (
    (ConfigError, 78),
    (AlreadyRunning, 73),
    (FeedError, 65),
    (InvalidValue, 1),
)


def main() -> None:
    """Run the command; every error of ours is one clear sentence on standard error and an exit code, never a trace."""
    try:
        smartcharge(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.exceptions.Exit as end:
        sys.exit(end.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except SmartchargeError as error:
        _fail(str(error), next((code for kind, code in EXIT_CODES if isinstance(error, kind)), 1))
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)


def _told_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return a JSON object; InvalidValue where a key stands twice in it, since one of the two would silently be lost."""
    told = dict(pairs)
    if len(told) < len(pairs):
        twice = next(key for index, (key, _) in enumerate(pairs) if key in dict(pairs[:index]))
        raise InvalidValue(f"the key {twice!r} stands twice in one object")
    return told


def _fail(message: str, code: int) -> NoReturn:
    click.echo(f"smartcharge: {message}", err=True)
    sys.exit(code)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="smartcharge")
def smartcharge() -> None:
    """Charge cars when energy is cheap, and have them ready by departure."""


@smartcharge.command()
@CONFIG
@STATE
def run(config: Path, state: Path | None) -> None:
    """Run the daemon until Ctrl-C or SIGTERM."""
    from scheduler.daemon import run_daemon
    from scheduler.state_directory import default_state_directory

    run_daemon(config, default_state_directory(state))


@smartcharge.command()
@CONFIG
@click.option("--night", type=DAY, default=None, help="The local day whose evening it begins in.")
@click.option("--quiet", is_flag=True, help="Only the promises at the start and the balance at the end.")
def demo(config: Path, night: datetime | None, quiet: bool) -> None:
    """Live through the coming night with simulated cars. It takes less than a minute, by virtual time."""
    from scheduler.demo import run_demo

    run_demo(config, night, quiet=quiet)


@smartcharge.command("simulator")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8713, show_default=True, help="0 takes a free one.")
@click.option("--seed", type=int, default=None, help="Same seed, same cars; default: the scenario's.")
@click.option("--scenario", type=FILE, default=Path("config/simulator.yaml"), show_default=True)
@click.option("--state", type=DIRECTORY, default=Path(".state/simulator"), show_default=True)
@click.option(
    "--idle-exit", "idle_exit_s", type=float, default=None, help="End after so many seconds without a request."
)
@click.option("--clock", default=None, help="A scaled clock, START@ANCHOR*SCALE.")
def simulate(
    host: str, port: int, seed: int | None, scenario: Path, state: Path, idle_exit_s: float | None, clock: str | None
) -> None:
    """Run the Smartcar simulator by itself. Its cars have batteries, and a will of their own."""
    from scheduler.simulation import run_simulation

    run_simulation(host, port, seed, scenario, state, idle_exit_s, clock)


@smartcharge.command()
@click.argument("problem", type=click.File("r", encoding="utf-8-sig"), default="-")
def solve(problem: TextIO) -> None:
    """Solve a planning problem, given as JSON. Reads PROBLEM, or - for standard input; prints plans with their proof."""
    import json

    from scheduler.planning.problem import parse_problem
    from scheduler.planning.problem import solve as solved

    try:
        answer = solved(parse_problem(json.loads(problem.read(), object_pairs_hook=_told_once)))
    except UnicodeDecodeError as error:
        _fail(f"the problem is not UTF-8: {error}", 2)
    except InvalidValue as error:
        _fail(str(error), 2)
    except RecursionError:
        _fail("the problem is nested too deeply: expected lists and objects at most five deep", 2)
    except ValueError as error:  # also of a number with thousands of digits
        _fail(f"the problem is not JSON: {error}", 2)
    click.echo(json.dumps(answer))


@smartcharge.command()
@CONFIG
def check(config: Path) -> None:
    """Check every file of the configuration. Says what to mend, and where."""
    from scheduler.config_check import config_notes, config_problems

    problems = config_problems(config)
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        _fail(f"{len(problems)} thing{'s' if len(problems) != 1 else ''} to mend in {config}", 78)
    click.echo(f"{config}: everything is in order")
    for note in config_notes(config):
        click.echo(note)


@smartcharge.command()
@click.argument("what", type=click.Choice(["driver", "settings", "tariff"]), default="driver")
def schema(what: str) -> None:
    """Print the JSON Schema of a file. Editors complete and check YAML by it."""
    import json

    from scheduler.app import json_schema

    click.echo(json.dumps(json_schema(what), indent=2))


@smartcharge.command()
@click.argument("tariff", required=False)
@CONFIG
@click.option("--feed", help="Parse recorded payloads of this kind of feed, without any network.")
@click.option("--zone", help="The bidding zone or region, where the feed has several.")
@click.option("--set", "options", multiple=True, metavar="KEY=VALUE", help="A setting of the feed, as in its YAML.")
@click.option("--from-file", "files", multiple=True, type=FILE, help="A recorded payload.")
@click.option("--json", "as_json", is_flag=True, help="JSON instead of a chart.")
def prices(
    tariff: str | None,
    config: Path,
    feed: str | None,
    zone: str | None,
    options: tuple[str, ...],
    files: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Show the prices of a TARIFF as its drivers pay them. With --feed and --from-file, parse recorded payloads."""
    from scheduler.price_view import show_recorded, show_tariff

    if feed is not None:
        show_recorded(feed, zone, options, files, as_json=as_json)
        return
    if files:
        raise click.UsageError("--from-file needs --feed KIND")
    show_tariff(config, tariff, as_json=as_json)


@smartcharge.command()
@click.argument("who", required=False)
@STATE
@click.option("--json", "as_json", is_flag=True, help="JSON instead of sentences.")
def status(who: str | None, state: Path | None, as_json: bool) -> None:
    """Show every car, or those of WHO. Its sentence, charge, plug, next event, calls left and consent."""
    from scheduler.state_directory import default_state_directory
    from scheduler.terminal.daemon import RunningDaemon
    from scheduler.terminal.status import show_status

    show_status(RunningDaemon.find(default_state_directory(state)), who, as_json=as_json)


@smartcharge.command()
@click.argument("who")
@click.option("--at", default=None, help="A past time: 18:30, 2026-02-06 18:30 (the driver's clock), or ISO 8601.")
@CONFIG
@STATE
@click.option("--json", "as_json", is_flag=True, help="JSON instead of sentences.")
def why(who: str, at: str | None, config: Path, state: Path | None, as_json: bool) -> None:
    """Say why WHO's cars are charged as they are. The promise, its price, and what each wish costs."""
    from scheduler.terminal.why import show_why

    answer = _asked(config, state, lambda daemon: daemon.why(who, at), lambda ledger: ledger.why(who, at))
    show_why(answer, as_json=as_json)


@smartcharge.command()
@click.argument("who")
@click.option("--to", "to_pct", type=PERCENT, required=True, help="The state of charge to reach, in %.")
@click.option("--from", "from_pct", type=PERCENT, default=None, help="Default: the last one seen.")
@click.option("--power", "power_kw", type=click.FloatRange(0.1, 500), default=None, help="At the plug, in kW.")
@CONFIG
@STATE
@click.option("--json", "as_json", is_flag=True, help="JSON instead of sentences.")
def estimate(who: str, config: Path, state: Path | None, as_json: bool, **charge: float | None) -> None:
    """Say how long WHO's cars take to charge. The slow end near full is included."""
    from scheduler.terminal.why import show_estimate

    wanted = (who, charge["to_pct"] or 0.0, charge["from_pct"], charge["power_kw"])
    answer = _asked(config, state, lambda daemon: daemon.estimate(*wanted), lambda ledger: ledger.estimate(*wanted))
    show_estimate(answer, as_json=as_json)


def _asked(
    config: Path,
    state: Path | None,
    of_daemon: Callable[[RunningDaemon], dict[str, Any]],
    of_ledger: Callable[[LedgerView], dict[str, Any]],
) -> dict[str, Any]:
    """Ask the daemon; where none runs, read what it has written down."""
    from scheduler.state_directory import default_state_directory
    from scheduler.terminal.daemon import NoDaemon, RunningDaemon

    state_dir = default_state_directory(state)
    try:
        return of_daemon(RunningDaemon.find(state_dir))
    except NoDaemon:
        from scheduler.ledger_view import LedgerView

        with LedgerView.opened(config, state_dir) as ledger:
            return of_ledger(ledger)


@smartcharge.command()
@CONFIG
@STATE
def doctor(config: Path, state: Path | None) -> None:
    """Look whether a night has everything it needs. Says what to do where it has not; makes no billed call."""
    from scheduler.doctor import examine
    from scheduler.state_directory import default_state_directory

    if not examine(config, default_state_directory(state)):
        _fail("something is ill, see above", 1)


@smartcharge.group()
def keys() -> None:
    """Change the key that seals consents and tokens."""


@keys.command("rotate")
@STATE
def rotate_key(state: Path | None) -> None:
    """Seal everything under a new key and forget the old one. The daemon has to be stopped for that moment."""
    from scheduler.keys import rotate
    from scheduler.state_directory import default_state_directory

    click.echo(rotate(default_state_directory(state)))


@keys.command("new")
@click.argument("name")
def new_key(name: str) -> None:
    """Print a line with a new key called NAME, for the systemd credential smartcharge_key. It is a secret."""
    from scheduler.keys import new_line

    click.echo(new_line(name))


for _command in (connect, disconnect, prepaid):
    smartcharge.add_command(_command)


@smartcharge.command()
@click.option("--prices", type=FILE, required=True, help="CSV or CSV.gz.")
@click.option("--column", help="The price column, where there are several: price_eur_mwh.")
@click.option("--timezone", required=True, help="Whose days are auctioned, and lived by: Europe/Berlin.")
@click.option("--from", "first_day", type=DAY, required=True, help="The first local day.")
@click.option("--to", "last_day", type=DAY, required=True, help="The last local day, included.")
@click.option("--sessions", type=FILE, required=True, help="CSV or CSV.gz.")
@click.option("--limit", type=click.IntRange(min=1), help="Draw so many sessions.")
@click.option("--seed", type=int, default=0, show_default=True, help="Same seed, same draw.")
@click.option("--max-starts", type=click.IntRange(min=1), default=2, show_default=True)
@click.option("--departure", type=click.Choice(["known", "learned"]), default="known", show_default=True)
@click.option("--risk", type=click.FloatRange(0, 1), default=0.05, help="Learned: the share that may be short.")
@click.option("--json", "as_json", is_flag=True, help="JSON instead of tables.")
def backtest(
    first_day: datetime,
    last_day: datetime,
    departure: Literal["known", "learned"],
    risk: float,
    as_json: bool,
    **scene: Any,
) -> None:
    """Replay recorded sessions over a past year's prices. Each policy knows only what was known then."""
    import json

    from scheduler.reports.backtest import read_scene, run_backtest
    from scheduler.reports.view import backtest_text, progress_bar

    replayed = read_scene(first_day=first_day.date(), last_day=last_day.date(), **scene)
    with progress_bar() as advance:
        report = run_backtest(replayed, departure, risk, advance=advance)
    click.echo(json.dumps(report.document()) if as_json else backtest_text(report))


def _wish(verb: str) -> Callable[[str, Path | None], None]:
    def wish(who: str, state: Path | None) -> None:
        from scheduler.state_directory import default_state_directory
        from scheduler.terminal.daemon import RunningDaemon

        for sentence in RunningDaemon.find(default_state_directory(state)).wish(who, verb):
            click.echo(sentence)

    return wish


WISHES = {
    "start": "Charge WHO's cars to their target now, whatever the price.",
    "stop": "Do not charge WHO's cars. Until they are unplugged or resumed, even past a departure.",
    "hold": "Send WHO's cars no command at all. Until they are unplugged or resumed.",
    "resume": "Follow the plan again.",
}

for _verb, _help in WISHES.items():
    smartcharge.command(_verb, help=_help)(click.argument("who")(STATE(_wish(_verb))))
