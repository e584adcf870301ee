"""What can be wrong with a mail's form; named in ParsedMail.defects, never an error."""

MESSAGE_TOO_LARGE = "message-too-large"
BLANK_RUN = "blank-run"
HEADER_BLOCK_TOO_LARGE = "header-block-too-large"
TOO_MANY_HEADER_LINES = "too-many-header-lines"
NO_HEADERS = "no-headers"
SEPARATOR_MISSING = "header-separator-missing"
TOO_MANY_PARTS = "too-many-parts"
TOO_DEEP = "parts-too-deep"
BOUNDARY_MISSING = "boundary-missing"

# Beyond our limits: what was not read might have asked for something, so such a mail is set aside, not forgotten.
OVER_LIMITS = frozenset(
    {MESSAGE_TOO_LARGE, BLANK_RUN, HEADER_BLOCK_TOO_LARGE, TOO_MANY_HEADER_LINES, TOO_MANY_PARTS, TOO_DEEP}
)
