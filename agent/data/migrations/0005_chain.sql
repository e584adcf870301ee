-- Every event is bound to the one before it, so that no byte of the record changes unseen.

-- `private` is SHA-256 over the salt and what an erasure takes away; without the salt nobody can try out addresses.
-- `hash` is SHA-256 over the hash before it, what stays of the event for good, and `private`. An erasure takes the salt
-- and leaves `remains`: SHA-256 over what it put in place.
CREATE TABLE event_chain (
  event_id INTEGER PRIMARY KEY REFERENCES event (id),
  salt BLOB,
  private BLOB NOT NULL,
  remains BLOB,
  hash BLOB NOT NULL
) STRICT;
CREATE INDEX event_key_event ON event_key (event_id);

CREATE TRIGGER event_chain_is_never_changed BEFORE UPDATE ON event_chain
WHEN NOT (OLD.salt IS NOT NULL AND NEW.salt IS NULL AND NEW.remains IS NOT NULL
  AND (NEW.event_id, NEW.private, NEW.hash) IS (OLD.event_id, OLD.private, OLD.hash))
BEGIN SELECT RAISE(ABORT, 'the chain of events is never changed'); END;
CREATE TRIGGER event_chain_is_never_deleted BEFORE DELETE ON event_chain
BEGIN SELECT RAISE(ABORT, 'the chain of events is never deleted'); END;
