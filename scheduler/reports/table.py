"""Tables of figures as CSV or CSV.gz, row by row; whatever is wrong is named by file, line and column."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import TextIO

from scheduler.domain.errors import ConfigError, InvalidValue
from scheduler.domain.interval import as_utc


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table."""

    file: Path
    line: int
    cells: dict[str, str]

    def text(self, column: str) -> str:
        return self.cells[column].strip()

    def number(self, column: str) -> float:
        """Return a finite number."""
        try:
            value = float(self.text(column))
        except ValueError as error:
            raise self.wrong(column, "a number") from error
        if not isfinite(value):
            raise self.wrong(column, "a finite number")
        return value

    def moment(self, column: str) -> datetime:
        """Return a time with an offset, in UTC."""
        try:
            return as_utc(datetime.fromisoformat(self.text(column)))
        except (ValueError, InvalidValue) as error:
            raise self.wrong(column, "a time with an offset, such as 2025-01-01T00:00:00Z") from error

    def wrong(self, column: str, expected: str) -> ConfigError:
        """Return the error that says what was expected instead."""
        return ConfigError(f"{self.file}:{self.line}: {column}: expected {expected}, got {self.text(column)!r}")


def columns(file: Path) -> list[str]:
    """Return the names of the head line; empty for an empty file."""
    with _opened(file) as lines:
        try:
            return next(csv.reader(lines), [])
        except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
            raise _unreadable(file, error) from error


def require(file: Path, needed: Sequence[str]) -> list[str]:
    """Return the names of the columns; ConfigError where one of *needed* is not among them."""
    names = columns(file)
    missing = [name for name in needed if name not in names]
    if missing:
        raise ConfigError(f"{file}:1: expected a column {missing[0]!r}, got {', '.join(names) or 'an empty file'}")
    return names


def rows(file: Path, needed: Sequence[str]) -> Iterator[Row]:
    """Yield the lines below the head, which must name every column of *needed*."""
    names = require(file, needed)
    with _opened(file) as lines:
        reader = csv.reader(lines)
        try:
            next(reader)
            for cells in reader:
                if len(cells) != len(names):
                    raise ConfigError(f"{file}:{reader.line_num}: expected {len(names)} cells, got {len(cells)}")
                yield Row(file, reader.line_num, dict(zip(names, cells, strict=True)))
        except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
            raise _unreadable(file, error) from error


def _opened(file: Path) -> TextIO:
    try:
        if file.suffix == ".gz":
            return gzip.open(file, "rt", encoding="utf-8", newline="")
        return file.open(encoding="utf-8", newline="")
    except OSError as error:
        raise _unreadable(file, error) from error


def _unreadable(file: Path, error: Exception) -> ConfigError:
    return ConfigError(f"{file} cannot be read as a table: {error}")
