-- Messages a day, by account, folder and the day (UTC) of the Date header; what
-- has no date has no day. A day without messages has no row. This month's:
--   SELECT day, sum(messages) FROM email_daily
--    WHERE day >= date('now', 'start of month') GROUP BY day;
.read sql/views/email.sql

DROP VIEW IF EXISTS email_daily;
CREATE VIEW email_daily AS
SELECT account,
       folder_name,
       date(date) AS day,
       count(DISTINCT email_id) AS messages,
       count(DISTINCT lower(nullif("from", ''))) AS senders
  FROM email
 GROUP BY account, folder_name, date(date);
