//! Queries made of what SQL has, at random but from a seed.

/// What stands for a source of rows in a query's text.
const SOURCE: &str = "\u{1}";

/// What stands for the options, as SQL text.
const OPTIONS: &str = "\u{2}";

/// The source that is told its folders by conditions on the hidden column.
pub const TOLD: usize = usize::MAX;

/// A query over one or two folders.
pub struct Query {
    text: String,
    folders: Vec<usize>,
}

impl Query {
    /// The query's SQL, with its sources as `source` names them.
    pub fn over(&self, options: &str, source: impl Fn(usize) -> String) -> String {
        let mut folders = self.folders.iter();
        let mut pieces = self.text.split(SOURCE);
        let mut sql = pieces.next().unwrap().to_owned();
        for piece in pieces {
            sql.push_str(&source(*folders.next().unwrap()));
            sql.push_str(piece);
        }
        sql.replace(OPTIONS, options)
    }
}

/// Makes queries: the same ones from the same seed.
pub struct Generator(u64);

const TEXT_COLUMNS: [&str; 10] = [
    "subject",
    "\"from\"",
    "\"to\"",
    "cc",
    "bcc",
    "message_id",
    "in_reply_to",
    "from_name",
    "keywords",
    "folder_name",
];

const TEXTS: [&str; 26] = [
    "'invoice'",
    "'Invoice 2026-01'",
    "'INVOICE'",
    "'bob@example.org'",
    "'BOB@example.org'",
    "'[\"bob@example.org\"]'",
    "'1@example.org'",
    "'2@example.org'",
    "'café invoice'",
    "''",
    "NULL",
    "7",
    "'007'",
    "x'41'",
    "'report'",
    "'INBOX'",
    "'nobody'",
    "'0@example.org'",
    "'root'",
    "'[\"$Junk\",\"invoice\"]'",
    "'second'",
    "'ada@example.org'",
    "'a@b'",
    "'juergen@example.net'",
    "'folded invoice line'",
    "'1@EXAMPLE.org'",
];

const LIKES: [&str; 24] = [
    "'%invoice%'",
    "'%Invoice'",
    "'invoice%'",
    "'%inv_ice%'",
    "'%BOB%'",
    "'%@example.org%'",
    "'%bob@example.org\"%'",
    "'%café%'",
    "'%100[%]%'",
    "'%\"quoted\\%'",
    "'%'",
    "''",
    "NULL",
    "'%example%org%'",
    "'%glued'",
    "'%=?%'",
    "'Re:%'",
    "'%line'",
    "'%unknown%'",
    "'%[x]'",
    "'%john%'",
    "'[\"alice%'",
    "'A%'",
    "'%2@example.org'",
];

const GLOBS: [&str; 12] = [
    "'*invoice*'",
    "'Inv*'",
    "'*[Ii]nvoice*'",
    "'?nvoice*'",
    "'*bob@*'",
    "'*[]x]*'",
    "'*'",
    "'[^b]*'",
    "'*example.org'",
    "'A*'",
    "'*[x'",
    "NULL",
];

const TIMES: [&str; 16] = [
    "'2026-01-31'",
    "'2026-02-01'",
    "'2026-01-31T23:30:00Z'",
    "'2026-02-01T11:30:00Z'",
    "'2026'",
    "'2026-02-31'",
    "'1970-01-02'",
    "'1960-01-01'",
    "'2002-01-29T01:30:16Z'",
    "'2027-03-01'",
    "date('2026-02-01', '-1 days')",
    "'now'",
    "NULL",
    "1769900000",
    "'2026-01-26'",
    "'9999'",
];

const NUMBERS: [&str; 20] = [
    "0",
    "1",
    "2",
    "-1",
    "299",
    "300",
    "301",
    "299.5",
    "1000",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "-9223372036854775808",
    "1e300",
    "'300'",
    "' 300 '",
    "'x'",
    "NULL",
    "x'00'",
    "'1'",
];

const UIDS: [&str; 12] = [
    "1",
    "4",
    "7",
    "49.5",
    "61",
    "119",
    "4294967295",
    "-5",
    "'61'",
    "'x'",
    "NULL",
    "20",
];

const FLAGS: [&str; 5] = ["seen", "flagged", "answered", "deleted", "draft"];

const SHOWN: [&str; 14] = [
    "uid",
    "subject",
    "seen",
    "size",
    "flags",
    "\"from\"",
    "\"to\"",
    "date",
    "internal_date",
    "length(raw)",
    "body_text",
    "message_id",
    "flagged",
    "folder_name",
];

impl Generator {
    /// The generator of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next query. Its rows come in an order that it says, so that they
    /// can be compared.
    pub fn query(&mut self) -> Query {
        let folder = [0, 0, 0, 1, 2, 3][self.below(6)];
        let mut folders = vec![folder];
        let condition = self.condition(3);
        let order = "folder_name, uid";
        let text = match self.below(14) {
            0 => format!("SELECT count(*), max(uid), min(uid) FROM {SOURCE} WHERE {condition}"),
            1 => format!(
                "SELECT count(*) FROM {SOURCE} WHERE {}",
                self.comparison("")
            ),
            2 => format!(
                "SELECT DISTINCT {} AS x FROM {SOURCE} WHERE {condition} ORDER BY x",
                self.of(&SHOWN)
            ),
            3 => format!(
                "SELECT {0} AS x, count(*), sum(size), total(seen) FROM {SOURCE} \
                 WHERE {condition} GROUP BY {0} ORDER BY x",
                self.of(&[
                    "folder_name",
                    "seen",
                    "subject",
                    "uid",
                    "date(internal_date)"
                ])
            ),
            4 => {
                let (direction, limit) = (self.of(&["", "DESC"]), self.below(5));
                let offset = self.below(3);
                let folder = folders[0].min(2);
                folders[0] = folder;
                format!(
                    "SELECT uid, {} FROM {SOURCE} WHERE {condition} ORDER BY uid {direction} \
                     LIMIT {limit} OFFSET {offset}",
                    self.of(&SHOWN)
                )
            }
            5 => {
                folders.push([0, 1][self.below(2)]);
                let join = self.of(&["JOIN", "LEFT JOIN"]);
                let on = self.of(&[
                    "a.uid = b.uid",
                    "a.subject = b.subject AND a.uid < 20 AND b.uid < 20",
                ]);
                let left = self.comparison("a.");
                let right = self.comparison("b.");
                format!(
                    "SELECT a.uid, b.uid, b.seen, a.size FROM {SOURCE} a {join} {SOURCE} b \
                     ON {on} AND {right} WHERE {left} AND a.uid < 30 ORDER BY 1, 2, 3, 4"
                )
            }
            6 => format!(
                "SELECT w.number, m.uid, m.subject FROM wanted w JOIN {SOURCE} m ON {} \
                 WHERE {} ORDER BY 1, 2, m.folder_name",
                self.of(&[
                    "m.uid = w.uid",
                    "m.size = w.size AND w.uid < 40",
                    "m.subject = w.subject AND w.uid < 40",
                    "w.subject = m.subject AND w.uid < 40",
                    "m.uid = w.number",
                ]),
                self.comparison("m.")
            ),
            12 | 13 => {
                folders = vec![TOLD];
                let told = match self.below(6) {
                    0 => "(folder = 'INBOX' OR folder = 'Archive/2025')".to_owned(),
                    1 => "folder IN ('Archive/*', 'INBOX', 'INBOX')".to_owned(),
                    2 => "folder = 'INBOX' AND folder = 'INBOX'".to_owned(),
                    3 => "folder = 'INBOX' AND folder = 'Nothing'".to_owned(),
                    4 => format!(
                        "(folder = 'INBOX' AND {} OR folder = 'Archive/2025')",
                        self.comparison("")
                    ),
                    _ => format!(
                        "(folder = 'INBOX' AND {} OR folder = 'Archive/2025' AND {} \
                         OR folder = 'INBOX' AND {})",
                        self.comparison(""),
                        self.comparison(""),
                        self.comparison("")
                    ),
                };
                format!(
                    "SELECT folder, uid, {} FROM {SOURCE} WHERE options = '{OPTIONS}' AND {told} \
                     AND {condition} ORDER BY folder, {order}",
                    self.of(&SHOWN)
                )
            }
            7 => format!(
                "SELECT uid, EXISTS (SELECT 1 FROM wanted w WHERE w.uid = m.uid) FROM {SOURCE} m \
                 WHERE {condition} ORDER BY {order}"
            ),
            8 => format!(
                "SELECT uid, {}, {} FROM {SOURCE} WHERE {condition} ORDER BY folder_name, uid DESC",
                self.of(&SHOWN),
                self.of(&SHOWN)
            ),
            _ => format!(
                "SELECT uid, {}, {} FROM {SOURCE} WHERE {condition} ORDER BY {order}",
                self.of(&SHOWN),
                self.of(&SHOWN)
            ),
        };
        Query { text, folders }
    }

    /// A tree of conditions of this depth at most.
    fn condition(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.comparison("");
        }
        match self.below(8) {
            0 | 1 => {
                let operator = self.of(&["AND", "OR"]);
                let (left, right) = (self.condition(depth - 1), self.condition(depth - 1));
                format!("({left} {operator} {right})")
            }
            2 => format!("NOT {}", self.condition(depth - 1)),
            3 | 4 => {
                let (left, right) = (self.comparison(""), self.condition(depth - 1));
                format!("{left} AND {right}")
            }
            _ => self.comparison(""),
        }
    }

    /// One comparison of a column of the table named by `of`.
    fn comparison(&mut self, of: &str) -> String {
        match self.below(15) {
            0 | 1 => format!(
                "{of}{} {} {}",
                self.of(&FLAGS),
                self.operator(),
                self.of(&NUMBERS)
            ),
            2 => format!("{of}{} = {}", self.of(&FLAGS), self.below(2)),
            3 | 4 => format!("{of}size {} {}", self.operator(), self.of(&NUMBERS)),
            5 => format!("{of}uid {} {}", self.operator(), self.of(&UIDS)),
            6 => match self.below(3) {
                0 => format!("{of}uid BETWEEN {} AND {}", self.of(&UIDS), self.of(&UIDS)),
                1 => format!(
                    "{of}size BETWEEN {} AND {}",
                    self.of(&NUMBERS),
                    self.of(&NUMBERS)
                ),
                _ => format!("{of}uid IN (SELECT uid FROM wanted)"),
            },
            7 | 8 => {
                let column = self.of(&["date", "internal_date"]);
                let collation = self.of(&["", "", "", " COLLATE NOCASE", " COLLATE RTRIM"]);
                format!(
                    "{of}{column} {} {}{collation}",
                    self.operator(),
                    self.of(&TIMES)
                )
            }
            9 => {
                let column = self.of(&TEXT_COLUMNS);
                let collation = self.of(&["", "", " COLLATE NOCASE", " COLLATE RTRIM"]);
                format!(
                    "{of}{column} {} {}{collation}",
                    self.operator(),
                    self.of(&TEXTS)
                )
            }
            10 | 11 => format!("{of}{} LIKE {}", self.of(&TEXT_COLUMNS), self.of(&LIKES)),
            12 => format!("{of}{} GLOB {}", self.of(&TEXT_COLUMNS), self.of(&GLOBS)),
            13 => match self.below(3) {
                0 => format!(
                    "{of}{} IN ({}, {}, {})",
                    self.of(&TEXT_COLUMNS),
                    self.of(&TEXTS),
                    self.of(&TEXTS),
                    self.of(&TEXTS)
                ),
                1 => format!("{of}size IN ({}, {})", self.of(&NUMBERS), self.of(&NUMBERS)),
                _ => format!(
                    "{of}{} IN ({}, {})",
                    self.of(&FLAGS),
                    self.of(&NUMBERS),
                    self.below(2)
                ),
            },
            _ => format!(
                "{of}{} {}",
                self.of(&[
                    "subject",
                    "date",
                    "message_id",
                    "\"to\"",
                    "seen",
                    "\"from\""
                ]),
                self.of(&["IS NULL", "IS NOT NULL", "IS 0", "<> 'invoice'", "IS NOT 1"])
            ),
        }
    }

    fn operator(&mut self) -> &'static str {
        self.of(&["=", "<", "<=", ">", ">=", "<>", "IS", "="])
    }

    fn of(&mut self, choices: &[&'static str]) -> &'static str {
        choices[self.below(choices.len())]
    }

    /// A number below `limit` (splitmix64).
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let z = z ^ (z >> 31);
        usize::try_from(z % limit as u64).unwrap()
    }
}
