from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from databases import DIALECTS, PostgresqlDatabases, Server, SqliteFiles, serving
from hypothesis import settings
from requests_of import writing
from service import INVENTORY, REGISTER, Service, client_of, upload
from sqlalchemy import Connection, Engine, Pool, event

from api.context import Context, open_context
from api.settings import Settings
from api.usecases import imports, samples
from corpus.database import Database, connect
from corpus.readers.read_file import read_file
from corpus.session import Session

# Machines that run the tests are shared and noisy: how long one example takes says nothing.
settings.register_profile("shared", deadline=None)
settings.load_profile("shared")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes give a test no name: a packed file carries the second it was packed in, and two workers that pack it in
    different seconds would collect different tests."""
    return argname if isinstance(val, bytes) else None


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may have settings of their own."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"KYODO_{name.upper()}", raising=False)


@pytest.fixture(scope="module", params=DIALECTS)
def dialect(request: pytest.FixtureRequest) -> str:
    """Which database: whatever is built on this runs on both, but for tests marked ``on_sqlite``."""
    return str(request.param)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> SqliteFiles:
    return SqliteFiles(tmp_path_factory.mktemp("first"))


@pytest.fixture(scope="session")
def postgresql_databases(postgresql: Server) -> Iterator[PostgresqlDatabases]:
    with closing(PostgresqlDatabases(postgresql)) as databases:
        yield databases


@pytest.fixture(scope="module")
def databases(dialect: str, request: pytest.FixtureRequest) -> SqliteFiles | PostgresqlDatabases:
    """Of which each test has one for itself, with today's tables and nothing in them."""
    found: SqliteFiles | PostgresqlDatabases = request.getfixturevalue(f"{dialect}_databases")
    return found


@pytest.fixture
def database_url(databases: SqliteFiles | PostgresqlDatabases, tmp_path: Path) -> Iterator[str]:
    with databases.new(tmp_path) as url:
        yield url


@pytest.fixture
def bare_url(dialect: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without a table."""
    if dialect == "sqlite":
        yield f"sqlite:///{tmp_path / 'kyodo.sqlite3'}"
    else:
        with request.getfixturevalue("postgresql").database() as url:
            yield url


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    with closing(connect(database_url)) as db:
        yield db


@pytest.fixture
def s(db: Database) -> Iterator[Session]:
    with writing(db) as s:
        yield s


@pytest.fixture
def ctx(database_url: str, tmp_path: Path) -> Iterator[Context]:
    context = open_context(Settings(data=tmp_path, database_url=database_url))
    with closing(context.db):
        yield context


@pytest.fixture
def read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are read in this process: what becomes of their rows is tried, on both databases, not the reading."""
    monkeypatch.setattr(imports, "read_apart", lambda name, data, options, *_: read_file(name, data, options))


@pytest.fixture(autouse=True)
def no_connection_left() -> Iterator[None]:
    """A second context that a test opens at a server, as a second process would, is not closed by each one itself."""
    pools: set[Pool] = set()

    def note(conn: Connection) -> None:
        if conn.dialect.name == "postgresql":
            pools.add(conn.engine.pool)

    event.listen(Engine, "engine_connect", note)
    yield
    event.remove(Engine, "engine_connect", note)
    for pool in pools:
        pool.dispose()


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service with the samples, for tests that change nothing."""
    ctx = open_context(Settings(data=tmp_path_factory.mktemp("shown")))
    samples.load_if_empty(ctx)
    with client_of(ctx) as client:
        yield client, ctx


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Service]:
    """The service with nothing in it."""
    ctx = open_context(Settings(data=tmp_path))
    with client_of(ctx) as client:
        yield client, ctx


@pytest.fixture
def real(empty: Service) -> Service:
    """The service with two organisations and two issues that are no samples, brought in through the pages."""
    client, ctx = empty
    for name, text in [("団体.csv", REGISTER), ("棚卸.csv", INVENTORY)]:
        preview = upload(client, name, text.encode())
        assert client.post(f"{preview}/confirm", follow_redirects=False).status_code == 303
    return client, ctx
