"""`optoutd mint`: token addresses and headers for one marketing mail or a whole list, recorded in the send log."""

import secrets
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from agent.cli.books import Books, Mistake, address_of, opened
from agent.cli.files import bar, not_itself, replaced
from agent.lists.mint import mint_rows
from agent.lists.table import TableError
from agent.model.address import AddressKey
from agent.model.mail import Purpose
from agent.model.state import SentMail
from agent.obs.clock import utc_now
from agent.store import sent
from agent.store.key_file import load_ring
from agent.trust import tokens
from agent.trust.tokens import KeyRing


@click.command()
@click.argument("address", required=False, metavar="ADDRESS")
@click.option("--csv", "table", type=click.Path(path_type=Path), metavar="IN.csv", help="A whole list instead.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="OUT.csv", help="The list with its tokens.")
@click.option("--campaign", default="", help="Which mailing this is, for the reports.")
@click.option("--list", "list_name", default="", help="The list the person is on.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_context
def mint(
    ctx: click.Context,
    address: str | None,
    table: Path | None,
    output: Path | None,
    campaign: str,
    list_name: str,
    as_json: bool,
) -> None:
    """Print the return path and headers for one mail to ADDRESS, or add them to every row of a list for mail merge."""
    if table and output and not address and not as_json:
        _mint_table(ctx, table, output, campaign, list_name)
    elif address and not table and not output:
        _mint_one(ctx, address, campaign, list_name, as_json=as_json)
    else:
        raise Mistake("name one ADDRESS, or a list with --csv IN.csv -o OUT.csv")


def _mint_one(ctx: click.Context, address: str, campaign: str, list_name: str, *, as_json: bool) -> None:
    key, now = address_of(address), utc_now()
    if key == key.domain_key:
        raise Mistake(f"{address!r} is a whole domain; mail goes to one address")
    with opened(ctx) as books:
        mail = SentMail(id=_new_id(), address=key, list=list_name, campaign=campaign, minted_at=now, letter=False)
        headers = headers_for(load_ring(books.settings, books.db), mail.id, _domain(books))
        with books.db.transaction():
            sent.record(books.db, mail, headers["Message-ID"])
    if as_json:
        click.echo(msgspec.json.encode({"address": str(key), "token": mail.id} | headers).decode())
    else:
        for name, value in headers.items():
            click.echo(f"{name}: {value}")


def _mint_table(ctx: click.Context, source: Path, output: Path, campaign: str, list_name: str) -> None:
    not_itself(source, output)
    with opened(ctx) as books:
        ring, domain, now = load_ring(books.settings, books.db), _domain(books), utc_now()

        def mint_all(keys: Sequence[AddressKey]) -> list[dict[str, str]]:
            """One commit for all of them, before any of them is written."""
            minted = []
            with books.db.transaction():
                for key in keys:
                    mail = SentMail(
                        id=_new_id(), address=key, list=list_name, campaign=campaign, minted_at=now, letter=False
                    )
                    headers = headers_for(ring, mail.id, domain)
                    sent.record(books.db, mail, headers["Message-ID"])
                    minted.append(headers)
            return minted

        size = source.stat().st_size if source.exists() else 0
        with replaced(output) as target, bar("minting", size) as progress:
            try:
                summary = mint_rows(source, target, mint_all, progress)
            except TableError as wrong:
                raise Mistake(str(wrong)) from None
    left_out = f"; {summary.left_out} rows left out, without one readable address or wider than the heading"
    click.echo(f"{summary.minted} rows minted: {output}{left_out if summary.left_out else ''}")


def _new_id() -> str:
    return tokens.token_id(secrets.token_bytes(8))


def _domain(books: Books) -> str:
    domain = books.settings.addresses.token_domain
    if not domain:
        raise Mistake("addresses.token_domain is empty; name the domain whose mail comes to optoutd")
    return domain


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
