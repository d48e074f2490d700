"""An organisation looks for issues: what it does to the ranking that issues which are not public weigh no word."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace

from corpus.documents import issue_documents, organisation_documents, organisation_query
from corpus.records.issues import Issue, ReleaseLevel
from corpus.records.organisations import Organisation
from corpus.trec import read_qrels
from matcher.analysis import LanguageResources
from matcher.matching import Matcher
from matcher.measures import Measures, compare, evaluate, swapped
from models.quality.collection import Collection
from models.quality.floors import interval
from models.quality.weighing import PLACELESS
from models.ranking_files import Entry, read_entries

BEFORE = "すべての課題から(以前)"
SHARES = {"団体とすべての課題から": 1.0, "団体と、公開の3割の課題から": 0.3, "団体だけから(公開の課題なし)": 0.0}
ALONE = "何からも決めない(公開の課題も団体もなし)"

_ABOUT = """
### 団体から課題を探す

語の重み(どれだけまれか、文章の長さの平均)は、公開の課題と団体の文章から決めます。公開でない課題は数えません。
何割を公開とみなすかは、課題のidから決めます。地域は見ません。
"""


def measure_reverse(collection: Collection, learned: LanguageResources) -> dict[str, Measures]:
    """System -> figures over the organisations with a right issue; documents and queries are made as for the service.

    The first is how it was when every issue counted; in the last none is public, and nothing lies behind.
    """
    issues = [_issue(entry) for entry in read_entries(collection.issues)]
    organisations = [_organisation(entry) for entry in read_entries(collection.organisations)]
    documents = [document for one in organisations for document in organisation_documents(one)]
    background = Matcher.fit(documents, PLACELESS, learned).statistics
    by_share = {share: _fitted(issues, share, learned) for share in SHARES.values()}
    systems = {BEFORE: by_share[1.0]}
    systems |= {name: by_share[share].beside(background) for name, share in SHARES.items()}
    systems[ALONE] = by_share[0.0]
    qrels = swapped(read_qrels(collection.qrels))
    left_out = {(organisation, issue) for issue, organisation in collection.left_out()}
    asked = [systems[BEFORE].asked(organisation_query(one)) for one in organisations if one.id in qrels]
    return {
        name: evaluate({one.query.id: dict(matcher.best(one, len(issues))) for one in asked}, qrels, left_out)
        for name, matcher in systems.items()
    }


def _fitted(issues: list[Issue], share: float, learned: LanguageResources) -> Matcher:
    released = [replace(one, release_level=ReleaseLevel.PUBLIC) if _drawn(one.id) < share else one for one in issues]
    return Matcher.fit([document for one in released for document in issue_documents(one)], PLACELESS, learned)


def _drawn(id: str) -> float:
    """Below 1, the same every time."""
    return int.from_bytes(hashlib.sha256(id.encode()).digest()[:4]) / 2**32


def _issue(entry: Entry) -> Issue:
    return Issue(
        id=entry.id,
        key=entry.id,
        title=entry.title,
        purpose=entry.aim,
        problem=entry.body,
        partner_sought=entry.offer,
        fields=entry.fields,
    )


def _organisation(entry: Entry) -> Organisation:
    return Organisation(
        id=entry.id,
        key=entry.id,
        name=entry.title,
        purpose=entry.aim,
        activities=entry.body,
        offers=entry.offer,
        fields=entry.fields,
    )


def reverse_lines(measured: Mapping[str, Mapping[str, Measures]]) -> Iterator[str]:
    """A Markdown row each; ``measured`` by collection and system."""
    yield _ABOUT
    yield "| 正解集 | 語の重みを何から決めるか | nDCG@10 | MRR@10 | Recall@10 | P@1 | 以前との差(nDCG@10) |"
    yield "|---|---|" + "---:|" * 5
    for collection, systems in measured.items():
        for name, one in systems.items():
            figures = (f"{value:.3f}" for value in (one.ndcg, one.mrr, one.recall, one.p1))
            difference = interval(compare(one, systems[BEFORE])) if name != BEFORE else ""
            yield f"| {' | '.join([collection, name, *figures, difference])} |"
