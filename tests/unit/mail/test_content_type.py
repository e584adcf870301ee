"""The parameters of a Content-Type."""

from agent.mail.content_type import parameters


def test_long_quoted_parameters_cost_nothing() -> None:
    """hazard C1: an open quote and many escapes, read once"""
    assert len(parameters('multipart/mixed; boundary="' + "\\a" * 500_000)["boundary"]) < 2_000
    assert parameters('multipart/mixed; boundary="a\\"b"; charset=x') == {"boundary": 'a"b', "charset": "x"}


def test_parameters() -> None:
    value = 'text/plain; charset="a\\"b" ; Name*=utf-8\'en\'x%20y;format = flowed; charset=second'
    assert parameters(value) == {"charset": 'a"b', "name": "x%20y", "format": "flowed"}
