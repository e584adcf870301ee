"""The keys our mail is signed with: every form in which a technician has them at hand, and what is refused."""

import base64
import subprocess
from pathlib import Path

import pytest

from agent.config.own_keys import OwnKeyError, faults, read_own_keys
from agent.model.settings import DkimSettings
from agent.trust.dkim_verify import usable_record
from tests.unit.trust.signing import rsa

NAME = "news._domainkey.exporter.example"


def written(tmp_path: Path, text: str) -> DkimSettings:
    file = tmp_path / "key.txt"
    file.write_text(text)
    return DkimSettings(own=(f"{NAME} {file}",))


def pem(*command: str) -> str:
    done = subprocess.run(
        ["openssl", *command], capture_output=True, text=True, check=True, input=rsa().private.decode()
    )
    return done.stdout


@pytest.mark.parametrize(
    "text",
    [
        rsa().record.decode(),
        f'news._domainkey IN TXT ( "v=DKIM1; k=rsa; "\n\t"p={rsa().record.decode().partition("p=")[2]}" ) ; ----- news',
        pem("rsa", "-pubout"),
    ],
)
def test_an_rsa_key_in_each_form(tmp_path: Path, text: str) -> None:
    dkim = written(tmp_path, text)
    (key,) = read_own_keys(dkim)
    assert (key.name, usable_record(key.txt), tuple(faults(dkim))) == (NAME, b"rsa", ())


def test_an_ed25519_key_in_pem(tmp_path: Path) -> None:
    der = bytes.fromhex("302a300506032b6570032100") + bytes(range(32))
    text = f"-----BEGIN PUBLIC KEY-----\n{base64.b64encode(der).decode()}\n-----END PUBLIC KEY-----\n"
    (key,) = read_own_keys(written(tmp_path, text))
    assert key.txt == b"v=DKIM1; k=ed25519; p=" + base64.b64encode(bytes(range(32)))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (rsa().private.decode(), "holds a private key; write the public one: openssl pkey -in FILE -pubout"),
        ("hello", "the key of its file cannot be used"),
        ("v=DKIM1; p=", "withdrawn"),
        ("v=DKIM1; p=AAAA", "cannot be read"),
    ],
)
def test_what_cannot_serve_is_said(tmp_path: Path, text: str, why: str) -> None:
    (fault,) = faults(written(tmp_path, text))
    assert why in fault
    assert "PRIVATE" not in fault  # hazard J3


@pytest.mark.parametrize("entry", ["", NAME, "exporter.example /etc/key", f"{NAME} /nonexistent/key"])
def test_an_entry_that_names_no_key(entry: str) -> None:
    dkim = DkimSettings(own=(entry,))
    assert len(tuple(faults(dkim))) == 1
    with pytest.raises(OwnKeyError):
        read_own_keys(dkim)
