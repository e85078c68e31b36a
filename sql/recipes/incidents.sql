-- Opens incidents from new mail by rules, as Cloud SOAR's Incoming Mail Daemon
-- does: a rule has filters, an action and a mapping of mail to incident fields.
--
-- Once installed, triggers do it whenever imap_ingest(), or whoever else has the
-- library loaded, adds a message to RSSD: the message goes into the list of mails,
-- and each enabled rule it meets opens an incident (or a triage item) to which it
-- and its files are attached. Who has not loaded it cannot add messages any more:
-- sqlite3_imapoffline_init is enough. docs/exports.md has an example.
--
-- Run it in the project's folder, in a database that imap_ingest() has filled:
--   sqlite3 rssd.sqlite.db ".load ./dist/imap0" ".read sql/recipes/incidents.sql"

.read sql/views/email.sql

-- The list of mails. To have older mail in it, and judged:
--   INSERT INTO incident_mail (email_id, mail) SELECT email_id, mail_parse(raw) FROM email
--       WHERE raw IS NOT NULL ON CONFLICT DO NOTHING;
CREATE TABLE IF NOT EXISTS incident_mail (
  cloud_soar_mail_id INTEGER PRIMARY KEY,
  email_id TEXT NOT NULL UNIQUE,            -- of the view email
  mail TEXT NOT NULL,                       -- mail_parse() of it
  listed_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
  discarded_at TEXT
);

CREATE TABLE IF NOT EXISTS incident_rule (
  rule_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  enabled INTEGER NOT NULL DEFAULT 1,
  account TEXT,                             -- whose mail it judges; NULL: everybody's
  folder_name TEXT,                         -- in which folder; NULL: in all
  action TEXT NOT NULL DEFAULT 'incident' CHECK (action IN ('incident', 'triage')),
  template TEXT                             -- the incident's kind, playbook or template
);

-- A message meets a rule if, for each field that has filters, it meets one of
-- them, and none of the negated ones. A rule without filters takes every message.
CREATE TABLE IF NOT EXISTS incident_filter (
  rule_id INTEGER NOT NULL REFERENCES incident_rule (rule_id),
  -- from and to: an address, a domain (evil.test: that and none below it), or
  -- all below one (.evil.test); subject, header: a part of it; text: a part of a
  -- body or of an attachment's name
  field TEXT NOT NULL CHECK (field IN ('from', 'to', 'subject', 'text', 'header',
                                       'subject regex', 'body regex', 'header regex')),
  header_name TEXT,                         -- for the two header fields
  negated INTEGER NOT NULL DEFAULT 0 CHECK (negated IN (0, 1)),
  value TEXT NOT NULL                       -- for header, '' means that it is there
);

-- What of the mail goes into which field of the incident.
CREATE TABLE IF NOT EXISTS incident_field (
  rule_id INTEGER NOT NULL REFERENCES incident_rule (rule_id),
  field TEXT NOT NULL,                      -- the incident's
  source TEXT NOT NULL,                     -- cloud_soar_mail_id, or a key of mail_parse()
  PRIMARY KEY (rule_id, field)
);

CREATE TABLE IF NOT EXISTS incident (
  incident_id INTEGER PRIMARY KEY,
  rule_id INTEGER REFERENCES incident_rule (rule_id),
  action TEXT NOT NULL,
  template TEXT,
  title TEXT,
  fields TEXT NOT NULL DEFAULT '{}',        -- JSON object
  opened_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
  email_id TEXT                             -- the mail that opened it
);

CREATE TABLE IF NOT EXISTS incident_email (
  incident_id INTEGER NOT NULL REFERENCES incident (incident_id),
  email_id TEXT NOT NULL,
  PRIMARY KEY (incident_id, email_id)
);

CREATE TABLE IF NOT EXISTS incident_attachment (
  incident_id INTEGER NOT NULL REFERENCES incident (incident_id),
  email_id TEXT NOT NULL,
  name TEXT,
  content_type TEXT,
  content BLOB
);

-- A domain is what follows the last '@', whatever a quoted local part holds.
DROP VIEW IF EXISTS incident_address;
CREATE VIEW incident_address AS
SELECT email_id, role, address,
       substr(address, 1 + length(rtrim(address, replace(address, '@', '')))) AS domain
  FROM (SELECT mail.email_id, role.key AS role,
               lower(json_extract(mailbox.value, '$.address')) AS address
          FROM incident_mail AS mail
          JOIN json_each(mail.mail, '$.addresses') AS role
          JOIN json_each(role.value) AS mailbox)
 WHERE address IS NOT NULL;

DROP VIEW IF EXISTS incident_match;
CREATE VIEW incident_match AS
SELECT mail.email_id, rule.rule_id
  FROM incident_mail AS mail
  JOIN incident_rule AS rule
 WHERE rule.enabled
   AND (coalesce(rule.account, rule.folder_name) IS NULL
        OR EXISTS (SELECT 1 FROM email
                    WHERE email.email_id = mail.email_id
                      AND email.account IS coalesce(rule.account, email.account)
                      AND email.folder_name IS coalesce(rule.folder_name, email.folder_name)))
   AND NOT EXISTS (
         SELECT 1
           FROM incident_filter AS filter
          WHERE filter.rule_id = rule.rule_id
          GROUP BY filter.field, lower(filter.header_name), filter.negated
         -- None of the values is met, or a negated one is.
         HAVING filter.negated = max(CASE
           WHEN filter.field IN ('from', 'to') THEN EXISTS (
             SELECT 1 FROM incident_address AS a
              WHERE a.email_id = mail.email_id AND a.role = filter.field
                AND (a.address = lower(filter.value)
                     OR a.domain = ltrim(lower(filter.value), '@')
                     OR (filter.value GLOB '.*'
                         AND substr(a.domain, -length(filter.value)) = lower(filter.value))))
           WHEN filter.field = 'subject' THEN
             coalesce(instr(lower(json_extract(mail.mail, '$.subject')), lower(filter.value)), 0) > 0
           WHEN filter.field = 'text' THEN EXISTS (
             SELECT 1 FROM (SELECT json_extract(mail.mail, '$.body_text') AS value
                            UNION ALL SELECT json_extract(mail.mail, '$.body_html')
                            UNION ALL SELECT json_extract(file.value, '$.filename')
                                        FROM json_each(mail.mail, '$.attachments') AS file) AS text
              WHERE instr(lower(text.value), lower(filter.value)))
           WHEN filter.field = 'header' THEN EXISTS (
             SELECT 1 FROM json_each(mail.mail, '$.headers') AS header
                           JOIN json_each(header.value) AS line
              WHERE header.key = lower(filter.header_name)
                AND instr(lower(line.value), lower(filter.value)))
           WHEN filter.field = 'subject regex' THEN EXISTS (
             SELECT 1 FROM mail_matches(json_extract(mail.mail, '$.subject'), filter.value))
           WHEN filter.field = 'body regex' THEN EXISTS (
             SELECT 1 FROM mail_matches(coalesce(json_extract(mail.mail, '$.body_text'),
                                                 json_extract(mail.mail, '$.body_html')),
                                        filter.value))
           WHEN filter.field = 'header regex' THEN EXISTS (
             SELECT 1 FROM json_each(mail.mail, '$.headers') AS header
                           JOIN json_each(header.value) AS line
                           JOIN mail_matches(line.value, filter.value)
              WHERE header.key = coalesce(lower(filter.header_name), header.key))
         END));

-- Cloud SOAR's List of Mails, and what became of each.
DROP VIEW IF EXISTS incident_mail_list;
CREATE VIEW incident_mail_list AS
SELECT cloud_soar_mail_id, listed_at,
       json_extract(mail, '$.from') AS "from", json_extract(mail, '$.to') AS "to",
       json_extract(mail, '$.cc') AS cc, json_extract(mail, '$.subject') AS subject,
       json_extract(mail, '$.date') AS date,
       (SELECT json_group_array(json_extract(file.value, '$.filename'))
          FROM json_each(mail, '$.attachments') AS file) AS attachments,
       (SELECT json_group_array(incident_id) FROM incident_email
         WHERE incident_email.email_id = incident_mail.email_id) AS incidents,
       email_id
  FROM incident_mail
 WHERE discarded_at IS NULL;

-- A message is whole once its row, its bytes and the edge between them are there;
-- which comes last depends on the generation of RSSD.
DROP TRIGGER IF EXISTS incident_mail_arrives;
CREATE TRIGGER incident_mail_arrives AFTER INSERT ON uniform_resource_edge
WHEN NEW.graph_name = 'imap'
 AND NOT EXISTS (SELECT 1 FROM incident_mail WHERE email_id = NEW.node_id)
BEGIN
  INSERT INTO incident_mail (email_id, mail)
  SELECT email_id, mail_parse(raw) FROM email
   WHERE email_id = NEW.node_id AND uniform_resource_id IS NOT NULL
      ON CONFLICT DO NOTHING;
END;

DROP TRIGGER IF EXISTS incident_mail_completed;
CREATE TRIGGER incident_mail_completed
AFTER INSERT ON ur_ingest_session_imap_acct_folder_message
BEGIN
  INSERT INTO incident_mail (email_id, mail)
  SELECT email_id, mail_parse(raw) FROM email
   WHERE email_id = NEW.ur_ingest_session_imap_acct_folder_message_id
     AND uniform_resource_id IS NOT NULL
      ON CONFLICT DO NOTHING;
END;

DROP TRIGGER IF EXISTS incident_opens;
CREATE TRIGGER incident_opens AFTER INSERT ON incident_mail
BEGIN
  INSERT INTO incident (rule_id, action, template, title, fields, email_id)
  SELECT rule.rule_id, rule.action, rule.template, json_extract(NEW.mail, '$.subject'),
         (SELECT json_group_object(
                   field,
                   CASE source WHEN 'cloud_soar_mail_id' THEN NEW.cloud_soar_mail_id
                               ELSE json_extract(NEW.mail, '$.' || source) END)
            FROM incident_field WHERE incident_field.rule_id = rule.rule_id),
         NEW.email_id
    FROM incident_match JOIN incident_rule AS rule USING (rule_id)
   WHERE incident_match.email_id = NEW.email_id;
END;

-- Whatever opens an incident with a mail, by rule or by hand, has it attached.
DROP TRIGGER IF EXISTS incident_has_mail;
CREATE TRIGGER incident_has_mail AFTER INSERT ON incident WHEN NEW.email_id IS NOT NULL
BEGIN
  INSERT INTO incident_email VALUES (NEW.incident_id, NEW.email_id);
END;

-- The raw message first, then its files; so too for mail added by hand:
--   INSERT INTO incident_email VALUES (1, '...');
DROP TRIGGER IF EXISTS incident_gets_files;
CREATE TRIGGER incident_gets_files AFTER INSERT ON incident_email
BEGIN
  INSERT INTO incident_attachment
  SELECT NEW.incident_id, NEW.email_id, 'message.eml', 'message/rfc822', CAST(raw AS BLOB)
    FROM email WHERE email_id = NEW.email_id;
  INSERT INTO incident_attachment
  SELECT NEW.incident_id, NEW.email_id, filename, content_type, content
    FROM email JOIN mail_attachments(email.raw) WHERE email_id = NEW.email_id;
END;

DROP TRIGGER IF EXISTS incident_loses_mail;
CREATE TRIGGER incident_loses_mail AFTER DELETE ON incident_email
BEGIN
  DELETE FROM incident_attachment
   WHERE incident_id = OLD.incident_id AND email_id = OLD.email_id;
END;
