"""In which language a letter is written: what the person used, else what his country reads, else our own."""

from agent.model.address import AddressKey
from agent.policy.case import Case

# Countries whose business language is one of ours; .co, .me and their like are worldwide names and say nothing.
_COUNTRIES = {
    "zh-Hans": "cn xn--fiqs8s xn--fiqz9s",
    "ru": "ru su by kz kg xn--p1ai xn--90ais",
    "es": "es mx ar cl pe ve ec uy py bo gt cr pa do hn ni sv cu",
    "de": "de at ch li",
    "fr": "fr mc sn ci cm ma tn dz",
    "pt-BR": "br pt ao mz",
    "it": "it sm va",
    "tr": "tr",
    "ja": "jp",
    "ko": "kr xn--3e0b707e",
    "vi": "vn",
    "ar": "sa ae eg jo kw qa om bh iq ly ye xn--mgberp4a5d4ar xn--mgbaam7a8h xn--wgbh1c",
}
_BY_COUNTRY = {country: language for language, countries in _COUNTRIES.items() for country in countries.split()}


def letter_language(case: Case) -> str:
    """The language tag for a letter to the address of the case."""
    by_country = _country(case.key)
    return case.state.language or case.origin.language or by_country or case.settings.identity.language


def _country(key: AddressKey) -> str:
    return _BY_COUNTRY.get(key.domain.rpartition(".")[2], "")
