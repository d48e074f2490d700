"""The records of a file so far, with what happens when two rows are the same thing."""

from collections.abc import Sequence
from dataclasses import replace

from corpus import keys, values
from corpus.readers.base import Kind, MappedColumn, Problem, Progress, ReadResult, Record, Severity
from corpus.readers.kinds.cases import merged
from corpus.readers.kinds.cells import CheckedRow
from corpus.records.cases import Case
from corpus.records.issues import Issue, narrowest
from corpus.records.organisations import Organisation

_PROGRESS_STEP = 1_000  # rows
_MOST_PROBLEMS = 50_000  # that are kept; an answer that lists more makes all others wait while it is written
_MOST_COLUMNS = 20_000  # of all sheets together that are told
_EXPECTED = "一件につき一行"
_ITEM_OF = {
    "prefecture": "都道府県",
    "city": "市区町村",
    "department": "担当課",
    "fiscal_year": "年度",
    "posted_on": "日付",
    "confirmed_on": "確認日",
    "programme": "経過",
}


class RecordCollector:
    """Takes rows in file order.

    A row that repeats another word for word counts once. Of unlike rows with one key, issues are told apart by a number
    at the key (a department may have two tasks of one name), cases grow by the row's programme years, and of
    organisations the later row stands, unless it is the dissolved one. Each is a warning that names both rows, save
    for issues and for programme years.
    """

    def __init__(self, progress: Progress | None = None) -> None:
        self.problems: list[Problem] = []
        self.ignored = 0
        self._records: list[Record] = []
        self._at: dict[str, list[tuple[int, str]]] = {}  # key -> (index of the record, its row in words)
        self._left_out: list[Severity] = []
        self._skipped = 0
        self._rows = 0
        self._progress = progress

    def add(self, checked: CheckedRow, record: Record | None) -> None:
        """``record`` None: an erroneous row is skipped, another one ignored."""
        self._rows += 1
        if self._progress and self._rows % _PROGRESS_STEP == 0:
            self._progress(self._rows)
        if record is not None:
            _check(checked, record)
        if checked.failed:
            self._skipped += 1
        elif record is None:
            self.ignored += 1
        elif record.key in self._at:
            self._add_again(checked, record)
        else:
            self._append(record.key, checked, record)
        self.note(checked.problems)

    def note(self, problems: Sequence[Problem]) -> None:
        """What to look at; beyond the most that are kept, how many there were and whether any kept a row out."""
        room = _MOST_PROBLEMS - len(self.problems)
        self.problems += problems[:room]
        self._left_out += [problem.severity for problem in problems[room:]]

    def _append(self, key: str, checked: CheckedRow, record: Record) -> None:
        where = f"シート「{checked.sheet}」の{checked.row.number}行目" if checked.sheet else f"{checked.row.number}行目"
        self._at.setdefault(key, []).append((len(self._records), where))
        self._records.append(record)

    def _add_again(self, checked: CheckedRow, record: Record) -> None:
        known = self._at[record.key]
        for index, where in known:
            same = replace(record, key=self._records[index].key, id=self._records[index].id)
            if same == self._records[index]:
                self.ignored += 1
                _warn(checked, f"{checked.row.number}行目は{where}と同じ内容ですので、一件として取り込みます。")
                return
        if isinstance(record, Issue) and not record.key.startswith("id:"):
            key = f"{record.key}#{len(known) + 1}"
            self._append(record.key, checked, replace(record, key=key, id=keys.record_id("i-", key)))
            return
        self.ignored += 1
        index, where = known[0]
        self._records[index] = _settled(checked, where, self._records[index], record)

    def result(self, kind: Kind, mapping: tuple[MappedColumn, ...]) -> ReadResult:
        """What was collected, in file order."""
        return ReadResult(
            kind=kind,
            records=tuple(self._records),
            mapping=mapping[:_MOST_COLUMNS],
            problems=(*self.problems, *self._rest()),
            skipped=self._skipped,
            ignored=self.ignored,
        )

    def _rest(self) -> list[Problem]:
        if not self._left_out:
            return []
        severity = Severity.ERROR if Severity.ERROR in self._left_out else Severity.WARNING
        message = f"このほかに{len(self._left_out):,}件の問題や注意がありますが、多すぎるため示しません。"
        return [
            Problem(sheet="", row=0, column="", severity=severity, found="多すぎる問題", expected="", message=message)
        ]


def _check(checked: CheckedRow, record: Record) -> None:
    """What no column takes keeps its row out, like a cell that cannot be read."""
    for fault in values.faults(record):
        item = _ITEM_OF.get(fault.field, "")
        where = checked.label(item) if item else f"{checked.row.number}行目"
        checked.error(item, "保存できない値", "保存できる値", f"{where}を取り込めません。{fault.message}")


def _settled(checked: CheckedRow, where: str, earlier: Record, later: Record) -> Record:
    if isinstance(earlier, Case) and isinstance(later, Case) and earlier.programme != later.programme:
        return merged(earlier, later)
    row = f"{checked.row.number}行目"
    if isinstance(earlier, Organisation) and isinstance(later, Organisation) and earlier.active and not later.active:
        _warn(checked, f"{row}は{where}と同じ団体で、解散した方の行ですので、{where}の内容を取り込みます。")
        return earlier
    _warn(checked, f"{row}は{where}と同じものを指していますが内容が違います。後の{row}の内容を取り込みます。")
    if isinstance(earlier, Issue) and isinstance(later, Issue):
        return replace(later, release_level=narrowest(earlier.release_level, later.release_level))
    return later


def _warn(checked: CheckedRow, message: str) -> None:
    checked.warn("", f"{checked.row.number}行目", _EXPECTED, message)
