-- Senders that pretend to be somebody you know. Say whom you know:
--   INSERT INTO email_known VALUES ('harbour.example', 'Harbour Office');
--   SELECT "from", from_name, reason, domain FROM email_lookalike;
-- reason is one of
--   display name  the name of somebody known, from another domain
--   address shown an address of a known domain in the name, from another domain
--   subdomain     a known domain inside another: harbour.example.evil.test
--   confusable    the same to the eye: harb0ur.example, rnicrosoft.com
--   one edit      one letter more, less, other or swapped: harbor.example
.read sql/views/email.sql

CREATE TABLE IF NOT EXISTS email_known (
  domain TEXT NOT NULL,                     -- of theirs, lower case
  name TEXT,                                -- a display name they use
  UNIQUE (domain, name)
);

DROP VIEW IF EXISTS email_lookalike;
CREATE VIEW email_lookalike AS
WITH RECURSIVE
sender AS (
  SELECT email_id, date, "from",
         lower(substr("from", 1 + length(rtrim("from", replace("from", '@', ''))))) AS sender_domain,
         json_extract(mail_parse(raw), '$.from_name') AS from_name
    FROM email
   WHERE "from" LIKE '%_@_%'
),
domain AS (
  SELECT lower(substr("from", 1 + length(rtrim("from", replace("from", '@', ''))))) AS domain
    FROM ur_ingest_session_imap_acct_folder_message
   UNION
  SELECT lower(domain) FROM email_known
),
-- A domain as the eye takes it.
skeleton AS (
  SELECT domain,
         replace(replace(replace(replace(replace(replace(replace(replace(replace(
           domain, 'rn', 'm'), 'vv', 'w'), 'cl', 'd'), '0', 'o'), '1', 'l'), 'i', 'l'),
           '3', 'e'), '5', 's'), '-', '') AS skeleton
    FROM domain
),
place AS (SELECT 1 AS place UNION ALL SELECT place + 1 FROM place WHERE place < 253),
-- A domain with one letter left out. Where two become the same, they are one
-- letter apart if it was in the same place, or the same letter in the next one.
shorter AS (
  SELECT domain, place, substr(domain, place, 1) AS letter,
         substr(domain, 1, place - 1) || substr(domain, place + 1) AS rest
    FROM domain JOIN place ON place <= length(domain)
),
near AS (
  SELECT a.domain, b.domain AS known
    FROM shorter AS a
    JOIN shorter AS b
      ON a.rest = b.rest
     AND (a.place = b.place OR (abs(a.place - b.place) = 1 AND a.letter = b.letter))
   UNION
  SELECT domain, rest FROM shorter
   UNION
  SELECT rest, domain FROM shorter
),
reasoned AS (
  SELECT sender.email_id, sender.date, sender."from", sender.from_name, known.domain, known.name,
         CASE
           WHEN instr('.' || sender.sender_domain, '.' || lower(known.domain) || '.')
             THEN 'subdomain'
           WHEN (SELECT skeleton FROM skeleton WHERE domain = sender.sender_domain)
                = (SELECT skeleton FROM skeleton WHERE domain = lower(known.domain))
             THEN 'confusable'
           WHEN (sender.sender_domain, lower(known.domain)) IN (SELECT domain, known FROM near)
             THEN 'one edit'
           WHEN lower(trim(sender.from_name)) = lower(known.name) THEN 'display name'
           WHEN instr(lower(sender.from_name), '@' || lower(known.domain)) THEN 'address shown'
         END AS reason
    FROM sender
    JOIN email_known AS known
   WHERE NOT EXISTS (
           SELECT 1 FROM email_known AS own
            WHERE sender.sender_domain = lower(own.domain)
               OR substr(sender.sender_domain, -1 - length(own.domain)) = '.' || lower(own.domain))
)
SELECT email_id, date, "from", from_name, reason, domain, name
  FROM reasoned
 WHERE reason IS NOT NULL;
