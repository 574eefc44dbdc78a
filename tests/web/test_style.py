"""Colours that can be read: WCAG's contrast of text on its ground, in the light scheme and in the dark one."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

CSS = files("scheduler.web").joinpath("static", "style.css").read_text("utf-8")

TEXT_ON_GROUND = [
    ("ink", "card"),
    ("ink", "ground"),
    ("soft", "card"),
    ("soft", "ground"),
    ("soft", "quiet-ground"),
    ("accent", "card"),
    ("on-accent", "accent"),
    *((tone, ground) for tone in ("good", "busy", "doubt", "bad") for ground in (f"{tone}-ground", "card")),
]
LINES_ON_GROUND = [("line", "card"), ("line", "area"), ("charged", "track"), ("bad", "track")]


def colours(scheme: str) -> dict[str, str]:
    """Return the colour variables of a scheme; the dark ones override the light ones."""
    light, dark = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", light + (dark if scheme == "dark" else "")))


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    red, green, blue = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in (red, green, blue)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_ON_GROUND)
def test_text_can_be_read_on_its_ground(scheme: str, text: str, ground: str) -> None:
    known = colours(scheme)

    assert contrast(known[text], known[ground]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("line", "ground"), LINES_ON_GROUND)
def test_what_is_drawn_can_be_seen_on_its_ground(scheme: str, line: str, ground: str) -> None:
    known = colours(scheme)

    assert contrast(known[line], known[ground]) >= 2


def test_black_on_white_has_the_greatest_contrast() -> None:
    assert 21 == contrast("#000000", "#ffffff")


def test_nothing_is_fetched_from_elsewhere() -> None:
    assert not re.search(r"url\(|@import", CSS)
