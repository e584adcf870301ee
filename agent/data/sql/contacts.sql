-- name: contact_save(key, raw, domain, name, language, country, list, tags, stage, consent_source, consent_at)$
INSERT INTO contacts (key, raw, domain, name, language, country, list, tags, stage, consent_source, consent_at)
VALUES (:key, :raw, :domain, :name, :language, :country, :list, :tags, :stage, :consent_source, :consent_at)
ON CONFLICT DO UPDATE SET
  name = iif(:name = '', name, :name), language = iif(:language = '', language, :language),
  country = iif(:country = '', country, :country), list = iif(:list = '', list, :list),
  tags = iif(:tags = '', tags, :tags), stage = iif(:stage = '', stage, :stage),
  consent_source = iif(:consent_source = '', consent_source, :consent_source),
  consent_at = coalesce(:consent_at, consent_at)
WHERE (:name, :language, :country, :list, :tags, :stage, :consent_source)
    IS NOT (iif(:name = '', '', name), iif(:language = '', '', language), iif(:country = '', '', country),
      iif(:list = '', '', list), iif(:tags = '', '', tags), iif(:stage = '', '', stage),
      iif(:consent_source = '', '', consent_source))
  OR (:consent_at IS NOT NULL AND :consent_at IS NOT consent_at)
RETURNING 1;
