//! Queries made of what SQL has, at random but from a seed.

use super::words::{FLAGS, GLOBS, LIKES, NUMBERS, SHOWN, TEXT_COLUMNS, TEXTS, TIMES, UIDS};

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
        let text = match self.below(18) {
            0 => format!("SELECT count(*), max(uid), min(uid) FROM {SOURCE} WHERE {condition}"),
            1 => format!(
                "SELECT count(*) FROM {SOURCE} WHERE {}",
                self.comparison("")
            ),
            2 => format!(
                "SELECT DISTINCT {} AS x FROM {SOURCE} WHERE {condition} ORDER BY x {}",
                self.of(&SHOWN),
                self.of(&["", "DESC"])
            ),
            3 => format!(
                "SELECT {0} AS x, count(*), sum(size), total(seen) FROM {SOURCE} \
                 WHERE {condition} GROUP BY {0} ORDER BY x {1}",
                self.of(&[
                    "folder_name",
                    "seen",
                    "subject",
                    "uid",
                    "date(internal_date)"
                ]),
                self.of(&["", "DESC"])
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
            14 => format!(
                "SELECT uid, {} OVER (PARTITION BY {} ORDER BY {}) FROM {SOURCE} \
                 WHERE {condition} ORDER BY {order}",
                self.of(&["row_number()", "sum(size)", "lag(uid)", "count(*)"]),
                self.of(&["folder_name", "seen, folder_name"]),
                self.of(&["uid", "uid DESC", "size, folder_name, uid"])
            ),
            15 => {
                folders.push([0, 1, 3][self.below(3)]);
                format!(
                    "SELECT uid FROM {SOURCE} WHERE {condition} {} SELECT uid FROM {SOURCE} \
                     WHERE {} ORDER BY 1",
                    self.of(&["UNION ALL", "UNION", "EXCEPT", "INTERSECT"]),
                    self.comparison("")
                )
            }
            16 => {
                folders.push([0, 1][self.below(2)]);
                format!(
                    "SELECT m.uid, (SELECT {} FROM {SOURCE} n WHERE {} AND {}) FROM {SOURCE} m \
                     WHERE {} AND m.uid < 16 ORDER BY m.folder_name, 1",
                    self.of(&["count(*)", "max(n.uid)", "min(n.subject)", "total(n.size)"]),
                    self.of(&[
                        "n.uid = m.uid",
                        "n.size > m.size",
                        "n.subject = m.subject",
                        "n.seen = m.flagged",
                        "n.date < m.internal_date",
                    ]),
                    self.comparison("n."),
                    self.comparison("m.")
                )
            }
            17 => format!(
                "SELECT folder_name, uid, count(*) FROM {SOURCE} WHERE {condition} \
                 GROUP BY folder_name, uid ORDER BY folder_name {}, uid {} LIMIT 7",
                self.of(&["", "DESC"]),
                self.of(&["", "DESC"])
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
        match self.below(17) {
            15 => format!(
                "{of}{} {}",
                self.of(&["gm_msgid", "email_id", "gm_labels", "thread_id"]),
                self.of(&["IS NULL", "= 7", "IS NOT NULL", "<> 'x'", "LIKE '%x%'"])
            ),
            16 => format!(
                "({of}uid, {of}{}) {}",
                self.of(&["seen", "size"]),
                self.of(&["> (50, 0)", "IN (VALUES (4, 0), (20, 300))", "<= (20, 1)"])
            ),
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
                _ => format!(
                    "{of}uid {}IN (SELECT {} FROM wanted)",
                    self.of(&["", "", "NOT "]),
                    self.of(&["uid", "number"])
                ),
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
