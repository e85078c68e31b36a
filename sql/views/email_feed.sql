-- One spam trap payload a message, as imap-collector publishes it: {msg, sha256}.
--   SELECT payload FROM email_feed WHERE folder_name = 'Junk';
.read sql/views/email.sql

DROP VIEW IF EXISTS email_feed;
CREATE VIEW email_feed AS
SELECT email_id, account, folder_name, date, ingested_at, mail_feed(raw) AS payload
  FROM email
 WHERE raw IS NOT NULL;
