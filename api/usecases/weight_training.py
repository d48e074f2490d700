"""Weights learned from what coordinators have judged. A better set is kept as a candidate; nobody is switched to it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from api.context import Context
from api.errors import Invalid
from api.usecases.suggestions import ask_with_issue, past_partners
from corpus.access import Viewer
from corpus.folding import fold
from corpus.records.cases import Case
from corpus.records.decisions import Grade
from corpus.records.issues import Issue
from corpus.session import Session
from corpus.store import cases as case_rows
from corpus.store import issues as issue_rows
from corpus.store import reviews as review_rows
from matcher.matching import Matcher
from models.artefacts import NotReplaceable, fingerprint
from models.search.indexes import Indexes
from models.search.weight_sets import default_weights, weights_folder
from models.weights import LabelledQuery, WeightsConfig, fit_weights, judged, save_weights

_TELLING = 15  # characters
FEWEST = 15  # issues; with fewer, what comes out is mostly the defaults and its measure says nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingResult:
    """What came of it. ``id`` is "" where the set was not better than the default and is not kept."""

    id: str
    weights: Mapping[str, float]
    measures: Mapping[str, float]


def train(ctx: Context, viewer: Viewer) -> TrainingResult:
    """Learn from every issue with organisations judged to fit (適, 可) and not to fit (不適); measured out of fold.

    The set is kept only where nDCG@10 rose. Raises Invalid with fewer than ``FEWEST`` such issues, or where something
    else lies in the place of the set.
    """
    ctx.indexes.prepare()
    with ctx.read(viewer) as s:
        grades = review_rows.graded(s)
        examples = _examples(s, ctx.indexes, ctx.indexes.organisations.at(s).matcher, grades)
    if len(examples) < FEWEST:
        raise Invalid(
            f"重みを学習するには、合う団体(適・可)と合わない団体(不適)の両方を評価した課題が{FEWEST}件以上要ります。"
            f"いまは{len(examples)}件です。サンプルと、候補から外れた団体は数えません。"
        )
    config = WeightsConfig(default_weights())
    parts = tuple(config.default)
    measures, weights = judged(parts, examples, config), fit_weights(parts, examples, config)
    id = _keep(ctx, weights, config, _fingerprint(grades), measures) if measures["difference"] > 0 else ""
    return TrainingResult(id=id, weights=weights, measures=measures)


def _examples(
    s: Session, indexes: Indexes, matcher: Matcher, grades: Mapping[str, Mapping[str, Grade]]
) -> list[LabelledQuery]:
    """In the order of the issues' ids. Only judged organisations take part: of the others nobody knows.

    A past case of the very issue that is learned from would give its own answer, and is left out.
    """
    rows = {owner: row for row, owner in enumerate(matcher.owners)}
    issues = issue_rows.by_ids(s, sorted(grades))
    told = indexes.cases.at(s).matcher
    cases = case_rows.by_ids(s, told.owners)
    examples = []
    for id in sorted(issues):
        known = sorted((rows[owner], grade) for owner, grade in grades[id].items() if owner in rows)
        relevant = np.array([grade is not Grade.UNSUITABLE for _, grade in known], dtype=bool)
        if relevant.any() and not relevant.all():
            asked = ask_with_issue(s, indexes, issues[id]).asked
            own = [case.id for case in cases.values() if _tells_of(case, issues[id])]
            features = matcher.features(asked, past_partners(s, told, asked, own))
            examples.append(LabelledQuery(id, features[[row for row, _ in known]], relevant))
    return examples


def _tells_of(case: Case, issue: Issue) -> bool:
    """Whether a case is this very issue: by its title, or by texts of which one holds the other. Short ones hold in any
    text, and have to be equal.
    """
    ours, theirs = [fold(text) for text in (issue.problem, issue.situation) if text], fold(case.issue)
    held = any(one in theirs or theirs in one for one in ours if min(len(one), len(theirs)) >= _TELLING)
    return held or theirs in ours or fold(case.title) == fold(issue.title)


def _keep(
    ctx: Context, weights: Mapping[str, float], config: WeightsConfig, data: str, measures: Mapping[str, float]
) -> str:
    """The id: the same weights from the same judgements are the same set."""
    id = fingerprint([json.dumps(dict(weights), sort_keys=True).encode(), data.encode()])[:12]
    try:
        save_weights(weights_folder(ctx.settings.data) / id, weights, config, data=data, measures=measures)
    except NotReplaceable as error:
        raise Invalid(str(error)) from error
    return id


def _fingerprint(grades: Mapping[str, Mapping[str, Grade]]) -> str:
    pairs = ((issue, owner, grade) for issue, judged in grades.items() for owner, grade in judged.items())
    return fingerprint(" ".join(pair).encode() for pair in sorted(pairs))
