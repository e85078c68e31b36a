-- A folder as one session read it.
CREATE TABLE IF NOT EXISTS ur_ingest_session_imap_acct_folder (
  ur_ingest_session_imap_acct_folder_id TEXT PRIMARY KEY NOT NULL, -- UUID version 7
  ingest_session_id TEXT NOT NULL REFERENCES ur_ingest_session (ur_ingest_session_id),
  ingest_account_id TEXT NOT NULL
    REFERENCES ur_ingest_session_imap_account (ur_ingest_session_imap_account_id),
  folder_name TEXT NOT NULL,
  include_senders TEXT[],
  exclude_senders TEXT[],
  elaboration TEXT,                                        -- JSON: uidvalidity
  created_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP,        -- when this row was written, UTC
  created_by TEXT DEFAULT 'UNKNOWN',
  updated_at TIMESTAMPTZ,
  updated_by TEXT,
  deleted_at TIMESTAMPTZ,
  deleted_by TEXT,
  activity_log TEXT
);
CREATE UNIQUE INDEX IF NOT EXISTS ur_ingest_session_imap_acct_folder_ingest_account_id_folder_name_unique
  ON ur_ingest_session_imap_acct_folder (ingest_account_id, folder_name);
CREATE INDEX IF NOT EXISTS idx_ur_ingest_session_imap_acct_folder__ingest_session_id__folder_name
  ON ur_ingest_session_imap_acct_folder (ingest_session_id, folder_name);
