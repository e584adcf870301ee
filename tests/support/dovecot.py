"""A throw-away Dovecot (IMAP and LMTP) on loopback: Dovecot 2.3 and 2.4, as root or as an ordinary user, no systemd."""

import grp
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from tests.support.certificate import self_signed
from tests.support.child_server import ChildServer, free_ports

COMMON = """
base_dir = {dir}/run
state_dir = {dir}/state
default_internal_user = {internal}
default_internal_group = {group}
default_login_user = {login}
protocols = imap lmtp
listen = 127.0.0.1
hostname = imap.shop.example
log_path = {log}
ssl = yes
first_valid_uid = {uid}
mail_uid = {uid}
mail_gid = {gid}
mailbox_idle_check_interval = 1 secs
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Junk {{
    auto = create
    special_use = \\Junk
  }}
}}
service imap-login {{
  process_min_avail = 1
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service auth {{
  inet_listener sasl {{
    port = {sasl}
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    {lmtp_listen} = 127.0.0.1
    port = {lmtp}
  }}
}}
"""
VERSION_2_3 = """
disable_plaintext_auth = no
ssl_cert = <{certificate}
ssl_key = <{key}
mail_location = {format}:{dir}/mail/%u
auth_username_format = %Lu
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {dir}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={dir}/mail/%u
}}
"""
VERSION_2_4_FIRST = "dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\n"
VERSION_2_4 = """
auth_allow_cleartext = yes
ssl_server_cert_file = {certificate}
ssl_server_key_file = {key}
mail_driver = {format}
mail_path = {dir}/mail/%{{user}}
mail_home = {dir}/mail/%{{user}}
auth_username_format = %{{user | lower}}
passdb passwd-file {{
  passwd_file_path = {dir}/users
}}
userdb static {{
  fields {{
    uid = {uid}
    gid = {gid}
    home = {dir}/mail/%{{user}}
  }}
}}
"""
WITHOUT_CHROOT = "".join(f"service {name} {{\n  chroot =\n}}\n" for name in ("anvil", "imap-login", "stats", "lmtp"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Identity:
    """Whose the processes and the mail are: as root the packaged users and nobody, else all mine."""

    owner: pwd.struct_passwd
    login: str
    internal: str
    group: str
    chroot: bool

    @classmethod
    def find(cls) -> "_Identity":
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            return cls(owner=nobody, login="dovenull", internal="dovecot", group="dovecot", chroot=True)
        me = pwd.getpwuid(os.getuid())
        return cls(
            owner=me, login=me.pw_name, internal=me.pw_name, group=grp.getgrgid(os.getgid()).gr_name, chroot=False
        )


class Dovecot:
    """`with Dovecot({"sales@shop.example": "pw"}) as server: server.imap_port, imaps_port, lmtp_port, certificate`.

    At `sasl_port` Postfix may ask it who somebody is.
    """

    def __init__(self, users: dict[str, str], *, mailbox_format: str = "maildir") -> None:
        self.users = users
        self.imap_port, self.imaps_port, self.lmtp_port, self.sasl_port = free_ports(4)
        self._format = mailbox_format

    @staticmethod
    def program() -> str | None:
        """Where it is installed, or None."""
        return shutil.which("dovecot", path=os.environ.get("PATH", "") + ":/usr/sbin")

    def __enter__(self) -> "Dovecot":
        program = self.program()
        if program is None:
            raise RuntimeError("dovecot is not installed")
        identity = _Identity.find()
        # a short path: the names of unix sockets are limited to 108 bytes, pytest's tmp_path is often too long
        self.directory = Path(tempfile.mkdtemp(prefix="dv"))
        self.directory.chmod(0o755)
        for name in ("run", "state", "mail"):
            (self.directory / name).mkdir(mode=0o755)
        os.chown(self.directory / "mail", identity.owner.pw_uid, identity.owner.pw_gid)
        self.certificate, self.key = self_signed(self.directory)
        users = self.directory / "users"
        users.write_text("".join(f"{user}:{{PLAIN}}{password}::::::\n" for user, password in self.users.items()))
        users.chmod(0o644)
        self.log = self.directory / "dovecot.log"
        self.log.touch()
        (self.directory / "dovecot.conf").write_text(self._configuration(program, identity))
        self._command = [program, "-F", "-c", str(self.directory / "dovecot.conf")]
        try:
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def start(self) -> None:
        """Serve; again after `stop`."""
        self._child = ChildServer(self._command, self.log, cwd=self.directory)
        for port in (self.imap_port, self.lmtp_port):
            self._child.wait_for_port(port)

    def stop(self, *, kill: bool = False) -> None:
        """Serve no more; with `kill` all its processes at once and without a word."""
        if kill:
            self._child.kill()
        self._child.stop()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop(kill=True)  # nobody wants its mailboxes any more
        shutil.rmtree(self.directory, ignore_errors=True)

    def maildir(self, user: str) -> Path:
        """Where a user's mail lies."""
        return self.directory / "mail" / user

    def _configuration(self, program: str, identity: _Identity) -> str:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
        old = tuple(map(int, re.findall(r"\d+", said)[:2])) < (2, 4)
        first, last, lmtp_listen = ("", VERSION_2_3, "address") if old else (VERSION_2_4_FIRST, VERSION_2_4, "listen")
        return (first + COMMON + last).format(
            dir=self.directory,
            log=self.log,
            format=self._format,
            certificate=self.certificate,
            key=self.key,
            imap=self.imap_port,
            imaps=self.imaps_port,
            lmtp=self.lmtp_port,
            sasl=self.sasl_port,
            lmtp_listen=lmtp_listen,
            internal=identity.internal,
            group=identity.group,
            login=identity.login,
            uid=identity.owner.pw_uid,
            gid=identity.owner.pw_gid,
        ) + ("" if identity.chroot else WITHOUT_CHROOT)
