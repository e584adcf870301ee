-- name: outbox_add(dedupe_key, kind, domain, effect, now)$
INSERT INTO outbox (dedupe_key, kind, domain, effect, created_at, due_at)
VALUES (:dedupe_key, :kind, :domain, :effect, :now, :now)
ON CONFLICT (dedupe_key) DO NOTHING RETURNING id;

-- name: letter_add(outbox_id, key, kind, now)!
INSERT INTO letters (outbox_id, key, kind, at, waiting) VALUES (:outbox_id, :key, :kind, :now, 1);

-- name: letter_over(outbox_id, sent_at)!
UPDATE letters SET at = coalesce(:sent_at, at), waiting = 0 WHERE outbox_id = :outbox_id;

-- name: letters_last(key, now)^
SELECT
  max(seen) FILTER (WHERE kind <> 'start_confirm'),
  max(seen) FILTER (WHERE kind IN ('opt_out', 'opt_out_unverified')),
  max(seen) FILTER (WHERE kind = 'start_confirm')
FROM (SELECT kind, iif(waiting, max(at, :now), at) AS seen FROM letters WHERE key = :key);

-- name: outbox_due(now, full_domains)^
SELECT id, domain FROM outbox
WHERE status = 'waiting' AND due_at <= :now AND domain NOT IN (SELECT value FROM json_each(:full_domains))
ORDER BY due_at, id LIMIT 1;

-- name: outbox_claim(id, now)^
UPDATE outbox SET status = 'claimed', attempts = attempts + 1, claimed_at = :now WHERE id = :id
RETURNING id, effect, attempts, created_at;

-- name: outbox_handing_over(id)!
UPDATE outbox SET status = 'handed_over', handed_over_at = claimed_at WHERE id = :id AND status = 'claimed';

-- name: letter_raw_keep(outbox_id, packed)!
INSERT OR REPLACE INTO letter_raw (outbox_id, at, packed)
SELECT id, claimed_at, :packed FROM outbox WHERE id = :outbox_id;

-- name: letter_raw_drop(outbox_id)!
DELETE FROM letter_raw WHERE outbox_id = :outbox_id;

-- name: letter_raw_forget(before)
DELETE FROM letter_raw WHERE at < :before RETURNING outbox_id;

-- name: outbox_wait(id, due_at, detail)!
UPDATE outbox SET status = 'waiting', due_at = :due_at, detail = :detail WHERE id = :id;

-- name: outbox_end(id, status, detail, now)!
UPDATE outbox SET status = :status, detail = :detail, finished_at = :now WHERE id = :id;

-- name: outbox_resend(id, due_at, detail)$
UPDATE outbox SET status = 'waiting', resent = 1, due_at = :due_at, detail = :detail
WHERE id = :id AND kind = 'start_confirm' AND resent = 0 RETURNING id;

-- name: outbox_unclaim()!
UPDATE outbox SET status = 'waiting' WHERE status = 'claimed';

-- name: outbox_in_doubt()
SELECT id, due_at, handed_over_at FROM outbox WHERE status = 'handed_over' ORDER BY id;

-- name: outbox_rate(since)
SELECT domain, count(*) FROM (
  SELECT domain FROM outbox WHERE handed_over_at > :since AND status NOT IN ('claimed', 'handed_over')
  UNION ALL SELECT domain FROM outbox WHERE status IN ('claimed', 'handed_over'))
GROUP BY domain ORDER BY domain;
