from __future__ import annotations

import os
from datetime import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, SecretStr, WithJsonSchema, field_validator, model_validator

from scheduler.document import (
    LARGEST_BYTES,
    InvalidDocument,
    Problem,
    Section,
    error_at,
    load_document,
    problems,
    read_document,
)
from scheduler.domain.errors import ConfigError


class Mood(StrEnum):
    LATE = "late"
    EARLY = "early"


class Stop(Section):
    at: time
    target_pct: Annotated[float, Field(ge=0, le=100)]
    mood: Mood = Mood.LATE


class Csv(Section):
    kind: Literal["csv"]
    file: Path


class Static(Section):
    kind: Literal["static"]
    prices: Annotated[list[Annotated[float, Field(gt=0)]], Field(min_length=1)]


class Car(Section):
    name: Annotated[str, Field(min_length=1)]
    phases: Literal[1, 3] = 3
    departures: dict[str, Stop] = Field(default={})

    @model_validator(mode="after")
    def _named_for_its_phases(self) -> Car:
        if self.phases == 1 and "3" in self.name:
            raise error_at(("phases",), "expected 3 for such a name", self.phases)
        return self


class Garage(Section):
    """What the documents of these tests hold."""

    zone: ZoneInfo
    cars: Annotated[tuple[Car, ...], Field(min_length=1)]
    feed: Annotated[Csv | Static, Field(discriminator="kind")] | None = None
    starts: int | Literal["any"] = 2
    power_kw: Annotated[float, Field(gt=0, le=22)] = 11
    open: bool = True
    pin: SecretStr | None = None
    user_token: str = ""
    url: str = ""
    weights: dict[str, int] = Field(default={})

    @field_validator("weights")
    @classmethod
    def _balanced(cls, weights: dict[str, int]) -> dict[str, int]:
        if sum(weights.values()) > 10:
            raise ValueError("the weights must not exceed 10 in all")
        return weights


SOUND = """\
zone: Europe/Berlin
cars:
  - name: ID.3
    departures:
      mon: {at: 07:00, target_pct: 80}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder that is the working directory, so that messages name short paths."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(text: str | bytes) -> Path:
    path = Path("garage.yaml")
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def told(text: str | bytes) -> list[str]:
    return [str(problem) for problem in problems(written(text), Garage)]


def test_a_sound_document_becomes_its_model(folder: Path) -> None:
    garage = load_document(written(SOUND), Garage)

    assert ZoneInfo("Europe/Berlin") == garage.zone
    assert Stop(at=time(7), target_pct=80) == garage.cars[0].departures["mon"]
    assert [] == told(SOUND)


@pytest.mark.parametrize("line", ["07:00", '"07:00"', "'07:00'"])
def test_a_wall_time_needs_no_quotes(folder: Path, line: str) -> None:
    garage = load_document(written(SOUND.replace("07:00", line)), Garage)

    assert time(7) == garage.cars[0].departures["mon"].at


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("22:30", "22:30"),
        ("no", "no"),
        ("on", "on"),
        ("2026-03-29", "2026-03-29"),
        ("1e3", 1000.0),
        ("0o17", 15),
        ("0123", 123),
        ("~", None),
        ("", None),
        ("'3'", "3"),
        ("true", True),
        ("!!str 12", "12"),
        ("=", "="),
    ],
)
def test_words_mean_what_yaml_1_2_says(folder: Path, word: str, value: object) -> None:
    assert {"a": value} == read_document(written(f"a: {word}\n")).content


def test_a_byte_order_mark_and_windows_line_ends_are_read_over(folder: Path) -> None:
    text = b"\xef\xbb\xbf" + SOUND.replace("\n", "\r\n").encode()

    assert [] == told(text)


KEYS = "expected a mapping with the keys zone, cars, feed, starts, power_kw, open, pin, user_token, url, weights"

SPOILED = [
    (
        "a value out of range",
        SOUND.replace("80", "180"),
        "5:24: cars[0].departures.mon.target_pct: got 180, expected a number from 0 to 100",
    ),
    (
        "a value in a block of its own",
        "zone: Europe/Berlin\ncars:\n  - name: ID.3\n    departures:\n      mon:\n        at: 07:00\n        target_pct: 180\n",
        "7:9: cars[0].departures.mon.target_pct: got 180, expected a number from 0 to 100",
    ),
    (
        "a missing key, with the position of its parent",
        SOUND.replace(", target_pct: 80", ""),
        "5:7: cars[0].departures.mon.target_pct: is missing, expected a number from 0 to 100",
    ),
    (
        "a missing key of a list's item",
        SOUND + "  - phases: 1\n",
        "6:5: cars[1].name: is missing, expected text that is not empty",
    ),
    (
        "a missing key at the root",
        "cars: [{name: x}]\n",
        '1:1: zone: is missing, expected a time zone such as "Europe/Berlin"',
    ),
    (
        "an unknown key that is close to a known one",
        SOUND.replace("target_pct: 80", "target_pct: 80, moood: late"),
        '5:40: cars[0].departures.mon.moood: is not a known key, did you mean "mood"?',
    ),
    (
        "an unknown key that is close to none",
        SOUND.replace("target_pct: 80", "target_pct: 80, xyz: late"),
        '5:40: cars[0].departures.mon.xyz: is not a known key, expected "mood"',
    ),
    (
        "an unknown key at the root, of many",
        SOUND + "xyz: 1\n",
        (
            '6:1: xyz: is not a known key, expected one of "feed", "starts", "power_kw", "open", "pin", '
            '"user_token", "url", "weights"'
        ),
    ),
    (
        "a misspelt word",
        SOUND.replace("80}", "80, mood: ealry}"),
        '5:40: cars[0].departures.mon.mood: got "ealry", expected one of "late", "early", did you mean "early"?',
    ),
    (
        "a misspelt time zone",
        SOUND.replace("Berlin", "Berlim"),
        ('1:1: zone: got "Europe/Berlim", expected a time zone such as "Europe/Berlin", did you mean "Europe/Berlin"?'),
    ),
    (
        "a number where one of two is expected",
        SOUND.replace("ID.3", "ID.3\n    phases: 2"),
        "4:5: cars[0].phases: got 2, expected one of 1, 3",
    ),
    (
        "a time that is none",
        SOUND.replace("07:00", "25:00"),
        '5:13: cars[0].departures.mon.at: got "25:00", expected a time of day such as "07:00"',
    ),
    (
        "text where a number is expected",
        SOUND + "power_kw: much\n",
        '6:1: power_kw: got "much", expected a number above 0 and up to 22',
    ),
    (
        "a number in quotes",
        SOUND + "power_kw: '11'\n",
        '6:1: power_kw: got "11", expected a number above 0 and up to 22',
    ),
    (
        "true where a number is expected",
        SOUND + "power_kw: true\n",
        "6:1: power_kw: got true, expected a number above 0 and up to 22",
    ),
    ("no number at all", SOUND + "power_kw: .nan\n", "6:1: power_kw: got .nan, expected a finite number"),
    ("a word where true or false is expected", SOUND + "open: yes\n", '6:1: open: got "yes", expected true or false'),
    (
        "nothing where a mapping is expected",
        SOUND.replace("mon: {at: 07:00, target_pct: 80}", "mon:"),
        "5:7: cars[0].departures.mon: got nothing, expected a mapping with the keys at, target_pct, mood",
    ),
    (
        "a mapping where a list is expected",
        "zone: Europe/Berlin\ncars: {}\n",
        "2:1: cars: got a mapping, expected a list that is not empty",
    ),
    ("an empty list", "zone: Europe/Berlin\ncars: []\n", "2:1: cars: got a list, expected a list that is not empty"),
    (
        "a number or a word, and it is neither",
        SOUND + "starts: 1.5\n",
        '6:1: starts: got 1.5, expected a whole number or "any"',
    ),
    (
        "a misspelt word beside a number",
        SOUND + "starts: anny\n",
        '6:1: starts: got "anny", expected a whole number or "any", did you mean "any"?',
    ),
    ("a key written twice", SOUND + "open: true\nopen: false\n", "7:1: open: is written twice, first in line 6"),
    (
        "a key that is no text",
        SOUND + "weights: {1: 1}\n",
        "6:11: weights.1: is not text without quotes, expected a key of plain text",
    ),
    (
        "a key of several words in brackets",
        SOUND + "weights: {[a]: 1}\n",
        "6:11: weights.?: is not text, expected a key of plain text",
    ),
    (
        "half a character in a key",
        SOUND + 'weights: {"\\ud800": 1}\n',
        "6:11: weights.\ud800: holds half a character, expected a key of plain text",
    ),
    (
        "an anchor at a key",
        SOUND + "weights: {&w w: 1}\n",
        "6:11: weights.w: has an anchor, expected a key of plain text",
    ),
    (
        "an anchor",
        SOUND + "weights: &w {a: 1}\n",
        "6:1: weights: has the anchor &w; anchors are not allowed, write the value out",
    ),
    ("a tag", SOUND + "url: !secret x\n", "6:1: url: has the tag !secret; tags are not allowed, write the plain value"),
    (
        "a tag on a list",
        SOUND + "url: !!set [x]\n",
        "6:1: url: has the tag tag:yaml.org,2002:set; tags are not allowed, write the plain value",
    ),
    ("a merge key", SOUND + "<<: {open: true}\n", "6:1: <<: is not a known key"),
    ("half a character", SOUND + 'url: "\\ud800"\n', "6:1: url: holds half a character, expected text"),
    ("an endless number", SOUND + f"power_kw: {'9' * 5000}\n", "6:1: power_kw: is not a number that can be read"),
    (
        "an unknown kind",
        SOUND + "feed: {kind: cvs, file: x}\n",
        '6:8: feed.kind: got "cvs", expected one of "csv", "static", did you mean "csv"?',
    ),
    ("no kind", SOUND + "feed: {file: x}\n", '6:1: feed.kind: is missing, expected one of "csv", "static"'),
    (
        "a wrong item inside one kind",
        SOUND + "feed:\n  kind: static\n  prices: [0.3, -1]\n",
        "8:17: feed.prices[1]: got -1, expected a number above 0",
    ),
    (
        "an unknown key inside one kind",
        SOUND + "feed: {kind: csv, file: x, prices: []}\n",
        "6:28: feed.prices: is not a known key",
    ),
    (
        "what a validator of one value says",
        SOUND + "weights: {a: 7, b: 8}\n",
        "6:1: weights: the weights must not exceed 10 in all",
    ),
    (
        "what a validator blames below itself",
        SOUND.replace("ID.3", "ID.3\n    phases: 1"),
        "4:5: cars[0].phases: got 1, expected 3 for such a name",
    ),
    (
        "long text, cut",
        SOUND + f"power_kw: {'x' * 61}\n",
        f'6:1: power_kw: got "{"x" * 60}" and more, expected a number above 0 and up to 22',
    ),
    ("a tab", SOUND + "\topen: true\n", "6:1: is not YAML: found character '\\t' that cannot start any token"),
    ("a mapping in a mapping's line", "zone: a: b\n", "1:8: is not YAML: mapping values are not allowed here"),
    ("a bracket left open", "zone: [a\n", "2:1: is not YAML: expected ',' or ']', but got '<stream end>'"),
    ("two documents", "zone: a\n---\nzone: b\n", "2:1: is not YAML: but found another document"),
    ("an alias to nothing", "zone: *a\n", "1:7: is not YAML: found undefined alias 'a'"),
    ("a control character", "zone: a\nurl: \x00\n", "2:6: holds a control character, expected text"),
    ("bytes that are not UTF-8", b"zone: a\nurl: K\xe4se\n", "2:7: is not UTF-8 text: found the byte 0xe4"),
    ("nothing", "", f"1:1: the file is empty, {KEYS}"),
    ("a comment alone", "# later\n", f"1:1: the file is empty, {KEYS}"),
    ("a list", "- a\n", f"1:1: got a list, {KEYS}"),
]


@pytest.mark.parametrize(("text", "message"), [case[1:] for case in SPOILED], ids=[case[0] for case in SPOILED])
def test_a_spoiled_document_is_told_by_place_value_and_expectation(
    folder: Path, text: str | bytes, message: str
) -> None:
    messages = told(text)

    assert 1 == len(messages)
    assert messages[0].startswith(f"garage.yaml:{message}")


class Odd(Section):
    """Kinds of values that are told in other words."""

    colour: Annotated[str, Field(pattern="^#[0-9a-f]{6}$")] = "#000000"
    city: Annotated[str, Field(min_length=3, examples=["Bonn"])] = "Bonn"
    pin: SecretStr = SecretStr("0000")
    even: int = 0
    free: Annotated[int, WithJsonSchema({})] = 0
    pair: tuple[int, str] = (1, "")
    either: Stop | list[int] = Field(default_factory=list)
    low: Annotated[float, Field(lt=5)] = 0

    @field_validator("even")
    @classmethod
    def _is_even(cls, even: int) -> int:
        if even % 2:
            raise ValueError("the number must be even")
        return even

    @field_validator("pin")
    @classmethod
    def _is_long(cls, pin: SecretStr) -> SecretStr:
        if len(pin.get_secret_value()) < 4:
            raise ValueError("the pin must have four digits")
        return pin


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("colour: red", 'colour: got "red", expected text that matches ^#[0-9a-f]{6}$'),
        ("city: X", 'city: got "X", expected text such as "Bonn"'),
        ('pin: "1"', "pin: the pin must have four digits"),
        ("even: 3", "even: got 3: the number must be even"),
        ("free: x", 'free: got "x", expected a valid integer'),
        ("pair: [1, 2]", "pair[1]: got 2, expected text"),
        ("either: 3", "either: got 3, expected a mapping with the keys at, target_pct, mood or a list"),
        ("either: {at: 07:00, target_pct: 180}", "either.target_pct: got 180, expected a number from 0 to 100"),
        ("low: 5", "low: got 5, expected a number below 5"),
    ],
)
def test_odd_values_are_told_too(folder: Path, text: str, message: str) -> None:
    messages = [str(problem) for problem in problems(written(f"{text}\n"), Odd)]

    assert message in "\n".join(messages)


def test_every_problem_is_told_at_once_from_top_to_bottom(folder: Path) -> None:
    text = """\
zone: Europa/Berlin
cars:
  - name: 3
    departures:
      mon: {at: 07:00, target_pct: 180}
      tue: {at: 07:00, target_pct: .inf}
  - {}
open: true
open: 1
"""

    with pytest.raises(ConfigError) as caught:
        load_document(written(text), Garage)

    assert [
        (
            'garage.yaml:1:1: zone: got "Europa/Berlin", expected a time zone such as "Europe/Berlin", '
            'did you mean "Europe/Berlin"?'
        ),
        "garage.yaml:3:5: cars[0].name: got 3, expected text that is not empty",
        "garage.yaml:5:24: cars[0].departures.mon.target_pct: got 180, expected a number from 0 to 100",
        "garage.yaml:6:24: cars[0].departures.tue.target_pct: got .inf, expected a finite number",
        "garage.yaml:7:5: cars[1].name: is missing, expected text that is not empty",
        "garage.yaml:9:1: open: is written twice, first in line 8",
    ] == str(caught.value).splitlines()


def test_the_same_anchor_used_a_million_times_costs_nothing(folder: Path) -> None:
    lines = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40))]

    document = read_document(written("\n".join(lines)))

    assert 40 == len(document.flaws)


def test_an_anchor_used_twice_is_two_problems_and_no_warning(folder: Path) -> None:
    assert 2 == len(read_document(written("a: &x 1\nb: &x 2\n")).flaws)


def test_a_value_that_contains_itself_is_a_problem_and_no_endless_walk(folder: Path) -> None:
    assert ["garage.yaml:1:1: has the anchor &a; anchors are not allowed, write the value out"] == [
        str(problem) for _, problem in read_document(written("&a [*a]")).flaws
    ]


@pytest.mark.parametrize("depth", [40, 150, 30_000])
def test_deep_nesting_is_told_and_never_an_overflow(folder: Path, depth: int) -> None:
    messages = told("zone: " + "[" * depth + "]" * depth + "\n")

    assert any("is nested too deeply" in message for message in messages)


def test_a_secret_is_never_repeated(folder: Path) -> None:
    text = (
        SOUND + "pin: [hunter2]\nuser_token: 4711\nurl: {a: hunter2}\nclient_secret: hunter2\nweights: {token: x4711}\n"
    )

    messages = told(text)

    assert "hunter2" not in "\n".join(messages)
    assert "4711" not in "\n".join(messages)
    assert "garage.yaml:7:1: user_token: got a value that is not shown here, expected text" in messages


def test_the_password_in_a_url_is_never_repeated(folder: Path) -> None:
    (message,) = told(SOUND + "power_kw: postgresql://ada:hunter2@host/db\n")

    assert '"postgresql://***@host/db"' in message


def test_a_line_that_is_no_yaml_is_not_repeated(folder: Path) -> None:
    (message,) = told("pin: hunter2: x\n")

    assert "hunter2" not in message


def test_a_file_that_is_not_there_is_a_sentence(folder: Path) -> None:
    assert ["none.yaml: there is no such file"] == [str(problem) for problem in problems(Path("none.yaml"), Garage)]


def test_a_folder_is_no_document(folder: Path) -> None:
    Path("garage.yaml").mkdir()

    assert ["garage.yaml: is a directory, expected a file"] == [
        str(problem) for problem in problems(Path("garage.yaml"), Garage)
    ]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_a_sentence(folder: Path) -> None:
    path = written(SOUND)
    path.chmod(0)

    assert ["garage.yaml: this user may not read the file"] == [str(problem) for problem in problems(path, Garage)]


def test_a_name_no_file_can_have_is_a_sentence(folder: Path) -> None:
    path = Path("x" * 300)

    assert [f"{path}: cannot be read: File name too long"] == [str(problem) for problem in problems(path, Garage)]


def test_a_huge_file_is_refused_before_it_is_understood(folder: Path) -> None:
    assert ["garage.yaml: is larger than 256 KiB, expected a file written by a person"] == told(
        b"#" * (LARGEST_BYTES + 1)
    )


def test_a_document_places_a_problem_of_another_room_at_the_nearest_key_that_is_written(folder: Path) -> None:
    document = read_document(written(SOUND))

    assert "garage.yaml:5:7: cars[0].departures.mon.mood: no" == str(
        document.problem(("cars", 0, "departures", "mon", "mood"), "no")
    )
    assert "garage.yaml:1:1: tariff: no" == str(document.problem(("tariff",), "no"))


def test_a_problem_of_a_whole_file_has_no_line() -> None:
    assert "a.yaml: no" == str(Problem(Path("a.yaml"), None, None, "", "no"))


def test_problems_of_several_files_are_told_file_by_file() -> None:
    late, early = Problem(Path("b"), 1, 1, "", "no"), Problem(Path("a"), 9, 1, "", "no")

    assert (early, late) == InvalidDocument([late, early]).problems


@given(st.text(max_size=200))
def test_whatever_is_written_is_read_or_told(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(text, "utf-8", errors="surrogatepass")

    assert problems(path, Garage)


@given(st.binary(max_size=200))
def test_whatever_bytes_there_are_they_are_told(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(raw)

    assert problems(path, Garage)


YAML_WORDS = st.sampled_from(
    [
        "zone:",
        "cars:",
        "- ",
        "{",
        "}",
        "[",
        "]",
        ": ",
        ", ",
        "&a ",
        "*a",
        "!!x ",
        "<<: ",
        "\n",
        "  ",
        "name",
        "'",
        '"',
        "07:00",
        "# ",
        "|",
        ">",
        "---",
        "?",
        "%",
    ]
)


@given(st.lists(YAML_WORDS, max_size=40).map("".join))
def test_whatever_yaml_is_written_is_read_or_told(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(text, "utf-8")

    assert problems(path, Garage)
