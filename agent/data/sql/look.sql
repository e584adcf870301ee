-- name: look_first_start(account, folder)$
SELECT at FROM first_start WHERE account = :account AND folder = :folder;

-- name: look_doors()
SELECT door, account, count(*), max(received_at) FROM inbox GROUP BY door, account ORDER BY door, account;

-- name: look_unread()^
SELECT count(*), min(received_at) FROM inbox WHERE status IN ('new', 'token_applied') AND observed = 0;

-- name: look_kinds(since)
SELECT kind, count(*) FROM inbox WHERE finished_at >= :since AND status = 'done' GROUP BY kind ORDER BY 2 DESC, kind;

-- name: look_reviews()^
SELECT count(*), min(due_at) FROM review WHERE verdict = '';

-- name: look_tickets()^
SELECT count(*), min(due_at) FROM ticket WHERE done_at IS NULL;

-- name: look_letters()
SELECT status, count(*) FROM outbox GROUP BY status;

-- name: look_letter_oldest()^
SELECT created_at, detail FROM outbox WHERE status IN ('waiting', 'claimed') ORDER BY created_at, id LIMIT 1;

-- name: look_letters_today(since)$
SELECT count(*) FROM outbox WHERE status = 'done' AND finished_at >= :since;

-- name: look_own()$
SELECT count(DISTINCT key) FROM event WHERE row = 'own';

-- name: look_keys()$
SELECT EXISTS (SELECT 1 FROM token_check);

-- name: look_suppressed()
SELECT state, count(DISTINCT address) FROM suppressed GROUP BY state ORDER BY state;
