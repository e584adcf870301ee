-- name: outages_all()
SELECT name, value FROM counter WHERE name GLOB 'shut:*' ORDER BY name;

-- name: outages_forget()!
DELETE FROM counter WHERE name GLOB 'shut:*';

-- name: outages_add(name, at)!
INSERT INTO counter (name, value) VALUES (:name, :at);
