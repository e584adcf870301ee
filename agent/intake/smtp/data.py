"""The mail after DATA, byte by byte: ends only at CRLF.CRLF, keeps a bounded copy, and names what is wrong with it."""

from enum import Enum

END = b"\r\n.\r\n"  # RFC 5321 section 4.1.1.4: nothing else ends a mail, else one could hide a second in it
CHUNK = 65_536  # the most that is fed at once
MAX_LINE = 65_536  # RFC 5321 section 4.5.3.1.6 says 1000; real auto-replies are far over it
MAX_UNBROKEN = 1_000_000  # without a line end, this is no mail
_OVERLAP = len(END) - 1


class Fault(Enum):
    """Why a mail is not taken, as it is said to the peer."""

    TOO_BIG = "552 5.3.4 Message too big"
    LONG_LINE = "554 5.6.0 Line longer than 65536 octets"
    BARE = "550 5.6.11 Bare CR, bare LF or NUL in the message (RFC 5321 section 2.3.8)"
    CROWDED = "452 4.3.1 Too much mail at once, try again later"


class FloodError(Exception):
    """The peer sends what can no longer become a mail; there is nobody to be polite to."""


class Incoming:
    """One mail on its way in; once it is over the limit only the search for its end goes on."""

    def __init__(self, limit: int) -> None:
        self.ended = False
        self.rest = b""  # what came after the end: the next commands (RFC 2920 section 3.1)
        self.received = 0
        self.fault: Fault | None = None
        self._limit = limit
        self._text = bytearray(b"\r\n")  # the end of the DATA line: an only line of one dot ends the mail too
        self._line = 0

    @property
    def held(self) -> int:
        """Octets kept in memory."""
        return len(self._text)

    def feed(self, chunk: bytes) -> None:
        """Take at most CHUNK octets; raises FloodError at twice the limit or at an endless line."""
        self.received += len(chunk)
        self._measure(chunk)
        seen = max(len(self._text) - _OVERLAP, 0)
        self._text += chunk
        found = self._text.find(END, seen)
        if found >= 0:
            self._finish(found)
        elif self.received > 2 * self._limit or self._line > MAX_UNBROKEN:
            raise FloodError
        begun = 0 if self.ended else len(b".\r")  # of what may become the end, and then is not counted
        if len(self._text) - len(b"\r\n") > self._limit + begun:
            self.give_up(Fault.TOO_BIG)
        if self.fault:
            del self._text[:-_OVERLAP]

    def give_up(self, fault: Fault) -> None:
        """Keep nothing any more, but read politely to the end: a peer that is cut off would try for days."""
        self.fault = self.fault or fault

    def content(self) -> bytes:
        """The mail as its author's system wrote it: dots taken off (RFC 5321 section 4.5.2)."""
        return bytes(self._text).replace(b"\r\n.", b"\r\n")[2:]

    def _measure(self, chunk: bytes) -> None:
        first = chunk.find(b"\n")
        if self._line + (first if first >= 0 else len(chunk)) > MAX_LINE:
            self.give_up(Fault.LONG_LINE)
        self._line = self._line + len(chunk) if first < 0 else len(chunk) - 1 - chunk.rfind(b"\n")

    def _finish(self, found: int) -> None:
        self.ended = True
        self.rest = bytes(self._text[found + len(END) :])
        del self._text[found + len(b"\r\n") :]
        if not self.fault and _mangled(self._text):
            self.give_up(Fault.BARE)


def _mangled(text: bytearray) -> bool:
    """Whether parsers may disagree about its lines: refused, because mending it would break its signature."""
    ends = text.count(b"\r\n")
    return text.count(b"\r") != ends or text.count(b"\n") != ends or b"\0" in text
