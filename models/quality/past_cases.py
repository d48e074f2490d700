"""What past cases are worth: one issue left out, the other pairs of the collection stand for what is past."""

import json
import tempfile
from collections import Counter
from pathlib import Path

from matcher.analysis import LanguageResources
from matcher.measures import Measures
from models.quality.collection import Collection
from models.quality.weighing import PLACELESS
from models.ranking_files import rank_files


def measure_with_cases(collection: Collection, learned: LanguageResources, weight: float) -> Measures:
    """Every issue with its partners is a case; ranking drops the case that has the id or the text of what is asked.

    So a pair never speaks for itself: an issue's partners stand in its own case alone.
    """
    with tempfile.TemporaryDirectory() as folder:
        cases = Path(folder) / "cases.jsonl"
        write_cases(collection, cases)
        config = PLACELESS.weighing(cases=weight)
        return collection.measure(
            lambda issues, organisations, out: rank_files(
                issues, organisations, out, cases=cases, config=config, learned=learned
            )
        )


def write_cases(collection: Collection, path: Path) -> None:
    """A line an issue that has partners: its id, its text, the ids of its partners."""
    partners = collection.partners()
    lines = [
        json.dumps({"id": one.id, "text": one.query().text, "partners": sorted(partners[one.id])}, ensure_ascii=False)
        for one in collection.judged_issues()
    ]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def met_again(collection: Collection) -> int:
    """How many issues have a partner that another issue has too: only to these can a case point straight."""
    partners = collection.partners()
    times = Counter(owner for owners in partners.values() for owner in owners)
    return sum(any(times[owner] > 1 for owner in owners) for owners in partners.values())
