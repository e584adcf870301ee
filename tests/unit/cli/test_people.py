"""check, suppress, lift, list, history: who may be mailed and why; an order is in suppression.db when it returns."""

import pytest

from agent.model.address import parse_key
from agent.model.mail import Door
from agent.model.signal import Complaint, Evidence, Origin, Strength
from agent.obs.clock import utc_now
from agent.process import apply_signals
from agent.store.db import Db
from tests.unit.cli.conftest import CommandLine

ANN = "ann@orchard.example"


def complained(db: Db, optoutd: CommandLine, address: str = ANN) -> None:
    report = Complaint(
        address=parse_key(address),
        evidence=Evidence(rule="arf:abuse", strength=Strength.E2),
        feedback_type="abuse",
        verified_reporter=True,
    )
    now = utc_now()
    with db.transaction():
        apply_signals(db, (report,), Origin(door=Door.SMTP, received_at=now), optoutd.settings, now)


class TestCheck:
    def test_says_yes_and_no(self, optoutd: CommandLine) -> None:
        assert optoutd("check", ANN).code == 0
        optoutd.suppress(ANN)
        ended = optoutd("check", ANN)
        assert ended.code == 1
        assert ended.out.startswith(f"{ANN}: opt_out since ")
        assert ended.out.endswith(": asked by telephone\n")

    def test_one_suppressed_among_many_is_a_no(self, optoutd: CommandLine) -> None:
        optoutd.suppress(ANN)
        ended = optoutd("check", "ben@orchard.example", ANN.upper(), "cy@orchard.example")
        assert ended.code == 1
        assert [line.partition(": ")[2] == "may be mailed" for line in ended.out.splitlines()] == [True, False, True]

    def test_json_has_every_field_of_the_contract(self, optoutd: CommandLine) -> None:
        optoutd.suppress(ANN, "--scope", "list:garden")
        (no, yes) = optoutd("check", "--json", ANN, "ben@orchard.example").rows
        assert yes == {"address": "ben@orchard.example", "may_be_mailed": True, "because": []}
        assert no["may_be_mailed"] is False
        because = no["because"]
        assert isinstance(because, list)
        assert {key: because[0][key] for key in ("address", "state", "scope", "reason", "until", "by")} == {
            "address": ANN, "state": "opt_out", "scope": "list:garden", "reason": "asked by telephone", "until": None,
            "by": "Mei",
        }  # fmt: skip
        assert because[0]["since"].endswith("Z")

    def test_a_domain_stands_against_its_addresses_alone(self, optoutd: CommandLine) -> None:
        assert optoutd.suppress("@Orchard.example", "--state", "dead_domain").code == 0
        assert optoutd("check", ANN).code == 1
        assert optoutd("check", "@orchard.example").code == 1
        assert optoutd("check", "ann@sub.orchard.example").code == 0

    @pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "saved by Excel"])
    def test_reads_addresses_from_standard_input(self, optoutd: CommandLine, mark: bytes) -> None:
        optoutd.suppress(ANN)
        ended = optoutd("check", "--json", "-", stdin=mark + b"ann@orchard.example\r\n\n  ben@orchard.example \n")
        assert ended.code == 1
        assert [row["address"] for row in ended.rows] == [ANN, "ben@orchard.example"]
        assert optoutd("check", "-", stdin=b"").code == 0

    def test_names_the_line_that_is_no_address(self, optoutd: CommandLine) -> None:
        for stdin in (b"ann at orchard\n", "陈@例子\n".encode("gbk")):
            ended = optoutd("check", "-", stdin=stdin)
            assert ended.code == 2
            assert ended.err.count("\n") == 1
            assert "is not an address" in ended.err

    @pytest.mark.parametrize("typed", ["ann@münchen.example", "ann@MÜNCHEN.example", "ann@xn--mnchen-3ya.example"])
    def test_a_domain_in_its_own_letters_is_the_same(self, optoutd: CommandLine, typed: str) -> None:
        optoutd.suppress("Ann@München.example")
        assert optoutd("check", typed).code == 1
        assert optoutd.public_rows() == {("ann@xn--mnchen-3ya.example", "all", "opt_out")}


class TestSuppress:
    def test_is_in_the_public_file_at_once(self, optoutd: CommandLine) -> None:
        ended = optoutd.suppress("Ann@Orchard.example")
        assert (ended.code, ended.err) == (0, "")
        assert ended.out.startswith("Mei set opt_out: asked by telephone\n")
        assert optoutd.public_rows() == {(ANN, "all", "opt_out")}

    def test_beside_an_open_daemon(self, optoutd: CommandLine, db: Db) -> None:
        optoutd.suppress(ANN, "--state", "hard", "--scope", "topic:pumps")
        assert optoutd.public_rows() == {(ANN, "topic:pumps", "hard")}

    def test_twice_is_still_done(self, optoutd: CommandLine) -> None:
        optoutd.suppress(ANN)
        ended = optoutd.suppress(ANN)
        assert ended.code == 0
        assert ended.out.startswith("That stood already.\n")

    def test_our_own_people_are_not_suppressed(self, optoutd: CommandLine) -> None:
        ended = optoutd.suppress("boss@kestrel-tools.example")
        assert ended.code == 1
        assert ended.out.endswith("boss@kestrel-tools.example: may be mailed\n")
        assert optoutd.public_rows() == set()

    @pytest.mark.parametrize(
        ("args", "words"),
        [
            (["ann"], "'ann' is not an address; write name@domain, or @domain for a whole domain"),
            ([ANN, "--why", " "], "'--why': it is empty"),
            ([ANN, "--by", ""], "'--by': it is empty"),
            ([ANN, "--scope", "garden"], "'garden' is not all, list:NAME or topic:NAME"),
            ([ANN, "--scope", "list:"], "'list:' is not all"),
            ([ANN, "--state", "gone"], "'gone' is not one of 'complaint', 'opt_out'"),
        ],
    )
    def test_a_mistake_is_one_clear_line(self, optoutd: CommandLine, args: list[str], words: str) -> None:
        ended = optoutd("suppress", "--why", "w", "--by", "b", *args)
        assert ended.code == 2
        assert ended.err.startswith("optoutd: ")
        assert ended.err.count("\n") == 1
        assert words in ended.err
        assert not ended.out

    @pytest.mark.parametrize("missing", ["--why", "--by"])
    def test_must_be_explained_and_signed(self, optoutd: CommandLine, missing: str) -> None:
        given = {"--why": "w", "--by": "b"}
        del given[missing]
        ended = optoutd("suppress", ANN, *(word for pair in given.items() for word in pair))
        assert ended.code == 2
        assert f"Missing option '{missing}'" in ended.err


class TestLift:
    def test_takes_back_at_once(self, optoutd: CommandLine) -> None:
        optoutd.suppress(ANN)
        optoutd.suppress(ANN, "--state", "hard", "--scope", "list:garden")
        ended = optoutd.lift(ANN)
        assert ended.code == 0
        assert ended.out == f"Mei lifted it: wrote to us\n{ANN}: may be mailed\n"
        assert optoutd.public_rows() == set()

    def test_takes_back_only_what_is_named(self, optoutd: CommandLine) -> None:
        optoutd.suppress(ANN)
        optoutd.suppress(ANN, "--state", "hard")
        optoutd.suppress(ANN, "--scope", "list:garden")
        assert optoutd.lift(ANN, "--state", "hard").code == 0
        assert optoutd.lift(ANN, "--scope", "list:garden").code == 0
        assert optoutd.public_rows() == {(ANN, "all", "opt_out")}

    def test_a_complaint_is_lifted_only_by_its_name(self, optoutd: CommandLine, db: Db) -> None:
        complained(db, optoutd)
        optoutd.suppress(ANN, "--state", "hard")
        ended = optoutd.lift(ANN)
        assert ended.code == 1
        assert "A complaint stands; it is lifted only by its name." in ended.out
        assert optoutd.public_rows() == {(ANN, "all", "complaint")}
        assert optoutd.lift(ANN, "--state", "complaint").code == 0
        assert optoutd.public_rows() == set()

    def test_nothing_to_lift_is_done(self, optoutd: CommandLine) -> None:
        ended = optoutd.lift(ANN)
        assert ended.code == 0
        assert ended.out.startswith("There was nothing to lift.\n")

    def test_a_domain_that_stands_is_told(self, optoutd: CommandLine) -> None:
        optoutd.suppress("@orchard.example", "--state", "dead_domain")
        ended = optoutd.lift(ANN)
        assert f"{ANN}: dead_domain since" in ended.out


class TestList:
    def test_in_the_order_of_the_addresses(self, optoutd: CommandLine) -> None:
        assert optoutd("list").out == ""
        for address in ("cy@orchard.example", ANN, "@barn.example"):
            optoutd.suppress(address)
        optoutd.suppress("ben@orchard.example", "--state", "hard")
        ended = optoutd("list")
        assert ended.code == 0
        assert [line.partition(": ")[0] for line in ended.out.splitlines()] == [
            "@barn.example", ANN, "ben@orchard.example", "cy@orchard.example",
        ]  # fmt: skip
        (only,) = optoutd("list", "--state", "hard", "--json").rows
        assert (only["address"], only["state"], only["scope"]) == ("ben@orchard.example", "hard", "all")


class TestHistory:
    def test_tells_all_oldest_first(self, optoutd: CommandLine) -> None:
        optoutd.suppress(ANN)
        optoutd.lift(ANN)
        ended = optoutd("history", ANN)
        assert ended.code == 0
        first, second = ended.out.splitlines()
        assert first.endswith("order by operator:suppress (E3, row order): Mei set opt_out: asked by telephone")
        assert second.endswith("order by operator:lift (E3, row order): Mei lifted it: wrote to us")
        rows = optoutd("history", "--json", ANN).rows
        assert [(row["rule"], row["by"], row["mail"]) for row in rows] == [
            ("operator:suppress", "Mei", None), ("operator:lift", "Mei", None),
        ]  # fmt: skip

    def test_of_nobody_is_a_no(self, optoutd: CommandLine) -> None:
        ended = optoutd("history", ANN)
        assert (ended.code, ended.out) == (1, f"{ANN}: nothing is known of it\n")
        ended = optoutd("history", "--json", ANN)
        assert (ended.code, ended.out) == (1, "")

    def test_of_no_address_is_a_mistake(self, optoutd: CommandLine) -> None:
        assert optoutd("history", "ann").code == 2
