-- What the proof of a mail needs to remember.

-- Mail that waits for an answer of the DNS: how often it was put off, and until when.
CREATE TABLE put_off (
  inbox_id INTEGER PRIMARY KEY REFERENCES inbox (id) ON DELETE CASCADE,
  times INTEGER NOT NULL,
  due_at INTEGER NOT NULL
) STRICT;

-- Returned mails whose own signature has proven a bounce: SHA-256 of Message-ID and address, so nobody's address is here.
CREATE TABLE original_use (
  digest BLOB PRIMARY KEY,
  event_id INTEGER NOT NULL REFERENCES event (id)
) STRICT, WITHOUT ROWID;
