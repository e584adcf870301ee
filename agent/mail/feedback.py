"""Which kind of feedback a mail is, if any: numbers about our mail, a report in the form of ARF or of X-ARF."""

from collections.abc import Sequence

import msgspec

from agent.mail.arf import passed_on, read_arf
from agent.mail.content_type import content_type
from agent.mail.headers import Block
from agent.mail.parts import Part
from agent.mail.statistics import read_statistics
from agent.mail.xarf import XARF, is_marked, read_xarf
from agent.model.mail import Headers
from agent.model.report import Arf
from agent.model.settings import Limits


class Feedback(msgspec.Struct, frozen=True, kw_only=True):
    """A complaint about a mail, or the type of a report that is none; and the mail it is about."""

    arf: Arf | None = None
    other: str = ""
    original: Block | None = None


def read_feedback(parts: Sequence[Part], headers: Headers, original: Block | None, limits: Limits) -> Feedback:
    """What is reported; `original` is the mail found in the parts."""
    kind = content_type(headers.first("Content-Type"))
    bounced = any(part.kind == "message/delivery-status" for part in parts)
    if not bounced and (statistics := read_statistics(parts, headers)):
        return Feedback(other=statistics, original=original)
    arf = read_arf(parts, kind, headers, original)
    stated = arf is not None and arf.feedback_type == XARF
    if stated or (arf is None and is_marked(headers) and not passed_on(headers) and not bounced):
        return _extended(parts, arf, original, limits)
    return Feedback(arf=arf, original=original)


def _extended(parts: Sequence[Part], arf: Arf | None, original: Block | None, limits: Limits) -> Feedback:
    """A report of spam that holds the mail is a complaint. Without it nothing says that it was about a mail at all: a
    form that was filled in too often is reported as spam, too.
    """
    report = read_xarf(parts, arf or Arf(), limits)
    if report is None:
        return Feedback(other=XARF if arf else "", original=original)
    original = report.original or original
    if report.about_mail and original is not None:
        return Feedback(arf=report.arf, original=original)
    return Feedback(other=f"{XARF}:{report.kind}", original=original)
