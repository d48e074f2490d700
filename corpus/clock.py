"""What time it is: the moment that is kept with a record, and the day of the people who use the program."""

from datetime import UTC, date, datetime, timedelta, timezone

JAPAN = timezone(timedelta(hours=9), "JST")  # no summer time, so no zone database is needed


def now() -> datetime:
    """This moment in UTC."""
    return datetime.now(UTC)


def today() -> date:
    """The day in Japan, whatever the server's clock is set to show."""
    return datetime.now(JAPAN).date()
