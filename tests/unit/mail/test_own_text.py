"""The sender's own words: fifty ways of quoting, and hostile text that must not cost time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.mail.own_text import MAX_KEPT, MAX_LINES, own_words
from agent.mail.quotes import NO_MARKERS
from tests.unit.mail.build import MARKERS

OWN = "Bitte keine Mails mehr.\nAna"
QUOTE = "Reply STOP to unsubscribe."
CLUSTERS = {
    "outlook en": "From: Us <n@exporter.example>\nSent: Monday, 2 March 2026 09:00\nTo: Ana\nSubject: Offer",
    "outlook de": "Von: Us <n@exporter.example>\nGesendet: Montag, 2. März 2026 09:00\nAn: Ana\nBetreff: Offer",
    "outlook fr": "De : Us <n@exporter.example>\nEnvoyé : lundi 2 mars 2026 09:00\nÀ : Ana\nObjet : Offer",
    "outlook es": "De: Us <n@exporter.example>\nEnviado el: lunes, 2 de marzo de 2026\nPara: Ana\nAsunto: Offer",
    "outlook ru": "От: Us <n@exporter.example>\nОтправлено: 2 марта 2026 г. 9:00\nКому: Ana\nТема: Offer",
    "outlook zh": "发件人: Us <n@exporter.example>\n发送时间: 2026年3月2日 9:00\n收件人: Ana\n主题: Offer",
    "outlook zh wide": "发件人： Us\n日期： 2026年3月2日 9:00\n收件人： Ana\n主题： Offer",
    "outlook ar": "من: Us <n@exporter.example>\nتم الإرسال: 2 مارس 2026\nإلى: Ana\nالموضوع: Offer",
    "bold": "*From:* Us <n@exporter.example>\n*Sent:* Monday\n*To:* Ana\n*Subject:* Offer",
    "rule": "________________________________\nFrom: Us <n@exporter.example>\nSent: Monday\nTo: Ana\nSubject: Offer",
    "original en": "-----Original Message-----\nFrom: Us",
    "original de": "-----Ursprüngliche Nachricht-----\nVon: Us",
    "original fr": "-----Message d’origine-----\nDe : Us",
    "original es": "-----Mensaje original-----\nDe: Us",
    "qq": "------------------ 原始邮件 ------------------\n发件人: Us",
    "qq en": "------------------\xa0Original\xa0------------------\nFrom: Us",
    "163": "---- 回复的原邮件 ----\n| 发件人 | Us |",
    "forward": "---------- Forwarded message ---------\nFrom: Us",
    "apple forward": "Begin forwarded message:\n\nFrom: Us",
    "zoho": "---- On Mon, 02 Mar 2026 09:00:22 +0100 Us <n@exporter.example> wrote ----",
    "notes": "-----Us <n@exporter.example> wrote: -----",
    "proton": "\u2010\u2010 Original Message \u2010\u2010\nOn Monday, March 2nd, 2026, Us wrote:",
    "qq app": "原始邮件\n发件人：Us <n@exporter.example>\n发件时间：2026年3月2日 09:00\n收件人：Ana\n主题：Offer",
    "outlook no": "Fra: Us <n@exporter.example>\nSendt: mandag 2. mars 2026 09:00\nTil: Ana\nEmne: Offer",
    "outlook in a language not known here": (
        "Sendandi: Us <n@exporter.example>\nSent þann: mánudagur, 2. mars 2026 09:00\nViðtakandi: Ana\nEfni: Offer"
    ),
    "orange": "> Message du 02/03/26 09:00\n> De : Us <n@exporter.example>\n> A : Ana\n> Copie à :\n> Objet : Offer",
    "marked attribution": "> Am 02.03.2026 um 09:00 schrieb Us <n@exporter.example>:",
    "mailru forward": "-------- Пересылаемое сообщение --------\nОт: Us",
}
ATTRIBUTIONS = {
    "gmail en": "On Mon, 2 Mar 2026 at 09:00, Us <n@exporter.example> wrote:",
    "gmail en wrapped": "On Mon, 2 Mar 2026 at 09:00, The Example Export Company\n<n@exporter.example>\nwrote:",
    "gmail en wrapped in the date": f"On behalf of {'x' * 40} <n@x.example> 2 Mar 2026\nat 09:00 <n@x.example> wrote:",
    "gmail de": "Am Mo., 2. März 2026 um 09:00 Uhr schrieb Us <n@exporter.example>:",
    "gmail fr": "Le lun. 2 mars 2026 à 09:00, Us <n@exporter.example> a écrit :",
    "gmail es": "El lun, 2 mar 2026 a las 9:00, Us (<n@exporter.example>) escribió:",
    "gmail ru": "пн, 2 мар. 2026 г. в 09:00, Us <n@exporter.example>:",
    "gmail zh": "Us <n@exporter.example> 于2026年3月2日周一 09:00写道：",
    "gmail ar": "\u202bفي الاثنين، 2 مارس 2026 في 9:00 ص تمت كتابة ما يلي بواسطة Us <n@exporter.example>:\u202c",
    "gmail tr, an unknown language": "Us <n@exporter.example>, 2 Mar 2026 Pzt, 09:00 tarihinde şunu yazdı:",
    "gmail ja, an unknown language": "2026年3月2日(月) 9:00 Us <n@exporter.example>:",
    "apple en": "On 2 Mar 2026, at 09:00, Us <n@exporter.example> wrote:",
    "thunderbird en": "On 3/2/26 09:00, Us wrote:",
    "thunderbird de": "Am 02.03.26 um 09:00 schrieb Us:",
    "thunderbird ru": "02.03.2026 09:00, Us пишет:",
    "thunderbird ko": "2026년 3월 2일 오전 9:15에 Us 이(가) 쓴 글:",
    "roundcube ru": "Us писал 2026-03-02 09:00:",
    "yandex": '02.03.2026, 09:00, "Us" <n@exporter.example>:',
    "mailru": "Понедельник, 2 марта 2026, 9:00 +03:00 от Us <n@exporter.example>:",
    "163": '在 2026-03-02 09:00:00，"Us" <n@exporter.example> 写道：',
    "126 en": 'At 2026-03-02 09:00:00, "Us" <n@exporter.example> wrote:',
}


@pytest.mark.parametrize("start", CLUSTERS.values(), ids=CLUSTERS)
def test_what_stands_below_a_quoted_header_is_cut(start: str) -> None:
    """hazard D6"""
    text = f"{OWN}\n\n{start}\n\n{QUOTE}\n".replace("\xa0", " ")
    assert own_words(text, MARKERS) == OWN


@pytest.mark.parametrize("line", ATTRIBUTIONS.values(), ids=ATTRIBUTIONS)
def test_top_posting(line: str) -> None:
    """hazard D6"""
    assert own_words(f"{OWN}\n\n{line}\n\n> {QUOTE}\n>\n>{QUOTE}\n", MARKERS) == OWN


@pytest.mark.parametrize("name", ATTRIBUTIONS)
def test_top_posting_without_quote_marks(name: str) -> None:
    """hazard D6"""
    assert own_words(f"{OWN}\n\n{ATTRIBUTIONS[name]}\n\n{QUOTE}\n\n{QUOTE}\n", MARKERS) == OWN


@pytest.mark.parametrize("line", ATTRIBUTIONS.values(), ids=ATTRIBUTIONS)
def test_bottom_posting(line: str) -> None:
    """hazard D6"""
    assert own_words(f"{line}\n> {QUOTE}\n>\n\n{OWN}\n", MARKERS) == OWN


@pytest.mark.parametrize("line", ATTRIBUTIONS.values(), ids=ATTRIBUTIONS)
def test_own_words_right_above_stay(line: str) -> None:
    assert own_words(f"{OWN}\n{line}\n\n> {QUOTE}\n", MARKERS) == OWN
    assert own_words(f"Order 2026\nSTOP\n{line}\n> {QUOTE}\n", MARKERS) == "Order 2026\nSTOP"


def test_inline_answers() -> None:
    text = "Us wrote:\n> Price?\nFour.\n\n> When?\n\nMay.\n"
    assert own_words(text, MARKERS) == "Four.\n\n\nMay."


def test_the_wrapped_end_of_a_quoted_line_is_no_answer() -> None:
    text = f"OK\n\n> {'To leave this list please answer this mail with the following word:':<70}.\nSTOP\n"
    assert own_words(text, NO_MARKERS) == "OK"
    assert own_words("> Price?\nSTOP\n", NO_MARKERS) == "STOP"


@pytest.mark.parametrize(
    "tail",
    [
        "-- \nAna Example\nunsubscribe desk",
        "--\nAna",
        "Sent from my iPhone",
        "Von meinem iPhone gesendet",
        "Envoyé de mon iPhone",
        "Enviado desde mi iPhone",
        "Отправлено с iPhone",
        "发自我的iPhone",
        "来自QQ邮箱手机版",
        "أرسلت من الـ iPhone",
        "-----Özgün İleti-----\nMerhaba",
        "İPhone'umdan gönderildi",
        "-----Thư gốc-----\nXin chào",
        "Get Outlook for Android<https://aka.ms/x>",
        "This e-mail and any attachments are confidential. To stop, delete it.",
        "CONFIDENTIALITY NOTICE: remove this message from your system",
        "Diese E-Mail ist vertraulich.\nBitte löschen.",
        "本邮件及其附件含有保密信息，请删除。",
        "____________________________\nSome list\nunsubscribe here",
    ],
)
def test_what_a_program_or_a_company_adds_is_cut(tail: str) -> None:
    assert own_words(f"{OWN}\n\n{tail}\n", MARKERS) == OWN


@pytest.mark.parametrize(
    "text",
    [
        "Please call at 10:30 or write to: the office",
        "We ship:\nFrom: Shanghai\nTo: Hamburg\nDate: 3 May",
        "Our sizes:\n- 2 m\n- 3 m",
        "You wrote that you have 3 sizes:\n\nwhich ones?",
        "Original message lost, please resend",
        "Date: tomorrow\nSubject: the visit",
        "The envelope was sent from my office.",
    ],
)
def test_own_words_that_look_like_quotes_stay(text: str) -> None:
    assert own_words(text, MARKERS) == text


def test_only_a_quote_is_no_own_text() -> None:
    assert own_words(f"> {QUOTE}\n", MARKERS) == ""
    assert own_words("", MARKERS) == ""
    assert own_words(f"{CLUSTERS['outlook en']}\n{QUOTE}", MARKERS) == ""


def test_without_markers_the_marks_that_need_no_language_count() -> None:
    assert own_words(f"{OWN}\n\n{ATTRIBUTIONS['gmail en']}\n{QUOTE}", NO_MARKERS) == OWN


@pytest.mark.parametrize(
    "text", ["On " * 33_000, "On \n" * 25_000, "\n" * 100_000, "2026-01-01 12:30 a:\n" * 5_000, "From: a@b\n" * 9_000]
)
def test_hostile_text_is_looked_at_a_bounded_number_of_times(text: str) -> None:
    """hazard C11"""
    assert own_words(text, MARKERS).count("\n") <= MAX_LINES


@given(st.text(alphabet="On wrote:@<> \n>-_*From：发件人2:0|", max_size=300))
def test_never_fails_and_never_adds(text: str) -> None:
    assert len(own_words(text, MARKERS)) <= len(text)


def test_a_form_is_no_quoted_header() -> None:
    text = "Name: Ana\nE-mail: ana@buyer.example\nItem: DN50\nQuantity: 2026"
    assert own_words(text, MARKERS) == text


def test_an_answer_below_a_bare_head_and_marked_lines_stays() -> None:
    """Seznam and Yahoo Japan answer so."""
    head = "---------- Původní e-mail ----------\nOd: Us\nKomu: Ana\nDatum: 2. 11. 2026\nPředmět: Offer"
    assert own_words(f"{head}\n> Hello\n>\n> {QUOTE}\n\n{OWN}", MARKERS) == OWN
    assert own_words(f"----- Original Message -----\n> From: Us\n> {QUOTE}\n\n{OWN}", MARKERS) == OWN
    assert own_words(f"{head}\n\nHello\n> {QUOTE}\n\nOur footer", MARKERS) == ""
    assert own_words(f"{OWN}\n\n{head}\n> {QUOTE}\n\nOur footer", MARKERS) == OWN


def test_an_answer_below_a_marked_head_stays() -> None:
    assert own_words(f"> From: Us\n> To: Ana\n> Subject: Offer\n\n{OWN}", MARKERS) == OWN
    assert own_words(f"See:\n> From: Us\n> To: Ana\n> Subject: Offer\n> {QUOTE}\n\n{OWN}", MARKERS) == f"See:\n\n{OWN}"


def test_of_a_long_text_the_beginning_is_kept() -> None:
    line = "a line of a long report that somebody sends us"
    own = own_words(f"{OWN}\n" + f"{line}\n" * 1000, MARKERS)
    assert own.startswith(OWN)
    assert MAX_KEPT <= len(own.replace("\n", "")) < MAX_KEPT + len(line)
