from __future__ import annotations

import re

import pytest

from scheduler.domain.event import CATALOGUE, KINDS, EventKind


def test_no_name_stands_for_two_events() -> None:
    assert len(KINDS) == len(CATALOGUE)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_name_is_a_noun_and_what_befell_it(kind: EventKind) -> None:
    assert re.fullmatch(r"[a-z]+\.[a-z_]+", kind.name)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_meaning_and_advice_are_sentences(kind: EventKind) -> None:
    assert kind.meaning.endswith(".")
    assert kind.to_do.endswith(".")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.level == "error"], ids=lambda kind: kind.name)
def test_an_error_tells_somebody_what_to_do(kind: EventKind) -> None:
    assert EventKind("any", "error", "Any.").to_do != kind.to_do
