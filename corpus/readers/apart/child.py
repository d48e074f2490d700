"""The process that reads one file, ``python -m corpus.readers.apart.child``: asked on stdin, it answers on stdout.

It limits itself before it looks at a byte of the file: whatever the file makes of the libraries that read it, it costs
no more than that, and ends here.
"""

import ctypes
import os
import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path

OUT_OF_MEMORY = 3  # exit code
_OPEN_FILES = 32
_POLITENESS = 10  # pages come first
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


def main() -> None:
    """Reads as asked; any end but a last line on stdout is a failure, whose exit code says which."""
    memory, seconds, parent = map(int, sys.argv[1:])
    _follow(parent)
    _limit(memory, seconds)
    with suppress(MemoryError):
        _answer()
        return
    os._exit(OUT_OF_MEMORY)


def _follow(parent: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before we asked to follow it
        os._exit(1)


def _limit(memory: int, seconds: int) -> None:
    os.nice(_POLITENESS)
    with suppress(OSError):  # where memory runs out all the same, this process goes and the service stays
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    wanted = {
        resource.RLIMIT_AS: (memory, memory),
        resource.RLIMIT_CPU: (seconds, seconds + 1),
        resource.RLIMIT_FSIZE: (0, 0),
        resource.RLIMIT_NOFILE: (_OPEN_FILES, _OPEN_FILES),
        resource.RLIMIT_CORE: (0, 0),
    }
    for kind, (soft, hard) in wanted.items():
        allowed = resource.getrlimit(kind)[1]
        most = allowed if allowed != resource.RLIM_INFINITY else hard
        resource.setrlimit(kind, (min(soft, most), min(hard, most)))


def _answer() -> None:
    from corpus.readers.apart import handover
    from corpus.readers.base import UnreadableFile
    from corpus.readers.read_file import read_file

    name, options = handover.asked(sys.stdin.buffer.readline().decode())
    data = sys.stdin.buffer.read()
    try:
        result = read_file(name, data, options, lambda rows: _write(f"{handover.PROGRESS}{rows}", at_once=True))
    except UnreadableFile as error:
        _write(handover.refusal(error), at_once=True)
        return
    for line in handover.lines_of(result):
        _write(line)
    sys.stdout.buffer.flush()


def _write(line: str, *, at_once: bool = False) -> None:
    sys.stdout.buffer.write(line.encode("utf-8", "replace") + b"\n")  # half a character pair is stored nowhere
    if at_once:
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
