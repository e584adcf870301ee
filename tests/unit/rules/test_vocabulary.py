"""The words a language knows, taken from its phrases and samples."""

from agent.rules.vocabulary import Vocabulary

HELD = Vocabulary(
    {"xa": ["(remove|delet*) {me} ... from", "e-mail*", "<topic> [please]"], "xb": ["fra", "a*"]},
    {"xb": ["Fjern meg fra listen, tak!"]},
)


def test_words_stems_and_samples_are_known() -> None:
    words = ["deleting", "me", "from", "mailings", "please", "fra", "listen"]
    assert HELD.counts(words) == {"xa": 4, "xb": 2}


def test_short_stems_are_words_and_marks_are_none() -> None:
    assert HELD.counts(["amber", "topic", "me", "..."]) == {}
    assert HELD.counts(["a", "e", "mail"]) == {"xa": 1, "xb": 1}
