"""Past cases as bridges: what is asked is like a case, so the case speaks for its partner and for those like it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from matcher.matching import Matcher
from matcher.records import Band, Bridge, Part, Query, Suggestion

_MOST = 3  # cases that speak for one query


@dataclass(frozen=True, slots=True)
class Partner:
    """Who worked in a case: an owner among those that are ranked, and its name."""

    owner: str
    name: str


def bridges_for(
    query: Query, cases: Matcher, partners: Mapping[str, Sequence[Partner]], without: Collection[str] = ()
) -> list[Bridge]:
    """One for each known partner of the at most three cases most like ``query``, strongest first, ties by case.

    ``cases`` ranks case documents, a case an owner. A case that leans on little, or is in ``without``, is no bridge.
    The strength is the share that the case's score has of the most that texts could give.
    """
    titles = {document.owner: document.title for document in cases.documents}
    weights = cases.config.weights
    most = sum(weights.of(part) for part in (Part.WORDS, Part.CHARACTERS, Part.MEANING, Part.FIELDS))
    alike = [s for s in cases.rank(query, _MOST, without).suggestions if s.band is not Band.WEAK]
    return [
        _bridge(found, titles[found.owner], partner, min(1.0, found.score / most))
        for found in alike
        for partner in partners.get(found.owner, ())
    ]


def _bridge(found: Suggestion, title: str, partner: Partner, strength: float) -> Bridge:
    evidence = found.evidence
    quotes = (evidence.query_quote, evidence.document_quote)
    return Bridge(found.owner, title, partner.owner, partner.name, strength, *quotes)
