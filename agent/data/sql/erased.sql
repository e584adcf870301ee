-- name: erased_any()$
SELECT EXISTS (SELECT 1 FROM counter WHERE name = 'erased');

-- name: erased_remember()!
INSERT INTO counter (name, value) VALUES ('erased', 1) ON CONFLICT DO UPDATE SET value = value + 1;

-- name: erased_letters_waiting(key)$
SELECT EXISTS (SELECT 1 FROM letters JOIN outbox ON outbox.id = outbox_id
  WHERE letters.key = :key AND status IN ('waiting', 'claimed', 'handed_over'));

-- name: erased_raw(key)!
DELETE FROM inbox_raw WHERE inbox_id IN (
  SELECT inbox_id FROM event JOIN event_key ON event_id = event.id WHERE event_key.key = :key AND inbox_id IS NOT NULL)
  AND inbox_id IN (SELECT id FROM inbox WHERE status IN ('done', 'quarantined'));

-- name: erased_inbox(key)!
UPDATE inbox SET envelope_from = NULL, envelope_to = '[]', error = ''
WHERE status IN ('done', 'quarantined') AND id IN (
  SELECT inbox_id FROM event JOIN event_key ON event_id = event.id WHERE event_key.key = :key AND inbox_id IS NOT NULL);

-- name: erased_outbox(key)!
UPDATE outbox SET dedupe_key = 'erased:' || id, effect = '{}', domain = 'erased.invalid', detail = ''
WHERE id IN (SELECT outbox_id FROM letters WHERE key = :key);

-- name: erased_letter_raw(key)!
DELETE FROM letter_raw WHERE outbox_id IN (SELECT outbox_id FROM letters WHERE key = :key);

-- name: erased_letters(key, hashed)!
UPDATE letters SET key = :hashed WHERE key = :key;

-- name: erased_sent(key, hashed)!
UPDATE sent SET key = :hashed, raw = '' WHERE key = :key;

-- name: erased_recipient(key)!
DELETE FROM recipient WHERE domain = substr(:key, instr(:key, '@') + 1) AND key = :key;

-- name: erased_contact(key)!
DELETE FROM contacts WHERE key = :key;

-- name: erased_review(key, hashed)!
UPDATE review SET key = :hashed, raw = '', why = '', note = '', evidence = '{"rule":"erased"}',
  origin = '{"door":"clock","received_at":"1970-01-01T00:00:00Z"}', due_at = NULL,
  verdict = iif(verdict = '', 'nothing', verdict)
WHERE key = :key;

-- name: erased_ticket(key, hashed)!
UPDATE ticket SET key = :hashed, raw = '', what = '', note = '' WHERE key = :key;

-- name: erased_timer(key)!
DELETE FROM timer WHERE key = :key;

-- name: erased_address(key, hashed, version)!
INSERT INTO address (key, raw, points, points_full, language, event_id, version)
SELECT :hashed, '', 0, 0, '', event_id, :version
FROM address WHERE key = :key
ON CONFLICT DO NOTHING;

-- name: erased_standing(key, hashed)!
UPDATE OR REPLACE standing SET key = :hashed, reason = 'erased' WHERE key = :key;

-- name: erased_address_old(key)!
DELETE FROM address WHERE key = :key;

-- name: erased_event(key, hashed)!
UPDATE event SET key = iif(key = :key, :hashed, key), domain = 'erased.invalid', excerpt = '', reason = 'erased',
  before = '{"key":{"local":"","domain":"erased.invalid"}}', after = '[]', alert = '', about = '',
  signal = '["erased",{}]'
WHERE domain <> 'erased.invalid' AND id IN (SELECT event_id FROM event_key WHERE key = :key);

-- name: erased_event_key(key, hashed)!
UPDATE OR REPLACE event_key SET key = :hashed WHERE key = :key;

-- name: erased_stopped(keys, now)
SELECT DISTINCT key FROM standing
WHERE key IN (SELECT value FROM json_each(:keys)) AND scope = 'all' AND (until IS NULL OR until > :now);
