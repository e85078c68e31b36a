-- email_attachment: the attachments of each message, by name and digest; where
-- the message's bytes have been dropped, those that were kept of it.
-- email_attachment_hash: each content once, with the names it goes by, how many
-- messages carry it and since when. What came from more than one sender:
--   SELECT sha256, names, emails FROM email_attachment_hash WHERE senders > 1;
.read sql/views/email.sql

DROP VIEW IF EXISTS email_attachment;
CREATE VIEW email_attachment AS
SELECT email.email_id, email.account, email.folder_name, email."from", email.date,
       email.ingested_at, file.part, file.filename, file.content_type, file.sniffed_type,
       file.size, file.md5, file.sha1, file.sha256
  FROM email
  JOIN mail_attachments(email.raw) AS file
 UNION ALL
SELECT email.email_id, email.account, email.folder_name, email."from", email.date,
       email.ingested_at, json_extract(file.elaboration, '$.part'), file.name, file.nature,
       json_extract(file.elaboration, '$.sniffed_type'), file.size,
       json_extract(file.elaboration, '$.md5'), json_extract(file.elaboration, '$.sha1'),
       json_extract(file.elaboration, '$.sha256')
  FROM email
  JOIN ur_ingest_session_attachment AS file
    ON file.uniform_resource_id = email.uniform_resource_id
 WHERE email.raw IS NULL;

DROP VIEW IF EXISTS email_attachment_hash;
CREATE VIEW email_attachment_hash AS
SELECT sha256, sha1, md5, size, max(sniffed_type) AS sniffed_type,
       json_group_array(DISTINCT filename) FILTER (WHERE filename IS NOT NULL) AS names,
       count(DISTINCT email_id) AS emails,
       count(DISTINCT "from") AS senders,
       min(date) AS first_date,
       max(date) AS last_date
  FROM email_attachment
 GROUP BY sha256;
