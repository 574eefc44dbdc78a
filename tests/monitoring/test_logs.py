"""One line per event: for people, for machines, for the journal; libraries go the same way."""

from __future__ import annotations

import io
import json
import logging
import sys
from datetime import UTC, datetime, timedelta, timezone

import pytest

from scheduler.domain.event import Event, Fact
from scheduler.domain.vehicle import VehicleId
from scheduler.monitoring.logs import configure_logs, event_line, write

AT = datetime(2026, 2, 1, 17, tzinfo=UTC)
FACTS: dict[str, Fact] = {"verb": "start", "reason": "reserve", "after_s": 6.1}
ADA = VehicleId("ada-id3")


def test_a_person_reads_the_time_the_event_and_its_facts(stream: io.StringIO) -> None:
    configure_logs(stream=stream, human=True)

    write(AT, "info", "command.confirmed", ADA, dict(FACTS))

    expected = "2026-02-01 17:00:00 command.confirmed vehicle=ada-id3 verb=start reason=reserve after_s=6.1\n"
    assert expected == stream.getvalue()


def test_a_machine_reads_one_json_object_a_line(stream: io.StringIO) -> None:
    configure_logs(stream=stream)

    write(AT, "info", "command.confirmed", ADA, dict(FACTS))

    assert 1 == stream.getvalue().count("\n")
    assert {
        "at": "2026-02-01T17:00:00.000Z",
        "level": "info",
        "event": "command.confirmed",
        "vehicle": "ada-id3",
        **FACTS,
    } == json.loads(stream.getvalue())


@pytest.mark.parametrize(("level", "priority"), [("debug", 7), ("info", 6), ("warning", 4), ("error", 3)])
def test_systemds_journal_is_told_the_priority(
    stream: io.StringIO, monkeypatch: pytest.MonkeyPatch, level: str, priority: int
) -> None:
    monkeypatch.setenv("JOURNAL_STREAM", "8:12345")
    configure_logs(stream=stream, level="debug")

    write(AT, level, "plan.made", None, {})

    assert stream.getvalue().startswith(f'<{priority}>{{"at"')


def test_a_terminal_gets_lines_for_people_in_colour(terminal: io.StringIO) -> None:
    configure_logs(stream=terminal)

    write(AT, "warning", "plan.short", ADA, {})

    assert "\x1b[2m2026-02-01 17:00:00\x1b[0m \x1b[33mplan.short\x1b[0m vehicle=ada-id3\n" == terminal.getvalue()


def test_a_terminal_that_wants_no_colour_gets_none(terminal: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    configure_logs(stream=terminal)

    write(AT, "info", "plan.made", ADA, {})

    assert "2026-02-01 17:00:00 plan.made vehicle=ada-id3\n" == terminal.getvalue()


def test_without_colour_a_warning_says_that_it_is_one(stream: io.StringIO) -> None:
    configure_logs(stream=stream, human=True)

    write(AT, "warning", "plan.short", None, {})

    assert "2026-02-01 17:00:00 warning plan.short\n" == stream.getvalue()


def test_the_log_goes_to_standard_error_unless_told_otherwise(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs()
    assert sys.stderr is not None

    write(AT, "info", "plan.made", None, {})

    assert "plan.made" in capsys.readouterr().err


def test_times_are_told_in_utc_whatever_zone_they_come_in(stream: io.StringIO) -> None:
    configure_logs(stream=stream, human=True)

    write(AT.astimezone(timezone(timedelta(hours=1))), "info", "plan.made", None, {})

    assert "2026-02-01 17:00:00 plan.made\n" == stream.getvalue()


def test_what_is_below_the_level_is_not_written(stream: io.StringIO) -> None:
    configure_logs(stream=stream, level="warning")

    write(AT, "info", "plan.made", None, {})
    write(AT, "warning", "plan.short", None, {})

    assert ["plan.short"] == [json.loads(line)["event"] for line in stream.getvalue().splitlines()]


def test_the_last_configuration_counts(stream: io.StringIO) -> None:
    configure_logs(stream=io.StringIO())
    configure_logs(stream=stream, human=True)

    write(AT, "info", "plan.made", None, {})
    logging.getLogger("uvicorn.error").error("port taken")

    assert 2 == stream.getvalue().count("\n")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("plain", "plain"),
        ("two words", '"two words"'),
        ("", '""'),
        ("a\nb", '"a\\nb"'),
        ("früh", "früh"),
        (True, "True"),
    ],
)
def test_a_value_keeps_its_line_and_its_bounds(value: str, shown: str) -> None:
    assert f"plan.made note={shown}" == event_line(Event(1, AT, "plan.made", "info", None, {"note": value}))


def test_a_fact_that_is_not_known_is_not_told_to_people() -> None:
    assert "plan.made vehicle=ada-id3" == event_line(Event(1, AT, "plan.made", "info", ADA, {"cost": None}))


def test_a_librarys_warning_is_one_line_that_says_whose_it_is(stream: io.StringIO) -> None:
    configure_logs(stream=stream)

    logging.getLogger("apscheduler.scheduler").warning("Run time of job %r\nwas missed", "sweep")

    line = json.loads(stream.getvalue())
    assert ("warning", "Run time of job 'sweep' was missed") == (line["level"], line["event"])
    assert "apscheduler.scheduler" == line["logger"]


def test_a_librarys_exception_is_one_line_with_its_traceback(stream: io.StringIO) -> None:
    configure_logs(stream=stream)

    try:
        _ = 1 / 0
    except ZeroDivisionError:
        logging.getLogger("uvicorn.error").exception("failed")

    assert 1 == stream.getvalue().count("\n")
    assert "ZeroDivisionError: division by zero" in json.loads(stream.getvalue())["exception"]


@pytest.mark.parametrize("library", ["httpx", "uvicorn.access", "alembic.runtime.migration"])
@pytest.mark.parametrize("level", ["debug", "info"])
def test_what_libraries_do_without_trouble_is_not_told(stream: io.StringIO, library: str, level: str) -> None:
    configure_logs(stream=stream, level=level)

    logging.getLogger(library).info("HTTP Request: GET https://vehicle.example/v3/vehicles/1 200")

    assert "" == stream.getvalue()


def test_a_librarys_message_whose_arguments_do_not_fit_is_told_as_it_is(stream: io.StringIO) -> None:
    configure_logs(stream=stream, human=True)

    arguments = ("one",)
    logging.getLogger("careless").error("got %d of %d", *arguments)

    assert "got %d of %d logger=careless\n" == stream.getvalue().partition(" error ")[2]


def test_a_stream_that_takes_no_more_loses_lines_and_fails_nobody() -> None:
    gone = io.StringIO()
    configure_logs(stream=gone)
    gone.close()

    write(AT, "info", "plan.made", ADA, {})
    logging.getLogger("asyncio").error("task was destroyed")

    assert gone.closed
