-- name: put_off(inbox_id, due_at)!
INSERT INTO put_off (inbox_id, times, due_at) VALUES (:inbox_id, 1, :due_at)
ON CONFLICT (inbox_id) DO UPDATE SET times = times + 1, due_at = :due_at;

-- name: original_use(digest, event_id)$
INSERT INTO original_use (digest, event_id) VALUES (:digest, :event_id) ON CONFLICT DO NOTHING RETURNING 1;

-- name: original_used(digest)$
SELECT EXISTS (SELECT 1 FROM original_use WHERE digest = :digest);
