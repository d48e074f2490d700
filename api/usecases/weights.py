"""The weights of the ranking: which sets there are, which one is in force, and how that is changed and taken back."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from api.errors import Conflict, Detail, Invalid, NotFound
from api.usecases.given import fault_of
from corpus.store import weight_choices
from corpus.store.weight_choices import WeightChoice
from matcher.matching import MatcherConfig
from models.artefacts import BrokenArtefact
from models.weights import MEASURED, load_weights

if TYPE_CHECKING:  # the context itself asks which weights are in force
    from api.usecases.context import Context

_LOG = logging.getLogger(__name__)
DEFAULT = ""  # the id of the weights that come with the program
MAX_REASON = 500
_ID = re.compile("[0-9a-f]{12}")
_ROLLED_BACK = "ひとつ前の重みに戻しました。"
_UNREADABLE = (
    "学習した重みのフォルダー(KYODO_DATA の models/weights)を読めません。"
    "読む権限があるか、フォルダーの場所にほかのファイルがないかを、サービスを動かす人に確かめてもらってください。"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightSet:
    """A learned set. ``made`` is an ISO day, ``measures`` those of ``models.weights.judged``. ``fault`` is a sentence
    where the set cannot be used, and then the rest is empty.
    """

    id: str
    weights: Mapping[str, float]
    made: str = ""
    measures: Mapping[str, float]
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """What lists are ranked by. ``fault`` says why the set that was chosen is not it."""

    id: str
    weights: Mapping[str, float]
    chosen: str
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """All there is to see. ``learned`` and ``history`` newest first; ``before`` is what a rollback would put in force,
    None where nothing was ever chosen. ``fault`` is a sentence where it cannot be seen which sets there are.
    """

    in_force: InForce
    default: Mapping[str, float]
    learned: tuple[WeightSet, ...]
    history: tuple[WeightChoice, ...]
    before: str | None
    fault: str


def default_weights() -> dict[str, float]:
    """The weights that come with the program, by part, in the order of the columns of ``Matcher.features``.

    The area has none here: it is a setting and never learned.
    """
    return MatcherConfig().weights.learnable


def weights_folder(data: Path) -> Path:
    """Where the learned sets are, each a folder named by its id."""
    return data / "models" / "weights"


def label(id: str) -> str:
    """What people call a set."""
    return f"学習した重み {id}" if id else "付属の重み"


class Ruling:
    """What the lists of this process are ranked by, read once a choice: a set that breaks later goes on as it was.

    A set that is broken when it is read is told to the log, and the default goes on until somebody chooses again.
    """

    def __init__(self, data: Path) -> None:
        self._data = data
        self._known: tuple[int, InForce] | None = None

    def of(self, conn: Connection) -> InForce:
        """The set chosen last, and the default where that is broken or nobody has chosen."""
        newest = weight_choices.newest(conn)
        known, number = self._known, newest.id if newest else 0
        if known is None or known[0] != number:
            known = number, _in_force(self._data, newest.weights if newest else DEFAULT)
            self._known = known
        return known[1]


def _in_force(data: Path, chosen: str) -> InForce:
    found = _read(data, chosen) if chosen else None
    if found is None:
        return InForce(id=DEFAULT, weights=default_weights(), chosen=chosen)
    if found.fault:
        _LOG.warning("選ばれている重み(%s)が使えないため、付属の重みで並べます。%s", chosen, found.fault)
        return InForce(id=DEFAULT, weights=default_weights(), chosen=chosen, fault=found.fault)
    return InForce(id=chosen, weights=found.weights, chosen=chosen)


def overview(ctx: "Context") -> Overview:
    """For the page, the commands and the JSON interface."""
    with ctx.db.read() as conn:
        found = ctx.ruling.of(conn)
        history = tuple(weight_choices.history(conn))
    sets, fault = _learned(ctx.settings.data)
    return Overview(
        in_force=found,
        default=default_weights(),
        learned=sets,
        history=history,
        before=_before(history) if history else None,
        fault=fault,
    )


def _learned(data: Path) -> tuple[tuple[WeightSet, ...], str]:
    """Every learned set, the newest first, then by id, broken ones last; or none, and why they cannot be seen."""
    try:
        sets = [_read(data, id) for id in _ids(data)]
    except OSError as error:
        _LOG.warning("学習した重みのフォルダーを読めません(%s)。", error.strerror)
        return (), _UNREADABLE
    return tuple(sorted(sets, key=lambda found: found.made, reverse=True)), ""


def _ids(data: Path) -> list[str]:
    """Of the learned sets, sorted; none where nothing was learned yet. Raises OSError."""
    try:  # not glob, which finds nothing in a folder that may not be read
        return sorted(path.name for path in weights_folder(data).iterdir() if _ID.fullmatch(path.name))
    except FileNotFoundError:
        return []


def choose(ctx: "Context", id: str, reason: str) -> WeightChoice:
    """Put a set in force, ``DEFAULT`` or a learned one, from the next list on. The same choice again changes nothing.

    Raises NotFound, and Invalid for a broken set or a reason that is missing or too long.
    """
    _check_reason(reason)
    _check_usable(ctx.settings.data, id)
    with ctx.db.write() as conn:
        standing = weight_choices.newest(conn)
        if standing and standing.weights == id and not ctx.ruling.of(conn).fault:
            return standing
        return weight_choices.add(conn, weights=id, reason=reason.strip())


def roll_back(ctx: "Context", seen: int | None = None) -> WeightChoice:
    """Put back what was in force before the newest choice; twice is back and forth. All choices stay on record.

    ``seen`` is the number of the choice that the person meant: a button pressed twice rolls back once. Raises Conflict
    when someone has chosen since, Invalid when there is nothing to go back to or that is broken.
    """
    with ctx.db.write() as conn:
        newest = weight_choices.history(conn, limit=2)
        if not newest:
            raise Invalid("重みはまだ一度も切り替えられていないため、戻すものがありません。")
        if seen is not None and newest[0].id != seen:
            return _already_back(newest, seen)
        _check_usable(ctx.settings.data, _before(newest))
        return weight_choices.add(conn, weights=_before(newest), reason=_ROLLED_BACK)


def as_json(found: Overview) -> dict[str, Any]:
    """Plain JSON values; the id "" stands for the weights that come with the program."""
    force = found.in_force
    return {
        "in_force": {"id": force.id, "weights": dict(force.weights), "chosen": force.chosen, "fault": force.fault},
        "default": dict(found.default),
        "learned": [
            {"id": one.id, "weights": dict(one.weights), "made": one.made, "measures": dict(one.measures)}
            | {"fault": one.fault}
            for one in found.learned
        ],
        "history": [
            {"id": c.id, "weights": c.weights, "reason": c.reason, "recorded_at": c.recorded_at.isoformat()}
            for c in found.history
        ],
    }


def _before(history: tuple[WeightChoice, ...] | list[WeightChoice]) -> str:
    return history[1].weights if len(history) > 1 else DEFAULT


def _already_back(newest: list[WeightChoice], seen: int) -> WeightChoice:
    if newest[0].reason == _ROLLED_BACK and newest[1].id == seen:
        return newest[0]
    raise Conflict("この画面を開いたあとに、重みが切り替えられました。画面を開きなおして、お確かめください。")


def _read(data: Path, id: str) -> WeightSet:
    try:
        weights, about = load_weights(weights_folder(data) / id)
        if weights.keys() != default_weights().keys():
            raise BrokenArtefact(f"{id} は、このプログラムと違う手がかりの重みです。学習しなおしてください。")
    except BrokenArtefact as error:
        return WeightSet(id=id, weights={}, measures={}, fault=str(error))
    return WeightSet(id=id, weights=weights, made=str(about.get("made", "")), measures=_measures(about))


def _measures(about: Mapping[str, Any]) -> dict[str, float]:
    """Those that were measured, or none: a manifest may say anything."""
    known = about.get("measures")
    numbers = known if isinstance(known, dict) else {}
    right = numbers.keys() >= MEASURED and all(type(value) in (int, float) for value in numbers.values())
    return {str(name): float(value) for name, value in numbers.items()} if right else {}


def _check_reason(reason: str) -> None:
    fault = fault_of(reason, MAX_REASON) if reason.strip() else "切り替える理由を書いてください。"
    if fault:
        raise Invalid(fault, (Detail("reason", fault),))


def _check_usable(data: Path, id: str) -> None:
    if id == DEFAULT:
        return
    try:
        known = id in _ids(data)
    except OSError as error:
        raise Invalid(_UNREADABLE, (Detail("", _UNREADABLE),)) from error
    if not known:
        raise NotFound("お探しの重みは見つかりません。番号を確かめてください。")
    found = _read(data, id)
    if found.fault:
        raise Invalid(f"この重みは使えません。{found.fault}", (Detail("", f"この重みは使えません。{found.fault}"),))
