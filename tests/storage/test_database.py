"""The database itself: its tables, its settings, its upgrades, and what its troubles are called."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, event

from scheduler.domain.errors import ConfigError, InvalidValue, StoreUnavailable
from scheduler.ports import Store
from scheduler.storage import migrations, open_store
from scheduler.storage.schema import EPOCH, METADATA, REVISION
from scheduler.storage.store import LedgerStore
from tests.storage.samples import ADA, AGILE, DAY, HOUR, NOW, a_command, a_curve, a_state


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    store = open_store(f"sqlite:///{path}?timeout=0.01")
    yield store
    store.close()


def pragma_on_every_connection(store: Store, pragma: str) -> None:
    assert isinstance(store, LedgerStore)
    engine = store._database.engine
    engine.dispose()
    event.listen(engine, "connect", lambda connection, _: connection.execute(f"PRAGMA {pragma}"))


def tables(path: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'alembic_version' ORDER BY name"
        return [(name, " ".join(sql.split())) for name, sql in connection.execute(query)]


def test_the_migrations_build_the_tables_that_the_code_describes(path: Path, tmp_path: Path) -> None:
    open_store(path).close()
    engine = create_engine(f"sqlite:///{tmp_path / 'described.db'}")
    METADATA.create_all(engine)
    engine.dispose()

    assert tables(tmp_path / "described.db") == tables(path)


def test_alembic_finds_nothing_to_do_after_the_migrations(store: Store) -> None:
    assert isinstance(store, LedgerStore)
    with store._database.reading() as connection:
        assert [] == compare_metadata(MigrationContext.configure(connection), METADATA)


def test_the_code_knows_the_newest_migration_and_they_ascend(store: Store) -> None:
    assert isinstance(store, LedgerStore)
    with store._database.reading() as connection:
        scripts = ScriptDirectory.from_config(migrations.config(connection))
    revisions = [script.revision for script in scripts.walk_revisions()][::-1]

    assert REVISION == scripts.get_current_head()
    assert [f"{number:04}" for number in range(1, len(revisions) + 1)] == revisions


def test_every_table_is_strict(store: Store, path: Path) -> None:
    assert [] == [name for name, sql in tables(path) if sql.startswith("CREATE TABLE") and not sql.endswith("STRICT")]


def test_a_commit_is_on_the_disk_and_references_are_kept(store: Store) -> None:
    assert isinstance(store, LedgerStore)
    with store._database.reading() as connection:
        settings = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]

    assert ["wal", 2, 1] == settings


def test_another_process_is_waited_for_five_seconds(path: Path) -> None:
    store = open_store(path)
    assert isinstance(store, LedgerStore)
    with store._database.reading() as connection:
        patience = connection.exec_driver_sql("PRAGMA busy_timeout").scalar()
    store.close()

    assert 5000 == patience


def test_the_ledger_is_for_its_owner_only(store: Store, path: Path) -> None:
    store.enlist([ADA], NOW)

    assert {0o600} == {file.stat().st_mode & 0o777 for file in path.parent.iterdir()}


def test_what_was_written_is_there_after_opening_again(path: Path) -> None:
    first = open_store(path)
    first.record_sighting(a_state(), NOW)
    first.close()

    second = open_store(path)

    assert a_state() == second.last_state(ADA)
    second.close()


def test_opening_a_ledger_of_this_version_imports_no_alembic(path: Path) -> None:
    open_store(path).close()
    code = (
        "import sys; from scheduler.storage import open_store; open_store(sys.argv[1]).close();"
        "print('alembic' in sys.modules)"
    )

    said = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)

    assert "False\n" == said.stdout


def test_a_ledger_of_a_newer_version_is_left_alone(path: Path) -> None:
    open_store(path).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(ConfigError, match=r"ledger\.db was written by a newer smartcharge \(tables of revision 9999"):
        open_store(path)


def test_a_ledger_of_an_older_version_is_brought_up_to_date_by_the_daemon_and_by_no_reader(path: Path) -> None:
    open_store(path).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")

    with pytest.raises(ConfigError, match=r"ledger\.db was written by an older smartcharge: start the daemon"):
        open_store(path, read_only=True)

    with closing(sqlite3.connect(path)) as connection:
        assert ("0001",) == connection.execute("SELECT version_num FROM alembic_version").fetchone()


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match=r"absent/ledger\.db cannot be created: No such file or directory"):
        open_store(tmp_path / "absent" / "ledger.db")


def test_a_file_that_is_no_database_is_named(path: Path) -> None:
    path.write_bytes(b"Dear diary, " * 100)

    with pytest.raises(StoreUnavailable, match="this file is no database"):
        open_store(path)


def test_a_damaged_ledger_is_said_to_be_damaged(path: Path) -> None:
    store = open_store(path)
    for _ in range(100):
        store.record_event(NOW, "plan.made", ADA, {"note": "x" * 200})
    store.close()
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))

    with pytest.raises(StoreUnavailable, match="it is damaged"), closing(open_store(path)) as damaged:
        damaged.events()


def test_a_full_disk_keeps_nothing_of_the_transaction_and_recovers(store: Store) -> None:
    pragma_on_every_connection(store, "max_page_count=1")
    large = "x" * 100_000

    def look() -> None:
        with store.transaction():
            store.count_call(ADA, NOW, "look")
            store.record_event(NOW, "plan.made", ADA, {"note": large})

    with pytest.raises(StoreUnavailable, match="the disk is full; free some space"):
        look()
    pragma_on_every_connection(store, "max_page_count=1000000")
    store.record_event(NOW, "plan.made", ADA, {"note": large})

    assert 0 == store.calls(ADA, NOW)
    assert [1] == [event.seq for event in store.events()]


def test_a_ledger_that_another_process_holds_can_be_read_but_not_written(store: Store, path: Path) -> None:
    store.count_call(ADA, NOW, "look")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(StoreUnavailable, match="another process holds it"):
            store.count_call(ADA, NOW, "look")

        assert 1 == store.calls(ADA, NOW)


def test_a_read_only_ledger_is_said_to_be_read_only(store: Store) -> None:
    pragma_on_every_connection(store, "query_only=ON")

    with pytest.raises(StoreUnavailable, match="it is read-only for this user"):
        store.count_call(ADA, NOW, "look")


def test_a_ledger_opened_for_reading_is_read_while_it_is_written_and_never_changed(store: Store, path: Path) -> None:
    store.count_call(ADA, NOW, "look")
    reader = open_store(path, read_only=True)

    assert 1 == reader.calls(ADA, NOW)
    with pytest.raises(StoreUnavailable, match="it is read-only for this user"):
        reader.count_call(ADA, NOW, "look")
    reader.close()


def test_an_error_of_the_database_tells_nothing_of_what_was_to_be_written(store: Store) -> None:
    pragma_on_every_connection(store, "query_only=ON")

    with pytest.raises(StoreUnavailable) as refused:
        store.record_event(NOW, "plan.made", ADA, {"note": "canary"})

    assert "canary" not in str(refused.value)


def test_a_command_of_the_same_name_is_refused_in_words(store: Store) -> None:
    store.enlist([ADA], NOW)
    (lease,) = store.claim(NOW, 1, HOUR)
    store.queue_command(a_command(), lease)
    with store.transaction():
        store.advance_command(a_command().id, a_command().status, type(a_command().status).EXPIRED, NOW)

        with pytest.raises(InvalidValue, match="the ledger refuses a row"):
            store.queue_command(a_command(), lease)


def test_another_task_does_not_join_an_open_transaction(store: Store) -> None:
    async def story() -> None:
        with store.transaction():
            store.count_call(ADA, NOW, "look")
            await asyncio.create_task(intruder())

    async def intruder() -> None:
        for work in (lambda: store.count_call(ADA, NOW, "look"), lambda: store.calls(ADA, NOW)):
            with pytest.raises(StoreUnavailable, match="nothing may be awaited inside"):
                work()

    asyncio.run(story())

    assert 1 == store.calls(ADA, NOW)


def test_housekeeping_drops_what_is_old_but_never_what_is_in_force(store: Store, path: Path) -> None:
    store.enlist([ADA], NOW)
    (lease,) = store.claim(NOW, 1, HOUR)
    store.queue_command(a_command(), lease)
    store.record_sighting(a_state(), NOW)
    store.count_call(ADA, NOW, "look")
    store.record_event(NOW, "plan.made", ADA, {})
    store.save_curve(AGILE, a_curve(0.1), NOW)
    store.save_curve(AGILE, a_curve(0.2), NOW)

    store.housekeep(NOW + 401 * DAY)

    assert [[], [], 0] == [store.events(), store.sightings(ADA, NOW), store.calls(ADA, NOW)]
    assert [a_command()] == store.commands(ADA, NOW)
    assert a_state() == store.last_state(ADA)
    assert (a_curve(0.2), NOW) == store.curve(AGILE) == store.curve(AGILE, NOW)
    assert 0 == Path(f"{path}-wal").stat().st_size


def test_the_sequence_of_events_goes_on_after_all_were_dropped(store: Store) -> None:
    store.record_event(NOW, "plan.made", ADA, {})
    store.housekeep(NOW + 401 * DAY)

    assert 2 == store.record_event(NOW, "plan.made", ADA, {})


def test_a_ledger_of_the_first_version_is_lifted_with_all_it_holds(path: Path) -> None:
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        migrations.upgrade(connection, "0001")
        connection.exec_driver_sql("INSERT INTO call (vehicle_id, at, kind) VALUES ('ada', 1, 'look')")
    engine.dispose()

    store = open_store(path)

    assert 1 == store.calls(None, EPOCH)
    assert store.delivered("first", NOW)
    store.close()
