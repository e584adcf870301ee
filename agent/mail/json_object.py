"""JSON objects in mails, bounded: whatever comes in, an object comes out, and an empty one where there is none."""

import json


def read_object(text: str) -> dict[str, object]:
    """The object a text begins with; what stands behind its closing brace does not count."""
    try:
        value, _ = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return {}
    return as_object(value)


def as_object(value: object) -> dict[str, object]:
    """The value where it is an object."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[object]:
    """The value where it is a list."""
    return value if isinstance(value, list) else []


def as_text(value: object) -> str:
    """The value where it is a string. JSON can write half a surrogate pair, which no encoding can hold."""
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else ""
