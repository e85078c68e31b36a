//! The virtual tables, one file each, with their plan, cursor and row beside
//! them. Each declares its columns in `sql/tables`.

mod argument;
pub mod attachments;
mod attachments_row;
mod attachments_scan;
mod cell;
pub mod check;
mod condition;
mod conditions;
mod days;
mod folder_numbers;
pub mod folders;
mod folders_scan;
mod judge;
pub mod log;
pub mod messages;
mod messages_column;
mod messages_folder;
mod messages_plan;
mod messages_row;
mod messages_scan;
mod messages_term;
mod sink;
mod span;
mod structure_json;
mod text_runs;
mod uid_bound;
