"""Reports of numbers about our mail: DMARC aggregates (RFC 7489 section 7.2) and TLS reports (RFC 8460 section 5.3).

They are known by their form and never unpacked: nobody complains in them, and what is packed may be a bomb.
"""

import re
from collections.abc import Sequence

from agent.mail.arf import passed_on
from agent.mail.content_type import content_type, parameters
from agent.mail.parts import Part
from agent.model.mail import Headers

DMARC_AGGREGATE = "dmarc-aggregate"
TLS_REPORT = "tls-report"
MAX_DEPTH = 3
MAX_SUBJECT = 1_000

_PACKED = frozenset({
    "application/gzip", "application/x-gzip", "application/zip", "application/x-zip", "application/x-zip-compressed",
    "application/octet-stream", "application/xml", "text/xml",
})  # fmt: skip
# RFC 7489 section 7.2.1.1: receiver!domain!begin!end, then perhaps !id; many send a zip.
_NAME = re.compile(r"[^!\s]{1,253}![^!\s]{1,253}!\d{1,12}!\d{1,12}(?:![^!\s.]{1,200})?(?:\.xml)?\.(?:xml|gz|zip)")
_SUBJECT = re.compile(
    r"\s*(?:\[[^\]]{1,60}\]\s*)?(?:dmarc\s+)?(?:aggregate\s+)?report\s+domain\s*:.{1,300}?submitter\s*:",
    re.IGNORECASE | re.DOTALL,
)


def read_statistics(parts: Sequence[Part], headers: Headers) -> str:
    """The type of such a report, empty for any other mail. A person who passes one on or answers it wrote a mail."""
    if passed_on(headers):
        return ""
    if _is_tls_report(parts, headers):
        return TLS_REPORT
    return DMARC_AGGREGATE if _is_aggregate(parts, headers) else ""


def _is_tls_report(parts: Sequence[Part], headers: Headers) -> bool:
    typed = any(part.kind.startswith("application/tlsrpt+") for part in parts)
    if headers.first("TLS-Report-Domain"):
        return typed or any(part.kind in _PACKED for part in parts)  # a bounce may repeat the field, not the file
    stated = headers.first("Content-Type")
    if content_type(stated) != "multipart/report":
        return False
    return typed or parameters(stated).get("report-type", "").lower() == "tlsrpt"


def _is_aggregate(parts: Sequence[Part], headers: Headers) -> bool:
    """The file, and beside it the prescribed Subject; without that only where no text is there to be read."""
    packed = [part for part in parts if part.kind in _PACKED and part.depth <= MAX_DEPTH]
    if not packed:
        return False
    if _SUBJECT.match(headers.first("Subject")[:MAX_SUBJECT]):
        return True
    return len(packed) == len(parts) and any(_NAME.fullmatch(part.name) for part in packed)
