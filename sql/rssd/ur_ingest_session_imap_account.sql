-- An account as one session used it.
CREATE TABLE IF NOT EXISTS ur_ingest_session_imap_account (
  ur_ingest_session_imap_account_id TEXT PRIMARY KEY NOT NULL, -- UUID version 7
  ingest_session_id TEXT NOT NULL REFERENCES ur_ingest_session (ur_ingest_session_id),
  email TEXT,                                              -- the user name
  -- always NULL: a database holds no secret
  password TEXT,
  host TEXT,                                               -- the server's host name
  elaboration TEXT,                                        -- JSON: server
  created_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP,        -- when this row was written, UTC
  created_by TEXT DEFAULT 'UNKNOWN',
  updated_at TIMESTAMPTZ,
  updated_by TEXT,
  deleted_at TIMESTAMPTZ,
  deleted_by TEXT,
  activity_log TEXT
);
CREATE UNIQUE INDEX IF NOT EXISTS ur_ingest_session_imap_account_ingest_session_id_email_unique
  ON ur_ingest_session_imap_account (ingest_session_id, email);
CREATE INDEX IF NOT EXISTS idx_ur_ingest_session_imap_account__ingest_session_id__email
  ON ur_ingest_session_imap_account (ingest_session_id, email);
