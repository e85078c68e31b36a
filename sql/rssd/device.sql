-- The machine, or other boundary, that mail was ingested on.
CREATE TABLE IF NOT EXISTS device (
  device_id VARCHAR PRIMARY KEY NOT NULL,                  -- derived from name, state and boundary
  name TEXT NOT NULL,                                      -- host name
  -- JSON; '"SINGLETON"' for a machine of its own
  state TEXT NOT NULL,
  boundary TEXT NOT NULL,                                  -- network or other boundary; 'UNKNOWN'
  segmentation TEXT,                                       -- JSON
  state_sysinfo TEXT,                                      -- JSON
  elaboration TEXT,                                        -- JSON
  created_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP,        -- when this row was written, UTC
  created_by TEXT DEFAULT 'UNKNOWN',
  updated_at TIMESTAMPTZ,
  updated_by TEXT,
  deleted_at TIMESTAMPTZ,
  deleted_by TEXT,
  activity_log TEXT,
  CONSTRAINT state_check_valid_json CHECK (json_valid(state) OR state IS NULL),
  CONSTRAINT segmentation_check_valid_json CHECK (json_valid(segmentation) OR segmentation IS NULL),
  CONSTRAINT state_sysinfo_check_valid_json
    CHECK (json_valid(state_sysinfo) OR state_sysinfo IS NULL),
  CONSTRAINT elaboration_check_valid_json CHECK (json_valid(elaboration) OR elaboration IS NULL)
);
CREATE UNIQUE INDEX IF NOT EXISTS device_name_state_boundary_unique
  ON device (name, state, boundary);
CREATE INDEX IF NOT EXISTS idx_device__name__state
  ON device (name, state);
