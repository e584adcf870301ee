"""Own-relay evidence: a report made inside our relay, told from one that a stranger sent to it."""

import pytest

from agent.trust.relay import handed_over_by, made_by
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


@pytest.mark.parametrize(
    "hop",
    [
        "by mx.exporter.example (Postfix, from userid 33) id 4F1; Mon, 2 Mar 2026 09:00:00 +0000",
        "from www-data by mx.exporter.example with local (Exim 4.96) id 1x; Mon, 2 Mar 2026 09:00:00 +0000",
        "from mx.exporter.example (localhost [127.0.0.1]) by mx.exporter.example with ESMTP id 1",
    ],
)
def test_what_a_program_of_the_machine_submits_is_not_made_by_the_relay(hop: str) -> None:
    # hazard D1: a contact form on the same host may send anything, with a null sender too
    assert not made_by(mail(("Received", hop), return_path=""), RELAYS)


BEHIND = ("127.0.0.1", "192.0.2.0/28", "::1", "mx.exporter.example")
STRANGER = "from evil (evil.example [198.51.100.6]) by mx.exporter.example (Postfix) with ESMTP id 1"


@pytest.mark.parametrize(
    ("peer", "hops", "ours"),
    [
        ("127.0.0.1", (LOCAL,), True),
        ("192.0.2.5", (LOCAL,), True),
        ("::1", (LOCAL,), True),
        ("192.0.2.66", (LOCAL,), False),
        ("unknown", (LOCAL,), False),
        ("127.0.0.1", (), False),
        ("127.0.0.1", (STRANGER,), False),
        ("127.0.0.1", (STRANGER, LOCAL), False),
        ("127.0.0.1", (LOCAL, STRANGER), False),
        ("127.0.0.1", (LOCAL.replace("exporter", "stranger"),), False),
    ],
)
def test_a_relay_that_hands_over_by_smtp(peer: str, hops: tuple[str, ...], ours: bool) -> None:
    # hazard D1: behind Postfix every stranger's mail comes from 127.0.0.1
    report = mail(*(("Received", hop) for hop in hops), return_path="")
    assert handed_over_by(peer, report, BEHIND) is ours
    assert not handed_over_by(peer, mail(*report.headers.fields, return_path="a@b.example"), BEHIND)
    assert not handed_over_by(peer, report, ("127.0.0.1",))
    assert not handed_over_by(peer, report, ())
