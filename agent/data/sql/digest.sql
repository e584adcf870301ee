-- name: digest_last(name)$
SELECT value FROM counter WHERE name = :name;

-- name: digest_told(name, at)!
INSERT INTO counter (name, value) VALUES (:name, :at) ON CONFLICT DO UPDATE SET value = :at;

-- name: digest_keys(since)
SELECT DISTINCT key FROM standing WHERE since >= :since ORDER BY key;

-- name: digest_objections(since)
SELECT DISTINCT domain, our_ip FROM objection WHERE told = 1 AND at >= :since ORDER BY domain;
