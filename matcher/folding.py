"""One form for signs that are written in several: what texts are compared by."""

import unicodedata

_PIECE = 512  # signs folded at a time: marks on one sign are put in order in the square of their number
_HANGUL_ENDINGS = ("\u1160", "\u11ff")


def nfkc(text: str) -> str:
    """NFKC, in a time that grows with the length of the text alone; one sign may become eighteen (U+FDFA).

    Of some hundred marks upon one sign not all are put in order: no script writes so.
    """
    if len(text) <= _PIECE:
        return unicodedata.normalize("NFKC", text)
    pieces, start = [], 0
    while start < len(text):
        end = start + _PIECE
        while end < min(start + 2 * _PIECE, len(text)) and not _begins(text[end]):
            end += 1
        pieces.append(unicodedata.normalize("NFKC", text[start:end]))
        start = end
    return "".join(pieces)


def _begins(sign: str) -> bool:
    """Whether it is no mark or ending that would grow together with the sign before it."""
    first, last = _HANGUL_ENDINGS
    return not (unicodedata.combining(unicodedata.normalize("NFKD", sign)[0]) or first <= sign <= last)
