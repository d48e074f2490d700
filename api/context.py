"""What every use case works with: the settings, the database and the matchers that follow it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISVTX

from api.errors import Refused
from api.settings import Settings
from corpus import private
from corpus.access import Viewer
from corpus.database import Database, check, connect, file_of, has_tables, migrate
from corpus.database_faults import UnusableDatabase
from corpus.session import Session
from matcher.matching import MatcherConfig
from matcher.records import Part
from models.learned import InUse, ResourcePaths, find_resources
from models.search.indexes import Indexes, indexes_of
from models.search.weight_sets import Ruling


@dataclass(frozen=True, slots=True)
class Context:
    """One per process, shared by its threads."""

    settings: Settings
    db: Database
    indexes: Indexes
    ruling: Ruling
    in_use: tuple[InUse, ...]

    @contextmanager
    def read(self, viewer: Viewer) -> Iterator[Session]:
        """For a whole request: in the block the database does not change."""
        with self.db.read() as conn:
            yield Session(conn, viewer)

    @contextmanager
    def write(self, viewer: Viewer, patience: float | None = None) -> Iterator[Session]:
        """One transaction, kept when the block ends. ``patience`` as in ``Database.write``.

        Raises Refused for a viewer who records nothing, and Busy.
        """
        if viewer.actor is None:
            raise Refused("記録や書き換えができるのは、利用を認められた人だけです。")
        with self.db.write(patience) as conn:
            yield Session(conn, viewer)


def open_context(settings: Settings, patient: bool = True) -> Context:
    """Create the data folder, bring the database to this program's version, and get the matchers ready to be asked.

    ``patient`` False is for the service: it answers while a large change is still being taken in. Raises
    UnusableDatabase, also where the database was lost: beside what is left of it none is begun.
    """
    private.make_folder(settings.data)
    db = _database(settings, thorough=not patient)
    config = MatcherConfig()
    config = config.weighing(area=config.weights.of(Part.AREA) * settings.area_weight)
    stock, ruling = find_resources(places_of(settings)), Ruling(settings.data)
    indexes = indexes_of(db, settings.data / "index", config, stock.learned, ruling, patient=patient)
    return Context(settings, db, indexes, ruling, stock.in_use)


_KEPT = ("index", "encoded", "uploads")  # made beside a database only
_LOST = (
    "データベースが見つからないか、空です。前に使っていたデータ({names})は KYODO_DATA のフォルダーに残っています。"
    "バックアップがあれば、データベースを元の場所に戻してください。場所を変えたのなら、KYODO_DATA と "
    "KYODO_DATABASE_URL を確かめてください。新しく始めてよいときだけ、残っている {names} を別の場所に移してください。"
)


def _database(settings: Settings, thorough: bool) -> Database:
    file = file_of(settings.database_address)
    left = left_behind(settings)
    if left and file and not _size(file):
        raise UnusableDatabase(_LOST.format(names="、".join(left)))
    db = connect(settings.database_address)
    with ExitStack() as failing:
        failing.callback(db.close)
        if left and not has_tables(db):
            raise UnusableDatabase(_LOST.format(names="、".join(left)))
        if thorough:
            check(db)
        migrate(db)
        _make_private(settings.data, file)
        failing.pop_all()
    return db


def left_behind(settings: Settings) -> list[str]:
    """Names, in the data folder, of what only a database that was there before can have left."""
    file = file_of(settings.database_address)
    left = [name for name in _KEPT if _holds_something(settings.data / name)]
    return left + ([f"{file.name}-wal"] if file and _size(Path(f"{file}-wal")) else [])


def _holds_something(folder: Path) -> bool:
    with suppress(OSError):
        return any(folder.iterdir())
    return False


def _size(file: Path) -> int:
    with suppress(OSError):
        return file.stat().st_size
    return 0


def _make_private(data: Path, file: Path | None) -> None:
    """What an earlier version, or a copy brought back, has left open to others: it holds names of contact persons."""
    beside = [file.with_name(file.name + end) for end in ("", "-wal", "-shm")] if file else []
    for path in (*(data / name for name in (*_KEPT, "models")), *beside):
        private.tighten(path)
    if not data.stat().st_mode & S_ISVTX:  # a folder that everybody uses stays so
        private.tighten_one(data)


def places_of(settings: Settings) -> ResourcePaths:
    """Where what is learned may lie, as the settings say."""
    return ResourcePaths(
        settings.data,
        settings.synonyms,
        settings.vectors,
        settings.encoder,
        settings.encoder_query_prefix,
        settings.encoder_passage_prefix,
    )
