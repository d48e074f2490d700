"""The weights of the ranking: all there is to see of them, and how another set is put in force and taken back."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.errors import Conflict, Detail, Invalid, NotFound
from api.usecases.given import check_sees_all
from corpus.session import Session
from corpus.store import weight_choices
from corpus.store.weight_choices import WeightChoice
from corpus.values import text_fault
from models.search.weight_sets import (
    DEFAULT,
    UNREADABLE,
    InForce,
    Ruling,
    WeightSet,
    default_weights,
    learned_sets,
    read_set,
    set_ids,
)

MAX_REASON = 500
_ROLLED_BACK = "ひとつ前の重みに戻しました。"


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsOverview:
    """All there is to see. ``learned`` and ``history`` newest first; ``before`` is what a rollback would put in force,
    None where nothing was ever chosen. ``fault`` is a sentence where it cannot be seen which sets there are.
    """

    in_force: InForce
    default: Mapping[str, float]
    learned: tuple[WeightSet, ...]
    history: tuple[WeightChoice, ...]
    before: str | None
    fault: str


def overview(s: Session, ruling: Ruling) -> WeightsOverview:
    """For the page, the commands and the JSON interface.

    Raises Refused for a viewer who may not see all issues: measures and reasons tell of what was judged.
    """
    check_sees_all(s.viewer)
    history = tuple(weight_choices.history(s))
    sets, fault = learned_sets(ruling.data)
    return WeightsOverview(
        in_force=ruling.of(s),
        default=default_weights(),
        learned=sets,
        history=history,
        before=_before(history) if history else None,
        fault=fault,
    )


@dataclass(frozen=True, slots=True)
class WeightsToChoose:
    """A set that was looked at and can be put in force, and why it shall be."""

    id: str
    reason: str


def choosable(data: Path, id: str, reason: str) -> WeightsToChoose:
    """What ``choose`` takes; sets are read from the disk before anybody has to wait for the database.

    Raises NotFound, and Invalid for a broken set or a reason that is missing or too long.
    """
    _check_reason(reason)
    _check_usable(data, id)
    return WeightsToChoose(id, reason.strip())


def choose(s: Session, ruling: Ruling, wanted: WeightsToChoose) -> WeightChoice | None:
    """Put a set in force, ``DEFAULT`` or a learned one, from the next list on. The same choice again changes nothing.

    The choice on record that put it in force; None for the default while nobody has chosen, for which none is needed.
    """
    newest = weight_choices.newest(s)
    if (newest.weights if newest else DEFAULT) == wanted.id and not ruling.of(s).fault:
        return newest
    return weight_choices.add(s, weights=wanted.id, reason=wanted.reason)


def roll_back(s: Session, ruling: Ruling, seen: int | None = None) -> WeightChoice:
    """Put back what was in force before the newest choice; twice is back and forth. All choices stay on record.

    ``seen`` is the number of the choice that the person meant: a button pressed twice rolls back once. Raises Conflict
    when someone has chosen since, Invalid when there is nothing to go back to or that is broken.
    """
    newest = weight_choices.history(s, limit=2)
    if not newest:
        raise Invalid("重みはまだ一度も切り替えられていないため、戻すものがありません。")
    if seen is not None and newest[0].id != seen:
        return _already_back(newest, seen)
    _check_usable(ruling.data, _before(newest))
    return weight_choices.add(s, weights=_before(newest), reason=_ROLLED_BACK)


def as_json(found: WeightsOverview) -> dict[str, Any]:
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
            | {"actor": c.actor}
            for c in found.history
        ],
        "fault": found.fault,
    }


def _before(history: tuple[WeightChoice, ...] | list[WeightChoice]) -> str:
    return history[1].weights if len(history) > 1 else DEFAULT


def _already_back(newest: list[WeightChoice], seen: int) -> WeightChoice:
    if newest[0].reason == _ROLLED_BACK and newest[1].id == seen:
        return newest[0]
    raise Conflict("この画面を開いたあとに、重みが切り替えられました。画面を開きなおして、お確かめください。")


def _check_reason(reason: str) -> None:
    fault = text_fault(reason, MAX_REASON) if reason.strip() else "切り替える理由を書いてください。"
    if fault:
        raise Invalid(fault, (Detail("reason", fault),))


def _check_usable(data: Path, id: str) -> None:
    if id == DEFAULT:
        return
    try:
        known = id in set_ids(data)
    except OSError as error:
        raise Invalid(UNREADABLE, (Detail("", UNREADABLE),)) from error
    if not known:
        raise NotFound("お探しの重みは見つかりません。番号を確かめてください。")
    found = read_set(data, id)
    if found.fault:
        raise Invalid(f"この重みは使えません。{found.fault}", (Detail("", f"この重みは使えません。{found.fault}"),))
