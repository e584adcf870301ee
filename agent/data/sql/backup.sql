-- name: token_vectors()
SELECT kid, vector FROM token_check ORDER BY kid;

-- name: backup_extent()^
SELECT (SELECT coalesce(max(id), 0) FROM inbox), (SELECT coalesce(max(id), 0) FROM outbox), (SELECT count(*) FROM sent);
