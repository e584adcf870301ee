"""The log: one JSON object a line; above debug with no address, no text of an exception, no control character ever."""

import json
import logging
import re
import traceback
import unicodedata
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import TextIO

import msgspec

from agent.model.address import AddressKey
from agent.model.settings import LogLevel

MAX_TEXT = 500
OURS = ("agent", "optoutd")

Field = str | int | float | bool | None | datetime | Enum | AddressKey
Line = dict[str, str | int | float | bool | None]

_ADDRESS = re.compile(r'(?:"[^"]*"|[^\s<>()\[\],;:"@]+)@(?=[^\s@])')
_LOOKED_AT = 4 * MAX_TEXT
_FRAMES = 6
_LEVELS = {
    LogLevel.DEBUG: logging.DEBUG,
    LogLevel.INFO: logging.INFO,
    LogLevel.WARNING: logging.WARNING,
    LogLevel.ERROR: logging.ERROR,
}


def setup(level: LogLevel, stream: TextIO) -> None:
    """Send every log line of the process to `stream`: ours from `level` on, those of libraries from warning on."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines(verbose=level is LogLevel.DEBUG))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in OURS:
        logging.getLogger(name).setLevel(_LEVELS[level])
    logging.raiseExceptions = False  # a log line that cannot be written must not print its arguments to stderr


def event(
    log: logging.Logger,
    name: str,
    /,
    *,
    level: int = logging.INFO,
    inbox: int | None = None,
    error: BaseException | None = None,
    **fields: Field,
) -> None:
    """Write one line: what happened, to which mail of the inbox, and further facts by name."""
    log.log(level, "%s", name, exc_info=error, extra={"event": name, "inbox": inbox, "fields": fields})


def mask(address: str) -> str:
    """`a***@domain`: enough to recognise an address that one knows, too little to learn one."""
    local, at, domain = address.strip().rpartition("@")
    return f"{local[:1]}***@{domain}" if at else address


class JsonLines(logging.Formatter):
    """Turns a record into its line; `verbose` (debug) shows addresses and the text of exceptions."""

    def __init__(self, *, verbose: bool) -> None:
        super().__init__()
        self._verbose = verbose

    def format(self, record: logging.LogRecord) -> str:
        """The line of one record, without its newline."""
        line: Line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": self._text(_said(record, self._verbose)),
        }
        inbox = getattr(record, "inbox", None)
        if inbox is not None:
            line["inbox"] = int(inbox)
        for name, value in getattr(record, "fields", {}).items():
            line.setdefault(name, self._plain(value))
        if record.exc_info and record.exc_info[1] is not None:
            line.update(self._failure(record.exc_info[1]))
        return _escaped(msgspec.json.encode(line).decode())

    def _plain(self, value: Field) -> str | int | float | bool | None:
        if value is None or isinstance(value, bool | int | float):
            return value
        return self._text(str(value.value) if isinstance(value, Enum) else str(value))

    def _text(self, text: str) -> str:
        text = text.encode("utf-8", "backslashreplace").decode()  # lone surrogates of odd bytes
        if self._verbose:
            return text
        if len(text) > _LOOKED_AT:
            text = text[:_LOOKED_AT].rpartition(" ")[0]  # half an address has no @ to be known by
        return _ADDRESS.sub(_masked, text)[:MAX_TEXT]

    def _failure(self, error: BaseException) -> Line:
        found: Line = {"error": _kinds(error), "at": _places(error.__traceback__)}
        if self._verbose:
            found["traceback"] = self._text("".join(traceback.format_exception(error)))
        return found


def _said(record: logging.LogRecord, verbose: bool) -> str:
    """The words of a record. What a library says beside an exception may quote it, so it is left out above debug."""
    named = getattr(record, "event", None)
    if isinstance(named, str):
        return named
    ours = record.name.partition(".")[0] in OURS
    if record.exc_info and not ours and not verbose:
        return "exception"
    text = record.getMessage()
    return text if verbose else text.partition("\n")[0]


def _masked(match: re.Match[str]) -> str:
    return f"{match[0][:1]}***@"


def _kinds(error: BaseException) -> str:
    kinds = [type(error).__name__]
    while (cause := error.__cause__ or error.__context__) is not None and len(kinds) < _FRAMES:
        kinds.append(type(cause).__name__)
        error = cause
    return " from ".join(kinds)


def _places(trace: TracebackType | None) -> str:
    """Where it happened, innermost first: file, line and function; never a line of source or a value."""
    frames = traceback.StackSummary.extract(traceback.walk_tb(trace), lookup_lines=False)
    spots = [f"{'/'.join(Path(f.filename).parts[-2:])}:{f.lineno} {f.name}" for f in frames]
    return " < ".join(reversed(spots[-_FRAMES:]))


def _escaped(line: str) -> str:
    """JSON leaves DEL, C1, bidi and zero-width marks as they are; a terminal must not see them."""
    if line.isascii() and "\x7f" not in line:
        return line
    return "".join(_escape(c) if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Cn", "Co") else c for c in line)


def _escape(character: str) -> str:
    return "\\u007f" if character == "\x7f" else json.dumps(character)[1:-1]
