//! What the library adds to SQL is what is documented, and nothing else.
//!
//! `docs/tables.md` follows from `sql/tables`; after a change of those run
//! `UPDATE_DOCS=1 cargo test --test surface` and read the difference.

mod support;

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use imap0::sqlite::Definition;
use support::shell::Shell;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The tables declared in `sql/tables`: name and text.
fn tables() -> Vec<(String, String)> {
    let folder = fs::read_dir(root().join("sql/tables")).unwrap();
    let mut paths: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let table = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, fs::read_to_string(path).unwrap())
    };
    let tables: Vec<_> = paths.into_iter().map(table).collect();
    assert!(!tables.is_empty());
    tables
}

/// A name that lives as long as the test, as a definition wants it.
fn definition((name, sql): (String, String)) -> Definition {
    Definition::new(name.leak(), sql.leak())
}

/// What a shell that has loaded the library lists of ours.
fn ours(list: &str) -> Vec<String> {
    let sql = format!(
        "SELECT DISTINCT name FROM {list} \
         WHERE name GLOB 'imap_*' OR name GLOB 'mail_*' \
            OR name GLOB 'hpfeeds_*' ORDER BY name;"
    );
    let rows = Shell::new().rows(&sql);
    rows.iter()
        .map(|row| row["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn every_table_is_declared_where_its_columns_are_explained() {
    let declared: Vec<String> = tables().into_iter().map(|(name, _)| name).collect();
    assert_eq!(ours("pragma_module_list"), declared);
    for definition in tables().into_iter().map(definition) {
        let sql = format!(
            "SELECT group_concat(name || ' ' || type || ' ' || (hidden > 0)) AS name \
             FROM pragma_table_xinfo('{}');",
            definition.name
        );
        let columns = definition.columns().iter().map(|column| {
            format!(
                "{} {} {}",
                column.name,
                column.declared_type,
                u8::from(column.hidden)
            )
        });
        let columns = columns.collect::<Vec<_>>().join(",");
        assert_eq!(
            Shell::new().rows(&sql)[0]["name"],
            columns,
            "{}",
            definition.name
        );
    }
}

#[test]
fn every_name_is_in_the_readme_or_the_docs() {
    let mut text = fs::read_to_string(root().join("README.md")).unwrap();
    for page in fs::read_dir(root().join("docs")).unwrap() {
        text += &fs::read_to_string(page.unwrap().path()).unwrap();
    }
    let names = [ours("pragma_module_list"), ours("pragma_function_list")].concat();
    assert!(names.len() > 4);
    for name in names {
        assert!(
            text.contains(&format!("`{name}(")) || text.contains(&format!("`{name}`")),
            "{name}"
        );
    }
}

#[test]
fn the_page_of_the_tables_follows_from_their_declarations() {
    let mut page =
        "# Tables\n\nEvery table of the library, column by column. This page is made from \
                    [sql/tables](../sql/tables).\n"
            .to_owned();
    for definition in tables().into_iter().map(definition) {
        write!(
            page,
            "\n## {}\n\n{}\n\n",
            definition.name,
            definition.description()
        )
        .unwrap();
        page.push_str("| column | type | meaning |\n|---|---|---|\n");
        for column in definition.columns() {
            let hidden = if column.hidden { " (argument)" } else { "" };
            let meaning = column.meaning.replace('|', "\\|");
            writeln!(
                page,
                "| {}{hidden} | {} | {meaning} |",
                column.name, column.declared_type
            )
            .unwrap();
        }
    }
    let path = root().join("docs/tables.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/tables.md is not what sql/tables says; run UPDATE_DOCS=1 cargo test --test surface"
    );
}
