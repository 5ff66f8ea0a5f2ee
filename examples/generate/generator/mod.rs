//! Invented contact records, as many as are wanted, the same for the same seed.
//!
//! [`Generator`] is the noun: it writes one record after the other, as a line of CSV or of NDJSON, most of them good
//! under the profile `contact` and a chosen share of them bad, and counts the bad ones, so that whoever loads the file
//! can assert on the answer. Benchmarks and tests include this folder too. It imports nothing of custload, and knows the
//! rules only in that its records keep or break them.
//!
//! The people, firms and addresses are invented; domains end in names that are reserved for examples.

mod lists;
#[cfg(test)]
mod tests;

use self::lists::*;

/// The header of the CSV form and the keys of the NDJSON form: the columns of the profile `contact`.
pub(crate) const COLUMNS: [&str; 12] = [
    "name",
    "email",
    "description",
    "send_email",
    "cc_email",
    "country",
    "address_line_1",
    "address_line_2",
    "city",
    "state",
    "postal_code",
    "phone",
];

/// The longest e-mail address and the most digits of a phone number that `contact` takes.
const MAX_EMAIL: usize = 40;
const MAX_PHONE: usize = 11;

/// How many earlier addresses are remembered for duplicates.
const REMEMBERED: usize = 64;

/// Writes contact records, one a call; the same seed, share and start give the same records in both formats.
///
/// Each record is drawn from the seed and its number alone, so record 1,000 is the same whatever `start` is; only a
/// duplicate looks back, at what this generator has written. E-mail addresses hold the record's number in base 36 behind
/// a separator and are therefore unique, also between two generators whose ranges of numbers do not overlap.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub(crate) struct Generator {
    seed: u64,
    /// A record is bad where 53 random bits are below this.
    bad_below: u64,
    row: u64,
    bad: u64,
    record: Record,
    /// Addresses of good records already written.
    earlier: Vec<String>,
}

/// One record: its cells, and what is wrong with it as a whole.
#[derive(Clone, Debug, Default)]
struct Record {
    cells: [String; 12],
    shape: Shape,
}

/// The form in which a record is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Shape {
    #[default]
    Whole,
    /// CSV: a cell too many (`extra-cell`). NDJSON: a key twice (`repeated-json-key`).
    Extra,
    /// CSV: the last cells are missing (`missing-cell`). NDJSON: the line is cut off (`invalid-json`).
    Short,
}

/// A way to spoil a record; each makes it a reject with the code in its name, `Double` with two.
#[derive(Clone, Copy, Debug)]
enum Spoil {
    Email,
    Phone,
    TooLong,
    TooShort,
    Required,
    Characters,
    Spreadsheet,
    Control,
    Duplicate,
    Double,
    Extra,
    Short,
}

/// What is wrong with the bad records, with weights that sum to 100.
const SPOILS: [(Spoil, u64); 12] = [
    (Spoil::Email, 22),
    (Spoil::Phone, 17),
    (Spoil::TooLong, 14),
    (Spoil::Characters, 14),
    (Spoil::Required, 12),
    (Spoil::TooShort, 5),
    (Spoil::Spreadsheet, 4),
    (Spoil::Duplicate, 3),
    (Spoil::Double, 3),
    (Spoil::Control, 2),
    (Spoil::Extra, 2),
    (Spoil::Short, 2),
];

impl Generator {
    /// A generator for records numbered from `start`, of which `dirty_percent` in a hundred are bad on average (below 0
    /// and NaN count as 0, above 100 as 100).
    pub(crate) fn new(seed: u64, dirty_percent: f64, start: u64) -> Generator {
        let share = if dirty_percent > 0.0 { (dirty_percent / 100.0).min(1.0) } else { 0.0 };
        Generator {
            seed,
            bad_below: (share * (1u64 << 53) as f64) as u64,
            row: start,
            bad: 0,
            record: Record::default(),
            earlier: Vec::with_capacity(REMEMBERED),
        }
    }

    /// How many of the records written so far are bad. It is the same in both formats.
    pub(crate) fn bad(&self) -> u64 {
        self.bad
    }

    /// Appends the header line of the CSV form.
    pub(crate) fn write_csv_header(out: &mut Vec<u8>) {
        out.extend_from_slice(COLUMNS.join(",").as_bytes());
        out.push(b'\n');
    }

    /// Appends the next record as CSV, with a line feed behind it.
    pub(crate) fn write_csv(&mut self, out: &mut Vec<u8>) {
        self.advance();
        let kept = if self.record.shape == Shape::Short { COLUMNS.len() - 3 } else { COLUMNS.len() };
        for (index, cell) in self.record.cells.iter().take(kept).enumerate() {
            if index > 0 {
                out.push(b',');
            }
            push_csv_cell(out, cell);
        }
        if self.record.shape == Shape::Extra {
            out.extend_from_slice(b",imported");
        }
        out.push(b'\n');
    }

    /// Appends the next record as a line of NDJSON. An empty cell becomes `null`; some postal codes and phone numbers
    /// that are digits alone are written as numbers.
    pub(crate) fn write_ndjson(&mut self, out: &mut Vec<u8>) {
        self.advance();
        for (index, (key, cell)) in COLUMNS.iter().zip(&self.record.cells).enumerate() {
            out.extend_from_slice(if index == 0 { b"{\"" } else { b",\"" });
            out.extend_from_slice(key.as_bytes());
            out.extend_from_slice(b"\":");
            if cell.is_empty() {
                out.extend_from_slice(b"null");
            } else if index >= POSTAL_CODE && self.row % 4 == 1 && is_plain_number(cell) {
                out.extend_from_slice(cell.as_bytes());
            } else {
                push_json_text(out, cell);
            }
        }
        match self.record.shape {
            Shape::Whole => out.extend_from_slice(b"}\n"),
            Shape::Extra => out.extend_from_slice(b",\"name\":\"imported\"}\n"),
            Shape::Short => out.push(b'\n'),
        }
    }

    /// Makes the next record in `self.record`.
    fn advance(&mut self) {
        let mut random = Random::new(self.seed, self.row);
        self.record.fill(&mut random, self.row);
        self.row = self.row.wrapping_add(1);
        if random.next() >> 11 < self.bad_below {
            self.bad += 1;
            self.record.spoil(&mut random, &self.earlier);
        } else if self.earlier.len() < REMEMBERED {
            self.earlier.push(self.record.cells[EMAIL].clone());
        } else if random.one_in(16) {
            let index = random.below(REMEMBERED as u64) as usize;
            self.earlier[index].clone_from(&self.record.cells[EMAIL]);
        }
    }
}

impl Record {
    /// Fills the cells with a record that is good under `contact`.
    fn fill(&mut self, random: &mut Random, row: u64) {
        self.shape = Shape::Whole;
        self.cells.iter_mut().for_each(String::clear);
        let place = random.pick(PLACES);
        let (firsts, lasts) = if random.one_in(5) { random.pick(PEOPLE) } else { PEOPLE[place.people] };
        let first = random.pick(firsts);
        let last = random.pick(lasts);
        let [
            name,
            email,
            description,
            send_email,
            cc_email,
            country,
            address_line_1,
            address_line_2,
            city,
            state,
            postal_code,
            phone,
        ] = &mut self.cells;
        push_name(name, random, first.0, last.0);
        push_email(email, random, first.1, last.1, row);
        random.push_pattern(description, random_of(DESCRIPTIONS));
        if random.below(100) < 65 {
            push_second_email(send_email, random, INVOICE_NAMES, last.1);
        }
        if random.below(100) < 30 {
            push_second_email(cc_email, random, COPY_NAMES, last.1);
        }
        country.push_str(random.pick(place.countries));
        random.push_pattern(address_line_1, random_of(STREETS[place.people]));
        if random.below(100) < 60 {
            random.push_pattern(address_line_2, random_of(SECOND_LINES));
        }
        city.push_str(place.city);
        if random.one_in(40) {
            city.push(' ');
        }
        state.push_str(place.state);
        if place.state.len() == 2 && random.one_in(8) {
            state.make_ascii_lowercase();
        }
        random.push_pattern(postal_code, |_| place.postal);
        if random.below(100) < 95 {
            push_phone(phone, random, &place);
        }
    }

    /// Breaks a good record in one of the ways of `SPOILS`. `earlier` are addresses that good records have.
    fn spoil(&mut self, random: &mut Random, earlier: &[String]) {
        let mut left = random.below(100);
        let mut chosen = Spoil::Email;
        for (spoil, weight) in SPOILS {
            if left < weight {
                chosen = spoil;
                break;
            }
            left -= weight;
        }
        match chosen {
            Spoil::Email => self.spoil_email(random),
            Spoil::Phone => self.set(PHONE, random.pick(BAD_PHONES)),
            Spoil::TooLong => self.spoil_length(random),
            Spoil::TooShort => {
                let (cell, text) = random.pick(SHORT);
                self.set(cell, text);
            }
            Spoil::Required => self.set(EMAIL, random.pick(&["", "", "", "\\N", "  "])),
            Spoil::Characters => {
                let (cell, text) = random.pick(BAD_CHARACTERS);
                self.set(cell, text);
            }
            Spoil::Spreadsheet => self.set(PHONE, random.pick(SPREADSHEET_PHONES)),
            Spoil::Control => {
                let cell = random.pick(&[NAME, DESCRIPTION, ADDRESS_LINE_1, CITY]);
                let character = random.pick(&['\u{1}', '\u{8}', '\u{1b}', '\u{7f}', '\u{90}']);
                self.cells[cell].push(character);
                self.cells[cell].push('x');
            }
            Spoil::Duplicate if earlier.is_empty() => self.spoil_email(random),
            Spoil::Duplicate => {
                let index = random.below(earlier.len() as u64) as usize;
                self.cells[EMAIL].clone_from(&earlier[index]);
                if random.one_in(2) {
                    self.cells[EMAIL] = self.cells[EMAIL].replace("mailto:", "").to_ascii_uppercase();
                }
            }
            Spoil::Double => {
                self.spoil_email(random);
                self.set(PHONE, random.pick(BAD_PHONES));
            }
            Spoil::Extra => self.shape = Shape::Extra,
            Spoil::Short => self.shape = Shape::Short,
        }
    }

    fn set(&mut self, cell: usize, text: &str) {
        self.cells[cell].clear();
        self.cells[cell].push_str(text);
    }

    /// Makes of the good address one that no mail system would deliver to.
    fn spoil_email(&mut self, random: &mut Random) {
        let good = self.cells[EMAIL].replace("mailto:", "");
        let good = good.trim();
        self.cells[EMAIL] = match random.below(7) {
            0 => good.replace('@', " at "),
            1 => good.replace('@', "@@"),
            2 => good.split('@').next().unwrap_or_default().to_owned(),
            3 => good.replacen('.', "..", 1),
            4 => good.replace('@', ".@"),
            5 => format!("{}@localhost", good.split('@').next().unwrap_or_default()),
            _ => good.replace('@', ","),
        };
        // The form alone is to be at fault, not the length.
        if self.cells[EMAIL].len() > MAX_EMAIL {
            self.set(EMAIL, "info@example..com");
        }
    }

    /// Makes one value longer than `contact` takes.
    fn spoil_length(&mut self, random: &mut Random) {
        let (cell, filler, limit) = random.pick(&[
            (EMAIL, "x", 40),
            (NAME, " von und zu", 50),
            (DESCRIPTION, ", see note", 50),
            (PHONE, "7", 11),
        ]);
        if cell == EMAIL {
            let row = self.cells[EMAIL].replace("mailto:", "");
            let local = row.trim().split('@').next().unwrap_or_default().to_owned();
            self.cells[EMAIL] = format!("{local}@long-winded-accounting-department.example");
        } else if cell == PHONE {
            self.set(PHONE, "+49 30 901820");
        }
        while self.cells[cell].chars().filter(|c| c.is_alphanumeric()).count() <= limit {
            self.cells[cell].push_str(filler);
        }
    }
}

/// A number generator with 64 bits of state (splitmix64): small, quick, and good enough for names.
#[derive(Clone, Debug)]
struct Random(u64);

impl Random {
    /// The numbers for one record of one seed.
    fn new(seed: u64, row: u64) -> Random {
        let mut mixed = Random(seed);
        let seed = mixed.next();
        Random(seed ^ row.wrapping_mul(0xd6e8_feb8_6659_fd93))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `limit`, which is at least 1.
    fn below(&mut self, limit: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(limit)) >> 64) as u64
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// One of the list, which is not empty.
    fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len() as u64) as usize]
    }

    /// Appends the pattern that `choose` gives: `%` becomes a digit from 1 to 9, `#` one from 0 to 9.
    fn push_pattern<'a>(&mut self, out: &mut String, choose: impl FnOnce(&mut Random) -> &'a str) {
        let pattern = choose(self);
        let mut bits = self.next();
        for piece in pattern.split_inclusive(['%', '#']) {
            let (text, digits) = match piece.as_bytes().last() {
                Some(b'%') => (&piece[..piece.len() - 1], 9),
                Some(b'#') => (&piece[..piece.len() - 1], 10),
                _ => (piece, 0),
            };
            out.push_str(text);
            if digits > 0 {
                let digit = (bits % digits) as u8 + u8::from(digits == 9);
                bits /= digits;
                out.push(char::from(b'0' + digit));
            }
        }
    }
}

/// A choice from a list, for [`Random::push_pattern`].
fn random_of<'a>(list: &'a [&'a str]) -> impl FnOnce(&mut Random) -> &'a str {
    |random| random.pick(list)
}

fn push_name(out: &mut String, random: &mut Random, first: &str, last: &str) {
    out.push_str(first);
    out.push_str(match random.below(50) {
        0 => "  ",
        1 => "\u{a0}",
        2..=5 => " J ",
        _ => " ",
    });
    out.push_str(last);
    match random.below(40) {
        0 => out.push(' '),
        1 => *out = out.to_uppercase(),
        _ => {}
    }
}

/// Appends an address that no other row has: the row's number stands at the end of the local part, behind a separator.
fn push_email(out: &mut String, random: &mut Random, first: &str, last: &str, row: u64) {
    let form = random.below(6);
    let separator = random.pick(&['.', '.', '-', '_', '+']);
    let domain = random.pick(DOMAINS);
    match form {
        0 => out.push_str(first),
        1 => out.push_str(last),
        2 => {
            out.push_str(&first[..1]);
            out.push('.');
            out.push_str(last);
        }
        _ => {
            out.push_str(first);
            out.push('.');
            out.push_str(last);
        }
    }
    if out.len() + base36_length(row) + 2 + domain.len() > MAX_EMAIL {
        out.truncate(1);
    }
    out.push(separator);
    push_base36(out, row);
    out.push('@');
    out.push_str(domain);
    match random.below(60) {
        0 => out.insert_str(0, "mailto:"),
        1 => out.push(' '),
        2 => *out = out.replace("example", "EXAMPLE"),
        _ => {}
    }
}

fn push_second_email(out: &mut String, random: &mut Random, locals: &[&str], last: &str) {
    out.push_str(random.pick(locals));
    out.push('@');
    if random.one_in(3) {
        out.push_str(last);
        out.push_str(".example");
    } else {
        out.push_str(random.pick(DOMAINS));
    }
}

fn push_phone(out: &mut String, random: &mut Random, place: &Place) {
    let mut digits = [0u8; MAX_PHONE];
    let digits = &mut digits[..place.national.min(10)];
    let mut number = random.next();
    for (index, digit) in digits.iter_mut().enumerate() {
        *digit = if index == 0 { b'2' + (number % 8) as u8 } else { b'0' + (number % 10) as u8 };
        number /= 10;
    }
    let international = place.calling.len() + digits.len() <= MAX_PHONE;
    let national = std::str::from_utf8(digits).unwrap_or_default();
    let (area, rest) = national.split_at(national.len() - 7 + random.below(2) as usize);
    let (middle, end) = rest.split_at(3);
    let parts: [&str; 8] = match random.below(20) {
        0..=6 => [national, "", "", "", "", "", "", ""],
        7 | 8 => ["0", national, "", "", "", "", "", ""],
        9 if international => [place.calling, national, "", "", "", "", "", ""],
        10 | 11 if international => ["+", place.calling, " ", area, " ", middle, " ", end],
        12 if international => ["+", place.calling, "-", area, "-", middle, "-", end],
        13 if international => ["+", place.calling, " (0)", area, " ", middle, " ", end],
        14 | 15 => ["(", area, ") ", middle, "-", end, "", ""],
        16 => [area, ".", middle, ".", end, "", "", ""],
        17 => ["0", area, "/", middle, end, "", "", ""],
        18 => [area, "\u{2013}", middle, "\u{2013}", end, "", "", ""],
        _ => [area, " ", middle, " ", end, "", "", ""],
    };
    for part in parts {
        out.push_str(part);
    }
}

fn base36_length(mut number: u64) -> usize {
    let mut length = 1;
    while number >= 36 {
        number /= 36;
        length += 1;
    }
    length
}

fn push_base36(out: &mut String, number: u64) {
    let mut rest = number;
    let mut reversed = [0u8; 13];
    let mut length = 0;
    for slot in &mut reversed {
        *slot = b"0123456789abcdefghijklmnopqrstuvwxyz"[(rest % 36) as usize];
        rest /= 36;
        length += 1;
        if rest == 0 {
            break;
        }
    }
    out.extend(reversed[..length].iter().rev().map(|byte| char::from(*byte)));
}

fn is_plain_number(text: &str) -> bool {
    !text.starts_with('0') && text.len() < 16 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn push_csv_cell(out: &mut Vec<u8>, cell: &str) {
    if !cell.bytes().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r')) {
        out.extend_from_slice(cell.as_bytes());
        return;
    }
    out.push(b'"');
    for byte in cell.bytes() {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

fn push_json_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            0..0x20 => {
                out.extend_from_slice(b"\\u00");
                out.push(b'0' + (byte >> 4));
                out.push(b"0123456789abcdef"[usize::from(byte & 15)]);
            }
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}
