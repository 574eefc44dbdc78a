"""
The ledger: what is due, and everything that happened, on SQLAlchemy Core. SQLite by default, PostgreSQL by URL.

    open_store(url_or_path: str | Path, *, payloads_kept: int = 200) -> Store

`Store` is scheduler/ports.py's. A path is an SQLite file (created with mode 0600); text with `://` is a SQLAlchemy URL;
`sqlite://` lives in memory. Raises ConfigError where a newer smartcharge has written the database, StoreUnavailable where
it cannot be opened, read or written, InvalidValue for what must never be written (an unknown event, a move without an
arrow). Called from one thread, the event loop's, and nothing is awaited inside `transaction()`.
"""

from scheduler.storage.store import open_store

__all__ = ["open_store"]
