"""An IMAP mailbox inside this process (pymap, in memory): real IDLE, MOVE and UIDPLUS without root or a network."""

import asyncio
from argparse import Namespace
from datetime import datetime
from types import TracebackType

from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.dict import DictBackend, Identity
from pymap.imap import IMAPServer
from pymap.parsing.message import AppendMessage
from pymap.user import Passwords, UserMetadata

from agent.obs.clock import utc_now


class Mailbox:
    """One user's mailbox on a free loopback port; `async with Mailbox("sales", "secret") as box: box.port`."""

    def __init__(self, user: str, password: str) -> None:
        self.user = user
        self.password = password
        self.port = 0

    async def __aenter__(self) -> "Mailbox":
        settings = Namespace(
            debug=False, demo_data=False, demo_user="", demo_password="", host="127.0.0.1", port="0", cert=None,
            key=None, tls=False, proxy_protocol=None, inherited_sockets=None, skip_services=[], passlib_cfg=None,
        )  # fmt: skip
        self._backend, config = await DictBackend.init(settings)
        config.apply_context()
        hashed = await Passwords(config).hash_password(self.password)
        owner = Identity(self.user, self._backend.login, None, frozenset({"admin"}))
        await owner.set(UserMetadata(config, self.user, password=hashed))
        serve = ProxyProtocolReader(config.proxy_protocol).get_callback(IMAPServer(self._backend.login, config))
        self._server = await asyncio.start_server(serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def deliver(self, raw: bytes, received_at: datetime | None = None, folder: str = "INBOX") -> None:
        """Put one mail into a folder, as the provider would."""
        identity = Identity(self.user, self._backend.login, None, frozenset())
        async with identity.new_session() as session:
            await session.append_messages(folder, [AppendMessage(raw, received_at or utc_now(), frozenset())])

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
