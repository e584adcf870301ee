-- Our letters as they went out, compressed: what a person was told is part of the proof.
CREATE TABLE letter_raw (
  outbox_id INTEGER PRIMARY KEY REFERENCES letters (outbox_id) ON DELETE CASCADE,
  at INTEGER NOT NULL,
  packed BLOB NOT NULL
) STRICT;
CREATE INDEX letter_raw_at ON letter_raw (at);
