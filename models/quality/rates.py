"""Counted shares with what is not known of them."""

from dataclasses import dataclass

_Z = 1.959964  # of the normal distribution, 97.5 %


@dataclass(frozen=True, slots=True)
class Share:
    """``hits`` of ``of``, with Wilson's 95 % interval; NaN of nothing."""

    hits: int
    of: int

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson (1927), without correction for continuity."""
        if not self.of:
            return float("nan"), float("nan")
        rate, z2 = self.hits / self.of, _Z**2
        middle = (rate + z2 / (2 * self.of)) / (1 + z2 / self.of)
        half = _Z / (1 + z2 / self.of) * (rate * (1 - rate) / self.of + z2 / (4 * self.of**2)) ** 0.5
        return max(0.0, middle - half), min(1.0, middle + half)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.hits}/{self.of}({low:.0%}〜{high:.0%})" if self.of else "0/0"
