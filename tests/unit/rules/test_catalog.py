"""A rule file that is wrong says where: file, entry, field and the nearest right name."""

import pytest

from agent.model.signal import BounceReason
from agent.rules.catalog import RuleError, build

GOOD = """
[[rule]]
id = "stop"
stage = "keyword"
phrases = ["stop"]
yields = { kind = "unsubscribe" }
samples = ["stop"]
"""

CLIENT = GOOD.replace("keyword", "client")


def test_files_are_merged_in_the_order_of_their_names() -> None:
    files = {
        "lang/en/opt_out.toml": GOOD,
        "bounce/status.toml": '[[status]]\ncode = "5.1.1"\nreason = "user_unknown"\ndecisive = true',
        "complaint/r.toml": '[[reporter]]\nid = "r"\nsigner = "FBL.example"',
        "a/own.toml": GOOD.replace('"stop"', '"halt"'),
    }
    catalog = build(files)
    assert [rule.id for rule in catalog.rules] == ["halt", "stop"]
    assert catalog.statuses["5.1.1"].reason is BounceReason.USER_UNKNOWN
    assert list(catalog.reporters) == ["fbl.example"]
    assert build({}).rules == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x =", "f.toml: "),
        ("[[rul]]\nid = 1", "f.toml: unknown table `rul`, did you mean `rule`?"),
        ("[rule]\nid = 'x'", "f.toml: `rule`: write [[rule]]"),
        ("rule = [1]", "f.toml: rule number 1:"),
        (GOOD.replace("samples", "sampels"), "f.toml: rule 'stop': unknown field `sampels`, did you mean `samples`?"),
        (GOOD.replace("kind", "knd"), "f.toml: rule 'stop': unknown field `yields.knd`, did you mean `kind`?"),
        (GOOD.replace("id =", "source ="), "f.toml: rule number 1: Object missing required field `id`"),
        (GOOD.replace('["stop"]', '"stop"'), "f.toml: rule 'stop': field `phrases`: Expected `array`"),
        (GOOD.replace("keyword", "keywrod"), "field `stage`: Invalid enum value 'keywrod', did you mean `keyword`?"),
        (
            GOOD.replace("unsubscribe", "unsubscribed"),
            "field `yields.kind`: Invalid enum value 'unsubscribed', did you",
        ),
        (GOOD.replace("unsubscribe", "bounce"), "field `yields.kind`: stage keyword yields change_frequency, pause"),
        (GOOD.replace('samples = ["stop"]', "samples = []"), "field `samples`: a rule without a sample"),
        (GOOD + 'pattern = "stop"', "field `phrases`: give either `phrases` or `pattern`"),
        (GOOD.replace("phrases", "counter_samples"), "field `phrases`: give either `phrases` or `pattern`"),
        (CLIENT.replace('phrases = ["stop"]', 'pattern = "stop("'), "rule 'stop': field `pattern`: missing"),
        (GOOD.replace('phrases = ["stop"]', 'pattern = "stop"'), "stage keyword wants `phrases`"),
        (CLIENT.replace('phrases = ["stop"]', 'pattern = "Stop"'), "field `pattern`: text is folded"),
        (CLIENT.replace('phrases = ["stop"]', 'pattern = "(stop)?"'), "field `pattern`: it matches an empty text"),
        (
            GOOD.replace('phrases = ["stop"]', 'phrases = [" "]').replace("keyword", "wording"),
            "has no word that must occur",
        ),
        (GOOD.replace('phrases = ["stop"]', 'phrases = ["!"]'), "rule 'stop': field `phrases`: '!' has no word"),
        (GOOD.replace('"unsubscribe"', '"unsubscribe", reason = "too_frequnt"'), "did you mean `too_frequent`?"),
        (GOOD + GOOD, "f.toml: rule 'stop': field `id`: occurs twice"),
        (
            CLIENT.replace('["stop"]', f'["{"stop " * 8_000}"]', 1),
            "field `phrases`: it is longer than 40,000 bytes: make several",
        ),
        ('[[status]]\ncode = "511"\nreason = "user_unknown"', "f.toml: status '511': field `code`: want a code"),
        ('[[status]]\ncode = "5.1.1"\nreason = "user_unknwn"', "status '5.1.1': field `reason`: Invalid enum value"),
        (
            GOOD.replace("keyword", "bounce_text").replace('"unsubscribe"', '"bounce", reason = "vacation"'),
            "field `yields.reason`: a bounce rule names what went wrong",
        ),
    ],
)
def test_errors_name_file_entry_and_field(text: str, says: str) -> None:
    with pytest.raises(RuleError) as caught:
        build({"f.toml": text})
    assert says in str(caught.value)
    assert str(caught.value).startswith("f.toml: ")


def test_class_names_and_escapes_may_be_capital() -> None:
    rule = CLIENT.replace('phrases = ["stop"]', r"pattern = '\S+\p{Cyrillic}\PN stop'")
    assert len(build({"f.toml": rule}).rules) == 1
