-- name: dossier_mail(id)^
SELECT inbox.id, reference, door, account, envelope_from, envelope_to, peer, size, received_at, finished_at, status, raw
FROM inbox LEFT JOIN inbox_raw ON inbox_id = inbox.id WHERE inbox.id = :id;

-- name: dossier_letters(key)
SELECT letters.outbox_id, letters.kind, coalesce(status, ''), coalesce(attempts, 0), coalesce(created_at, letters.at),
  handed_over_at, finished_at, coalesce(detail, ''), coalesce(effect, '{}'), packed
FROM letters LEFT JOIN outbox ON outbox.id = letters.outbox_id
LEFT JOIN letter_raw ON letter_raw.outbox_id = letters.outbox_id
WHERE letters.key = :key ORDER BY letters.outbox_id;
