"""One connection from outside: how long it may keep us waiting, and who goes first when there are too many."""

import asyncio
import resource
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 10.0  # from the connection, or from a request's first byte, until its headers are there
IDLE_SECONDS = 5  # between two requests
LEAVING_SECONDS = 10.0  # after an answer: to take its last bytes, to send what is left of a body, to ask again
STALLED_SECONDS = 20.0  # while nothing of an answer is taken
BURST = 100  # connections taken at once, before the first of them is looked at
_SHARE = 3  # of the descriptors that the process may have, one in so many is a connection
_MOST = 500


class Connection(H11Protocol):
    """Gives up what brings no request in time, or takes no answer, and what waits longest when there are too many.

    Whatever it does, one timer runs as long as nothing of it is being answered. Without that a hundred connections that
    say nothing would hold every descriptor of the service.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._given_up: asyncio.TimerHandle | None = None
        self._begins = False  # a head has begun to come in
        self.idle_since = 0.0
        self.is_lost = False

    @property
    def is_answered(self) -> bool:
        """Whether a request of it is being worked on, or its answer is being sent."""
        return self.cycle is not None and not self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Starts to wait for a request; the one that has waited longest gives its place up where there is none."""
        super().connection_made(transport)
        self._wait(HEAD_SECONDS, begins=True)
        there = [one for one in self.connections if isinstance(one, Connection) and not one.is_lost]
        if len(there) > most_connections():
            min((one for one in there if not one.is_answered), key=lambda one: one.idle_since, default=self).give_up()

    def data_received(self, data: bytes) -> None:
        """The headers must all be there in time, however slowly they drip."""
        super().data_received(data)
        if self.is_answered:
            self._stop_waiting()
        elif not self._begins and self.conn.their_state is h11.IDLE:
            self._wait(HEAD_SECONDS, begins=True)

    def on_response_complete(self) -> None:
        """From now on it waits again, unless its next request is there already."""
        super().on_response_complete()
        if not self.is_answered:
            self._wait(LEAVING_SECONDS, begins=False)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self.is_lost = True
        self._stop_waiting()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """The other side takes no more of the answer."""
        super().pause_writing()
        self._wait(STALLED_SECONDS, begins=False)

    def resume_writing(self) -> None:
        """It takes the answer again, and is no longer waited for."""
        if self.is_answered:
            self._stop_waiting()
        super().resume_writing()

    def give_up(self) -> None:
        """At once, whatever has not been sent."""
        self.is_lost = True
        self.transport.abort()

    def _wait(self, seconds: float, *, begins: bool) -> None:
        self._stop_waiting()
        self._begins, self.idle_since = begins, self.loop.time()
        self._given_up = self.loop.call_later(seconds, self.give_up)

    def _stop_waiting(self) -> None:
        self._begins = False
        if self._given_up is not None:
            self._given_up.cancel()
            self._given_up = None


def most_connections() -> int:
    """At once; the other descriptors are for the database, files and processes."""
    return min(_MOST, max(8, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // _SHARE))
