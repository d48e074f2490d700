"""The sets of weights there are: the one that comes with the program, those learned, and which is in force."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus.session import Session
from corpus.store import weight_choices
from matcher.matching import MatcherConfig
from models.artefacts import BrokenArtefact
from models.weights import MEASURED, load_weights

_LOG = logging.getLogger(__name__)
DEFAULT = ""  # the id of the weights that come with the program
UNREADABLE = (
    "学習した重みのフォルダー(KYODO_DATA の models/weights)を読めません。"
    "読む権限があるか、フォルダーの場所にほかのファイルがないかを、サービスを動かす人に確かめてもらってください。"
)
_ID = re.compile("[0-9a-f]{12}")


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


def default_weights() -> dict[str, float]:
    """The weights that come with the program, by part, in the order of the columns of ``Matcher.features``.

    The area has none here: it is a setting and never learned.
    """
    return MatcherConfig().weights.learnable


def weights_folder(data: Path) -> Path:
    """Where the learned sets are, each a folder named by its id."""
    return data / "models" / "weights"


def label(id: str) -> str:
    """What a learned set, or with "" that of the program, is called on pages and in messages."""
    return f"学習した重み {id}" if id else "付属の重み"


class Ruling:
    """What the lists of this process are ranked by, read once a choice: a set that breaks later goes on as it was.

    A set that is broken when it is read is told to the log, and the default goes on until somebody chooses again.
    """

    def __init__(self, data: Path) -> None:
        self.data = data
        self._known: tuple[int, InForce] | None = None

    def of(self, s: Session) -> InForce:
        """The set chosen last, and the default where that is broken or nobody has chosen."""
        newest = weight_choices.newest(s)
        known, number = self._known, newest.id if newest else 0
        if known is None or known[0] != number:
            known = number, _in_force(self.data, newest.weights if newest else DEFAULT)
            self._known = known
        return known[1]


def _in_force(data: Path, chosen: str) -> InForce:
    found = read_set(data, chosen) if chosen else None
    if found is None:
        return InForce(id=DEFAULT, weights=default_weights(), chosen=chosen)
    if found.fault:
        _LOG.warning("選ばれている重み(%s)が使えないため、付属の重みで並べます。%s", chosen, found.fault)
        return InForce(id=DEFAULT, weights=default_weights(), chosen=chosen, fault=found.fault)
    return InForce(id=chosen, weights=found.weights, chosen=chosen)


def learned_sets(data: Path) -> tuple[tuple[WeightSet, ...], str]:
    """Every learned set, the newest first, then by id, broken ones last; or none, and why they cannot be seen."""
    try:
        sets = [read_set(data, id) for id in set_ids(data)]
    except OSError as error:
        _LOG.warning("学習した重みのフォルダーを読めません(%s)。", error.strerror)
        return (), UNREADABLE
    return tuple(sorted(sets, key=lambda found: found.made, reverse=True)), ""


def set_ids(data: Path) -> list[str]:
    """Of the learned sets, sorted; none where nothing was learned yet. Raises OSError."""
    try:  # not glob, which finds nothing in a folder that may not be read
        return sorted(path.name for path in weights_folder(data).iterdir() if _ID.fullmatch(path.name))
    except FileNotFoundError:
        return []


def read_set(data: Path, id: str) -> WeightSet:
    """One learned set, with its fault where it cannot be used."""
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
