"""
The database behind the ledger: how it is opened, upgraded and written to, and what its errors mean. The only file that
knows which database it is.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, Table, create_engine, event, inspect, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.pool import StaticPool

from scheduler.domain.errors import ConfigError, InvalidValue, StoreUnavailable
from scheduler.storage.schema import REVISION

PATIENCE_S = 5.0
"""How long a write waits for another process's write. A commit takes 4 ms; longer than this means a stuck owner."""

CAUSES = {
    "disk is full": "the disk is full; free some space",
    "disk i/o error": "the disk does not answer as it should",
    "locked": "another process holds it; is a second daemon or a database browser open?",
    "readonly": "it is read-only for this user",
    "unable to open": "it cannot be opened; does its directory exist, and may this user write there?",
    "malformed": "it is damaged; restore a backup, or move it away and start afresh",
    "not a database": "this file is no database; name another, or move it away",
}
"""What SQLite says, and what a person should hear."""


class Database:
    """One engine, and the transaction that is open on it. To be used from one thread, the event loop's."""

    def __init__(self, engine: Engine, name: str) -> None:
        self.engine = engine
        self.name = name
        self._reads = engine.execution_options(reads=True)
        self._open: Connection | None = None
        self._owner: object = None

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """
        Yield a connection whose writes are committed together at the end, or not at all. Joins the open transaction.

        Nothing may be awaited inside: another task's writes would join, and fall with it. That is refused.
        """
        if self._open is not None:
            with translated(self.name):
                yield self._joined(self._open)
            return
        with translated(self.name), self.engine.begin() as connection:
            self._open, self._owner = connection, _task()
            try:
                yield connection
            finally:
                self._open = self._owner = None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield a connection for reading: the open transaction's, so that it sees its own writes, else a fresh one."""
        if self._open is not None:
            with translated(self.name):
                yield self._joined(self._open)
            return
        with translated(self.name), self._reads.connect() as connection:
            yield connection

    def upsert(self, table: Table, row: Mapping[str, Any]) -> None:
        """Insert *row*, or overwrite the one with the same primary key."""
        dialect = postgresql if self.engine.dialect.name == "postgresql" else sqlite
        keys = [column.name for column in table.primary_key]
        rest = {name: value for name, value in row.items() if name not in keys}
        with self.writing() as connection:
            connection.execute(
                dialect.insert(table).values(**row).on_conflict_do_update(index_elements=keys, set_=rest)
            )

    def checkpoint(self) -> None:
        """Bring SQLite's log back into the file and cut it to nothing, unless somebody reads just now."""
        if self.engine.dialect.name == "sqlite":
            with (
                translated(self.name),
                self._reads.execution_options(isolation_level="AUTOCOMMIT").connect() as connection,
            ):
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        self.engine.dispose()

    def _joined(self, connection: Connection) -> Connection:
        if _task() is not self._owner:
            raise StoreUnavailable(
                "another task's transaction is open; nothing may be awaited inside Store.transaction()"
            )
        return connection


class Rows:
    """Some tables of one database, with what is asked of them."""

    def __init__(self, database: Database) -> None:
        self._database = database


def open_database(url_or_path: str | Path, *, read_only: bool = False) -> Database:
    """
    Open or create the database, upgraded to this version's tables. *read_only* neither creates nor upgrades anything.

    ConfigError where another version has written it; StoreUnavailable where it cannot be opened.
    """
    url = _url(url_or_path)
    name = url.render_as_string(hide_password=True)
    if read_only and url.get_backend_name() == "sqlite" and url.database:
        url = make_url(f"sqlite:///file:{quote(str(Path(url.database).absolute()))}?mode=ro&uri=true")
    engine = _sqlite_engine(url) if url.get_backend_name() == "sqlite" else create_engine(url)
    database = Database(engine, name)
    try:
        if read_only:
            _refuse_older(database)
        else:
            _upgrade(database)
    except BaseException:
        database.close()
        raise
    return database


@contextmanager
def translated(name: str) -> Iterator[None]:
    """Turn the driver's errors into the house's. Their parameters are left out: they may hold what nobody should read."""
    try:
        yield
    except IntegrityError as error:
        raise InvalidValue(f"the ledger refuses a row: {error.orig}") from error
    except (DBAPIError, sqlite3.Error) as error:
        said = str(error.orig if isinstance(error, DBAPIError) else error)
        cause = next((cause for sign, cause in CAUSES.items() if sign in said.lower()), said)
        raise StoreUnavailable(f"the ledger {name} cannot be used: {cause} ({said})") from error


def _url(url_or_path: str | Path) -> URL:
    if isinstance(url_or_path, str) and "://" in url_or_path:
        return make_url(url_or_path)
    return URL.create("sqlite", database=str(url_or_path))


def _sqlite_engine(url: URL) -> Engine:
    if url.database in (None, "", ":memory:"):
        engine = create_engine(url, poolclass=StaticPool)
    else:
        if url.query.get("mode") != "ro":
            _touch(Path(url.database))
        engine = create_engine(url, connect_args={} if "timeout" in url.query else {"timeout": PATIENCE_S})
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def _touch(path: Path) -> None:
    """Create the file for its owner's eyes only: it tells when somebody is at home. SQLite's log takes the same mode."""
    try:
        path.touch(mode=0o600)
    except OSError as error:
        if not path.exists():
            raise StoreUnavailable(f"the ledger {path} cannot be created: {error.strerror}") from error


def _configure(connection: sqlite3.Connection, _record: object) -> None:
    # The driver's own BEGIN would be a deferred one, and none at all before DDL; ours are said aloud in _begin.
    connection.isolation_level = None
    # FULL: a commit that was reported is on the disk, also after the plug was pulled (4 ms; NORMAL may lose the last ones).
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    # IMMEDIATE takes the write lock at once: a transaction that reads first and then writes cannot be refused half way.
    reads = connection.get_execution_options().get("reads")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _upgrade(database: Database) -> None:
    with database.reading() as connection:
        if _revision(connection, database.name) == REVISION:
            return
    with database.writing() as connection:
        # Asked again under the lock: another process may have upgraded meanwhile.
        if _revision(connection, database.name) != REVISION:
            # Alembic takes 0.2 s to import; only a new or older database needs it.
            from scheduler.storage.migrations import upgrade  # noqa: PLC0415

            upgrade(connection)


def _refuse_older(database: Database) -> None:
    with database.reading() as connection:
        if _revision(connection, database.name) != REVISION:
            raise ConfigError(
                f"the ledger {database.name} was written by an older smartcharge: start the daemon of this version once, "
                "which brings its tables up to date"
            )


def _revision(connection: Connection, name: str) -> str | None:
    """Return the revision the database stands at; None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if revision is not None and revision > REVISION:
        raise ConfigError(
            f"the ledger {name} was written by a newer smartcharge (tables of revision {revision}, this one knows "
            f"{REVISION}): install that version again, or restore a backup from before the upgrade"
        )
    return revision


def _task() -> object:
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None
