"""Words as vectors: words that stand among the same words lie close together."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class WordVectors:
    """``rows`` leads from a form (of ``matcher.text.word_forms``) to its row; several forms may share one.

    ``matrix`` is (rows, dimensions), every row of length 1, so that a product of two rows is their cosine.
    """

    name: str
    rows: Mapping[str, int]
    matrix: NDArray[np.float32]
