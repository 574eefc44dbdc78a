"""`smartcharge why` and `smartcharge estimate`: sentences for each car, or the API's JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any, TextIO

from scheduler.terminal.status import simulated_banner


def show_why(answer: Mapping[str, Any], *, as_json: bool = False, out: TextIO | None = None) -> None:
    """Write what `/api/v1/cars/{name}/why` answered: the car's name, then a line for each sentence."""
    out = sys.stdout if out is None else out
    if as_json:
        _json(answer, out)
        return
    _banner(answer, out)
    for car in answer["cars"]:
        out.write(f"{car['title']}\n")
        out.writelines(f"  {sentence}\n" for sentence in car["sentences"])


def show_estimate(answer: Mapping[str, Any], *, as_json: bool = False, out: TextIO | None = None) -> None:
    """Write what `/api/v1/cars/{name}/estimate` answered, one sentence for each car."""
    out = sys.stdout if out is None else out
    if as_json:
        _json(answer, out)
        return
    _banner(answer, out)
    out.writelines(f"{car['sentence']}\n" for car in answer["cars"])


def _json(answer: Mapping[str, Any], out: TextIO) -> None:
    json.dump(answer, out, ensure_ascii=False, indent=2)
    out.write("\n")


def _banner(answer: Mapping[str, Any], out: TextIO) -> None:
    banner = simulated_banner(answer["simulated"], [car["simulated"] for car in answer["cars"]])
    if banner:
        out.write(f"{banner}\n")
