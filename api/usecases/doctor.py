"""What is wrong with an installation, found without changing anything; for whoever runs the service.

Nothing here is a password, a name or a text that somebody entered.
"""

import os
import resource
import shutil
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from pathlib import Path

from api.context import left_behind, places_of
from api.settings import PREFIX, Settings, is_loopback
from api.usecases.fields import FieldProposer, own_folder
from api.usecases.imports import UPLOAD_SECONDS
from corpus.clock import JAPAN
from corpus.database import DatabaseVersion
from corpus.database_faults import DAMAGED, UnusableDatabase
from corpus.database_health import DatabaseHealth, look
from models import artefacts
from models.learned import Whose, find_resources
from models.search.weight_sets import read_set


class Verdict(IntEnum):
    """Also the exit code of a check: all well, worth a look, does not work."""

    WELL = 0
    LOOK = 1
    BROKEN = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. ``message`` is a Japanese sentence that says what is so, and what to do where it is not."""

    subject: str
    severity: Verdict
    message: str


_DERIVED = ("index", "encoded", "uploads", "models")
# An import of the largest file that is taken writes its rows, a journal of the same size and a new index.
_ROOM, _LEAST_ROOM = 1_000_000_000, 50_000_000
_LEAST_TEMPORARY = 10_000_000
# A browser holds up to six connections; each one, and each file that is open, takes a descriptor.
_DESCRIPTORS, _LEAST_DESCRIPTORS = 1_024, 128
_FIRST_YEAR, _LAST_YEAR = 2026, 2100
_KINDS: Mapping[str, str] = {"synonyms": "言いかえの表", "vectors": "単語ベクトル", "encoder": "文エンコーダー"}

_WHOSE: Mapping[Whose, str] = {
    "own": "市で作ったか選んだものを使います。",
    "shipped": "付属のものを使います。",
    "none": "使いません。",
}


def examine(settings: Settings, environment: Mapping[str, str]) -> list[Finding]:
    """Everything that was looked at, in the order in which one thing rests on another."""
    well = Finding("設定", Verdict.WELL, "おかしなところはありません。")
    found = list(_settings(settings, environment)) or [well]
    found += _folder(settings.data)
    try:
        health = look(settings.database_address)
        found += _database(health, settings)
    except UnusableDatabase as error:
        health = None
        found.append(Finding("データベース", Verdict.BROKEN, str(error)))
    except (OSError, ImportError) as error:
        health = None
        reason = "読む権限" if isinstance(error, OSError) else "データベースにつなぐ部品(psycopg など)"
        found.append(Finding("データベース", Verdict.BROKEN, f"データベースを開けません。{reason}を確かめてください。"))
    found += [*_room(settings, environment), *_learned(settings, health), *_kept(settings.data)]
    return [*found, *_dictionary(), *_clock(health, datetime.now(UTC)), *_descriptors()]


def _settings(settings: Settings, environment: Mapping[str, str]) -> Iterator[Finding]:
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    for name in sorted(name for name in environment.keys() - known if name.startswith(PREFIX)):
        message = f"環境変数 {name} という設定はありません。綴りを確かめてください。"
        yield Finding("設定", Verdict.LOOK, message)
    for is_so, verdict, message in _contradictions(settings):
        if is_so:
            yield Finding("設定", verdict, message)


def _contradictions(settings: Settings) -> list[tuple[bool, Verdict, str]]:
    """Whether each is there, how bad it is, and what to do about it."""
    return [
        (
            not settings.allow_remote and not is_loopback(settings.host),
            Verdict.BROKEN,
            "KYODO_HOST がほかのコンピューターから開けるアドレスなので、始められません。127.0.0.1 にしてください。",
        ),
        (
            settings.allow_remote and not settings.named_hosts,
            Verdict.LOOK,
            "KYODO_ALLOW_REMOTE がありますが KYODO_HOSTS がないため、"
            "IPアドレスをそのまま書いて開いたときだけ使えます。名前で開くなら KYODO_HOSTS に指定してください。",
        ),
        (
            bool(settings.named_proxies) and not settings.allow_remote,
            Verdict.LOOK,
            "KYODO_PROXIES がありますが KYODO_ALLOW_REMOTE がないため、中継された、"
            "ほかのコンピューターからの接続は断ります。使ってもらうなら KYODO_ALLOW_REMOTE を指定してください。",
        ),
        (
            bool(settings.reader_key.get_secret_value()) and not settings.reader_url,
            Verdict.LOOK,
            "KYODO_READER_KEY がありますが、KYODO_READER_URL がないため、読み取り役は使われません。",
        ),
        (
            settings.max_unpacked_bytes < settings.max_upload_bytes,
            Verdict.LOOK,
            "KYODO_MAX_UNPACKED_BYTES が KYODO_MAX_UPLOAD_BYTES より小さいため、受け取った大きなファイルを読めません。",
        ),
    ]


def _folder(data: Path) -> Iterator[Finding]:
    subject, place = "データの置き場所", data.absolute()
    if not os.access(data, os.F_OK):
        yield Finding(subject, Verdict.WELL, f"{place} はまだありません。サービスを始めたときに作ります。")
        return
    if not data.is_dir():
        yield Finding(subject, Verdict.BROKEN, f"{place} はフォルダーではありません。KYODO_DATA を確かめてください。")
        return
    if not os.access(data, os.R_OK | os.W_OK | os.X_OK):
        yield Finding(subject, Verdict.BROKEN, f"{place} に書き込めません。持ち主と権限を確かめてください。")
        return
    if data.stat().st_uid != os.geteuid():
        message = f"{place} の持ち主は、いまの利用者ではありません。サービスと同じ利用者で確かめてください。"
        yield Finding(subject, Verdict.LOOK, message)
    if number := len(_open_to_others(data)):
        message = f"{place} に、ほかの利用者も読めるものが{number:,}件あります。サービスを始め直すと閉じます。"
        yield Finding(subject, Verdict.LOOK, message)
    else:
        yield Finding(subject, Verdict.WELL, f"{place} に書き込めて、ほかの利用者には見えません。")


def _open_to_others(data: Path) -> list[Path]:
    """A folder that others may not enter hides what is in it."""
    if not data.stat().st_mode & 0o077:
        return []
    ours = [data, *data.glob("kyodo.sqlite3*"), *(path for name in _DERIVED for path in (data / name).rglob("*"))]
    modes = [(path, path.lstat().st_mode) for path in ours]
    return [path for path, mode in modes if mode & 0o077 and not stat.S_ISLNK(mode)]


def _database(health: DatabaseHealth | None, settings: Settings) -> Iterator[Finding]:
    subject = "データベース"
    if health is None or (health.opens and health.sound and health.version is DatabaseVersion.NONE):
        if left := left_behind(settings):
            names = "、".join(left)
            message = f"データベースがありません。前のデータ({names})は残っています。バックアップを戻してください。"
            yield Finding(subject, Verdict.BROKEN, message)
        else:
            message = "データベースに登録はまだありません。サービスを始めたときに使えるようにします。"
            yield Finding(subject, Verdict.WELL, message)
    elif not health.opens:
        message = "データベースのファイルを開けません。権限を確かめ、壊れていればバックアップを戻してください。"
        server = (
            "データベースのサーバーにつながりません。サーバーが動いているか、KYODO_DATABASE_URL を確かめてください。"
        )
        yield Finding(subject, Verdict.BROKEN, message if health.kind == "sqlite" else server)
    elif not health.sound:
        yield Finding(subject, Verdict.BROKEN, DAMAGED)
    else:
        yield from _tables(health)


def _tables(health: DatabaseHealth) -> Iterator[Finding]:
    subject, of = "データベース", health.version
    yield {
        DatabaseVersion.CURRENT: Finding(subject, Verdict.WELL, "データベースは開けて、壊れたところはありません。"),
        DatabaseVersion.OLDER: Finding(
            subject, Verdict.LOOK, "データベースは前の版のものです。サービスを始めると新しくします。"
        ),
        DatabaseVersion.NEWER: Finding(
            subject,
            Verdict.BROKEN,
            "データベースは、より新しい版のプログラムのものです。プログラムを新しくしてください。",
        ),
    }[of]
    if not health.journal:
        message = "データベースは、読む人と書く人が待ち合う形になっています。サービスを始め直すと直ります。"
        yield Finding(subject, Verdict.LOOK, message)
    if health.unsettled:
        message = (
            "途中で止まったプログラムの書き込みが残っています。サービスを始めるとまとめます(ここでは確かめていません)。"
        )
        yield Finding(subject, Verdict.LOOK, message)


def _room(settings: Settings, environment: Mapping[str, str]) -> Iterator[Finding]:
    data = next(path for path in (settings.data.absolute(), *settings.data.absolute().parents) if path.exists())
    reason = "大きなファイルの取り込みと検索の準備には、1 GBほど要ります。"
    yield _free("ディスク", data, _ROOM, _LEAST_ROOM, reason)
    temporary = _temporary(environment)
    if temporary is None:
        message = "一時フォルダーに書き込めません。権限を確かめるか、TMPDIR で別の場所を指定してください。"
        yield Finding("一時フォルダー", Verdict.BROKEN, message)
        return
    reason = f"大きなファイルを画面から受け取るには、{settings.max_upload_bytes // 1_000_000:,} MBまで要ります。"
    yield _free("一時フォルダー", temporary, settings.max_upload_bytes, _LEAST_TEMPORARY, reason)


def _temporary(environment: Mapping[str, str]) -> Path | None:
    """As ``tempfile`` chooses, which would try by writing."""
    wanted = [environment.get(name, "") for name in ("TMPDIR", "TEMP", "TMP")]
    known = [Path(name) for name in (*wanted, "/tmp", "/var/tmp", "/usr/tmp") if name]  # noqa: S108
    return next((path for path in known if path.is_dir() and os.access(path, os.W_OK | os.X_OK)), None)


def _free(subject: str, place: Path, wanted: int, least: int, reason: str) -> Finding:
    free, entries = shutil.disk_usage(place).free, os.statvfs(place)
    if entries.f_files and not entries.f_favail:
        message = (
            f"{place} には、これ以上ファイルを作れません(ファイルの数の上限です)。要らないファイルを減らしてください。"
        )
        return Finding(subject, Verdict.BROKEN, message)
    says = f"{place} の空きは {free // 1_000_000:,} MBです。"
    if free >= wanted:
        return Finding(subject, Verdict.WELL, says)
    return Finding(subject, Verdict.BROKEN if free < least else Verdict.LOOK, f"{says}{reason}空きを作ってください。")


def _learned(settings: Settings, health: DatabaseHealth | None) -> Iterator[Finding]:
    for one in find_resources(places_of(settings)).in_use:
        yield _model(_KINDS[one.kind], one.whose, one.fault)
    fields = FieldProposer(own_folder(settings.data)).in_use()
    yield _model("活動分野のモデル", fields.whose, fields.fault)
    chosen = health.weights if health else ""
    fault = read_set(settings.data, chosen).fault if chosen else ""
    yield _model("順位の重み", "own" if chosen else "shipped", fault)


def _model(subject: str, whose: Whose, fault: str) -> Finding:
    return Finding(subject, Verdict.LOOK if fault else Verdict.WELL, fault or _WHOSE[whose])


def _kept(data: Path) -> Iterator[Finding]:
    for name in ("index", "encoded", "uploads"):
        if os.path.lexists(data / name) and not _is_folder(data / name):
            message = f"{name} という名前の、フォルダーではないものがあります。別の場所に移してください。"
            yield Finding("検索用のデータ", Verdict.LOOK, message)
    broken = [path for path in (data / "index").glob("*-*-*") if not path.name.startswith(".") and _is_broken(path)]
    message = f"検索用のデータのうち{len(broken)}件が壊れています。次に始めるときに作り直します(時間がかかります)。"
    yield Finding("検索用のデータ", Verdict.LOOK if broken else Verdict.WELL, message if broken else "使えます。")
    old = datetime.now(UTC).timestamp() - UPLOAD_SECONDS
    left = [path for path in (data / "uploads").glob("*") if path.lstat().st_mtime < old]
    message = f"確定していない取り込みのファイルが{len(left)}件、1日を過ぎて残っています。サービスを始めると消します。"
    yield Finding(
        "取り込み途中のファイル",
        Verdict.LOOK if left else Verdict.WELL,
        message if left else "古いものはありません。",
    )


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # links in a ring
        return False


def _is_broken(path: Path) -> bool:
    try:
        artefacts.load(path)
    except artefacts.BrokenArtefact:
        return True
    return False


def _dictionary() -> Iterator[Finding]:
    subject = "語の辞書"
    try:
        from matcher.text import DICTIONARY_EDITION, word_forms

        words = word_forms("猫の世話")
    except Exception:  # whatever a package says that is missing, cut short or of another edition
        words = []
    if words:
        yield Finding(subject, Verdict.WELL, f"使えます({DICTIONARY_EDITION})。")
    else:
        message = "語の辞書(sudachidict-core)を読めません。make setup で入れ直してください。"
        yield Finding(subject, Verdict.BROKEN, message)


def _clock(health: DatabaseHealth | None, now: datetime) -> Iterator[Finding]:
    subject, shown = "時計", f"{now.astimezone(JAPAN):%Y-%m-%d %H:%M}"
    if not _FIRST_YEAR <= now.year <= _LAST_YEAR:
        yield Finding(subject, Verdict.BROKEN, f"いまは {shown}(日本時間)になっています。時計を合わせてください。")
    elif health and health.newest and health.newest > now + timedelta(minutes=5):
        message = f"いまは {shown}(日本時間)ですが、記録にはそれより後のものがあります。時計を合わせてください。"
        yield Finding(subject, Verdict.LOOK, message)
    else:
        yield Finding(subject, Verdict.WELL, f"いまは {shown}(日本時間)です。年度や日付は日本時間で数えます。")


def _descriptors() -> Iterator[Finding]:
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    message = f"同時に開ける数(接続とファイル)の上限は {most:,} です。"
    if most == resource.RLIM_INFINITY or most >= _DESCRIPTORS:
        message = "同時に開ける数(接続とファイル)は足りています。"
        yield Finding("接続の数", Verdict.WELL, message)
        return
    severity = Verdict.BROKEN if most < _LEAST_DESCRIPTORS else Verdict.LOOK
    yield Finding("接続の数", severity, f"{message}{_DESCRIPTORS:,} 以上にしてください(ulimit -n、LimitNOFILE)。")
