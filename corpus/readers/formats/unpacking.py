"""How large a file may become when it is unpacked, and how many rows it may have: the same for every format."""

import gzip
import io
import zlib

from corpus.readers.base import ReadOptions, UnreadableFile

_ABSURD_RATIO = 200  # unpacked : packed; office programs reach 10 to 50
_HARMLESS_SIZE = 50_000_000  # unpacked bytes below which the ratio does not matter
_CHUNK = 1 << 20

_TOO_BIG = (
    "「{name}」は展開すると{size:,}MBになり、大きすぎるため開きません（上限は{limit:,}MBです）。"
    "必要な表だけを新しいファイルに貼り付けて保存し直してください。"
)
_INFLATED = (
    "「{name}」は展開すると元の{ratio:,}倍（{size:,}MB）になる異常なファイルのため開きません。"
    "必要な表だけを新しいファイルに貼り付けて保存し直してください。"
)
_TOO_LONG = (
    "「{name}」には{rows:,}行あり、一度に読み込める上限（{limit:,}行）を超えています。"
    "{limit:,}行以下のファイルに分けてください。"
)


def check_unpacked(name: str, packed: int, size: int, options: ReadOptions) -> None:
    """Raises ``UnreadableFile`` when ``size`` bytes are too many, or too many for what they were packed in."""
    if size > options.max_bytes:
        raise UnreadableFile(_TOO_BIG.format(name=name, size=size // 10**6, limit=options.max_bytes // 10**6))
    if size > _HARMLESS_SIZE and size > packed * _ABSURD_RATIO:
        raise UnreadableFile(_INFLATED.format(name=name, ratio=size // packed, size=size // 10**6))


def check_rows(name: str, rows: int, options: ReadOptions) -> None:
    """Raises ``UnreadableFile`` when a file of so many filled rows, one of them a heading, is over the limit."""
    if rows - 1 > options.max_rows:
        raise UnreadableFile(_TOO_LONG.format(name=name, rows=rows, limit=options.max_rows))


def unpacked(name: str, data: bytes, options: ReadOptions) -> bytes:
    """``data``, out of gzip if it is in it. Raises ``UnreadableFile`` when broken or too large."""
    if not data.startswith(b"\x1f\x8b"):
        return data
    found, size = [], 0
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
            while chunk := packed.read(_CHUNK):
                found.append(chunk)
                size += len(chunk)
                check_unpacked(name, len(data), size, options)
    except (OSError, EOFError, zlib.error) as broken:
        raise UnreadableFile(
            f"「{name}」は圧縮が壊れているため開けません。もう一度入手するか、圧縮せずに保存し直してください。"
        ) from broken
    return b"".join(found)
