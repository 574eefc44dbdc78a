"""The stores that keep one contract: the real one on each database, and the one in memory that other tests lean on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, make_url, text

from scheduler.ports import Store
from scheduler.storage import open_store
from tests.fakes.store import MemoryStore

KEPT = 3


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Yield an empty store that keeps three payloads per source."""
    if request.param == "memory":
        yield MemoryStore(KEPT)
    elif request.param == "sqlite":
        yield from _opened(str(tmp_path / "ledger.db"))
    else:
        yield from _on_postgresql()


def _on_postgresql() -> Iterator[Store]:
    dsn = os.environ.get("SMARTCHARGE_TEST_PG_DSN")
    if not dsn:
        pytest.skip("SMARTCHARGE_TEST_PG_DSN names no PostgreSQL, for example postgresql+psycopg://user@/database")
    schema = f"smartcharge_{uuid4().hex}"
    engine = create_engine(dsn)
    with engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    url = make_url(dsn).update_query_dict({"options": f"-csearch_path={schema}"})
    yield from _opened(url.render_as_string(hide_password=False))
    with engine.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    engine.dispose()


def _opened(url_or_path: str) -> Iterator[Store]:
    store = open_store(url_or_path, payloads_kept=KEPT)
    yield store
    store.close()
