"""Whether a domain takes mail: what each answer of the DNS means."""

from dataclasses import dataclass, field

import dns.exception
import dns.resolver
import pytest

from agent.resolve.mail_host import Answer, ask_with


def failure(kind: type[Exception]) -> Exception:
    """The library's own errors carry no types."""
    return kind()


@dataclass(frozen=True)
class Mx:
    exchange: str


@dataclass
class Resolver:
    """Answers as told, one for each kind of record."""

    answers: dict[str, object]
    asked: list[str] = field(default_factory=list)

    async def resolve(self, name: str, kind: str, *, search: bool) -> object:
        self.asked.append(f"{name} {kind}")
        assert not search
        answer = self.answers.get(kind, failure(dns.resolver.NoAnswer))
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.mark.parametrize(
    ("answers", "wanted", "questions"),
    [
        ({"MX": [Mx("mx.dead.example.")]}, Answer.ALIVE, 1),
        ({"MX": [Mx(".")]}, Answer.DEAD, 1),  # RFC 7505
        ({"MX": failure(dns.resolver.NXDOMAIN)}, Answer.DEAD, 1),
        ({"A": ["192.0.2.1"]}, Answer.ALIVE, 2),  # RFC 5321 section 5.1
        ({"AAAA": ["2001:db8::1"]}, Answer.ALIVE, 3),
        ({}, Answer.DEAD, 3),
        ({"MX": failure(dns.exception.Timeout)}, Answer.UNSURE, 1),
        ({"MX": failure(dns.resolver.NoNameservers)}, Answer.UNSURE, 1),
        ({"A": OSError("network is unreachable")}, Answer.UNSURE, 2),
    ],
)
async def test_what_an_answer_means(answers: dict[str, object], wanted: Answer, questions: int) -> None:
    resolver = Resolver(answers)
    assert await ask_with(resolver, "dead.example") is wanted  # type: ignore[arg-type]  # it has what is asked for
    assert len(resolver.asked) == questions
    assert resolver.asked[0] == "dead.example. MX"
