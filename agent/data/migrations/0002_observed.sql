-- Mail that `run --observe` looked at without acting: it waits, unseen by take, until a normal start.
ALTER TABLE inbox ADD COLUMN observed INTEGER NOT NULL DEFAULT 0;
DROP INDEX inbox_waiting;
CREATE INDEX inbox_waiting ON inbox (attempts, id) WHERE status IN ('new', 'token_applied') AND observed = 0;
CREATE INDEX inbox_observed ON inbox (id) WHERE observed = 1;
