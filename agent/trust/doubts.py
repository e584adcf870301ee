"""What two parsers could read differently: where it stands, no signature and no server's word is believed."""

from agent.model.mail import Headers

MAX_HEAD_BYTES = 262_144


def doubts(headers: Headers, raw: bytes) -> tuple[str, ...]:
    """Why nothing but a token can be believed: RFC 5322 section 3.6 wants exactly one From and section 2.2 no bare CR
    or LF; where these are broken, the signer, the server and this program may have read different mails.
    """
    found = []
    if len(headers.all("From")) != 1:
        found.append("not exactly one From field")
    if _mixed_line_ends(raw[:MAX_HEAD_BYTES]):
        found.append("bare CR or LF in the header block")
    return tuple(found)


def _mixed_line_ends(raw: bytes) -> bool:
    """A file or a local delivery may end all its lines with LF alone; only a mixture reads two ways."""
    if b"\r" not in raw:
        return False
    head = raw.partition(b"\r\n\r\n")[0]
    both = head.count(b"\r\n")
    return head.count(b"\r") > both or (both > 0 and head.count(b"\n") > both)
