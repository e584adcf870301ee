-- name: next_version()$
UPDATE counter SET value = value + 1 WHERE name = 'version' RETURNING value;

-- name: current_version()$
SELECT value FROM counter WHERE name = 'version';

-- name: store_id()$
SELECT id FROM identity;

-- name: address_load(key)^
SELECT points, points_full, points_first_at, points_last_at, points_today, unclear, unclear_at, refused, refused_at,
  language, engaged_at, away_until, interval_days, raw
FROM address WHERE key = :key;

-- name: address_save(key, raw, points, points_full, points_first_at, points_last_at, points_today, unclear, unclear_at, refused, refused_at, language, engaged_at, away_until, interval_days, event_id, version)!
INSERT INTO address (key, raw, points, points_full, points_first_at, points_last_at, points_today, unclear, unclear_at,
  refused, refused_at, language, engaged_at, away_until, interval_days, event_id, version)
VALUES (:key, :raw, :points, :points_full, :points_first_at, :points_last_at, :points_today, :unclear, :unclear_at,
  :refused, :refused_at, :language, :engaged_at, :away_until, :interval_days, :event_id, :version)
ON CONFLICT DO UPDATE SET raw = iif(:raw = '', raw, :raw), points = :points, points_full = :points_full,
  points_first_at = :points_first_at, points_last_at = :points_last_at, points_today = :points_today,
  unclear = :unclear, unclear_at = :unclear_at, refused = :refused, refused_at = :refused_at, language = :language,
  engaged_at = :engaged_at, away_until = :away_until, interval_days = :interval_days, event_id = :event_id,
  version = :version;

-- name: address_changed(after)
SELECT key FROM address WHERE version > :after ORDER BY version;

-- name: standings(key)
SELECT state, scope, reason, rule, strength, since, until, by, provisional, batch FROM standing WHERE key = :key;

-- name: standings_all()
SELECT key, state, scope, reason, rule, strength, since, until, by, provisional, batch FROM standing ORDER BY key;

-- name: standing_save(key, scope, state, reason, rule, strength, since, until, by, provisional, batch, event_id)!
INSERT INTO standing (key, scope, state, reason, rule, strength, since, until, by, provisional, batch, event_id)
VALUES (:key, :scope, :state, :reason, :rule, :strength, :since, :until, :by, :provisional, :batch, :event_id)
ON CONFLICT DO UPDATE SET reason = :reason, rule = :rule, strength = :strength, since = :since, until = :until,
  by = :by, provisional = :provisional, batch = :batch, event_id = :event_id
WHERE (reason, rule, strength, since, until, by, provisional, batch)
  IS NOT (:reason, :rule, :strength, :since, :until, :by, :provisional, :batch);

-- name: standing_remove(key, scope, state)!
DELETE FROM standing WHERE key = :key AND scope = :scope AND state = :state;

-- name: standings_forget(key)!
DELETE FROM standing WHERE key = :key;

-- name: event_add(at, inbox_id, key, domain, kind, strength, has_token, weak, hard, letter, rule, excerpt, row, reason, by, before, after, alert, content_key, about, signal, batch)$
INSERT INTO event (at, inbox_id, key, domain, kind, strength, has_token, weak, hard, letter, rule, excerpt, row, reason,
  by, before, after, alert, content_key, about, signal, batch)
VALUES (:at, :inbox_id, :key, :domain, :kind, :strength, :has_token, :weak, :hard, :letter, :rule, :excerpt, :row,
  :reason, :by, :before, :after, :alert, :content_key, :about, :signal, :batch)
RETURNING id;

-- name: event_add_key(key, event_id)!
INSERT INTO event_key (key, event_id) VALUES (:key, :event_id) ON CONFLICT DO NOTHING;

-- name: event_history(key)
SELECT id, at, inbox_id, event.key, kind, strength, has_token, rule, excerpt, row, reason, by, before, after, alert,
  content_key, about, signal, batch
FROM event_key JOIN event ON event.id = event_id WHERE event_key.key = :key ORDER BY event_id;

-- name: event_of_mail(inbox_id)
SELECT id, at, inbox_id, key, kind, strength, has_token, rule, excerpt, row, reason, by, before, after, alert,
  content_key, about, signal, batch
FROM event WHERE inbox_id = :inbox_id ORDER BY id;

-- name: event_content_seen(content_key, inbox_id)$
SELECT EXISTS (SELECT 1 FROM event WHERE content_key = :content_key AND content_key <> ''
  AND inbox_id IS NOT :inbox_id);

-- name: event_weak_opt_outs(since)$
SELECT count(*) FROM event WHERE weak = 'opt_out' AND weak <> '' AND at > :since;

-- name: event_weak_hard(since)$
SELECT count(*) FROM event WHERE weak = 'hard' AND weak <> '' AND at > :since;

-- name: event_suspicions(key, since)
SELECT at, iif(about <> '', about, content_key) FROM event
WHERE key = :key AND weak = 'hard' AND row = '1b' AND at > :since ORDER BY at DESC LIMIT 100;

-- name: event_domain_hard(domain, key, since)$
SELECT count(DISTINCT key) FROM event WHERE domain = :domain AND hard = 1 AND at > :since AND key <> :key;
