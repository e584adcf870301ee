-- name: sent_add(id, key, raw, list, campaign, message_id, minted_at, letter)!
INSERT INTO sent (id, key, raw, list, campaign, message_id, minted_at, letter)
VALUES (:id, :key, :raw, :list, :campaign, :message_id, :minted_at, :letter)
ON CONFLICT DO NOTHING;

-- name: recipient_add(domain, key)!
INSERT INTO recipient (domain, key) VALUES (:domain, :key) ON CONFLICT DO NOTHING;

-- name: sent_find(id)^
SELECT id, key, raw, list, campaign, minted_at, letter FROM sent WHERE id = :id;

-- name: sent_by_message_id(message_id)^
SELECT id, key, raw, list, campaign, minted_at, letter FROM sent
WHERE message_id = :message_id AND message_id <> '' GROUP BY message_id HAVING count(*) = 1;

-- name: sent_by_message_id_and_key(message_id, key)^
SELECT id, key, raw, list, campaign, minted_at, letter FROM sent
WHERE message_id = :message_id AND message_id <> '' AND key = :key ORDER BY minted_at DESC LIMIT 1;

-- name: token_use(token_id, purpose, event_id)$
INSERT INTO token_use (token_id, purpose, event_id) VALUES (:token_id, :purpose, :event_id)
ON CONFLICT DO NOTHING RETURNING 1;

-- name: token_used(token_id, purpose)$
SELECT EXISTS (SELECT 1 FROM token_use WHERE token_id = :token_id AND purpose = :purpose);

-- name: is_recipient(domain, key)$
SELECT EXISTS (SELECT 1 FROM recipient WHERE domain = :domain AND key = :key);

-- name: is_contact(key)$
SELECT EXISTS (SELECT 1 FROM contacts WHERE key = :key);

-- name: any_recipient()$
SELECT EXISTS (SELECT 1 FROM recipient);

-- name: any_contact()$
SELECT EXISTS (SELECT 1 FROM contacts);

-- name: domain_recipients(domain, enough)$
SELECT count(*) FROM (
  SELECT key FROM recipient WHERE domain = :domain
  UNION SELECT key FROM contacts WHERE domain = :domain
  LIMIT :enough);

-- name: token_vector(kid)$
SELECT vector FROM token_check WHERE kid = :kid;

-- name: token_vector_add(kid, vector)!
INSERT INTO token_check (kid, vector) VALUES (:kid, :vector);

-- name: contact_tags(key)$
SELECT tags FROM contacts WHERE key = :key;
