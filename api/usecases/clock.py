"""The calendar day of the people who use the program."""

from datetime import date, datetime, timedelta, timezone

JAPAN = timezone(timedelta(hours=9), "JST")  # no summer time, so no zone database is needed


def today() -> date:
    """The day in Japan, whatever the server's clock is set to show."""
    return datetime.now(JAPAN).date()
