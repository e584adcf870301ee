"""`optoutd mint`: token addresses and headers for one marketing mail, recorded in the send log."""

import secrets

import click
import msgspec

from agent.cli.books import Mistake, address_of, opened
from agent.model.mail import Purpose
from agent.model.state import SentMail
from agent.obs.clock import utc_now
from agent.store import sent
from agent.store.key_file import load_ring
from agent.trust import tokens
from agent.trust.tokens import KeyRing


@click.command()
@click.argument("address")
@click.option("--campaign", default="", help="Which mailing this is, for the reports.")
@click.option("--list", "list_name", default="", help="The list the person is on.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_context
def mint(ctx: click.Context, address: str, campaign: str, list_name: str, as_json: bool) -> None:
    """Print the return path and headers for one mail to ADDRESS."""
    key, now = address_of(address), utc_now()
    if key == key.domain_key:
        raise Mistake(f"{address!r} is a whole domain; mail goes to one address")
    with opened(ctx) as books:
        domain = books.settings.addresses.token_domain
        if not domain:
            raise Mistake("addresses.token_domain is empty; name the domain whose mail comes to optoutd")
        ring = load_ring(books.settings, books.db)
        token_id = tokens.token_id(secrets.token_bytes(8))
        headers = headers_for(ring, token_id, domain)
        mail = SentMail(id=token_id, address=key, list=list_name, campaign=campaign, minted_at=now, letter=False)
        with books.db.transaction():
            sent.record(books.db, mail, headers["Message-ID"])
    if as_json:
        click.echo(msgspec.json.encode({"address": str(key), "token": token_id} | headers).decode())
    else:
        for name, value in headers.items():
            click.echo(f"{name}: {value}")


def headers_for(ring: KeyRing, token_id: str, domain: str) -> dict[str, str]:
    """Return-Path and headers of one mail; the opt-out address alone is enough, the Subject repeats it (RFC 6068)."""

    def local(purpose: Purpose) -> str:
        return tokens.mint(ring, purpose, token_id, domain)

    leave = local(Purpose.UNSUBSCRIBE)
    return {
        "Return-Path": f"<{local(Purpose.BOUNCE)}@{domain}>",
        "List-Unsubscribe": f"<mailto:{leave}@{domain}?subject=unsubscribe:{leave}>",
        "Message-ID": f"<{local(Purpose.FEEDBACK)}@{domain}>",
    }
