"""The marker files: what is in the package compiles, what is wrong is named."""

import pytest

from agent.mail.quotes import build_markers
from tests.unit.mail.build import MARKERS


def test_the_package_has_markers_of_its_languages() -> None:
    assert {"wrote", "写道", "пишет", "escribió", "schrieb", "a écrit", "كتب"} <= set(MARKERS.attribution_ends)
    assert MARKERS.fields["betreff"] == "subject"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("attribution_ends = [", "xx/quotes.toml"),
        ("atribution_ends = []", "atribution_ends"),
        ("footers = 'a'", "footers"),
        ("footers = ['  ']", "empty marker"),
    ],
)
def test_a_wrong_file_is_named(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as error:
        build_markers({"xx/quotes.toml": text})
    assert "xx/quotes.toml" in str(error.value)


def test_words_are_folded() -> None:
    markers = build_markers({"a": "footers = ['Envoyé de  l’iPhone']\nfrom = ['Von']"})
    assert markers.footers == {"en": ("envoyé de l'iphone",)}
    assert markers.fields == {"von": "from"}
