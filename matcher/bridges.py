"""Past cases as bridges: what is asked is like a case, so the case speaks for its partner and for those like it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from matcher.analysis import AnalysedQuery
from matcher.matching import Mask, Matcher
from matcher.parts import TEXT_PARTS
from matcher.records import Band, Bridge, Part, Query, Suggestion

_MOST = 3  # cases that speak for one query, and partners for whom they speak


@dataclass(frozen=True, slots=True)
class Partner:
    """Who worked in a case: an owner among those that are ranked, and its name."""

    owner: str
    name: str


def bridges_for(
    query: Query | AnalysedQuery,
    cases: Matcher,
    partners_of: Callable[[Sequence[str]], Mapping[str, Sequence[Partner]]],
    without: Collection[str] = (),
    among: Mask | None = None,
) -> list[Bridge]:
    """The first three known partners of the three cases most like ``query``, strongest first, ties by case.

    ``cases`` ranks case documents, a case an owner; places do not matter, since a case of any city tells what kind of
    partner may help. A case that leans on little, is in ``without`` or not ``among`` those here, is no bridge. The
    strength is the share that the case's score has of the most that its texts and fields could give. ``partners_of`` is
    asked for the cases that speak, and for no others: a city may keep thousands.
    """
    weights = cases.config.weighing(area=0.0).weights
    most = sum(map(weights.of, (*TEXT_PARTS, Part.FIELDS)))
    if not most:
        return []
    ranking = cases.weighed(weights).rank(query, _MOST, without, among=among)
    alike = [found for found in ranking.suggestions if found.band is not Band.WEAK]
    speaking = [one.owner for one in alike]
    titles = {document.owner: document.title for document in cases.documents if document.owner in speaking}
    partners = partners_of(speaking) if speaking else {}
    found = [
        _bridge(one, titles[one.owner], partner, max(0.0, min(1.0, one.score / most)))
        for one in alike
        for partner in partners.get(one.owner, ())
    ]
    return found[:_MOST]


def _bridge(found: Suggestion, title: str, partner: Partner, strength: float) -> Bridge:
    evidence = found.evidence
    quotes = (evidence.query_quote, evidence.document_quote)
    return Bridge(found.owner, title, partner.owner, partner.name, strength, *quotes)
