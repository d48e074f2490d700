"""``read_apart``: a file is read in a process of its own, so that the worst it can do is not to be read."""

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from corpus.readers.apart import handover
from corpus.readers.apart.answers import Answer, GarbledAnswer
from corpus.readers.apart.child import OUT_OF_MEMORY
from corpus.readers.base import Progress, ReadOptions, ReadResult, UnreadableFile

# By the clock a reading may last longer than by the processor: with four at once on two processors each gets half of
# one at best, and pages go before them.
_CLOCK = 3
_AT_ONCE = 4  # so much memory, four times over, is the most that reading takes
_PATIENCE = 30.0  # seconds to wait for one of the four to end
_LONGEST_LINE = 32_000_000  # bytes; the largest record has some thirty cells of 32,767 characters
_OTHER_LINES = 1_000_000  # beside the records: columns, problems, progress

_TOO_MUCH_MEMORY = (
    "「{name}」を読むには、決められた上限（{limit:,}MB）より多くのメモリーが要るため、読み込みをやめました。"
    "必要な表だけを新しいファイルに貼り付けるか、いくつかのファイルに分けてください。"
)
_TOO_SLOW = (
    "「{name}」を読むのに、決められた上限（{limit:,}秒）より長くかかるため、読み込みをやめました。"
    "必要な表だけを新しいファイルに貼り付けるか、いくつかのファイルに分けてください。"
)
_TOO_LARGE = (
    "「{name}」から読み取った内容が、決められた上限（{limit:,}MB）より大きいため、読み込みをやめました。"
    "いくつかのファイルに分けてください。"
)
_ENDED = (
    "「{name}」は、読み取りの途中で思いがけない終わり方をしたため、読めません。"
    "Excelなどで開いて、別の名前で保存し直したものをお使いください。"
)


_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What reading one file may cost: bytes of memory, seconds of one processor, bytes of what was read."""

    memory: int = 1_500_000_000
    seconds: int = 120
    output: int = 400_000_000


@dataclass(frozen=True, slots=True)
class _Task:
    name: str
    data: bytes
    options: ReadOptions
    limits: Limits


class ReadersBusy(Exception):
    """As many files as may be are being read already, and none of them ended for a while."""


_places = threading.BoundedSemaphore(_AT_ONCE)
_running: set[subprocess.Popen[bytes]] = set()


def read_apart(
    name: str, data: bytes, options: ReadOptions, limits: Limits, progress: Progress | None = None
) -> ReadResult:
    """As ``read_file``, within ``limits``. Raises ``UnreadableFile``, also for a limit or a crash, or ReadersBusy."""
    if not _places.acquire(timeout=_PATIENCE):
        raise ReadersBusy
    try:
        with _process(limits) as process:
            return _reading(process, _Task(name, data, options, limits), progress)
    finally:
        _places.release()


def stop_reading() -> None:
    """End every reading of this process now; each is refused like a file that crashed."""
    for process in tuple(_running):
        process.kill()


@contextmanager
def _process(limits: Limits) -> Iterator[subprocess.Popen[bytes]]:
    """A fresh interpreter: this process has threads, which a fork would cut off in the middle of their work."""
    process = subprocess.Popen(  # noqa: S603
        [
            sys.executable,
            "-P",
            "-m",
            "corpus.readers.apart.child",
            *map(str, (limits.memory, limits.seconds, os.getpid())),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # a library that ends badly may say what it was reading
        env=_environment(),
        cwd="/",
    )
    _running.add(process)
    try:
        yield process
    finally:
        _running.discard(process)
        process.kill()
        for stream in (process.stdin, process.stdout):
            with suppress(BrokenPipeError):  # what was not sent when it ended
                _known(stream).close()
        process.wait()


def _known(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise RuntimeError("a process without its pipes")
    return stream


def _environment() -> dict[str, str]:
    """The same modules as here, and nothing of what the service keeps in its environment, such as keys."""
    kept = ("PATH", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "PYTHONHOME")
    return {
        **{name: os.environ[name] for name in kept if name in os.environ},
        "PYTHONPATH": os.pathsep.join(str(Path(path).absolute()) for path in sys.path),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _reading(process: subprocess.Popen[bytes], asked: _Task, progress: Progress | None) -> ReadResult:
    late = threading.Event()

    def ring() -> None:
        late.set()
        process.kill()

    alarm = threading.Timer(asked.limits.seconds * _CLOCK, ring)
    alarm.daemon = True
    alarm.start()
    try:
        _ask(_known(process.stdin), asked)
        if result := _answer(_known(process.stdout), asked, progress):
            return result
    except GarbledAnswer:
        process.kill()
    finally:
        alarm.cancel()
    code = process.wait()
    _LOG.warning("ファイルの読み取りが途中で終わりました(終了コード %s)。", code)
    raise UnreadableFile(_why(-signal.SIGXCPU if late.is_set() else code, asked))


def _ask(stream: IO[bytes], asked: _Task) -> None:
    """It reads all before it says anything, so that neither waits for the other."""
    with suppress(BrokenPipeError):  # it has ended; why, its exit code says
        stream.write(handover.question(asked.name, asked.options).encode() + b"\n")
        stream.write(asked.data)
        stream.close()


def _answer(stream: IO[bytes], asked: _Task, progress: Progress | None) -> ReadResult | None:
    """None when it ended before the last line."""
    answer, left = Answer(), asked.limits.output
    for _ in range(asked.options.max_rows + _OTHER_LINES):
        line = stream.readline(min(left, _LONGEST_LINE) + 1)
        left -= len(line)
        if left < 0 or len(line) > _LONGEST_LINE:
            raise UnreadableFile(_TOO_LARGE.format(name=asked.name, limit=asked.limits.output // 10**6))
        if not line.endswith(b"\n"):
            return None
        if result := answer.take(line, progress):
            return result
    return None


def _why(code: int, asked: _Task) -> str:
    """In words, why the process ended without an answer. Libraries that are refused memory abort."""
    if code == -signal.SIGXCPU:
        return _TOO_SLOW.format(name=asked.name, limit=asked.limits.seconds)
    if code in (OUT_OF_MEMORY, -signal.SIGABRT):
        return _TOO_MUCH_MEMORY.format(name=asked.name, limit=asked.limits.memory // 10**6)
    return _ENDED.format(name=asked.name)
