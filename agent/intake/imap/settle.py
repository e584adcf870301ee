"""What is done to a mail in the mailbox once it is stored here. Whether a person has read it is never touched.

FLAG sets the keyword `optoutd`. The \\Flagged star and \\Answered are people's own marks, \\Seen tells them what they
still have to read, and `$` names belong to IANA (RFC 5788); a plain keyword changes no client's display unless asked.
"""

from collections.abc import Sequence

from agent.intake.imap.connection import Connection, Selected
from agent.intake.imap.fetch import uid_set
from agent.intake.imap.folders import read_list, same, wire
from agent.intake.imap.trouble import Mistake, Worry
from agent.model.settings import After, ImapAccount

KEYWORD = "optoutd"


def manner(connection: Connection, account: ImapAccount, folder: Selected) -> After:
    """What may be done in this folder; raises Mistake (worry `after`) where the server cannot do what is asked.

    Mail in the junk folder is never moved: it would look like wanted mail to the people who share the mailbox.
    """
    if account.after is After.MOVE:
        if account.junk_folder and same(folder.name, account.junk_folder):
            return After.LEAVE
        if same(account.move_to, folder.name) or same(account.move_to, account.junk_folder):
            raise Mistake(Worry.AFTER, "move_to names a folder that is itself read: mail is left where it is")
        if not connection.has("MOVE") and not connection.has("UIDPLUS"):
            raise Mistake(Worry.AFTER, "the server has neither MOVE nor UIDPLUS: mail is left where it is")
    if account.after is After.FLAG and not folder.keywords:
        raise Mistake(Worry.AFTER, "the server keeps no keywords in this folder: mail is left as it is")
    return account.after


async def settle(connection: Connection, after: After, move_to: str, uids: Sequence[int]) -> None:
    """Flag or move these mails. Asking again for mails that are flagged or gone already does nothing."""
    match after:
        case After.LEAVE:
            return
        case After.FLAG:
            await _act(connection, "STORE", uid_set(uids), "+FLAGS.SILENT", f"({KEYWORD})")
        case After.MOVE if connection.has("MOVE"):  # RFC 6851
            await _act(connection, "MOVE", uid_set(uids), wire(move_to))
        case After.MOVE:
            await _move_by_copy(connection, move_to, uids)


async def make_target(connection: Connection, move_to: str) -> None:
    """Create the folder that mail is moved to, where it does not exist yet."""
    listed = read_list((await connection.demand("LIST", '""', wire(move_to))).responses)
    if any(same(folder.name, move_to) for folder in listed):
        return
    created = await connection.ask("CREATE", wire(move_to))
    if not created.ok:
        raise Mistake(Worry.AFTER, f"the folder {move_to!r} cannot be made: {created.text}")
    await connection.ask("SUBSCRIBE", wire(move_to))  # most mail programs show subscribed folders only


async def _move_by_copy(connection: Connection, move_to: str, uids: Sequence[int]) -> None:
    """COPY, mark, and UID EXPUNGE of just these (RFC 4315): a plain EXPUNGE would remove what others have marked.

    A mail that is marked already was copied before we were stopped, so it is not copied twice.
    """
    marked = await connection.demand("SEARCH", "UID", uid_set(uids), "DELETED", uid=True)
    copied = {word for response in marked.responses for word in response[0].split()[1:]}
    missing = [uid for uid in uids if str(uid).encode() not in copied]
    if missing:
        await _act(connection, "COPY", uid_set(missing), wire(move_to))
        await _act(connection, "STORE", uid_set(missing), "+FLAGS.SILENT", r"(\Deleted)")
    await _act(connection, "EXPUNGE", uid_set(uids))


async def _act(connection: Connection, name: str, *args: str) -> None:
    answer = await connection.ask(name, *args, uid=True)
    if "[EXPUNGEISSUED]" in answer.text.upper():  # RFC 5530: somebody else removed one of them meanwhile
        await connection.demand("NOOP")  # now the server lets go of it, and asks no more of the rest
        answer = await connection.ask(name, *args, uid=True)
    if not answer.ok:
        raise Mistake(Worry.AFTER, f"the mail is stored here, but the mailbox refused {name}: {answer.text}")
