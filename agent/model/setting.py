"""What settings are made of: bounded numbers, and the one line beside each key."""

from typing import Annotated

from msgspec import Meta

Positive = Annotated[int, Meta(ge=1)]
Natural = Annotated[int, Meta(ge=0)]
Port = Annotated[int, Meta(ge=1, le=65535)]


def doc(text: str) -> Meta:
    """The one line that config.example.toml and the reference show beside a key."""
    return Meta(description=text)
