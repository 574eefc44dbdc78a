"""
The log: one line per event, for a person at a terminal or as JSON for a machine. The only file that configures structlog.

    2026-02-01 17:00:00 command.confirmed vehicle=ada-id3 verb=start reason=reserve after_s=6.1
    2026-02-01 17:00:00 SIMULATED command.confirmed ...  where the cars are simulated; `"simulated":true` as JSON
    {"at":"2026-02-01T17:00:00.000Z","level":"info","event":"command.confirmed","vehicle":"ada-id3","verb":"start",...}
    <6>{"at":"2026-02-01T17:00:00.000Z",...}             under systemd, whose journal takes the level off again

Times are UTC. Whatever libraries say through `logging` goes the same way, from warnings on: their INFO lines hold URLs.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Iterable, MutableMapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, TextIO

import stamina.instrumentation
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from scheduler.domain.event import Event, Fact
from scheduler.monitoring.redaction import REDACTION

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}
SYSLOG = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}
COLOURS = {"debug": "2", "info": "36", "warning": "33", "error": "31", "critical": "31"}
OWN_KEYS = frozenset({"at", "level", "event", "vehicle"})
"""What every line says of itself; no fact may be called so."""


def configure_logs(
    *, stream: TextIO | None = None, human: bool | None = None, level: str = "info", secrets: Iterable[str] = ()
) -> None:
    """
    Write the log to *stream* (default: standard error) from now on, without these *secrets* in it.

    *human* lines are for a terminal (default: whether *stream* is one), coloured where it is one and `NO_COLOR` is not set.
    May be called again: the last call counts; secrets stay learned.
    """
    stream = sys.stderr if stream is None else stream
    human = stream.isatty() if human is None else human
    REDACTION.learn(secrets)
    # What stamina would log by itself is not in the catalogue; a call that is tried again is told by its outcome.
    stamina.instrumentation.set_on_retry_hooks(())
    structlog.configure(
        processors=[structlog.processors.format_exc_info, _masked, _line(stream, human=human)],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(file=_Lasting(stream)),  # type: ignore[arg-type]
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [_Libraries()]
    root.setLevel(max(LEVELS[level], logging.WARNING))


def write(at: datetime, level: str, name: str, vehicle_id: str | None, facts: MutableMapping[str, Fact]) -> None:
    """Write one line into the log."""
    line: dict[str, Any] = {"vehicle": vehicle_id} if vehicle_id is not None else {}
    structlog.get_logger().log(LEVELS[level], name, at=at, **line, **facts)


def event_line(event: Event) -> str:
    """
    Return one event as a person reads it, without its time: `command.confirmed vehicle=ada-id3 verb=start`.

    Nor does it repeat that the cars are simulated: whoever shows lines of one house says that once.
    """
    facts = {key: value for key, value in event.facts.items() if key != "simulated"}
    return _sentence(event.name, _told(event.vehicle_id, facts))


def _told(vehicle_id: str | None, facts: dict[str, Fact]) -> dict[str, Any]:
    return {"vehicle": vehicle_id, **facts}


def _sentence(name: str, facts: MutableMapping[str, Any]) -> str:
    return " ".join([name, *(f"{key}={_shown(value)}" for key, value in facts.items() if value is not None)])


def _shown(value: object) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if not text or set(text) & set(' \t\r\n"=') else text


def _masked(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Mask everything said, the event's name included: a library's whole message stands there."""
    return {key: REDACTION.fact(key, value) if key != "at" else value for key, value in line.items()}


def _line(stream: TextIO, *, human: bool) -> Processor:
    if human:
        coloured = stream.isatty() and not os.environ.get("NO_COLOR")
        return lambda _, method, line: _for_people(method, line, coloured=coloured)
    return _for_the_journal if os.environ.get("JOURNAL_STREAM") else _for_machines


def _for_people(method: str, line: EventDict, *, coloured: bool) -> str:
    at, name = line.pop("at"), line.pop("event")
    moment = f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}{' SIMULATED' if line.pop('simulated', False) else ''}"
    sentence = _sentence(name, line)
    if coloured:
        return f"\x1b[2m{moment}\x1b[0m \x1b[{COLOURS[method]}m{name}\x1b[0m{sentence.removeprefix(name)}"
    # Without colours the level must be said; that something is as it should be need not.
    return f"{moment} {sentence}" if LEVELS[method] <= LEVELS["info"] else f"{moment} {method} {sentence}"


def _for_machines(_logger: WrappedLogger, method: str, line: EventDict) -> str:
    at = line.pop("at").astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    said = {"at": at, "level": method, "event": line.pop("event"), **line}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"), default=str)


def _for_the_journal(logger: WrappedLogger, method: str, line: EventDict) -> str:
    return f"<{SYSLOG[method]}>{_for_machines(logger, method, line)}"


class _Lasting:
    """
    The stream, for as long as it lasts. A line that cannot be written any more (the disk is full, the pipe has no reader) is
    lost: no car is left uncharged because nobody could be told.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            self._stream.write(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()


class _Libraries(logging.Handler):
    """What libraries say, as lines of ours: the message stands where an event's name does, and `logger` says whose it is."""

    def emit(self, record: logging.LogRecord) -> None:
        said: dict[str, Any] = {"at": datetime.fromtimestamp(record.created, UTC), "logger": record.name}
        if record.exc_info and record.exc_info[0] is not None:
            said["exc_info"] = record.exc_info
        try:
            message = record.getMessage()
        except (TypeError, ValueError):
            # The library's arguments do not fit its message. That is no reason to fail what it was doing.
            message = str(record.msg)
        level = min(record.levelno // 10 * 10, logging.CRITICAL)
        structlog.get_logger().log(level, message.replace("\n", " "), **said)
