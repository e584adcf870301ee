"""The language guess: script first, then words, then what is declared."""

import pytest

from agent.mail.language import language_hint
from agent.model.mail import Headers

NONE = Headers()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("请取消订阅，谢谢", "zh-Hans"),
        ("請取消訂閱，謝謝", "zh-Hant"),
        ("Пожалуйста, отпишите меня", "ru"),
        ("Будь ласка, відпишіть мене від цієї розсилки", "uk"),
        ("أرجو إلغاء الاشتراك", "ar"),
        ("لطفاً مرا از فهرست حذف کنید گ", "fa"),
        ("配信を停止してください", "ja"),
        ("수신을 거부합니다", "ko"),
        ("הסירו אותי מהרשימה", "he"),
        ("กรุณาลบฉันออก", "th"),
        ("Please remove me from this list", "en"),
        ("Bitte nehmen Sie mich aus der Liste, ich möchte nicht", "de"),
        ("Merci de me retirer de votre liste", "fr"),
        ("Por favor quiten mi correo de la lista, ya no lo quiero", "es"),
        ("Por favor, não quero mais receber os seus e-mails", "pt"),
        ("Lütfen bana artık e-posta göndermeyin", "tr"),
        ("Prosimy nie wysyłać więcej, dziękuję", "pl"),
        ("Please quote the 退订 model, thanks for your help with this", "en"),
        ("STOP", ""),
        ("", ""),
        ("12345 !!", ""),
    ],
)
def test_by_text(text: str, language: str) -> None:
    assert language_hint(NONE, text) == language


def test_the_first_text_that_tells_decides() -> None:
    assert language_hint(NONE, "STOP", "Bitte nicht mehr") == "de"


@pytest.mark.parametrize(
    ("field", "value", "language"),
    [
        ("Content-Language", "zh-CN", "zh-Hans"),
        ("Content-Language", "zh-TW", "zh-Hant"),
        ("Content-Language", "de-DE, en", "de"),
        ("Content-Language", "en-US", ""),
        ("Content-Language", "../../etc", ""),
        ("Content-Type", "text/plain; charset=gb2312", "zh-Hans"),
        ("Content-Type", "text/plain; charset=big5", "zh-Hant"),
        ("Content-Type", "text/plain; charset=koi8-r", "ru"),
        ("Content-Type", "text/plain; charset=utf-8", ""),
    ],
)
def test_by_declaration(field: str, value: str, language: str) -> None:
    assert language_hint(Headers(fields=((field, value),)), "TD") == language


def test_chinese_that_both_ways_write_takes_the_declared_one() -> None:
    assert language_hint(Headers(fields=(("Content-Type", "text/plain; charset=big5"),)), "取消") == "zh-Hant"
    assert language_hint(NONE, "取消") == "zh-Hans"
