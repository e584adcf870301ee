"""The page of a letter: only our own tags, every word of it escaped, its direction right."""

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.render.html import to_html

OURS = frozenset({"html", "head", "meta", "body", "div", "p", "br", "a", "bdi"})


class Page(HTMLParser):
    """The tags of a page, and its words."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.words = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.words += data


@given(st.text(max_size=80), st.text(max_size=80), st.sampled_from(["en", "ar"]))
@settings(max_examples=200, deadline=None)
def test_no_value_and_no_text_brings_markup(value: str, text: str, language: str) -> None:  # hazard D11
    text = text.replace("{", "").replace("}", "").replace("\r", "")
    page = Page(to_html(f"a\n\n{text} {{address}}\n\nz", {"address": value}, {}, language))
    assert set(page.tags) <= OURS
    assert page.links == []
    assert value.replace("\r", "\n").replace("\x00", "") in page.words.replace("\r", "\n").replace("\x00", "")


def test_hostile_values_stay_words() -> None:  # hazard D11
    evil = '"><img src=x onerror=alert(1)><a href="https://evil.example">'
    page = Page(
        to_html("{address}\n\n{start_word}  back", {"address": evil, "start_word": evil}, {"start_word": evil}, "en")
    )
    assert set(page.tags) <= OURS
    assert page.links == [evil]  # the address of a link is ours; even so it cannot leave its place
    assert page.words.count(evil) == 2


@pytest.mark.parametrize(
    ("body", "page"),
    [
        (
            "a long line that was wrapped by hand\nand goes on",
            "<p>a long line that was wrapped by hand and goes on</p>",
        ),
        (
            "与您订单有关的邮件不受影响，即刻生效，\n一切照旧。",
            "<p>与您订单有关的邮件不受影响，即刻生效，一切照旧。</p>",
        ),
        ("이 메일에 한 단어만 적어 회신해 주세요\n감사합니다", "회신해 주세요 감사합니다"),
        ("此致\n敬礼", "<p>此致<br>\n敬礼</p>"),
        ("write to us with the following subject:\nSTART", "subject:<br>\nSTART"),
        ("a long line that was wrapped by hand\n{address}", "by hand<br>\nx@y"),
        ("one\n\n\ntwo", "<p>one</p>\n<p>two</p>"),
    ],
)
def test_lines(body: str, page: str) -> None:
    assert page in to_html(body, {"address": "x@y"}, {}, "en")


def test_a_word_leads_on_together_with_its_meaning() -> None:
    page = to_html("{reason_1}  too <many>", {"reason_1": "1"}, {"reason_1": "mailto:a@b?subject=1&x"}, "en")
    assert '<a href="mailto:a@b?subject=1&amp;x">1&ensp;too &lt;many&gt;</a>' in page
    assert "<a" not in to_html("{reason_1}  too <many>", {"reason_1": "1"}, {"reason_1": ""}, "en")


@pytest.mark.parametrize(("language", "rtl"), [("ar", True), ("ar-EG", True), ("he", True), ("en", False), ("", False)])
def test_direction(language: str, rtl: bool) -> None:
    page = to_html("{address}", {"address": "x@y"}, {}, language)
    assert page.count('dir="rtl"') == (2 if rtl else 0)
    assert ("<bdi>x@y</bdi>" in page) == rtl
