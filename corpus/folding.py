"""The one form by which names and texts are compared; what people see stays as it was written."""

from matcher.folding import nfkc


def fold(text: str) -> str:
    """NFKC, no difference of case, no white space at all: a word that a cell breaks over two lines is the same word.

    Spaces between words go too, so whole texts are compared by it, never cut into words.
    """
    return "".join(nfkc(text).casefold().split())
