-- What waits for time or for a person (timers, reviews, tickets), batches, and how a person is erased.

ALTER TABLE standing ADD COLUMN batch TEXT NOT NULL DEFAULT '';
CREATE INDEX standing_batch ON standing (batch, key) WHERE batch <> '';
ALTER TABLE event ADD COLUMN batch TEXT NOT NULL DEFAULT '';

ALTER TABLE address ADD COLUMN points_today REAL NOT NULL DEFAULT 0;
ALTER TABLE address ADD COLUMN unclear INTEGER NOT NULL DEFAULT 0;
ALTER TABLE address ADD COLUMN unclear_at INTEGER;
ALTER TABLE address ADD COLUMN refused INTEGER NOT NULL DEFAULT 0;
ALTER TABLE address ADD COLUMN refused_at INTEGER;
ALTER TABLE address ADD COLUMN away_until INTEGER;
ALTER TABLE address ADD COLUMN interval_days INTEGER;

-- B2 counts addresses, and whether this one is among them must not need the whole domain.
DROP INDEX event_weak_key;
CREATE INDEX event_weak_key ON event (key, row, at) WHERE weak = 'hard';

CREATE TABLE timer (
  key TEXT NOT NULL,
  timer TEXT NOT NULL,
  about TEXT NOT NULL,
  due_at INTEGER NOT NULL,
  PRIMARY KEY (key, timer, about)
) STRICT, WITHOUT ROWID;
CREATE INDEX timer_due ON timer (due_at);

-- `timeout` is the verdict of silence at `due_at`; empty means that silence decides nothing.
CREATE TABLE review (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  key TEXT NOT NULL,
  raw TEXT NOT NULL,
  row TEXT NOT NULL,
  why TEXT NOT NULL,
  evidence TEXT NOT NULL,
  answerable INTEGER NOT NULL,
  scope TEXT NOT NULL,
  first TEXT NOT NULL,
  second TEXT NOT NULL,
  timeout TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  due_at INTEGER,
  origin TEXT NOT NULL,
  event_id INTEGER NOT NULL REFERENCES event (id),
  verdict TEXT NOT NULL DEFAULT '',
  by TEXT NOT NULL DEFAULT '',
  note TEXT NOT NULL DEFAULT '',
  decided_at INTEGER
) STRICT;
CREATE INDEX review_open ON review (key, row) WHERE verdict = '';
CREATE INDEX review_due ON review (due_at) WHERE verdict = '' AND due_at IS NOT NULL;

CREATE TABLE ticket (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL CHECK (kind IN ('erase', 'access', 'task')),
  key TEXT NOT NULL,
  raw TEXT NOT NULL,
  what TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  due_at INTEGER,
  event_id INTEGER NOT NULL REFERENCES event (id),
  inbox_id INTEGER,
  done_at INTEGER,
  by TEXT NOT NULL DEFAULT '',
  note TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX ticket_open ON ticket (key, kind) WHERE done_at IS NULL;

-- Policy row 4: who objected to us, for each of our domains and addresses.
CREATE TABLE objection (
  event_id INTEGER PRIMARY KEY REFERENCES event (id),
  domain TEXT NOT NULL,
  our_domain TEXT NOT NULL,
  our_ip TEXT NOT NULL,
  at INTEGER NOT NULL,
  told INTEGER NOT NULL
) STRICT;
CREATE INDEX objection_domain ON objection (domain, our_domain, our_ip, at);

-- One row for each breaker that was ever open; it is open while something keeps falling under it.
CREATE TABLE breaker (
  name TEXT PRIMARY KEY,
  batch TEXT NOT NULL,
  last_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sent_key ON sent (key);
CREATE INDEX sent_campaign ON sent (campaign) WHERE campaign <> '';

-- Events are never changed, but for one thing: a person is erased. Then his name goes and the bare facts stay.
DROP TRIGGER event_is_never_changed;
CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event
WHEN NOT (NEW.domain = 'erased.invalid' AND OLD.domain <> 'erased.invalid'
  AND (NEW.id, NEW.at, NEW.inbox_id, NEW.kind, NEW.strength, NEW.has_token, NEW.weak, NEW.hard, NEW.letter, NEW.rule,
    NEW.row, NEW.by, NEW.content_key, NEW.batch)
  IS (OLD.id, OLD.at, OLD.inbox_id, OLD.kind, OLD.strength, OLD.has_token, OLD.weak, OLD.hard, OLD.letter, OLD.rule,
    OLD.row, OLD.by, OLD.content_key, OLD.batch))
BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
DROP TRIGGER event_key_is_never_changed;
CREATE TRIGGER event_key_is_never_changed BEFORE UPDATE ON event_key
WHEN NOT (NEW.key LIKE '%@erased.invalid' AND OLD.key NOT LIKE '%@erased.invalid' AND NEW.event_id = OLD.event_id)
BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
