-- name: read_inbox_counts()
SELECT iif(observed, 'observed', status), count(*) FROM inbox GROUP BY 1;

-- name: read_outbox_counts()
SELECT status, count(*) FROM outbox GROUP BY status;
