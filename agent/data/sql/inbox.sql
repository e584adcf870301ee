-- name: inbox_known(references_json)
SELECT reference, id FROM inbox WHERE reference IN (SELECT value FROM json_each(:references_json));

-- name: inbox_last()$
SELECT seq FROM sqlite_sequence WHERE name = 'inbox';

-- name: inbox_add_many(last, rows)!
-- jsonb_each, here and in ledger_store_many: json_each would make text of each row again, for every ->> to read.
INSERT INTO inbox (id, reference, door, account, role, envelope_from, envelope_to, peer, size, received_at)
SELECT :last + 1 + key, value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, value->>7,
  value->>8
FROM jsonb_each(:rows);

-- name: inbox_add_raws(last, raws)!
INSERT INTO inbox_raw (inbox_id, raw) SELECT :last + rowid, value FROM carray(:raws);

-- name: inbox_exhausted(attempts)
SELECT id, error FROM inbox
WHERE status IN ('new', 'token_applied') AND observed = 0 AND attempts >= :attempts
ORDER BY attempts, id;

-- name: inbox_fresh(batch, now, far)
SELECT id FROM inbox
WHERE status IN ('new', 'token_applied') AND observed = 0 AND attempts = 0
  AND NOT EXISTS (SELECT 1 FROM put_off WHERE inbox_id = inbox.id AND due_at > :now AND due_at < :far)
ORDER BY id LIMIT :batch;

-- name: inbox_tried(now, far)$
SELECT id FROM inbox
WHERE status IN ('new', 'token_applied') AND observed = 0 AND attempts > 0
  AND NOT EXISTS (SELECT 1 FROM put_off WHERE inbox_id = inbox.id AND due_at > :now AND due_at < :far)
ORDER BY attempts, id LIMIT 1;

-- name: inbox_count_take()$
UPDATE counter SET value = value + 1 WHERE name = 'takes' RETURNING value;

-- name: inbox_attempt(id)^
UPDATE inbox SET attempts = attempts + 1 WHERE id = :id
RETURNING id, attempts, status, reference, door, account, role, envelope_from, envelope_to, peer, received_at,
  (SELECT raw FROM inbox_raw WHERE inbox_id = inbox.id),
  (SELECT times FROM put_off WHERE inbox_id = inbox.id);

-- name: inbox_finish(id, kind, content_key, now)!
UPDATE inbox SET status = 'done', kind = :kind, content_key = :content_key, error = '', finished_at = :now
WHERE id = :id;

-- name: inbox_token_applied(id, content_key)!
UPDATE inbox SET status = 'token_applied', token_applied = 1, attempts = 0, error = '', content_key = :content_key
WHERE id = :id;

-- name: inbox_failed(id, why)!
UPDATE inbox SET error = :why WHERE id = :id;

-- name: inbox_release(id)!
UPDATE inbox SET attempts = max(attempts - 1, 0) WHERE id = :id AND status IN ('new', 'token_applied');

-- name: inbox_observed(id, kind)!
UPDATE inbox SET observed = 1, kind = :kind, attempts = 0, error = '' WHERE id = :id;

-- name: inbox_resume_observed()
UPDATE inbox SET observed = 0 WHERE observed = 1 RETURNING id;

-- name: inbox_newest()$
SELECT coalesce(max(id), 0) FROM inbox;

-- name: inbox_ends(ids)
SELECT iif(observed, 'observed', status), kind, count(*) FROM inbox
WHERE id IN (SELECT value FROM json_each(:ids)) AND (observed = 1 OR status IN ('done', 'quarantined'))
GROUP BY 1, 2;

-- name: inbox_messages()
SELECT id, door, status, kind, error, received_at FROM inbox ORDER BY id;

-- name: inbox_set_aside(id, why, now)!
UPDATE inbox SET status = 'quarantined', error = :why, finished_at = :now WHERE id = :id;

-- name: quarantine_all()
SELECT id, reference, envelope_from, peer, size, attempts, error, received_at, finished_at
FROM inbox WHERE status = 'quarantined' ORDER BY id;

-- name: quarantine_raw(id)$
SELECT raw FROM inbox JOIN inbox_raw ON inbox_id = inbox.id WHERE inbox.id = :id AND status = 'quarantined';

-- name: quarantine_retry(id)$
UPDATE inbox SET status = iif(token_applied, 'token_applied', 'new'), attempts = 0, error = '', finished_at = NULL
WHERE id = :id AND status = 'quarantined' RETURNING id;

-- name: quarantine_drop(id, now)$
UPDATE inbox SET status = 'done', kind = 'dropped', finished_at = :now
WHERE id = :id AND status = 'quarantined' RETURNING id;

-- name: inbox_forget(id)!
DELETE FROM inbox_raw WHERE inbox_id = :id;

-- name: inbox_forget_done(before)
DELETE FROM inbox_raw
WHERE EXISTS (SELECT 1 FROM inbox WHERE id = inbox_id AND status = 'done' AND finished_at < :before)
RETURNING inbox_id;

-- name: quarantine_old(before)
SELECT id FROM inbox WHERE status = 'quarantined' AND finished_at < :before ORDER BY id;

-- name: ledger_store_many(account, folder, uidvalidity, state, mails)!
INSERT INTO ledger (account, folder, uidvalidity, uid, state, inbox_id)
SELECT :account, :folder, :uidvalidity, value->>0, :state, value->>1 FROM jsonb_each(:mails) WHERE true
ON CONFLICT DO NOTHING;

-- name: ledger_known(account, folder, uidvalidity, uids)
SELECT uid FROM ledger
WHERE account = :account AND folder = :folder AND uidvalidity = :uidvalidity
  AND uid IN (SELECT value FROM json_each(:uids));

-- name: ledger_unsettled(account, folder, uidvalidity)
SELECT uid FROM ledger
WHERE account = :account AND folder = :folder AND uidvalidity = :uidvalidity AND state = 'stored' ORDER BY uid;

-- name: ledger_settle(account, folder, uidvalidity, uids)!
UPDATE ledger SET state = 'settled'
WHERE account = :account AND folder = :folder AND uidvalidity = :uidvalidity AND state = 'stored'
  AND uid IN (SELECT value FROM json_each(:uids));

-- name: ledger_skip(account, folder, uidvalidity, uid, why)!
INSERT INTO ledger (account, folder, uidvalidity, uid, state, why)
VALUES (:account, :folder, :uidvalidity, :uid, 'skipped', :why)
ON CONFLICT DO UPDATE SET state = 'skipped', why = :why WHERE state = 'stored';

-- name: ledger_reconsider(account, folder, why)!
DELETE FROM ledger WHERE account = :account AND folder = :folder AND state = 'skipped' AND why = :why;

-- name: first_start(account, folder, now)$
INSERT INTO first_start (account, folder, at) VALUES (:account, :folder, :now)
ON CONFLICT DO UPDATE SET at = at RETURNING at;
