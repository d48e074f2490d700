"""The log of the service: a JSON object a line, of ids, counts and names of errors.

What an error says is left out, and so is every address with its query, for both may hold the words of an issue or of a
person. Where it happened is told instead.
"""

import json
import logging
import sys
import threading
import traceback
from datetime import UTC, datetime
from typing import Any

# Of our own, and of what runs the service, the sentences are known to hold no texts.
_SPOKEN = ("api", "corpus", "matcher", "models", "uvicorn")
_LOG = logging.getLogger(__name__)
_DEEPEST = 12  # frames of an error, those nearest to it


def start_logging() -> None:
    """To standard error, from warnings on; what ``logger.info`` of ``api`` tells (one line a request) too."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("api").setLevel(logging.INFO)
    logging.captureWarnings(True)
    threading.excepthook = _log_thread


def _log_thread(ended: threading.ExceptHookArgs) -> None:
    """A thread that an error has ended would print it with all it says."""
    name = ended.thread.name if ended.thread else "-"
    _LOG.error("スレッド %s が途中で終わりました。", name, exc_info=ended.exc_value)


class JsonLines(logging.Formatter):
    """``{"time", "level", "logger", "message"}``, with ``error`` and ``at`` where there is one, and ``told``."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        known = record.name.partition(".")[0] in _SPOKEN
        # Of more than one line, as of a traceback that somebody else has put together, the first.
        line["message"] = record.getMessage().strip().partition("\n")[0] if known else "(もとの文は記録しません)"
        line |= getattr(record, "told", {})
        if record.exc_info and record.exc_info[1]:
            line |= _about(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=str)


def _about(error: BaseException) -> dict[str, Any]:
    """The kinds of an error and of what led to it, and the places it passed: no word of what it says."""
    kinds: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(kinds) < _DEEPEST:
        kinds.append(f"{type(seen).__module__}.{type(seen).__qualname__}")
        seen = seen.__cause__ or seen.__context__
    frames = traceback.extract_tb(error.__traceback__)[-_DEEPEST:]
    return {"error": kinds, "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]}
