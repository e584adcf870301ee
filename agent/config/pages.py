"""Makes config.example.toml and the reference page from the types, so that neither can fall behind them."""

from collections.abc import Iterator

from agent.config import describe
from agent.config.secret import CREDENTIALS
from agent.config.sections import SECTIONS
from agent.model.settings import ImapAccount

_EXAMPLE_HEAD = """\
# The configuration of optoutd: every key, its default, and one line why.
# A line that begins with # stands for the default; take the # away to change it. What is not commented must be given.
# Looked for in this order: -c FILE, $OPTOUTD_CONFIG, ./config.toml, /etc/optoutd/config.toml
# Test it with: optoutd config check
"""

_REFERENCE_HEAD = f"""\
# Configuration reference

This page and [config.example.toml](../../config.example.toml) are made from the types in `agent/model/settings.py`; a
test keeps them the same.

The file is TOML in UTF-8. It is looked for in this order: `-c FILE`, `$OPTOUTD_CONFIG`, `./config.toml`,
`/etc/optoutd/config.toml`. `optoutd config check` reads it and prints every problem at once, one line each.

## Passwords

A password is taken from the last of these that has it:

1. `password` in the file. The file must then belong to the daemon alone: `chmod 600 config.toml`.
2. `password_file`: a file (mode 600) that holds the password as its only line.
3. A systemd credential: `relay.password`, or `imap.NAME.password` for the account with that name, in
   `${CREDENTIALS}` (`LoadCredential=imap.sales.password:/etc/optoutd/imap.sales.password`).
4. The environment: `OPTOUTD_RELAY_PASSWORD`, or `OPTOUTD_IMAP_NAME_PASSWORD` with the name in capitals and every
   other character than a letter or digit as `_`.
"""


def example() -> str:
    """The text of config.example.toml."""
    parts = [_EXAMPLE_HEAD]
    for header, kind in _sections():
        lines = [f"# {line}" for line in _summary(kind)]
        parts.append("\n".join([*lines, header, *_example_keys(kind)]) + "\n")
    return "\n".join(parts)


def reference() -> str:
    """The text of docs/reference/config.md."""
    parts = [_REFERENCE_HEAD]
    for header, kind in _sections():
        rows = ["| key | value | default | |", "|---|---|---|---|", *_rows(kind)]
        parts.append("\n".join([f"## `{header}`", "", *_summary(kind), "", *rows]) + "\n")
    return "\n".join(parts)


def _sections() -> Iterator[tuple[str, type]]:
    for name, kind in SECTIONS.items():
        if name == "relay":  # the accounts stand before it, as mail comes in before it goes out
            yield "[[imap]]", ImapAccount
        yield f"[{name}]", kind


def _summary(kind: type) -> list[str]:
    return [line.strip() for line in (kind.__doc__ or "").strip().splitlines()]


def _example_keys(kind: type) -> Iterator[str]:
    hints = describe.hints_of(kind)
    for key, field in describe.keys_of(kind).items():
        default = describe.default_of(field)
        mark = "" if describe.required(field) else "# "
        value = "2026-01-31T00:00:00Z" if default is None else describe.toml(default)
        yield f"{mark}{key} = {value}  # {describe.why(hints[key])}"


def _rows(kind: type) -> Iterator[str]:
    hints = describe.hints_of(kind)
    for key, field in describe.keys_of(kind).items():
        default = describe.default_of(field)
        shown = (
            "must be given" if describe.required(field) else "" if default is None else f"`{describe.toml(default)}`"
        )
        yield f"| `{key}` | {describe.kind_word(hints[key])} | {shown} | {describe.why(hints[key])} |"
