"""`smartcharge prepaid`: a driver's credit as a sentence, and a receipt as lines."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, TextIO


def show_account(account: Mapping[str, Any], *, receipt: bool, out: TextIO | None = None) -> None:
    """Write what is left; with *receipt* every purchase and every stay before it."""
    out = sys.stdout if out is None else out
    if receipt:
        out.writelines(f"{line}\n" for line in account["receipt"])
    out.write(f"{account['sentence']}\n")
