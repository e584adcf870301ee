"""Charsets: the declared one through the alias table, then UTF-8, then a guess; never an exception."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.mail.charset import codec_of, decode, decode_raw

LONG_RUSSIAN = "Пожалуйста, удалите меня из вашей рассылки, мы больше не закупаем эту продукцию."


@pytest.mark.parametrize(
    ("text", "written", "declared"),
    [
        ("退订", "gb18030", "gb2312"),
        ("買賣", "gbk", "GB2312"),
        ("退訂", "big5", "big5"),
        ("отписаться", "cp1251", "windows-1251"),
        ("отписаться", "koi8-r", "koi8-r"),
        ("“Grüße”", "cp1252", "iso-8859-1"),
        ("Grüße", "utf-8", "iso-8859-1"),
        ("Grüße", "utf-8", "us-ascii"),
        ("수신거부", "cp949", "ks_c_5601-1987"),
        ("配信停止", "iso2022_jp", "iso-2022-jp"),
        ("配信停止", "cp932", "Shift_JIS"),
        ("مرحبا", "cp1256", "windows-1256"),
        ("请把我从列表中删除", "utf-8", "gb2312"),
        ("退订", "utf-8", "no-such-charset"),
        (LONG_RUSSIAN, "cp1251", ""),
        (LONG_RUSSIAN, "koi8-r", "us-ascii"),
    ],
)
def test_text_comes_back(text: str, written: str, declared: str) -> None:
    assert decode(text.encode(written), declared) == text


@pytest.mark.parametrize(
    "declared",
    ["x-no\0pe", "rot13", "base64", "zlib", "idna", "punycode", "unicode_escape", "undefined", "\udcff", "é"],
)
def test_a_name_we_do_not_use(declared: str) -> None:
    """hazard C3"""
    assert codec_of(declared) == ""
    assert decode(b"a\\u0041b", declared) == "a\\u0041b"


def test_line_ends_and_controls() -> None:
    """hazard C9: NUL and C1 go, tab and line feed stay."""
    assert decode(b"a\r\nb\rc\x00\x07\td\n\xc2\x85e") == "a\nb\nc\td\ne"


def test_undeclared_korean_is_no_chinese() -> None:
    """Of so few bytes the detector thinks that they are Big5."""
    text = "지난번 주문 건에서 국자 300개는 빼주세요. 거래처가 물량을 줄였습니다."
    assert decode(text.encode("euc-kr")) == text
    assert decode("请把我们从名单里删掉，谢谢。以后不用再发邮件过来了。".encode("gb18030")).startswith("请把我们")


def test_raw_header_values() -> None:
    assert decode_raw("Grüße".encode("cp1252"), "") == "Grüße"
    assert decode_raw(b"\x81\x8d", "x-none") == "\ufffd\ufffd"


@given(
    st.binary(max_size=200), st.sampled_from(["", "utf-7", "hz", "iso-2022-kr", "utf-16", "big5", "gb2312", "cp1252"])
)
def test_decoding_never_fails(data: bytes, declared: str) -> None:
    assert "\0" not in decode(data, declared)
