"""kill -9 at any moment: what was reported as written is there, whole, and the sequence has no gap."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scheduler.storage import open_store
from tests.storage.samples import ADA, DAY, NOW

KILLS = 5

WRITER = """
import sys
from datetime import timedelta

from scheduler.domain.command import CommandStatus
from scheduler.storage import open_store
from tests.storage.samples import ADA, HOUR, NOW, a_command, a_state

store = open_store(sys.argv[1])
store.enlist([ADA], NOW)
store.reanchor(NOW, timedelta(0))
while True:
    (lease,) = store.claim(NOW, 1, HOUR)
    number = len(store.commands(ADA, NOW)) + 1
    for command in store.open_commands(ADA):
        # What the process before left: an intent not yet sent is dropped, one being sent waits for a look at the car.
        if command.status is CommandStatus.QUEUED:
            store.advance_command(command.id, CommandStatus.QUEUED, CommandStatus.SUPERSEDED, NOW)
        else:
            store.advance_command(command.id, CommandStatus.SENDING, CommandStatus.UNKNOWN, NOW)
            store.advance_command(command.id, CommandStatus.UNKNOWN, CommandStatus.CONFIRMED, NOW)
    with store.transaction():
        assert store.queue_command(a_command(f"c{number:06}"), lease)
        seq = store.record_event(NOW, "command.queued", ADA, {"number": number})
        store.record_sighting(a_state(float(number)), NOW)
    print(seq, flush=True)
    with store.transaction():
        store.advance_command(a_command(f"c{number:06}").id, CommandStatus.QUEUED, CommandStatus.SENDING, NOW)
        seq = store.record_event(NOW, "command.accepted", ADA, {"number": number})
    print(seq, flush=True)
    store.complete(lease, NOW)
"""


def write_until_killed(path: Path, reports: int) -> int:
    """Return the last sequence number that the writer reported as committed before it was killed."""
    command = [sys.executable, "-c", WRITER, str(path)]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as writer:
        assert writer.stdout is not None
        for _ in range(reports):
            assert writer.stdout.readline(), "the writer ended by itself"
        writer.send_signal(signal.SIGKILL)
        rest = writer.stdout.read().split()
    assert -signal.SIGKILL == writer.returncode
    return int(rest[-1]) if rest else 0


@pytest.mark.live
def test_after_kills_at_random_moments_no_event_is_missing_and_no_row_is_half(tmp_path: Path) -> None:
    path, chance = tmp_path / "ledger.db", random.Random(2)

    reported = 0
    for _ in range(KILLS):
        reported = max(reported, write_until_killed(path, chance.randrange(1, 60)))

        store = open_store(path)
        events = store.events(limit=1_000_000)
        commands = store.commands(ADA, NOW - DAY)
        state = store.last_state(ADA)
        store.close()
        queued = [event.facts["number"] for event in events if event.name == "command.queued"]
        sent = [event.facts["number"] for event in events if event.name == "command.accepted"]
        assert list(range(1, len(events) + 1)) == [event.seq for event in events]
        assert reported <= len(events)
        assert [f"c{number:06}" for number in queued] == [command.id for command in commands]
        assert [f"c{number:06}" for number in sent] == [command.id for command in commands if command.attempts == 1]
        assert state is not None
        assert len(commands) == state.soc_pct
