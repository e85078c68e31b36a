-- Who has written: one row an address, with the names it goes by and when it came
-- first and last. Who is new this week:
--   SELECT address, names, messages FROM email_sender
--    WHERE first_date >= date('now', '-7 days') ORDER BY messages DESC;
.read sql/views/email.sql

DROP VIEW IF EXISTS email_sender;
CREATE VIEW email_sender AS
SELECT address,
       -- What follows the last '@', whatever a quoted local part holds.
       substr(address, 1 + length(rtrim(address, replace(address, '@', '')))) AS domain,
       json_group_array(DISTINCT name) FILTER (WHERE name IS NOT NULL) AS names,
       count(DISTINCT email_id) AS messages,
       count(DISTINCT account) AS accounts,
       min(date) AS first_date,
       max(date) AS last_date
  FROM (SELECT lower("from") AS address, json_extract(mail_parse(raw), '$.from_name') AS name,
               email_id, account, date
          FROM email
         WHERE "from" <> '')
 GROUP BY address;
