"""A throw-away Postfix on a loopback port, as our child. Root only; nothing ever leaves this machine.

Its master refuses to run as anybody else. /etc/postfix is not read, except the list of map plug-ins.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from tests.support.child_server import ChildServer, free_ports

MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
pickup   unix n - n 60 1 pickup
cleanup  unix n - n - 0 cleanup
qmgr     unix n - n 1 1 qmgr
rewrite  unix - - n - - trivial-rewrite
bounce   unix - - n - 0 bounce
defer    unix - - n - 0 bounce
trace    unix - - n - 0 bounce
verify   unix - - n - 1 verify
flush    unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp     unix - - n - - smtp
relay    unix - - n - - smtp
showq    unix n - n - - showq
error    unix - - n - - error
retry    unix - - n - - error
discard  unix - - n - - discard
lmtp     unix - - n - - lmtp
anvil    unix - - n - 1 anvil
scache   unix - - n - 1 scache
tlsmgr   unix - - n 1000? 1 tlsmgr
postlog  unix-dgram n - n - 1 postlogd
"""
MAIN = """\
compatibility_level = 3.6
config_directory = {dir}/etc
queue_directory = {dir}/spool
data_directory = {dir}/data
meta_directory = /etc/postfix
maillog_file = {dir}/mail.log
maillog_file_prefixes = {dir}
multi_instance_enable = no
alternate_config_directories =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.shop.example
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
mynetworks = 127.0.0.0/8
smtp_dns_support_level = disabled
smtp_host_lookup = native
default_transport = {elsewhere}
relay_transport = {elsewhere}
virtual_mailbox_domains = {domains}
virtual_transport = {here}
smtpd_recipient_restrictions = {restrictions} permit_mynetworks, reject
recipient_delimiter = +
smtpd_peername_lookup = no
smtpd_client_connection_rate_limit = 0
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
enable_long_queue_ids = yes
{extra}
"""
# What /usr/sbin/postfix exports to its scripts.
EXPORTED = (
    "command_directory", "daemon_directory", "data_directory", "html_directory", "mail_owner", "mailq_path",
    "manpage_directory", "meta_directory", "newaliases_path", "queue_directory", "readme_directory",
    "sendmail_path", "setgid_group", "shlib_directory", "config_directory",
)  # fmt: skip


class Postfix:
    """Mail for `domains` goes by LMTP to `lmtp_port` or by SMTP to `smtp_port`; other mail to `relay_port`, if given.

    `restrictions` are put before the usual ones, for example `check_recipient_access sqlite:/path/x.cf,`.
    """

    def __init__(
        self,
        domains: Sequence[str],
        *,
        lmtp_port: int | None = None,
        smtp_port: int | None = None,
        relay_port: int | None = None,
        restrictions: str = "",
        extra: str = "",
    ) -> None:
        self.port = free_ports(1)[0]
        here = f"lmtp:inet:127.0.0.1:{lmtp_port}" if lmtp_port else f"smtp:[127.0.0.1]:{smtp_port}"
        elsewhere = f"smtp:[127.0.0.1]:{relay_port}" if relay_port else "error:5.4.4 no outbound mail from this test"
        self._values = {
            "domains": ", ".join(domains), "here": here, "elsewhere": elsewhere, "restrictions": restrictions,
            "extra": extra,
        }  # fmt: skip

    @staticmethod
    def available() -> bool:
        """Whether it can run here: installed, and we are root."""
        return os.geteuid() == 0 and Path("/usr/sbin/postfix").exists()

    def __enter__(self) -> "Postfix":
        self.directory = Path(tempfile.mkdtemp(prefix="pf"))
        self.directory.chmod(0o755)
        self.log = self.directory / "mail.log"
        self.log.touch()
        postfix = pwd.getpwnam("postfix")
        for name in ("etc", "spool", "data"):
            (self.directory / name).mkdir(mode=0o755)
        os.chown(self.directory / "data", postfix.pw_uid, postfix.pw_gid)
        self._etc = self.directory / "etc"
        (self._etc / "main.cf").write_text(MAIN.format(dir=self.directory, **self._values))
        (self._etc / "master.cf").write_text(MASTER.format(port=self.port))
        self._child = self._start()
        try:
            self._child.wait_for_port(self.port)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._child.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _start(self) -> ChildServer:
        """`postfix start-fg` would leave a shell as our child and the master in a session of its own, beyond our
        reach: so its script makes the queue, and the master itself is the child.
        """
        daemons = self._postconf("-h", "daemon_directory").strip()
        exported = dict(line.split(" = ", 1) for line in self._postconf("-x", *EXPORTED).splitlines() if " = " in line)
        env = {**os.environ, "MAIL_CONFIG": str(self._etc)}
        subprocess.run(
            [f"{daemons}/post-install", "create-missing"],
            check=True, capture_output=True, cwd="/", env={**env, **exported},
        )  # fmt: skip
        return ChildServer(
            [f"{daemons}/master", "-s", "-c", str(self._etc)],
            self.directory / "stdout.log",
            cwd=self.directory / "spool",
            env=env,
        )

    def _postconf(self, *args: str) -> str:
        command = ["/usr/sbin/postconf", "-c", str(self._etc), *args]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
