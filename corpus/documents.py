"""Records to what the matcher ranks and is asked: one place that says which words of a record speak."""

from collections.abc import Sequence

from corpus.places.addresses import area_of, split_address
from corpus.places.areas import parse_areas
from corpus.places.gazetteer import GAZETTEER_EDITION
from corpus.records.cases import Case
from corpus.records.issues import TEXTS, Issue, ReleaseLevel
from corpus.records.organisations import Organisation
from matcher.records import Area, Document, Query

# Raise the number when a record gives other documents than before, so that kept states are built anew.
DOCUMENTS_EDITION = f"3, {GAZETTEER_EDITION}"
# Characters of one text that speak, from its beginning. The longest text of any collection measured has 3,261; who
# fills every field of an issue with as much as it holds must not keep all others waiting for their lists.
SPEAKING = 4_000
_ASKING = 3 * SPEAKING  # of all that a query asks with
_OFFERS = 200  # lines of what an organisation offers, each a document of its own


def organisation_documents(organisation: Organisation) -> list[Document]:
    """The whole profile, and each line of what the organisation offers on its own; the best one speaks.

    Purpose and activities stay together: on every collection measured, a profile cut into its activities ranked worse.
    """
    areas, fields = organisation_areas(organisation), organisation.fields
    profile = Document(
        id=f"{organisation.id}#profile",
        owner=organisation.id,
        title=_speaking(organisation.name),
        aim=_speaking(organisation.purpose),
        body=_speaking(organisation.activities),
        offer=_speaking(organisation.offers),
        fields=fields,
        areas=areas,
    )
    offers = [line.strip() for line in _speaking(organisation.offers).splitlines() if line.strip()][:_OFFERS]
    return [profile] + [
        Document(
            id=f"{organisation.id}#offer-{number:03}",
            owner=organisation.id,
            title=_speaking(organisation.name),
            offer=offer,
            fields=fields,
            areas=areas,
        )
        for number, offer in enumerate(offers, start=1)
    ]


def issue_documents(issue: Issue) -> list[Document]:
    """An issue as something to be found: by an organisation, or as similar to another issue."""
    return [
        Document(
            id=f"{issue.id}#issue",
            owner=issue.id,
            title=_speaking(issue.title),
            aim=_lines(*_texts(issue, "aim")),
            body=_lines(*_texts(issue, "body")),
            offer=_lines(*_texts(issue, "offer")),
            fields=issue.fields,
            areas=issue_areas(issue),
            public=issue.release_level is ReleaseLevel.PUBLIC,
        )
    ]


def case_documents(case: Case) -> list[Document]:
    """A past collaboration, found by what the issue was, what was sought and what came of it."""
    return [
        Document(
            id=f"{case.id}#case",
            owner=case.id,
            title=_speaking(case.title),
            aim=_speaking(case.issue),
            body=_lines(case.effect, case.outlook),
            offer=_speaking(case.role_sought),
            fields=case.fields,
            areas=_areas("", case.prefecture, case.city),
        )
    ]


def issue_query(issue: Issue) -> Query:
    """What the issue asks with: every text of it that speaks of the matter."""
    text = _asked(issue.title, *_texts(issue, "aim", "body", "offer"))
    return Query(issue.id, text, issue.fields, issue_areas(issue))


def _texts(issue: Issue, *parts: str) -> list[str]:
    return [getattr(issue, name) for name, text in TEXTS.items() if text.speaks_in in parts]


def organisation_query(organisation: Organisation) -> Query:
    """What an organisation asks the issues with: what it does, not what it is called."""
    text = _asked(organisation.purpose, organisation.activities, organisation.offers) or _speaking(organisation.name)
    return Query(organisation.id, text, organisation.fields, organisation_areas(organisation), offers=True)


def issue_areas(issue: Issue) -> tuple[Area, ...]:
    """The places an issue is about; () when none is known."""
    return _areas(issue.area, issue.prefecture, issue.city)


def organisation_areas(organisation: Organisation) -> tuple[Area, ...]:
    """Where an organisation works; where that is not said, the city of its office."""
    known = _areas(organisation.area, organisation.prefecture, organisation.city)
    if known:
        return known
    seat = split_address(organisation.address) if organisation.address else None
    return (seat,) if seat else ()


def _areas(text: str, prefecture: str, city: str) -> tuple[Area, ...]:
    named = parse_areas(text, prefecture, city)
    home = area_of(prefecture, city)
    return named or ((home,) if home else ())


def _lines(*texts: str) -> str:
    return "\n".join(_speaking(text) for text in texts if text)


def _asked(*texts: str) -> str:
    """Where all together are too long, each has its share, so that none is passed over."""
    told = [_speaking(text) for text in texts if text]
    share = SPEAKING if sum(map(len, told)) <= _ASKING else _ASKING // len(told)
    return "\n".join(text[:share] for text in told)


def _speaking(text: str) -> str:
    return text[:SPEAKING]


def text_query(text: str, areas: Sequence[Area] = ()) -> Query:
    """A text that is no stored issue."""
    return Query("", text[:_ASKING], areas=tuple(areas))
