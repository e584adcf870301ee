-- name: read_inbox_counts()
SELECT status, count(*) FROM inbox GROUP BY status;

-- name: read_outbox_counts()
SELECT status, count(*) FROM outbox GROUP BY status;
