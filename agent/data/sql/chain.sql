-- name: chain_last()$
SELECT hash FROM event_chain ORDER BY event_id DESC LIMIT 1;

-- name: chain_add(event_id, salt, private, hash)!
INSERT INTO event_chain (event_id, salt, private, hash) VALUES (:event_id, :salt, :private, :hash);

-- name: chain_all()
SELECT event.id, at, inbox_id, kind, strength, has_token, weak, hard, letter, rule, row, by, content_key, batch,
  key, domain, excerpt, reason, before, after, alert, about, signal,
  (SELECT json_group_array(event_key.key ORDER BY event_key.key) FROM event_key WHERE event_key.event_id = event.id),
  salt, private, remains, hash
FROM event LEFT JOIN event_chain ON event_chain.event_id = event.id ORDER BY event.id;

-- name: chain_of_person(key)
SELECT event.id, key, domain, excerpt, reason, before, after, alert, about, signal,
  (SELECT json_group_array(one.key ORDER BY one.key) FROM event_key AS one WHERE one.event_id = event.id)
FROM event JOIN event_chain ON event_chain.event_id = event.id
WHERE salt IS NOT NULL AND event.id IN (SELECT event_id FROM event_key WHERE event_key.key = :key);

-- name: chain_redact(event_id, remains)!
UPDATE event_chain SET salt = NULL, remains = :remains WHERE event_id = :event_id;

-- name: chain_link(event_id)^
SELECT (SELECT count(*) FROM event_chain WHERE event_id <= :event_id), hash FROM event_chain WHERE event_id = :event_id;

-- name: chain_head()^
SELECT (SELECT count(*) FROM event_chain), coalesce(max(event_id), 0),
  (SELECT hash FROM event_chain ORDER BY event_id DESC LIMIT 1)
FROM event_chain;

-- name: chain_without_event()$
SELECT count(*) FROM event_chain WHERE event_id NOT IN (SELECT id FROM event);

-- name: chain_highest()$
SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'event'), 0);

-- name: chain_keys_without_event()$
SELECT count(*) FROM event_key WHERE event_id NOT IN (SELECT id FROM event);
