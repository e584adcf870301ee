"""Octets off the wire into one buffer that stays, for the doors that listen or ask.

asyncio's plain protocols get 256 KB from the system for every reading and give most of it back: that costs ten times
what the reading of a short line does.
"""

import asyncio

_OCTETS = 65_536
# One for all connections of the process's loop: what came is copied out before anything else is read.
_ROOM = memoryview(bytearray(_OCTETS))


class Receiving(asyncio.BufferedProtocol, asyncio.Protocol):
    """Stands behind a protocol that has `data_received`."""

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the transport puts what it reads."""
        return _ROOM

    def buffer_updated(self, nbytes: int) -> None:
        """So much was read."""
        self.data_received(bytes(_ROOM[:nbytes]))
