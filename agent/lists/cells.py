"""What stands in a cell: an address is read in one way for every list, and nothing we write is run as a formula.

Law: `meant(shown(text)) == text`, so that a list which left here and comes back names the same people.
"""

from agent.model.address import AddressKey, parse_address

# A spreadsheet takes a cell that begins so for a formula; a quote before it makes it text again.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_QUOTE = "'"


def shown(text: str) -> str:
    """The cell that shows this text, and runs nothing, in a spreadsheet."""
    return _QUOTE + text if text.lstrip(_QUOTE).startswith(_FORMULA) else text


def meant(cell: str) -> str:
    """The text behind a cell that `shown` or a person has marked as text."""
    marked = cell.startswith(_QUOTE) and cell.lstrip(_QUOTE).startswith(_FORMULA)
    return cell[1:] if marked else cell


def address_in(cell: str) -> AddressKey | None:
    """The one address in a cell, in the form in which everything here compares; None when it is not exactly one."""
    return parse_address(meant(cell.strip()))
