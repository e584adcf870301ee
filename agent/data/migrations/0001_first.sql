-- optoutd.db, version 1. Times are microseconds since 1970 UTC, addresses the folded key (`@domain` for a domain).

-- Counters that only grow: `version` stamps each change of a standing, `takes` keeps retried mail from starving.
CREATE TABLE counter (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO counter (name, value) VALUES ('version', 0), ('takes', 0);

-- Which truth this is: a published list that belongs to another one is not continued but repaired.
CREATE TABLE identity (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
INSERT INTO identity (id) VALUES (lower(hex(randomblob(16))));

CREATE TABLE inbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  reference TEXT NOT NULL UNIQUE,
  door TEXT NOT NULL,
  account TEXT NOT NULL,
  role TEXT,
  envelope_from TEXT,
  envelope_to TEXT NOT NULL,
  peer TEXT NOT NULL,
  size INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  status TEXT NOT NULL DEFAULT 'new' CHECK (status IN ('new', 'token_applied', 'done', 'quarantined')),
  token_applied INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  error TEXT NOT NULL DEFAULT '',
  kind TEXT NOT NULL DEFAULT '',
  content_key TEXT NOT NULL DEFAULT '',
  finished_at INTEGER
) STRICT;
CREATE INDEX inbox_waiting ON inbox (attempts, id) WHERE status IN ('new', 'token_applied');
CREATE INDEX inbox_quarantined ON inbox (id) WHERE status = 'quarantined';

-- The bytes lie apart, so that looking through the inbox does not page through mail.
CREATE TABLE inbox_raw (
  inbox_id INTEGER PRIMARY KEY REFERENCES inbox (id) ON DELETE CASCADE,
  raw BLOB NOT NULL
) STRICT;

-- What was done with each mail of a mailbox: stored here, settled there (flagged or moved), or skipped.
CREATE TABLE ledger (
  account TEXT NOT NULL,
  folder TEXT NOT NULL,
  uidvalidity INTEGER NOT NULL,
  uid INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('stored', 'settled', 'skipped')),
  inbox_id INTEGER REFERENCES inbox (id),
  why TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (account, folder, uidvalidity, uid)
) STRICT, WITHOUT ROWID;
CREATE INDEX ledger_unsettled ON ledger (account, folder, uidvalidity, uid) WHERE state = 'stored';

CREATE TABLE first_start (
  account TEXT NOT NULL,
  folder TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (account, folder)
) STRICT, WITHOUT ROWID;

CREATE TABLE address (
  key TEXT PRIMARY KEY,
  raw TEXT NOT NULL,
  points REAL NOT NULL,
  points_full REAL NOT NULL,
  points_first_at INTEGER,
  points_last_at INTEGER,
  language TEXT NOT NULL,
  engaged_at INTEGER,
  event_id INTEGER NOT NULL REFERENCES event (id),
  version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX address_version ON address (version);

CREATE TABLE standing (
  key TEXT NOT NULL REFERENCES address (key) ON DELETE CASCADE,
  scope TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT NOT NULL,
  rule TEXT NOT NULL,
  strength INTEGER NOT NULL,
  since INTEGER NOT NULL,
  until INTEGER,
  by TEXT NOT NULL,
  provisional INTEGER NOT NULL,
  event_id INTEGER NOT NULL REFERENCES event (id),
  PRIMARY KEY (key, scope, state)
) STRICT, WITHOUT ROWID;

-- Everything that ever happened. `weak` marks what the breakers count.
CREATE TABLE event (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  inbox_id INTEGER REFERENCES inbox (id),
  key TEXT NOT NULL,
  domain TEXT NOT NULL,
  kind TEXT NOT NULL,
  strength INTEGER NOT NULL,
  has_token INTEGER NOT NULL,
  weak TEXT NOT NULL CHECK (weak IN ('', 'opt_out', 'hard')),
  hard INTEGER NOT NULL,
  letter INTEGER NOT NULL,
  rule TEXT NOT NULL,
  excerpt TEXT NOT NULL,
  row TEXT NOT NULL,
  reason TEXT NOT NULL,
  by TEXT NOT NULL,
  before TEXT NOT NULL,
  after TEXT NOT NULL,
  alert TEXT NOT NULL,
  content_key TEXT NOT NULL,
  about TEXT NOT NULL,
  signal TEXT NOT NULL
) STRICT;
CREATE INDEX event_inbox ON event (inbox_id) WHERE inbox_id IS NOT NULL;
CREATE INDEX event_content ON event (content_key) WHERE content_key <> '';
CREATE INDEX event_weak ON event (weak, at) WHERE weak <> '';
CREATE INDEX event_weak_key ON event (key, at) WHERE weak = 'hard';
CREATE INDEX event_hard ON event (domain, at, key) WHERE hard = 1;
CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event
BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
CREATE TRIGGER event_is_never_deleted BEFORE DELETE ON event
BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;

-- Every address an event touched: its subject, and the domain that fell with it.
CREATE TABLE event_key (
  key TEXT NOT NULL,
  event_id INTEGER NOT NULL REFERENCES event (id),
  PRIMARY KEY (key, event_id)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER event_key_is_never_changed BEFORE UPDATE ON event_key
BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
CREATE TRIGGER event_key_is_never_deleted BEFORE DELETE ON event_key
BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;

-- The send log: one row for each minted token id.
CREATE TABLE sent (
  id TEXT PRIMARY KEY,
  key TEXT NOT NULL,
  raw TEXT NOT NULL,
  list TEXT NOT NULL,
  campaign TEXT NOT NULL,
  message_id TEXT NOT NULL,
  minted_at INTEGER NOT NULL,
  letter INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sent_message_id ON sent (message_id) WHERE message_id <> '';

-- Who was ever sent marketing mail, one row a person: the send log may hold hundreds.
CREATE TABLE recipient (
  domain TEXT NOT NULL,
  key TEXT NOT NULL,
  PRIMARY KEY (domain, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE token_use (
  token_id TEXT NOT NULL,
  purpose TEXT NOT NULL,
  event_id INTEGER NOT NULL REFERENCES event (id),
  PRIMARY KEY (token_id, purpose)
) STRICT, WITHOUT ROWID;

CREATE TABLE token_check (
  kid TEXT PRIMARY KEY,
  vector TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE contacts (
  key TEXT PRIMARY KEY,
  raw TEXT NOT NULL,
  domain TEXT NOT NULL,
  name TEXT NOT NULL DEFAULT '',
  language TEXT NOT NULL DEFAULT '',
  country TEXT NOT NULL DEFAULT '',
  list TEXT NOT NULL DEFAULT '',
  tags TEXT NOT NULL DEFAULT '',
  stage TEXT NOT NULL DEFAULT '',
  consent_source TEXT NOT NULL DEFAULT '',
  consent_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX contacts_domain ON contacts (domain, key);

CREATE TABLE outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  dedupe_key TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  domain TEXT NOT NULL,
  effect TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'waiting'
    CHECK (status IN ('waiting', 'claimed', 'handed_over', 'done', 'gave_up', 'unknown')),
  attempts INTEGER NOT NULL DEFAULT 0,
  resent INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  claimed_at INTEGER,
  handed_over_at INTEGER,
  finished_at INTEGER,
  detail TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX outbox_due ON outbox (due_at, id) WHERE status = 'waiting';
CREATE INDEX outbox_busy ON outbox (status) WHERE status IN ('claimed', 'handed_over');
CREATE INDEX outbox_handed_over ON outbox (handed_over_at, domain) WHERE handed_over_at IS NOT NULL;

-- One row for each letter ever planned; it outlives the outbox row.
CREATE TABLE letters (
  outbox_id INTEGER PRIMARY KEY,
  key TEXT NOT NULL,
  kind TEXT NOT NULL,
  at INTEGER NOT NULL,
  waiting INTEGER NOT NULL
) STRICT;
CREATE INDEX letters_key ON letters (key, kind, at);
