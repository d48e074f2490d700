"""How well word vectors know this field: measured on the table of synonyms, of which training sees nothing."""

from collections.abc import Collection, Hashable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from corpus.synonyms import shipped_synonyms
from matcher.dense import WordVectors, unit_rows
from matcher.text import word_forms

KNOWN, ORDER = "synonyms_known", "synonym_order"
# Rounding to a byte moved neither by more than 0.0001; vectors that lost 0.01 of one already ranked worse.
MOST_LOST = 0.005


def measure(vectors: WordVectors) -> dict[str, float]:
    """``synonym_order`` and ``synonyms_known`` (0 to 1) of the shipped table of synonyms and near-synonyms."""
    return measure_on(vectors, [group.members for group in shipped_synonyms().groups])


def measure_on(vectors: WordVectors, groups: Sequence[Sequence[str]]) -> dict[str, float]:
    """``synonym_order`` is how probably two members of one group lie closer than two that share no group, ties half.

    0.5 is chance. Pairs with a word in common are left out. ``synonyms_known`` is the share of members with a vector, a
    member of several words having the mean of theirs. ``synonym_order`` is missing where there is no pair of a kind.
    """
    forms = {member: frozenset(word_forms(member)) for group in groups for member in group}
    known = sorted(member for member, own in forms.items() if not own.isdisjoint(vectors.rows))
    measures = {KNOWN: len(known) / max(len(forms), 1)}
    distinct = np.triu(_in_common([forms[member] for member in known]) == 0, 1)
    together = _in_common([{n for n, group in enumerate(groups) if member in group} for member in known]) > 0
    if (distinct & together).any() and (distinct & ~together).any():
        cosines = _cosines(vectors, [forms[member] for member in known])
        measures[ORDER] = _order(cosines[distinct & together], cosines[distinct & ~together])
    return {name: round(value, 4) for name, value in measures.items()}


def no_worse(new: Mapping[str, float], old: Mapping[str, float]) -> bool:
    """Whether neither measure falls more than MOST_LOST short of ``old``; what was not measured counts as 0.

    Both, since each alone deceives: a dozen known words can lie in perfect order, and many known words in none.
    """
    return all(round(old.get(name, 0) - new.get(name, 0), 4) <= MOST_LOST for name in (KNOWN, ORDER))


def _in_common(marks: Sequence[Collection[Hashable]]) -> NDArray[np.float32]:
    """(N, N): how many marks two of them have in common."""
    columns = {mark: column for column, mark in enumerate({mark for each in marks for mark in each})}
    held = np.zeros((len(marks), len(columns)), dtype=np.float32)
    for row, each in enumerate(marks):
        held[row, [columns[mark] for mark in each]] = 1
    return held @ held.T


def _cosines(vectors: WordVectors, forms: Sequence[frozenset[str]]) -> NDArray[np.float32]:
    means = [
        vectors.matrix[sorted(vectors.rows[form] for form in each if form in vectors.rows)].mean(axis=0)
        for each in forms
    ]
    rows = unit_rows(np.array(means, dtype=np.float32))
    return rows @ rows.T


def _order(inside: NDArray[np.float32], outside: NDArray[np.float32]) -> float:
    """The area under the curve: the share of (inside, outside) in which the former is larger."""
    outside = np.sort(outside)
    below, upto = np.searchsorted(outside, inside, "left"), np.searchsorted(outside, inside, "right")
    return float((below + upto).mean() / 2 / len(outside))
