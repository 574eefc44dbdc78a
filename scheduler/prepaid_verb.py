"""`smartcharge prepaid`: a driver's credit, from the daemon or, while none runs, from the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from scheduler.terminal.options import CONFIG, STATE

if TYPE_CHECKING:
    from scheduler.prepaying import Account, Prepaying


@click.command()
@click.argument("driver")
@click.option("--add", metavar="AMOUNT", default=None, help="Add to the credit, for example 20kWh or 10EUR.")
@click.option("--reference", default="", help="A name for what is added; it is added once, however often it is tried.")
@click.option("--pay-out", is_flag=True, help="Take out what is left, to be given back.")
@click.option("--balance", is_flag=True, help="What is left; the default.")
@click.option("--receipt", is_flag=True, help="Every purchase and every stay.")
@CONFIG
@STATE
@click.option("--json", "as_json", is_flag=True, help="JSON instead of sentences.")
def prepaid(
    driver: str,
    add: str | None,
    reference: str,
    pay_out: bool,
    balance: bool,
    receipt: bool,
    config: Path,
    state: Path | None,
    as_json: bool,
) -> None:
    """Show what a prepaid DRIVER has left. With --add, add to it; with --receipt, print what it was used for."""
    import json

    from scheduler.state_directory import default_state_directory
    from scheduler.terminal.daemon import NoDaemon, RunningDaemon
    from scheduler.terminal.prepaid import show_account

    if balance and receipt:
        raise click.UsageError("--balance and --receipt say different things; a receipt ends with the balance")
    if pay_out and add is not None:
        raise click.UsageError("--add and --pay-out do opposite things")
    if reference and add is None:
        raise click.UsageError("--reference names what is added: it needs --add")
    state_dir = default_state_directory(state)
    try:
        account = RunningDaemon.find(state_dir).credit(driver, add, reference, pay_out=pay_out)
    except NoDaemon:
        from scheduler.ledger_credit import credit_in_ledger

        def asked(prepaying: Prepaying) -> Account:
            if pay_out:
                return prepaying.pay_out(driver)
            return prepaying.account(driver) if add is None else prepaying.add(driver, add, reference)

        account = credit_in_ledger(config, state_dir, asked)
    if as_json:
        click.echo(json.dumps(account, ensure_ascii=False, indent=2))
        return
    show_account(account, receipt=receipt)
