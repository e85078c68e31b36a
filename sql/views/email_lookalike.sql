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
known AS (SELECT DISTINCT lower(domain) AS domain FROM email_known),
-- Whom mail came from, but for those who are known and what is below them.
stranger AS (
  SELECT domain
    FROM (SELECT DISTINCT lower(substr("from", 1 + length(rtrim("from", replace("from", '@', '')))))
                   AS domain
            FROM ur_ingest_session_imap_acct_folder_message
           WHERE "from" LIKE '%_@_%') AS sender
   WHERE NOT EXISTS (SELECT 1 FROM known
                      WHERE sender.domain = known.domain
                         OR substr(sender.domain, -1 - length(known.domain)) = '.' || known.domain)
),
domain AS (SELECT domain FROM stranger UNION SELECT domain FROM known),
-- A domain as the eye takes it.
skeleton AS (
  SELECT DISTINCT domain,
         replace(replace(replace(replace(replace(replace(replace(replace(replace(
           domain, 'rn', 'm'), 'vv', 'w'), 'cl', 'd'), '0', 'o'), '1', 'l'), 'i', 'l'),
           '3', 'e'), '5', 's'), '-', '') AS skeleton
    FROM domain
),
place AS (SELECT 1 AS place UNION ALL SELECT place + 1 FROM place WHERE place < 253),
-- A domain with one letter left out. Where two become the same, they are one
-- letter apart if it was in the same place, or the same letter in the next one.
shorter AS (
  SELECT DISTINCT domain, place, substr(domain, place, 1) AS letter,
         substr(domain, 1, place - 1) || substr(domain, place + 1) AS rest
    FROM domain JOIN place ON place <= length(domain)
),
-- What is left of xn--hrbour-9ve.example in ASCII: the letters that look foreign
-- stand behind the last hyphen of the first label (RFC 3492).
ascii AS (
  SELECT domain,
         substr(rtrim(label, replace(label, '-', '')), 1,
                length(rtrim(label, replace(label, '-', ''))) - 1)
           || substr(domain, 5 + length(label)) AS ascii
    FROM (SELECT domain, substr(domain, 5, instr(domain, '.') - 5) AS label
            FROM stranger
           WHERE domain LIKE 'xn--%-%.%')
),
verdict AS (
  SELECT stranger.domain, known.domain AS known, 1 AS rank, 'subdomain' AS reason
    FROM stranger JOIN known ON instr('.' || stranger.domain, '.' || known.domain || '.')
   UNION ALL
  SELECT a.domain, b.domain, 2, 'confusable' FROM skeleton AS a JOIN skeleton AS b USING (skeleton)
   UNION ALL
  SELECT ascii.domain, shorter.domain, 2, 'confusable'
    FROM ascii JOIN shorter ON shorter.rest = ascii.ascii
   UNION ALL
  SELECT a.domain, b.domain, 3, 'one edit'
    FROM shorter AS a
    JOIN shorter AS b
      ON a.rest = b.rest
     AND (a.place = b.place OR (abs(a.place - b.place) = 1 AND a.letter = b.letter))
   UNION ALL
  SELECT domain, rest, 3, 'one edit' FROM shorter
   UNION ALL
  SELECT rest, domain, 3, 'one edit' FROM shorter
),
-- With the least rank SQLite gives the reason beside it.
judged AS (
  SELECT domain, known, min(rank) AS rank, reason
    FROM verdict
   WHERE domain IN (SELECT domain FROM stranger) AND known IN (SELECT domain FROM known)
   GROUP BY domain, known
),
-- DISTINCT, so that each message is read once rather than once for each known.
sender AS (
  SELECT DISTINCT email_id, date, "from", domain,
         json_extract(mail_parse(raw), '$.from_name') AS from_name
    FROM (SELECT *, lower(substr("from", 1 + length(rtrim("from", replace("from", '@', '')))))
                      AS domain
            FROM email)
   WHERE domain IN (SELECT domain FROM stranger)
),
reasoned AS (
  SELECT sender.email_id, sender.date, sender."from", sender.from_name, email_known.domain,
         email_known.name,
         CASE
           WHEN judged.reason IS NOT NULL THEN judged.reason
           WHEN lower(trim(sender.from_name)) = lower(email_known.name) THEN 'display name'
           WHEN instr(lower(sender.from_name), '@' || lower(email_known.domain))
             THEN 'address shown'
         END AS reason
    FROM sender
    JOIN email_known
    LEFT JOIN judged
      ON judged.domain = sender.domain AND judged.known = lower(email_known.domain)
)
SELECT email_id, date, "from", from_name, reason, domain, name
  FROM reasoned
 WHERE reason IS NOT NULL;
