"""A cheap guess at the language of a mail, by script, declared language and a few function words; "" when unsure."""

import re

from agent.mail.charset import codec_of
from agent.model.mail import Headers

_SCRIPTS = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7a3]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
    ("he", re.compile("[\u0590-\u05ff]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("hi", re.compile("[\u0900-\u097f]")),
    ("bn", re.compile("[\u0980-\u09ff]")),
    ("ka", re.compile("[\u10a0-\u10ff]")),
    ("hy", re.compile("[\u0530-\u058f]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
    ("ru", re.compile("[\u0400-\u04ff]")),
    ("zh", re.compile("[\u4e00-\u9fff]")),
)
_SCRIPT = re.compile("[\u0370-\U0010ffff]")  # before these all is Latin
_PERSIAN = re.compile("[\u067e\u0686\u0698\u06af\u06cc]")
_UKRAINIAN = re.compile("[\u0404\u0406\u0407\u0454\u0456\u0457\u0490\u0491]")
# Letters that exist in one of the two ways of writing Chinese only, of the words a buyer uses.
_TRADITIONAL = re.compile("[們這請發訂閱郵將給對為來個時會讓還沒後從問題電話號碼價單買賣貴謝還繫與產]")
_SIMPLIFIED = re.compile("[们这请发订阅邮将给对为来个时会让还没后从问题电话号码价单买卖贵谢还系与产]")
_CHARSETS = {
    "gb18030": "zh-Hans", "big5hkscs": "zh-Hant", "big5": "zh-Hant", "koi8-r": "ru", "cp932": "ja",
    "iso2022_jp_2": "ja", "euc_jp": "ja", "cp949": "ko", "iso2022_kr": "ko", "cp874": "th",
}  # fmt: skip
_LATIN = re.compile("[a-z\u00c0-\u024f\u1e00-\u1eff]{1,20}")
# Finds the same in ASCII, many times as fast.
_ASCII_WORDS = bytes(ord(chr(code).lower()) if code < 128 and chr(code).isalpha() else 32 for code in range(256))
# Words that one language writes often and its neighbours seldom.
_WORDS = {
    "en": "the and you your from this that have with not please our are was my it is we off would like can but thanks",
    "de": "der die das und ich sie nicht bitte von mit ist wir ihre ihr mich keine mehr auf für dem ein eine im zu",
    "fr": "les des vous nous je pas est et une pour dans votre vos merci plus mes moi cette avec suis désabonner",
    "es": "el los las que una con su sus gracias favor más del mi correo quiero baja por quiere correos hasta ya todos",
    "pt": "os não uma com que seu obrigado favor mais do da meu em vocês quero dos ao e-mails até já",
    "it": "il gli che non di una con vostra grazie più del della mi sono questo vi cancellarmi vostre dalla fino",
    "nl": "het een niet van ik wij met voor geen meer mij deze alstublieft naar graag uw bedankt",
    "pl": "nie na się proszę jest od moje tej państwa więcej już mnie dla dziękuję jak",
    "tr": "ve bir bu için lütfen bana beni değil ben ile daha artık e-posta teşekkürler çok istemiyorum",
    "vi": "tôi không của và cho xin này được vui lòng bạn các",
    "id": "saya tidak dan yang dari ini untuk kami anda mohon lagi dengan",
    "sv": "jag inte och att det är för från mig ni er till tack",
    "cs": "prosím nechci se je od jsem vás už nás děkuji",
    "ro": "nu vă și mai mă rog este să din vreau mulțumesc",
    "hu": "nem az és kérem hogy egy több köszönöm van",
}
_LETTERS = {
    "de": "ß", "es": "ñ¿¡", "pt": "ãõ", "pl": "łąęśżźćń", "tr": "ğış", "cs": "řůě", "hu": "őű", "ro": "țșăţ", "sv": "å",
    "vi": "ơưạảấầẩậắằẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ", "fr": "œçêèù",
}  # fmt: skip
_LETTER_OF = {letter: language for language, letters in _LETTERS.items() for letter in letters}
_LETTER = re.compile(f"[{''.join(_LETTER_OF)}]")
_LANGUAGES_OF: dict[str, list[str]] = {}
for _language, _words in _WORDS.items():
    for _word in set(_words.split()):
        _LANGUAGES_OF.setdefault(_word, []).append(_language)
_WINDOW = 1_000


def language_hint(headers: Headers, *texts: str) -> str:
    """BCP 47 tag of the first text that tells; what the headers declare decides only where none does."""
    for text in filter(None, texts):
        text = text[:_WINDOW]
        if text.count("\ufffd") * 8 > len(text):
            continue  # bytes that are no text
        script = "" if text.isascii() or not _SCRIPT.search(text) else _by_script(text)
        found = _chinese(text, headers) if script == "zh" else script or _latin(text)
        if found:
            return found
    return _declared(headers)


def _by_script(text: str) -> str:
    counts = {language: len(letters.findall(text)) for language, letters in _SCRIPTS}
    counts["zh"] += 3 * counts["ja"] if counts["ja"] * 10 < counts["zh"] else 0
    if counts["ja"]:  # Japanese mixes kana with far more of the shared characters
        counts["ja"] += counts["zh"] if counts["ja"] * 10 >= counts["zh"] else 0
    language = max(counts, key=counts.__getitem__)
    latin = sum(len(word) for word in _LATIN.findall(text.lower()))
    if not counts[language] or counts[language] * 4 < latin:
        return ""
    if language == "ar" and _PERSIAN.search(text):
        return "fa"
    return "uk" if language == "ru" and _UKRAINIAN.search(text) else language


def _chinese(text: str, headers: Headers) -> str:
    traditional, simplified = len(_TRADITIONAL.findall(text)), len(_SIMPLIFIED.findall(text))
    if traditional != simplified:
        return "zh-Hant" if traditional > simplified else "zh-Hans"
    declared = _declared(headers)
    return declared if declared.startswith("zh") else "zh-Hans"


def _latin(text: str) -> str:
    plain = text.isascii()
    words = text.encode().translate(_ASCII_WORDS).decode().split() if plain else _LATIN.findall(text.lower())
    scores: dict[str, int] = {}
    for word in filter(_LANGUAGES_OF.__contains__, words):
        for language in _LANGUAGES_OF[word]:
            scores[language] = scores.get(language, 0) + 1
    for letter in () if plain else set(_LETTER.findall(text.lower())):
        scores[_LETTER_OF[letter]] = scores.get(_LETTER_OF[letter], 0) + 1
    best = max(scores.values(), default=0)
    leading = [language for language, score in scores.items() if score == best]
    return leading[0] if len(leading) == 1 else ""


def _declared(headers: Headers) -> str:
    tag = headers.first("Content-Language").partition(",")[0].strip()
    if re.fullmatch(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,2}", tag) and not tag.lower().startswith("en"):
        return _CHINESE_TAGS.get(tag.lower(), tag.partition("-")[0].lower())
    found = re.search(r"charset[ \t]*=[ \t]*\"?([\w.:-]{2,40})", headers.first("Content-Type"), re.IGNORECASE)
    return _CHARSETS.get(codec_of(found[1]), "") if found else ""


_CHINESE_TAGS = {
    "zh": "zh-Hans", "zh-cn": "zh-Hans", "zh-sg": "zh-Hans", "zh-hans": "zh-Hans", "zh-hans-cn": "zh-Hans",
    "zh-tw": "zh-Hant", "zh-hk": "zh-Hant", "zh-hant": "zh-Hant", "zh-hant-tw": "zh-Hant",
}  # fmt: skip
