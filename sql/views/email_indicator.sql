-- Indicators in messages, one row for each place of each; what they have in
-- common, for example:
--   SELECT kind, normalised, count(DISTINCT email_id) AS emails
--     FROM email_indicator WHERE kind = 'url' GROUP BY 1, 2 ORDER BY 3 DESC;
.read sql/views/email.sql

DROP VIEW IF EXISTS email_indicator;
CREATE VIEW email_indicator AS
SELECT email.email_id, email.account, email.folder_name, email.date, email.ingested_at,
       found.kind, found.value, found.normalised, found.part, found."offset", found.source,
       found.detail
  FROM email
  JOIN mail_indicators(email.raw) AS found;
