-- name: timer_set(key, timer, about, due_at)!
INSERT INTO timer (key, timer, about, due_at) VALUES (:key, :timer, :about, :due_at)
ON CONFLICT DO UPDATE SET due_at = :due_at;

-- name: timer_end(key, timer, about)!
DELETE FROM timer WHERE key = :key AND timer = :timer AND about = :about;

-- name: timers_due(now, domains, batch)
SELECT key, timer, about, due_at FROM timer
WHERE due_at <= :now AND (timer = 'domain') = :domains ORDER BY due_at LIMIT :batch;

-- name: review_is_open(key, row)$
SELECT EXISTS (SELECT 1 FROM review WHERE key = :key AND row = :row AND verdict = '' AND due_at IS NULL);

-- name: review_add(key, raw, row, why, evidence, answerable, scope, first, second, timeout, opened_at, due_at, origin, event_id)$
INSERT INTO review (key, raw, row, why, evidence, answerable, scope, first, second, timeout, opened_at, due_at, origin,
  event_id)
VALUES (:key, :raw, :row, :why, :evidence, :answerable, :scope, :first, :second, :timeout, :opened_at, :due_at, :origin,
  :event_id)
RETURNING id;

-- name: review_find(id)^
SELECT id, key, raw, row, why, evidence, answerable, scope, first, second, timeout, opened_at, due_at, origin, verdict,
  by, decided_at
FROM review WHERE id = :id;

-- name: reviews_open()
SELECT id, key, raw, row, why, evidence, answerable, scope, first, second, timeout, opened_at, due_at, origin, verdict,
  by, decided_at
FROM review WHERE verdict = '' ORDER BY due_at IS NULL, due_at, id;

-- name: reviews_decided()
SELECT id, key, raw, row, why, evidence, answerable, scope, first, second, timeout, opened_at, due_at, origin, verdict,
  by, decided_at
FROM review WHERE verdict <> '' AND by <> 'policy' ORDER BY id;

-- name: reviews_due(now, batch)
SELECT id FROM review WHERE verdict = '' AND due_at IS NOT NULL AND due_at <= :now ORDER BY due_at LIMIT :batch;

-- name: review_decide(id, verdict, by, note, now)!
UPDATE review SET verdict = :verdict, by = :by, note = :note, decided_at = :now WHERE id = :id AND verdict = '';

-- name: review_out_of_time(id)!
UPDATE review SET due_at = NULL WHERE id = :id AND verdict = '';

-- name: ticket_is_open(key, kind, what)$
SELECT EXISTS (SELECT 1 FROM ticket WHERE key = :key AND kind = :kind AND done_at IS NULL
  AND (kind <> 'task' OR what = :what));

-- name: ticket_add(kind, key, raw, what, opened_at, due_at, event_id, inbox_id)$
INSERT INTO ticket (kind, key, raw, what, opened_at, due_at, event_id, inbox_id)
VALUES (:kind, :key, :raw, :what, :opened_at, :due_at, :event_id, :inbox_id)
RETURNING id;

-- name: ticket_find(id)^
SELECT id, kind, key, raw, what, opened_at, due_at, inbox_id, done_at, by, note FROM ticket WHERE id = :id;

-- name: tickets_open()
SELECT id, kind, key, raw, what, opened_at, due_at, inbox_id, done_at, by, note FROM ticket
WHERE done_at IS NULL ORDER BY due_at IS NULL, due_at, id;

-- name: tickets_all()
SELECT id, kind, key, raw, what, opened_at, due_at, inbox_id, done_at, by, note FROM ticket ORDER BY id;

-- name: ticket_close(id, by, note, now)!
UPDATE ticket SET done_at = :now, by = :by, note = :note WHERE id = :id AND done_at IS NULL;

-- name: objection_add(event_id, domain, our_domain, our_ip, now, told)!
INSERT INTO objection (event_id, domain, our_domain, our_ip, at, told)
VALUES (:event_id, :domain, :our_domain, :our_ip, :now, :told);

-- name: objections_since(domain, our_domain, our_ip, since)^
SELECT count(*), coalesce(max(told), 0) FROM objection
WHERE domain = :domain AND our_domain = :our_domain AND our_ip = :our_ip AND at > :since;

-- name: send_size(campaign, enough)$
SELECT count(*) FROM (
  SELECT 1 FROM sent WHERE campaign = :campaign AND campaign <> '' AND letter = 0 LIMIT :enough);

-- name: breaker_open(name, batch, now)!
INSERT INTO breaker (name, batch, last_at) VALUES (:name, :batch, :now)
ON CONFLICT DO UPDATE SET batch = :batch, last_at = :now;

-- name: breakers_open(since)
SELECT batch FROM breaker WHERE last_at > :since ORDER BY name;

-- name: batch_keys(batch)
SELECT DISTINCT key FROM standing WHERE batch = :batch AND batch <> '' ORDER BY key;
