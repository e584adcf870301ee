"""HTML to text: what a reader sees, without what is quoted or hidden."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.mail.html import MAX_TAGS, html_to_text
from tests.unit.mail.build import html, read

QUOTE = "Reply STOP to unsubscribe."


@pytest.mark.parametrize(
    "quoted",
    [
        f"<blockquote type=cite>{QUOTE}</blockquote>",
        f'<div class="gmail_quote gmail_quote_container">On Monday wrote:<br>{QUOTE}</div>',
        f'<div id="divRplyFwdMsg">From: us</div><div>{QUOTE}</div>',
        f'<div id="appendonsend"></div><p>{QUOTE}</p>',
        f'<div id="x_divRplyFwdMsg">From: us</div><div>{QUOTE}</div>',
        f'<div id="mail-editor-reference-message-container">{QUOTE}</div>',
        f'<div id="isReplyContent">{QUOTE}</div>',
        f'<div class="yahoo_quoted" id="yahoo_quoted_1">{QUOTE}</div>',
        f'<div class="protonmail_quote">{QUOTE}</div>',
        f'<div class="moz-cite-prefix">On 2 March:</div><blockquote>{QUOTE}</blockquote>',
        f'<div style="display:none;max-height:0">{QUOTE}</div>',
        f'<span style="FONT-SIZE: 0px">{QUOTE}</span>',
        f"<p hidden>{QUOTE}</p>",
        f"<!-- {QUOTE} --><style>{QUOTE}</style><script>{QUOTE}</script>",
        f'<div class="gmail_signature">{QUOTE}</div>',
    ],
)
def test_quoted_and_hidden_text_is_no_own_text(quoted: str) -> None:
    """hazard C12"""
    mail = read(html(f"<html><head><title>{QUOTE}</title></head><body><p>Thanks.</p>{quoted}</body></html>"))
    assert mail.own_text == "Thanks."
    assert mail.html


def test_an_answer_below_the_quote_is_found() -> None:
    text = f"<div>On 2 Mar 2026, at 09:00, Us &lt;n@x.example&gt; wrote:</div><blockquote>{QUOTE}</blockquote><p>Stop"
    assert read(html(text)).own_text == "Stop"


def test_an_outlook_header_block_is_cut() -> None:
    text = (
        "<div class=WordSection1><p>Thanks.</p></div><div style='border-top:solid #E1E1E1 1.0pt'><p><b>From:</b> Us "
        "&lt;n@exporter.example&gt; <br><b>Sent:</b> Monday<br><b>To:</b> Ana<br><b>Subject:</b> Offer</p></div>"
        f"<p>{QUOTE}</p>"
    )
    mail = read(html(text))
    assert mail.own_text == "Thanks."
    assert QUOTE in mail.text


def test_lines_and_entities() -> None:
    text = html_to_text("a<br>b &amp; c<p>d\n e</p><table><tr><td>f</td><td>g</td></tr></table>h&nbsp;i&#x202e;").all
    assert text == "a\nb & c\n\nd e\nf g\nh i\u202e"


def test_the_form_with_more_quotes_recognised_is_used() -> None:
    alternative = (
        "From: a@x.example\nContent-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\n{}\n"
        "--b\nContent-Type: text/html\n\n{}\n--b--\n"
    )
    mail = read(alternative.format(f"Thanks.\n{QUOTE}", f"<p>Thanks.</p><blockquote>{QUOTE}</blockquote>").encode())
    assert (mail.own_text, mail.html) == ("Thanks.", True)
    mail = read(alternative.format(f"Thanks.\n\n> {QUOTE}", f"<p>Thanks.</p><p>{QUOTE}</p>").encode())
    assert (mail.own_text, mail.html) == ("Thanks.", False)
    mail = read(alternative.format("Your program cannot show HTML.", "<p>Please remove me.</p>").encode())
    assert (mail.own_text, mail.html) == ("Please remove me.", True)


def test_the_charset_of_a_meta_element() -> None:
    raw = b"From: a@x.example\nContent-Type: text/html\n\n" + '<meta charset="gb2312"><p>退订'.encode("gb18030")
    assert read(raw).own_text == "退订"


@pytest.mark.parametrize("open_tag", ["<div>", "<blockquote>", "<a href=x><b>", "<table><tr><td>", "<"])
def test_deep_nesting_is_cut_before_the_parser(open_tag: str) -> None:
    """hazard C1, hazard C11: the parser itself takes quadratic time"""
    assert html_to_text("<p>hi</p>" + open_tag * (10 * MAX_TAGS)).all.startswith("hi")


@given(st.text(alphabet="<>/pdiv bqr=\"'&;!-\n", max_size=200))
def test_never_fails(text: str) -> None:
    html_to_text(text)


def test_blocks_are_lines_however_they_are_closed() -> None:
    text = html_to_text("<div>a</div><div>b<br></div><div><br></div><div>c</div>d<ul><li>e<li>f</ul>").all
    assert text == "a\nb\n\nc\nd\ne\nf"


def test_before_the_first_quote_all_is_own_text() -> None:
    assert html_to_text("<p>a<br>b").own == "a\nb"
    both = html_to_text("<p>a</p><blockquote>b</blockquote><p>c")
    assert (both.all, both.own) == ("a\nb\n\nc", "a\n\n>\n\nc")
