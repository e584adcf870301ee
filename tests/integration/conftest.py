"""Real mail servers for tests: installed by themselves where we may, named where we may not, demanded where CI runs."""

import os
import subprocess
from collections.abc import Iterator

import pytest

from tests.support.dovecot import Dovecot
from tests.support.hosting import PASSWORD, USER
from tests.support.postfix import Postfix

PACKAGES = ("dovecot-imapd", "dovecot-lmtpd", "postfix", "postfix-sqlite")
APT_LINE = "DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends " + " ".join(PACKAGES)


@pytest.fixture(scope="session")
def servers_installed() -> None:
    """Dovecot and Postfix are there, or the test says loudly why it is not run."""
    installed = Dovecot.program() is not None and os.path.exists("/usr/sbin/postfix")  # noqa: PTH110 - one look
    if installed:
        return
    if os.geteuid() == 0:
        subprocess.run(f"apt-get update -q && {APT_LINE}", shell=True, check=True, capture_output=True)
        return
    advice = f"the mail servers for this test are missing; install them with: sudo {APT_LINE}"
    if os.environ.get("CI") == "true":
        pytest.fail(advice)
    pytest.skip(advice)


@pytest.fixture
def dovecot(servers_installed: None) -> Iterator[Dovecot]:
    """A fresh Dovecot with one user."""
    with Dovecot({USER: PASSWORD}) as server:
        yield server


@pytest.fixture
def postfix(servers_installed: None, dovecot: Dovecot) -> Iterator[Postfix]:
    """A Postfix that hands mail for shop.example to that Dovecot."""
    if not Postfix.available():
        pytest.skip("Postfix runs as root only: run this test as root")
    with Postfix(["shop.example"], lmtp_port=dovecot.lmtp_port) as server:
        yield server
