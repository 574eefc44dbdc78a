"""The log belongs to the whole process: each test gets its own, and leaves the process as it was."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest
import structlog

from scheduler.monitoring import journal, logs
from scheduler.monitoring.redaction import Redaction


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def restored(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Undo what `configure_logs` does, and forget the secrets that were learned."""
    redaction, root = Redaction(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    for module in (logs, journal):
        monkeypatch.setattr(module, "REDACTION", redaction)
    for variable in ("JOURNAL_STREAM", "NO_COLOR"):
        monkeypatch.delenv(variable, raising=False)
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()
