"""What could be proven about one mail, before anything is concluded from it."""

from dataclasses import dataclass

from agent.model.address import AddressKey
from agent.model.mail import Token


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The verdict of `trust` on one mail; `classify` puts it into the evidence of each signal.

    `authenticated`: the single From address is aligned with a signature that verified (E2). `signers`: the aligned
    or verified DKIM domains, for reporters. `own_relay`: the mail was made by a relay of ours (trusted_relays).
    `own_signature`: the one recipient for whom the returned original carries a valid signature of ours.
    """

    tokens: tuple[Token, ...] = ()
    authenticated: bool = False
    signers: tuple[str, ...] = ()
    own_relay: bool = False
    own_signature: AddressKey | None = None
    why: tuple[str, ...] = ()
