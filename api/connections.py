"""One connection from outside: how long it may keep us waiting, and who goes first when there are too many."""

import asyncio
import resource
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 10.0  # from the connection, or from a request's first byte, until its headers are there
IDLE_SECONDS = 15  # between two requests
STALLED_SECONDS = 30.0  # while nothing of an answer is taken
_SHARE = 3  # of the descriptors that the process may have, one in so many is a connection
_MOST = 500
AT_ONCE = 100  # connections taken in a burst, before the first of them is looked at


class Connection(H11Protocol):
    """Closes what brings no request in time, takes no answer, or waits longest when there are too many.

    Without it a hundred connections that say nothing would hold every descriptor of the service.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._for_head: asyncio.TimerHandle | None = None
        self._for_reader: asyncio.TimerHandle | None = None
        self.waiting_since = 0.0

    @property
    def waits(self) -> bool:
        """No request is being answered or sent."""
        answered = self.cycle is None or self.cycle.response_complete
        return answered and self.conn.their_state in (h11.IDLE, h11.DONE)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Starts to wait for a request; the one that has waited longest gives its place up where there is none."""
        super().connection_made(transport)
        self._expect_head()
        open_ones = [one for one in self.connections if isinstance(one, Connection) and not one.transport.is_closing()]
        if len(open_ones) > most_connections():
            waiting = (one for one in open_ones if one.waits)
            min(waiting, key=lambda one: one.waiting_since, default=self).transport.abort()

    def data_received(self, data: bytes) -> None:
        """The headers must all be there in time, however slowly they drip."""
        super().data_received(data)
        if not self.waits:
            self._head_is_there()
        elif self._for_head is None:
            self._expect_head()

    def on_response_complete(self) -> None:
        """From now on it waits again."""
        self.waiting_since = self.loop.time()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._head_is_there()
        self._reader_is_there()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """The other side takes no more of the answer."""
        super().pause_writing()
        self._for_reader = self.loop.call_later(STALLED_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """It goes on."""
        self._reader_is_there()
        super().resume_writing()

    def _expect_head(self) -> None:
        self.waiting_since = self.loop.time()
        self._for_head = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _head_is_there(self) -> None:
        if self._for_head is not None:
            self._for_head.cancel()
            self._for_head = None

    def _reader_is_there(self) -> None:
        if self._for_reader is not None:
            self._for_reader.cancel()
            self._for_reader = None


def most_connections() -> int:
    """At once; the other descriptors are for the database, files and processes."""
    return min(_MOST, max(8, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // _SHARE))
