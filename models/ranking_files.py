"""Ranking files against files: no database, no sample, no case, so that measurements depend on nothing else."""

import gzip
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus.folding import fold
from corpus.names import comparable_name, may_be_one
from corpus.places.addresses import area_of
from corpus.places.areas import parse_areas
from corpus.trec import write_run
from matcher.analysis import LanguageResources
from matcher.bridges import Partner, bridges_for
from matcher.document_index import NO_BACKGROUND, Background
from matcher.matching import Matcher, MatcherConfig
from matcher.records import Area, Bridge, Document, Query
from models.learned import find_learned
from models.reader.reader import MOST_CANDIDATES, RankingReader

# The keys of title, aim, body and offer. With fields and places nothing else is ever read: ids, sources, years and
# dates of founding would leak the answer.
_Keys = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...]]
_KEYS: _Keys = (("name", "title"), ("purpose",), ("activities", "text"), ("offers",))
_CASE_KEYS: _Keys = (("name", "title"), ("purpose", "issue"), ("text", "effect"), ("role_sought",))
_FIELDS = "fields"


class BrokenCollection(ValueError):
    """A file of issues or organisations that cannot be ranked; the text is a Japanese sentence."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a JSONL file, reduced to what a ranking may see."""

    id: str
    title: str
    aim: str
    body: str
    offer: str
    fields: frozenset[int]
    areas: tuple[Area, ...]

    def document(self) -> Document:
        return Document(
            self.id, self.id, self.title, self.aim, self.body, self.offer, fields=self.fields, areas=self.areas
        )

    def query(self) -> Query:
        """Its texts one below the other, those that say nothing left out."""
        text = "\n".join(part for part in (self.title, self.aim, self.body, self.offer) if part)
        return Query(self.id, text, self.fields, self.areas)


@dataclass(frozen=True, slots=True)
class RankingCounts:
    """How many queries were ranked for; of the ``partners`` that the cases name, ``known`` are among those ranked.

    A partner counts once for every case that names it.
    """

    queries: int
    partners: int = 0
    known: int = 0


def rank_files(
    issues: Path,
    organisations: Path,
    out: Path,
    k: int = 1000,
    *,
    reverse: bool = False,
    ignore_area: bool = False,
    cases: Path | None = None,
    config: MatcherConfig | None = None,
    reader: RankingReader | None = None,
    learned: LanguageResources | None = None,
) -> RankingCounts:
    """Write a six-column run of ``min(k, N)`` lines a query.

    ``ignore_area`` drops the part of the score computed from places; texts stay as written. ``cases`` lets past cases
    speak for the organisations they name as partners, by id or by name (whatever the legal form), and for those like
    them; a case never speaks to the issue of its own id or its own text, nor when issues are ranked. ``reader`` gets
    the first twenty, one document each, and gives their owners in its own order. ``learned`` is what is shipped unless
    given. Raises BrokenCollection.
    """
    config = config or MatcherConfig()
    if ignore_area:
        config = config.weighing(area=0.0)
    asked, ranked = read_entries(issues), read_entries(organisations)
    if reverse:
        asked, ranked = ranked, asked
    if reader:
        reader.begin(len(asked) if ranked else 0)
    learned = find_learned() if learned is None else learned
    # Issues are weighed beside the organisations, as in the service.
    background = _fitted(asked, config, learned).statistics if reverse else NO_BACKGROUND
    matcher = _fitted(ranked, config, learned, background)
    documents = {document.owner: document for document in matcher.documents}
    told = _Cases.of(cases, ranked, config, learned) if cases and not reverse else None
    run = {}
    for entry in asked:
        best = matcher.best(entry.query(), k, told.bridges(entry) if told else ())
        run[entry.id] = _reordered(best, entry, documents, reader) if reader and best else best
    write_run(out, run, matcher.name)
    return RankingCounts(len(asked), told.named, told.known) if told else RankingCounts(len(asked))


def _fitted(
    ranked: Sequence[Entry], config: MatcherConfig, learned: LanguageResources, background: Background = NO_BACKGROUND
) -> Matcher:
    return Matcher.fit([entry.document() for entry in ranked], config, learned, background)


def _reordered(
    best: Sequence[tuple[str, float]], entry: Entry, documents: Mapping[str, Document], reader: RankingReader
) -> list[tuple[str, float]]:
    """The reader's order of the first ones. The scores stay in their places: a run is read by its scores."""
    first, others = best[:MOST_CANDIDATES], best[MOST_CANDIDATES:]
    order = reader(entry.query(), [documents[owner] for owner, _ in first])
    return [*((owner, score) for owner, (_, score) in zip(order, first, strict=True)), *others]


@dataclass(frozen=True, slots=True)
class _Cases:
    """Past cases ready to be asked; ``texts`` leads from a folded text to the cases that have it.

    They name ``named`` partners, of whom ``partners`` holds the known ones.
    """

    matcher: Matcher
    partners: Mapping[str, Sequence[Partner]]
    texts: Mapping[str, Sequence[str]]
    named: int

    @property
    def known(self) -> int:
        """How many partners of cases are known."""
        return sum(map(len, self.partners.values()))

    @classmethod
    def of(
        cls, path: Path, organisations: Sequence[Entry], config: MatcherConfig, learned: LanguageResources
    ) -> "_Cases":
        """Places do not matter here: a case of any city tells what kind of partner may help."""
        known = _by_name(organisations)
        partners: dict[str, list[Partner]] = {}
        documents, texts, total = [], defaultdict(list), 0
        for number, line in _lines(path):
            entry, raw = _entry(path, number, line, _CASE_KEYS), json.loads(line)
            if entry.id in partners:
                raise BrokenCollection(f"{path.name} の{number}行目: idの「{entry.id}」が前の行と同じです。")
            names = _names(path, number, raw)
            total += len(names)
            called = [(name, known.get(name.strip()) or known.get(comparable_name(name))) for name in names]
            found = [one for name, one in called if one and (name.strip() == one.id or may_be_one(name, one.title))]
            partners[entry.id] = [Partner(one.id, one.title) for one in found]
            documents.append(entry.document())
            for text in {fold(entry.query().text), fold(entry.body)}:
                texts[text].append(entry.id)
        return cls(Matcher.fit(documents, config.weighing(area=0.0), learned), partners, texts, total)

    def bridges(self, entry: Entry) -> list[Bridge]:
        """For an issue; the cases that are the issue itself left out."""
        query = entry.query()
        return bridges_for(
            query, self.matcher, lambda _: self.partners, {entry.id, *self.texts.get(fold(query.text), ())}
        )


def _names(path: Path, number: int, raw: Mapping[str, Any]) -> list[str]:
    """The partners of a case, one or a list of them."""
    given = raw.get("partners") or []
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise BrokenCollection(f"{path.name} の{number}行目: 「partners」には、協働の相手の名前を並べてください。")
    return names


def _by_name(organisations: Sequence[Entry]) -> dict[str, Entry]:
    """By the ids and names that a case may write: the very one before what compares as one; of several, the first."""
    called = [(name, one) for one in organisations[::-1] for name in (one.title, one.id) if name]
    return {**{comparable_name(name): one for name, one in called}, **dict(called)}


def read_entries(path: Path) -> Sequence[Entry]:
    """The lines of a JSONL file (``.gz`` by name). Raises BrokenCollection with the line's number."""
    entries: dict[str, Entry] = {}
    for number, line in _lines(path):
        entry = _entry(path, number, line, _KEYS)
        if entry.id in entries:
            raise BrokenCollection(f"{path.name} の{number}行目: idの「{entry.id}」が前の行と同じです。")
        entries[entry.id] = entry
    return list(entries.values())


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with (
            gzip.open(path, "rt", encoding="utf-8-sig")
            if path.suffix == ".gz"
            else path.open(encoding="utf-8-sig") as file
        ):
            yield from ((number, line) for number, line in enumerate(file, start=1) if line.strip())
    except UnicodeDecodeError as error:
        raise BrokenCollection(f"{path.name} はUTF-8の文字列として読めません。UTF-8で保存してください。") from error
    except (gzip.BadGzipFile, EOFError) as error:
        raise BrokenCollection(
            f"{path.name} はgzipとして読めません。ファイルが壊れていないか確かめてください。"
        ) from error


def _entry(path: Path, number: int, line: str, keys: _Keys) -> Entry:
    where = f"{path.name} の{number}行目"
    try:
        raw = json.loads(line)
        line.encode()
        json.dumps(raw, ensure_ascii=False).encode()  # half a character written as \\ud800 is found only now
    except (ValueError, RecursionError) as error:
        raise BrokenCollection(f"{where}: JSONとして読めません。1行に1つのJSONを書いてください。") from error
    if not isinstance(raw, dict) or not str(raw.get("id") or "").strip():
        raise BrokenCollection(f"{where}: 「id」がありません。1行に1つ、idのあるJSONを書いてください。")
    if any(character.isspace() for character in str(raw["id"])):
        raise BrokenCollection(f"{where}: idの「{raw['id']}」に空白があります。空白のないidにしてください。")
    title, aim, body, offer = (_text(raw, names) for names in keys)
    return Entry(
        id=str(raw["id"]),
        title=title,
        aim=aim,
        body=body,
        offer=offer,
        fields=_codes(raw.get(_FIELDS)),
        areas=_areas(raw),
    )


def _text(raw: Mapping[str, Any], keys: Sequence[str]) -> str:
    values = (raw.get(key) for key in keys)
    return "\n".join("\n".join(map(str, value)) if isinstance(value, list) else str(value) for value in values if value)


def _codes(value: Any) -> frozenset[int]:
    codes = value if isinstance(value, list) else []
    return frozenset(code for code in codes if isinstance(code, int) and 1 <= code <= 20)


def _areas(raw: Mapping[str, Any]) -> tuple[Area, ...]:
    area, prefecture, city = (str(raw.get(key) or "") for key in ("area", "prefecture", "city"))
    home = area_of(prefecture, city)
    return parse_areas(area, prefecture, city) or ((home,) if home else ())
