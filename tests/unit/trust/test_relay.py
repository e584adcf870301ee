"""Own-relay evidence: a report made inside our relay, told from one that a stranger sent to it."""

import pytest

from agent.trust.relay import made_by
from tests.unit.mails import mail

RELAYS = ("mx.exporter.example", "Out.Exporter.example")
LOCAL = "by mx.exporter.example (Postfix) id 4F1; Mon, 2 Mar 2026 09:00:00 +0000 (UTC)"


@pytest.mark.parametrize(
    ("hops", "ours"),
    [
        ((), True),
        ((LOCAL,), True),
        (("from mailnull by out.exporter.example with local (Exim 4.96) id 1x; Mon, 2 Mar 2026 09:00:00 +0000",), True),
        (("from mx.exporter.example (localhost [127.0.0.1]) by mx.exporter.example with ESMTP id 1", LOCAL), True),
        (("from out (out.exporter.example [192.0.2.5]) by mx.exporter.example with ESMTPS id 1", LOCAL), True),
        (("from mx.exporter.example by mx.exporter.example with LMTP id 1 (envelope-from <>)", LOCAL), True),
        (("from evil (evil.example [192.0.2.66]) by mx.exporter.example with ESMTP id 1",), False),
        (("from mx.exporter.example (evil.example [192.0.2.66]) by mx.exporter.example with ESMTP id 1", LOCAL), False),
        (("from mx.exporter.example (unknown [192.0.2.66]) by mx.exporter.example with ESMTP id 1", LOCAL), False),
        (("from mx.exporter.example ([192.0.2.66]) by mx.exporter.example with ESMTP id 1", LOCAL), False),
        ((LOCAL.replace("exporter", "stranger"),), False),
        (("junk",), False),
        (("from x (y [999.999.999.999]) by mx.exporter.example",), False),
        ((LOCAL,) * 31, False),
    ],
)
def test_the_chain_must_not_lead_outside(hops: tuple[str, ...], ours: bool) -> None:
    # hazard D1: where the relay is also the MX, a forged report has a `by` of ours as well
    report = mail(*(("Received", hop) for hop in hops), return_path="")
    assert made_by(report, RELAYS) is ours


@pytest.mark.parametrize("return_path", [None, "someone@stranger.example"])
def test_a_report_has_a_null_return_path(return_path: str | None) -> None:
    assert not made_by(mail(return_path=return_path), RELAYS)


def test_unset_is_no() -> None:
    assert not made_by(mail(return_path=""), ())
