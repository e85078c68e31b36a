-- One STIX 2.1 bundle a message: bundle is valid STIX with observables, opencti
-- what OpenCTI's connector Email Intel IMAP sends. Those of today's mail:
--   SELECT bundle FROM email_report WHERE ingested_at >= date('now');
.read sql/views/email.sql

DROP VIEW IF EXISTS email_report;
CREATE VIEW email_report AS
SELECT email_id, account, folder_name, date, ingested_at,
       mail_report(raw, json_object('received', ingested_at)) AS bundle,
       mail_report(raw, json_object('mode', 'opencti', 'received', ingested_at,
                                    'now', strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))) AS opencti
  FROM email
 WHERE raw IS NOT NULL;
