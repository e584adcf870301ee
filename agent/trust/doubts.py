"""What two parsers could read differently: where it stands, no signature and no server's word is believed."""

import re

from agent.model.mail import Headers

MAX_HEAD_BYTES = 262_144

_LONE_CR = re.compile(rb"\r(?!\n)")
_LONE_LF = re.compile(rb"(?<!\r)\n")


def doubts(headers: Headers, raw: bytes) -> tuple[str, ...]:
    """Why nothing but a token can be believed: RFC 5322 section 3.6 wants exactly one From and section 2.2 no bare CR
    or LF; where these are broken, the signer, the server and this program may have read different mails.
    """
    found = []
    if len(headers.all("From")) != 1:
        found.append("not exactly one From field")
    head = raw[:MAX_HEAD_BYTES].partition(b"\r\n\r\n")[0]
    # A file or a local delivery may end all its lines with LF alone; only a mixture reads two ways.
    if _LONE_CR.search(head) or (b"\r\n" in head and _LONE_LF.search(head)):
        found.append("bare CR or LF in the header block")
    return tuple(found)
