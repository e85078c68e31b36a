-- The bodies of messages, as text and as HTML, whichever layout they are in: what
-- uniform_resource_imap_content shows of the layout surveilr only.
--   SELECT subject, body_text FROM email_body WHERE folder_name = 'INBOX';
.read sql/views/email.sql

DROP VIEW IF EXISTS email_body;
CREATE VIEW email_body AS
SELECT email_id, account, folder_name, "from", subject, date, ingested_at,
       json_extract(mail_parse(raw), '$.body_text') AS body_text,
       json_extract(mail_parse(raw), '$.body_html') AS body_html
  FROM email;
