-- What has gone where: one row for each message that a target has confirmed.
-- The recipe hpfeeds_new_mail.sql and examples/deliver keep their state here.
--   SELECT target, count(*) FROM email_delivery GROUP BY target;
CREATE TABLE IF NOT EXISTS email_delivery (
  target TEXT NOT NULL,                     -- opencti, limacharlie, hpfeeds:CHANNEL
  email_id TEXT NOT NULL,                   -- of the view email
  delivered_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
  answer TEXT,                              -- what the target said
  PRIMARY KEY (target, email_id)
) WITHOUT ROWID;
