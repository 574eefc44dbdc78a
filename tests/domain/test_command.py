from __future__ import annotations

import pytest

from scheduler.domain.command import ARROWS, OPEN_STATUSES, CommandStatus


@pytest.mark.parametrize("status", list(CommandStatus))
def test_a_command_is_open_exactly_as_long_as_it_can_still_move(status: CommandStatus) -> None:
    reopened_by_a_new_consent = status is CommandStatus.REFUSED

    assert (status in ARROWS) == (status.open or reopened_by_a_new_consent)


def test_every_status_but_the_first_is_reached_by_an_arrow() -> None:
    reached = {status for targets in ARROWS.values() for status in targets} | {CommandStatus.QUEUED}

    assert set(CommandStatus) == reached


@pytest.mark.parametrize("status", sorted(OPEN_STATUSES))
def test_every_open_command_can_come_to_an_end(status: CommandStatus) -> None:
    reachable, fresh = {status}, {status}
    while fresh:
        fresh = {target for source in fresh for target in ARROWS.get(source, frozenset())} - reachable
        reachable |= fresh

    assert any(not end.open for end in reachable)


def test_an_unknown_outcome_is_never_sent_again() -> None:
    assert CommandStatus.SENDING not in ARROWS[CommandStatus.UNKNOWN]
    assert CommandStatus.QUEUED not in ARROWS[CommandStatus.UNKNOWN]
