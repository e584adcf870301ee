-- name: public_schema#
CREATE TABLE IF NOT EXISTS suppressed (
  address TEXT NOT NULL COLLATE NOCASE,
  scope TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT NOT NULL,
  since TEXT NOT NULL,
  until TEXT,
  PRIMARY KEY (address, scope, state)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS suppressed_until ON suppressed (until) WHERE until IS NOT NULL;
CREATE TABLE IF NOT EXISTS published (store_id TEXT NOT NULL, version INTEGER NOT NULL);

-- name: public_published()^
SELECT store_id, version FROM published;

-- name: public_forget_published()!
DELETE FROM published;

-- name: public_set_published(store_id, version)!
INSERT INTO published (store_id, version) VALUES (:store_id, :version);

-- name: public_expired(now)
SELECT DISTINCT address FROM suppressed WHERE until IS NOT NULL AND until <= :now;

-- name: public_remove(address)!
DELETE FROM suppressed WHERE address = :address;

-- name: public_add(address, scope, state, reason, since, until)!
INSERT INTO suppressed (address, scope, state, reason, since, until)
VALUES (:address, :scope, :state, :reason, :since, :until);

-- name: public_clear()!
DELETE FROM suppressed;

-- name: wanted_begin#
CREATE TEMP TABLE IF NOT EXISTS wanted (
  address TEXT NOT NULL COLLATE NOCASE,
  scope TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT NOT NULL,
  since TEXT NOT NULL,
  until TEXT,
  PRIMARY KEY (address, scope, state)
) WITHOUT ROWID;
DELETE FROM wanted;

-- name: wanted_add(address, scope, state, reason, since, until)!
INSERT INTO wanted (address, scope, state, reason, since, until)
VALUES (:address, :scope, :state, :reason, :since, :until);

-- name: wanted_differences()$
SELECT
  (SELECT count(*) FROM suppressed WHERE NOT EXISTS (
    SELECT 1 FROM wanted WHERE wanted.address = suppressed.address AND wanted.scope = suppressed.scope
      AND wanted.state = suppressed.state
      AND (wanted.address COLLATE BINARY, wanted.reason, wanted.since, wanted.until)
        IS (suppressed.address, suppressed.reason, suppressed.since, suppressed.until)))
  + (SELECT count(*) FROM wanted WHERE NOT EXISTS (
    SELECT 1 FROM suppressed WHERE wanted.address = suppressed.address AND wanted.scope = suppressed.scope
      AND wanted.state = suppressed.state));

-- name: wanted_wrong()
SELECT address FROM suppressed WHERE NOT EXISTS (
  SELECT 1 FROM wanted WHERE wanted.address = suppressed.address AND wanted.scope = suppressed.scope
    AND wanted.state = suppressed.state
    AND (wanted.address COLLATE BINARY, wanted.reason, wanted.since, wanted.until)
      IS (suppressed.address, suppressed.reason, suppressed.since, suppressed.until))
UNION SELECT address FROM wanted WHERE NOT EXISTS (
  SELECT 1 FROM suppressed WHERE wanted.address = suppressed.address AND wanted.scope = suppressed.scope
    AND wanted.state = suppressed.state);

-- name: wanted_remove_others()!
DELETE FROM suppressed WHERE NOT EXISTS (
  SELECT 1 FROM wanted WHERE wanted.address = suppressed.address AND wanted.scope = suppressed.scope
    AND wanted.state = suppressed.state
    AND (wanted.address COLLATE BINARY, wanted.reason, wanted.since, wanted.until)
      IS (suppressed.address, suppressed.reason, suppressed.since, suppressed.until));

-- name: wanted_add_missing()!
INSERT INTO suppressed (address, scope, state, reason, since, until)
SELECT address, scope, state, reason, since, until FROM wanted WHERE true
ON CONFLICT DO NOTHING;

-- name: wanted_end()!
DELETE FROM wanted;

-- name: public_listed(keys)
SELECT DISTINCT address FROM suppressed WHERE scope = 'all' AND address IN (SELECT value FROM json_each(:keys));
