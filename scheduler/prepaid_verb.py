"""`smartcharge prepaid`: a driver's credit, from the daemon or, while none runs, from the ledger."""

from __future__ import annotations

from pathlib import Path

import click

from scheduler.terminal.options import CONFIG, STATE


@click.command()
@click.argument("driver")
@click.option("--add", metavar="AMOUNT", default=None, help="Add energy to the credit, for example 20kWh.")
@click.option("--balance", is_flag=True, help="What is left; the default.")
@click.option("--receipt", is_flag=True, help="Every purchase and every stay.")
@CONFIG
@STATE
@click.option("--json", "as_json", is_flag=True, help="JSON instead of sentences.")
def prepaid(
    driver: str, add: str | None, balance: bool, receipt: bool, config: Path, state: Path | None, as_json: bool
) -> None:
    """Show what a prepaid DRIVER has left. With --add, add to it; with --receipt, print what it was used for."""
    import json

    from scheduler.state_directory import default_state_directory
    from scheduler.terminal.daemon import NoDaemon, RunningDaemon
    from scheduler.terminal.prepaid import show_account

    if balance and receipt:
        raise click.UsageError("--balance and --receipt say different things; a receipt ends with the balance")
    state_dir = default_state_directory(state)
    try:
        account = RunningDaemon.find(state_dir).credit(driver, add)
    except NoDaemon:
        from scheduler.ledger_credit import credit_in_ledger

        account = credit_in_ledger(config, state_dir, driver, add)
    if as_json:
        click.echo(json.dumps(account, ensure_ascii=False, indent=2))
        return
    show_account(account, receipt=receipt)
