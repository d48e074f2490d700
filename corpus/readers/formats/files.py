"""Bytes to sheets of text, safe against whatever is uploaded. What a file is, its content says, not its name."""

import io
import zipfile
import zlib

from corpus.readers.base import ReadOptions, UnreadableFile
from corpus.readers.formats.archives import BrokenArchiveError, content
from corpus.readers.formats.delimited import read_delimited
from corpus.readers.formats.sheets import Sheet, shortened
from corpus.readers.formats.unpacking import check_unpacked
from corpus.readers.formats.workbooks import read_xls, read_xlsx

_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_KNOWN_OTHERS = (
    (b"%PDF", "PDF文書"),
    (b"\x89PNG", "画像（PNG）"),
    (b"\xff\xd8\xff", "画像（JPEG）"),
    (b"GIF8", "画像（GIF）"),
    (b"BM", "画像（BMP）"),
    (b"II*\0", "画像（TIFF）"),
    (b"MM\0*", "画像（TIFF）"),
    (b"{\\rtf", "リッチテキスト文書"),
    (b"\x1f\x8b", "gzipで圧縮されたファイル"),
    (b"7z\xbc\xaf", "7-Zipで圧縮されたファイル"),
    (b"Rar!", "RARで圧縮されたファイル"),
)
_MARKUP = (b"<!doctype", b"<html", b"<head", b"<body", b"<table", b"<meta", b"<?xml", b"<svg", b"<!--")
_LITTER = (".DS_Store", "Thumbs.db", "desktop.ini")

_BROKEN = (zipfile.BadZipFile, BrokenArchiveError, zlib.error, EOFError)

_OTHER = (
    "「{name}」の中身は{what}で、表として読めません。"
    "Excelブック（.xlsx、.xls）かCSVで保存し直したものを選んでください。"
)
_BROKEN_ZIP = (
    "「{name}」は壊れているか、途中で切れているため開けません。もう一度ダウンロードするか、保存し直してください。"
)
_LOCKED_ZIP = "「{name}」はパスワード付きの圧縮ファイルのため読めません。パスワードなしで保存し直してください。"
_NOT_ONE_CSV = (
    "「{name}」の中にはCSVファイルが{count}個あります（中身は{found}）。"
    "CSVファイルを1個だけ入れたzipか、CSVファイルそのものを選んでください。"
)


def open_sheets(name: str, data: bytes, options: ReadOptions) -> list[Sheet]:
    """The sheets of a workbook (.xlsx, .xls), or the one of a CSV or of a zip with one CSV, told apart by content.

    ``name`` is used in sentences only. Raises ``UnreadableFile`` for whatever cannot be read, and nothing else.
    """
    if not data:
        raise UnreadableFile(f"「{name}」は空のファイル（0バイト）です。中身のあるファイルを選んでください。")
    if data.startswith(b"PK"):
        return _open_zip(name, data, options)
    if data.startswith(_COMPOUND):
        return read_xls(name, data, options)
    if what := _what_else(data):
        raise UnreadableFile(_OTHER.format(name=name, what=what))
    return _open_delimited(name, data, options)


def _what_else(data: bytes) -> str:
    """What the first bytes show the file to be, when it is nothing we read; else empty."""
    start = data[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith(_MARKUP):
        return "WebページやXMLの文書"
    if start.startswith(b"[") and start[1:].lstrip().startswith(b"{"):
        return "JSONの配列"
    if data[4:12] in (b"ftypheic", b"ftypmif1") or (data[:4] == b"RIFF" and data[8:12] == b"WEBP"):
        return "画像"
    return next((what for magic, what in _KNOWN_OTHERS if data.startswith(magic) and not _is_text(data, magic)), "")


def _is_text(data: bytes, magic: bytes) -> bool:
    """A CSV may begin with the letters BM; a picture holds a zero byte early."""
    return magic == b"BM" and b"\0" not in data[:64]


def _open_delimited(name: str, data: bytes, options: ReadOptions) -> list[Sheet]:
    check_unpacked(name, len(data), len(data), options)
    return [read_delimited(name, data, options)]


def _open_zip(name: str, data: bytes, options: ReadOptions) -> list[Sheet]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _open_archive(name, data, archive, options)
    except (*_BROKEN, OSError, ValueError, NotImplementedError) as error:
        raise UnreadableFile(_BROKEN_ZIP.format(name=name)) from error


def _open_archive(name: str, data: bytes, archive: zipfile.ZipFile, options: ReadOptions) -> list[Sheet]:
    _check_directory(name, archive, len(data), options)
    members = [info.filename.lower() for info in archive.infolist()]
    if what := _what_package(members):
        raise UnreadableFile(_OTHER.format(name=name, what=what))
    if any(member.startswith("xl/") for member in members):
        return read_xlsx(name, data, archive, options)
    return _open_delimited(name, content(archive, _the_csv(name, archive)), options)


def _check_directory(name: str, archive: zipfile.ZipFile, packed: int, options: ReadOptions) -> None:
    """Refuses before anything is unpacked."""
    if any(info.flag_bits & 1 for info in archive.infolist()):
        raise UnreadableFile(_LOCKED_ZIP.format(name=name))
    check_unpacked(name, packed, sum(info.file_size for info in archive.infolist()), options)


def _what_package(members: list[str]) -> str:
    """Which other document a zip is, by the names in it."""
    if any(member.endswith("workbook.bin") for member in members):
        return "Excelバイナリブック（.xlsb）"
    if "content.xml" in members:
        return "OpenDocument文書（.odsなど）"
    folders = {member.partition("/")[0] for member in members if "/" in member}
    return "Word文書" if "word" in folders else "PowerPoint文書" if "ppt" in folders else ""


def _the_csv(name: str, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    infos = [info for info in archive.infolist() if not info.filename.endswith("/") and not _is_litter(info.filename)]
    tables = [info for info in infos if info.filename.lower().endswith((".csv", ".tsv", ".txt"))]
    if len(tables) == 1:
        return tables[0]
    found = "、".join(f"「{shortened(_readable(info))}」" for info in infos[:5]) or "空"
    if len(infos) > 5:
        found += f"など{len(infos)}個"
    raise UnreadableFile(_NOT_ONE_CSV.format(name=name, count=len(tables), found=found))


def _is_litter(filename: str) -> bool:
    return filename.startswith("__MACOSX/") or filename.rpartition("/")[2] in _LITTER


def _readable(info: zipfile.ZipInfo) -> str:
    """Zips made on Japanese Windows hold names in CP932, which zipfile takes for CP437."""
    if info.flag_bits & 0x800:
        return info.filename
    return info.filename.encode("cp437", "replace").decode("cp932", "replace")
