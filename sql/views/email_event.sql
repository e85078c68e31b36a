-- One LimaCharlie event a message: event is what its IMAP adapter's mail becomes,
-- record the same with what of its routing is known here. Events as JSON lines:
--   .mode list
--   SELECT event FROM email_event WHERE ingested_at >= '2026-01-31';
.read sql/views/email.sql

DROP VIEW IF EXISTS email_event;
CREATE VIEW email_event AS
SELECT email_id, account, folder_name, date, ingested_at,
       mail_event(raw) AS event,
       json_object('event', json(mail_event(raw)),
                   'routing', json_object('event_type', 'email',
                                          'event_time', 1000 * strftime('%s', ingested_at),
                                          'hostname', account)) AS record
  FROM email
 WHERE raw IS NOT NULL;
