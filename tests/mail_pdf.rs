//! Indicators in PDF files as programs really write them: fpdf2, ReportLab, and
//! a browser's print to file (`tests/fixtures/pdf`).

mod support;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::Path;
use support::scratch::Scratch;
use support::shell::Shell;

/// The indicators in a file that is attached as bare bytes: source and value,
/// digests aside.
fn found(file: &str) -> Vec<String> {
    let folder = Scratch::new("pdf");
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pdf");
    let head = "Content-Type: application/octet-stream; name=invoice.pdf\r\n\
                Content-Transfer-Encoding: binary\r\n\r\n";
    let mail = [head.as_bytes(), &fs::read(fixtures.join(file)).unwrap()].concat();
    let path = folder.join("mail.eml");
    fs::write(&path, mail).unwrap();
    let rows = Shell::new().rows(&format!(
        "SELECT DISTINCT source || ' ' || normalised AS found \
         FROM mail_indicators(readfile('{}')) \
         WHERE part = '1' AND source IN ('text', 'link') ORDER BY 1;",
        path.display()
    ));
    let text = |row: &Value| row["found"].as_str().unwrap().to_owned();
    rows.iter().map(text).collect()
}

#[test]
fn links_and_text_are_found() {
    assert_eq!(
        found("fpdf2.pdf"),
        [
            "link evil.example",
            "link https://evil.example/fp",
            "text 4111111111111111",
            "text bad.example",
            "text collect@evil.example",
            "text evil.example",
            "text http://bad.example/x",
        ]
    );
    assert_eq!(
        found("reportlab.pdf"),
        [
            "link evil.example",
            "link https://evil.example/rl?x=(1)",
            "text 192.0.2.77",
            "text d41d8cd98f00b204e9800998ecf8427e",
        ]
    );
}

#[test]
fn of_fonts_with_codes_of_their_own_the_links_are_found() {
    assert_eq!(
        found("chromium.pdf"),
        [
            "link evil.example",
            "link https://evil.example/chrome?q=1&r=2",
        ]
    );
}

#[test]
fn many_small_files_are_not_unpacked_without_end() {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(b"BT (www.evil.example) ET").unwrap();
    encoder.write_all(&vec![b' '; 16 << 20]).unwrap();
    let packed = encoder.finish().unwrap();
    let head = "\n--b\nContent-Type: application/pdf\n\nobj<</Filter/FlateDecode>>stream\n";
    let part = [head.as_bytes(), &packed, b"\nendstream"].concat();
    let head = "Content-Type: multipart/mixed; boundary=b\n";
    let mail = [head.as_bytes(), &part.repeat(6)].concat();
    assert!(mail.len() < 200_000);
    let folder = Scratch::new("pdf-bombs");
    let path = folder.join("mail.eml");
    fs::write(&path, mail).unwrap();
    let rows = Shell::new().rows(&format!(
        "SELECT count(*) AS found FROM mail_indicators(readfile('{}')) WHERE kind = 'domain';",
        path.display()
    ));
    assert_eq!(rows[0]["found"], 4);
}
