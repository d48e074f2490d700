"""``make bench``: speed and memory with a register of the whole country's size, made up on the spot.

The generator draws by Zipf's law from the words of the sample collection, then from pairs of their kanji and from
made-up katakana words, which give the collection its at least 20,000 distinct words. Machines are shared and noisy:
bm25s is timed in the same run, so that a figure can be read as a ratio.
"""

import argparse
import csv
import json
import random
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.resources import files
from itertools import accumulate
from pathlib import Path

from matcher.matching import Matcher
from matcher.records import Area, Bridge, Part, Query
from matcher.text import word_forms, words
from models import artefacts

_QUERIES, _K, _TAIL, _CASES = 200, 10, 40_000, 1_000
_PLACES = [
    ("岡山県", "岡山市北区"),
    ("岡山県", "倉敷市"),
    ("東京都", "世田谷区"),
    ("北海道", "旭川市"),
    ("沖縄県", "那覇市"),
]
_JOINTS = ["の", "を", "と", "に", "や", "で", "から", "する", "、"]


class Generator:
    """Makes texts; the same seed, the same texts."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311  # not for secrets
        samples = files("corpus").joinpath("data", "samples")
        text = "".join(samples.joinpath(f"{name}.jsonl").read_text("utf-8") for name in ("organisations", "issues"))
        common = sorted({term.surface for line in text.splitlines() for term in words(line) if len(term.surface) > 1})
        kanji = sorted(set(re.findall(r"[一-鿿]", text)))
        self._random.shuffle(common)
        kana = [chr(code) for code in range(ord("ア"), ord("ン")) if chr(code) not in "ッャュョヮヰヱ"]
        tail = ["".join(self._random.choices(signs, k=k)) for signs, k in [(kanji, 2), (kana, 5)] * (_TAIL // 2)]
        self._words = common + tail
        self._weights = list(accumulate(1 / (rank + 20) for rank in range(len(self._words))))

    def text(self, least: int, most: int) -> str:
        """Between ``least`` and ``most`` characters."""
        length, text = self._random.randint(least, most), ""
        while len(text) < length:
            for word in self._random.choices(self._words, cum_weights=self._weights, k=20):
                text += word + self._random.choice(_JOINTS)
            text += "。"
        return text[:length]

    def register(self, rows: int, path: Path) -> None:
        """A register of organisations as a directory publishes it."""
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["団体名", "種別", "所在地", "目的", "活動内容", "分野"])
            for number in range(rows):
                prefecture, city = self._random.choice(_PLACES)
                fields = "、".join(map(str, sorted(self._random.sample(range(1, 21), self._random.randint(1, 4)))))
                address = f"{prefecture}{city}本町{number % 30 + 1}番地"
                row = [f"団体{number:06}", "NPO法人", address, self.text(60, 160), self.text(60, 200), fields]
                writer.writerow(row)

    def cases(self, rows: int, bodies: int, path: Path) -> None:
        """Past cases, each with a partner of that register."""
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["事例名", "課題", "協働の相手", "効果"])
            for number in range(rows):
                partner = f"団体{self._random.randrange(bodies):06}"
                writer.writerow([f"事例{number}", self.text(60, 200), partner, self.text(20, 60)])


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rows", type=int, default=60_000)
    rows = parser.parse_args().rows
    generator = Generator(seed=1)
    with tempfile.TemporaryDirectory() as folder:
        data, register = Path(folder) / "data", Path(folder) / "register.csv"
        generator.register(rows, register)
        report(f"register of {rows:,} organisations", f"{register.stat().st_size / 1e6:.0f} MB", "")
        seconds = run([str(Path(sys.executable).with_name("kyodo")), "import", str(register)], data)
        report("imported and searchable", f"{seconds:.1f} s", "120 s")
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        report("most memory of the import", f"{memory:,.0f} MB", "1,500 MB")
        cases = Path(folder) / "cases.csv"
        generator.cases(_CASES, rows, cases)
        run([str(Path(sys.executable).with_name("kyodo")), "import", str(cases)], data)
        seconds = statistics.median(run([sys.executable, "-c", _START], data) for _ in range(3))
        report("start until the first list (median of 3)", f"{seconds:.2f} s", "5 s")
        _in_process(generator, data)
        _whole_way(generator, data)


_START = """
from api.settings import read_settings
from api.context import open_context
from api.usecases.suggestions import ask_with_text
from corpus.access import TERMINAL
ctx = open_context(read_settings())
ctx.indexes.prepare()
with ctx.read(TERMINAL) as s:
    assert ask_with_text(s, ctx.indexes, "高齢者の見守り").organisations(10).candidates
"""


_ASK = """
import json, sys, time
from api.settings import read_settings
from api.context import open_context
from api.usecases.suggestions import as_json, ask_with_text
from corpus.access import TERMINAL
ctx, seconds = open_context(read_settings()), []
ctx.indexes.prepare()
for text in json.load(sys.stdin):
    started = time.perf_counter()
    with ctx.read(TERMINAL) as s:
        as_json(ask_with_text(s, ctx.indexes, text, "岡山県", "岡山市").organisations(10))
    seconds.append(time.perf_counter() - started)
print(json.dumps(seconds[1:]))
"""


def run(command: Sequence[str], data: Path) -> float:
    """Seconds that a command takes with the data folder ``data``. Raises CalledProcessError."""
    started = time.perf_counter()
    output(command, data)
    return time.perf_counter() - started


def output(command: Sequence[str], data: Path, given: str = "") -> str:
    """What a command prints to standard output, given ``given`` on its standard input. Raises CalledProcessError."""
    env = {"KYODO_DATA": str(data), "PATH": ""}
    done = subprocess.run(command, check=True, capture_output=True, env=env, input=given, encoding="utf-8")  # noqa: S603
    return done.stdout


def _whole_way(generator: Generator, data: Path) -> None:
    """As a page asks: the cases ranked and their partners looked up, the list ranked and its organisations read."""
    texts = [generator.text(80, 200) for _ in range(_QUERIES + 1)]
    seconds = json.loads(output([sys.executable, "-c", _ASK], data, json.dumps(texts)))
    what = f"the same from the database, {_CASES:,} past cases searched (median of {_QUERIES})"
    report(what, f"{statistics.median(seconds) * 1e3:.1f} ms", "40 ms")


def _in_process(generator: Generator, data: Path) -> None:
    from matcher.matching import MatcherConfig
    from models.learned import find_learned

    folder = next(iter(data.glob("index/organisations-*-*")))
    matcher = Matcher.from_state(artefacts.load(folder)[0], MatcherConfig(), find_learned())
    distinct = len(matcher.state().tables[f"{Part.WORDS}-vocabulary"])
    report("distinct words", f"{distinct:,}", "at least 20,000")
    fields, areas = frozenset({1, 3}), (Area("岡山県", "岡山市", "北区"),)
    queries = [Query("q", generator.text(80, 200), fields, areas) for _ in range(_QUERIES)]
    partners = matcher.owners[:: len(matcher.owners) // 3][:3]
    bridges = [Bridge(f"c{n}", "事例", partner, "相手", 0.5, "", "") for n, partner in enumerate(partners)]
    ours = _median(lambda query: matcher.rank(query, _K, bridges=bridges), queries)
    report(
        f"one issue ranked with 3 past cases, evidence for {_K} (median of {_QUERIES})", f"{ours * 1e3:.1f} ms", "40 ms"
    )
    theirs = _median(_bm25s(matcher), queries)
    report("bm25s, words only, no evidence, same run", f"{theirs * 1e3:.1f} ms", f"ratio {ours / theirs:.1f}")


def _bm25s(matcher: Matcher) -> Callable[[Query], object]:
    import bm25s

    reference = bm25s.BM25(method="lucene")
    reference.index([word_forms("\n".join(d.texts)) for d in matcher.documents], show_progress=False)
    return lambda query: reference.get_scores(word_forms(query.text))


def _median(task: Callable[[Query], object], queries: Sequence[Query]) -> float:
    task(queries[0])
    times = []
    for query in queries:
        started = time.perf_counter()
        task(query)
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def report(what: str, figure: str, bar: str) -> None:
    """A line of the table: what was measured, the figure, and what it is to be read against."""
    sys.stdout.write(f"{what:<76} {figure:>12}  {bar}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
