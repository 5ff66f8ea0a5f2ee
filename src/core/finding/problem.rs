//! [`Finding`] and [`Problem`]: data, which [`super::english`] puts into words.

use super::code::{Code, Severity};
use crate::core::{record::json::JsonKind, text::Characters};

/// One thing that is wrong with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding<'t> {
    /// What is wrong.
    pub problem: Problem<&'t str>,
    /// What was done about it.
    pub handling: Handling<&'t str>,
    /// The index of the field in the profile, if it concerns one.
    pub field: Option<u16>,
    /// The 1-based column of the input, if there is one.
    pub column: Option<u32>,
    /// The original text of the value, or of the record where the record as a whole is at fault.
    pub value: Option<&'t str>,
    /// A correct value, if one can be guessed. It is never stored.
    pub suggestion: Option<&'t str>,
    /// `_reject_raw`, if the record as a whole is at fault.
    pub raw: Option<&'t str>,
}

impl Finding<'_> {
    /// The stable name of what is wrong.
    pub fn code(&self) -> Code {
        self.problem.code()
    }

    /// Whether it costs the record.
    pub fn severity(&self) -> Severity {
        self.handling.severity()
    }
}

/// What was done about a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handling<T = String> {
    /// The record is rejected. Another option of the run may load it.
    Rejected(Option<Retry>),
    /// The value is stored although it breaks its field's rules.
    Kept {
        /// The text that the rules were applied to, if it differs from the stored one.
        judged: Option<T>,
    },
    /// No value is stored.
    Cleared,
    /// No value is stored for a new customer; an existing one keeps its value.
    ClearedIfNew,
    /// The field's default is stored.
    Default(T),
    /// Nothing; the value is stored as usual.
    Noted,
}

/// How another run could load a rejected record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    Relaxed,
    Cleared,
}

/// What is wrong with a record, one of its values or its key. `T` is the type of texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // parameters that their names say
pub enum Problem<T = String> {
    /// The byte at this 1-based position of the record is not UTF-8.
    NotUtf8 { byte: u8, position: usize },
    /// The record has more cells than the header.
    ExtraCells { cells: usize, expected: usize },
    /// The record has fewer cells than the header.
    MissingCells { cells: usize, expected: usize },
    /// A column of a reject report holds what no report writes there, so cells have shifted.
    MovedCells { header: T },
    /// `_reject_raw` holds more than one record.
    SeveralRecords,
    /// Text follows the quote that closes the cell of this column.
    TextAfterQuote { column: u32 },
    /// A quote is never closed: in this column, or somewhere on the record's first line.
    OpenQuote { column: Option<u32> },
    /// The record is longer than the limit, in bytes.
    RecordTooLarge { limit: u64 },
    /// A reject report holds only the beginning of the record.
    CutOff,
    /// The record is not JSON; the reason is in the words of the JSON parser.
    InvalidJson { reason: T },
    /// The value of a key ends or begins with half a character.
    HalfCharacter { key: T },
    /// The record is JSON, but no object.
    NotAnObject { found: JsonKind },
    /// The object has a key twice.
    RepeatedKey { key: T },
    /// The record repeats the header of this line.
    RepeatedHeader { line: u64, is_reordered: bool },
    /// The record is the header of another reject report.
    OtherHeader,
    /// A row of a reject report cannot be read; the record keeps its code.
    Unreadable { code: Code, why: Unreadable },

    /// The field is required, of all records or of those that create a customer, and has no value.
    Missing { only_if_new: bool },
    /// Fewer characters than the field needs.
    TooShort { length: usize, limit: usize },
    /// More characters than the field may have.
    TooLong { length: usize, limit: usize, kind: TextKind },
    /// The first character that the field does not allow. `country` is the value of a country field, which is also unknown.
    Characters { found: char, allowed: Characters, country: Option<T> },
    /// A control character, at this 1-based position; or in an item of a list.
    ControlCharacter { character: char, position: Option<usize> },
    /// Not an e-mail address.
    Email(EmailFault),
    /// A character that no phone number has.
    PhoneCharacter { found: char },
    /// A phone number without a digit.
    PhoneWithoutDigits,
    /// A number that a spreadsheet has rewritten; or a JSON number with decimals or an exponent.
    SpreadsheetNumber { json: Option<T> },
    /// Not a whole number.
    NotAnInteger { found: T },
    /// A number or a day outside its limits.
    OutOfRange { found: T, range: Range<T> },
    /// Not a number with decimals.
    NotADecimal { found: T, fault: DecimalFault },
    /// Not a day, or not a moment.
    NotADate { found: T, fault: DateFault<T> },
    /// Not a web address.
    NotAUrl { found: T },
    /// The value does not match the field's pattern; what the profile says of it, or the pattern.
    Pattern { found: T, message: Option<T>, pattern: T },
    /// The field's replacements have nothing for the value; some of those that they have, a line each.
    NotListed { found: T, listed: T },
    /// None of the field's words, which are the lines of `choices`.
    NotAChoice { found: T, choices: T },
    /// Neither yes nor no.
    NotAFlag { found: T },
    /// The text begins like a JSON array but is not one.
    NotAList,
    /// A list holds something other than texts and numbers.
    ListItem { found: JsonKind },
    /// A JSON value of a type that the field cannot take.
    WrongType { found: JsonKind, wanted: Wanted },
    /// A JSON object or array where a single value is expected.
    Nested { found: JsonKind },
    /// The cell is a spreadsheet error.
    CellError { error: T },
    /// The spreadsheet's column was too narrow for the cell's value.
    TooNarrow { shown: T },
    /// The cell is a formula whose result was never stored.
    NotCalculated,

    /// A customer has the key: its ID, and if known its name and the record and file that it came from.
    DuplicateOfCustomer { customer: i64, name: Option<T>, origin: Option<(i64, T)> },
    /// An earlier record has the key.
    DuplicateOfRecord { record: u64, line: u64, path: T },
    /// Another customer has a value that no two may share: its ID, or none in a check that would create it, and what is known of it.
    ValueOfCustomer { customer: Option<i64>, name: Option<T>, origin: Option<(i64, T)> },
    /// An earlier record has a value that no two customers may share.
    ValueOfRecord { record: u64, line: u64, path: T },
    /// No customer has the key.
    NoSuchKey,
    /// Several customers have the key: two of them.
    AmbiguousKey { customers: [i64; 2] },
    /// The record has no key.
    NoKey,
    /// No record and no customer has this value, in this field; or no customer this ID, if there is no field.
    NoSuchParent { parent: T, referenced: Option<T> },
    /// The parent's value is one that stands for no value.
    ParentMeansNothing { parent: T },
    /// The record with the parent's value, in this field, was rejected.
    ParentRejected { parent: T, referenced: T },
    /// The record is its own parent, or its parent's parent, and so on: the parent's value, and the values of the circle, as far as
    /// they are known, each on a line; and the number of its records.
    ParentCycle { parent: T, circle: T, records: u64 },

    /// The record breaks a rule of the profile: the rule's name, what it says, and what the profile says of records that break it.
    CheckFailed { check: T, rule: T, message: Option<T> },
    /// The record's values leave open whether it keeps a rule.
    CheckOpen { check: T, fault: RuleFault },

    /// A country that ISO 3166 does not know.
    UnknownCountry { found: T },
    /// A word for a missing value.
    NullWord { found: T },
}

/// A limit that a value is beyond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Range<T = String> {
    /// It does not fit into 64 bits.
    Bits,
    /// It has more digits than a floating-point number keeps.
    Digits(usize),
    AtLeast(T),
    AtMost(T),
    NotBefore(T),
    NotAfter(T),
}

/// Why a value is no decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecimalFault {
    /// It is not written as one, with this character before the decimals.
    Form { point: char },
    /// Its groups, with this character between them, have not three digits each; and the character before the decimals.
    Group { group: char, point: char },
    /// It has more decimals than this.
    Scale(u32),
}

/// Why a value is no date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum DateFault<T = String> {
    /// It fits none of the formats, in words; ISO 8601 if that is empty.
    Form { formats: T },
    /// Two formats read it so.
    Two { one: T, other: T },
    /// The zone has no such time.
    NoSuchTime { zone: T },
    /// The zone has the time twice.
    Twice { zone: T },
}

/// Why a rule is neither kept nor broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleFault {
    /// A whole number is divided by zero.
    DivisionByZero,
    /// A whole number does not fit into 64 bits.
    Overflow,
    /// A list has no item of that number.
    NoSuchItem,
    /// A text is converted that is no number, or a number that is too large.
    NotANumber,
    /// A list has more than this number of items.
    LongList { most: usize },
    /// More than this number of MiB would be read: the texts and lists are too long for what the rule does with them.
    TooMuch { most_mib: u64 },
    /// An item of a list is of another type than the rule expects.
    Types,
}

/// Why a row of a reject report cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// `_reject_raw` is as long as a spreadsheet's cell can be, so it may have been cut off there.
    LongestCell,
    OtherColumns,
    NoDialect,
}

/// The kind of a text that is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextKind {
    /// An e-mail address, which another one would have to replace.
    Email,
    /// A phone number; perhaps two in one cell.
    Phone,
    /// Any other text, which can be shortened.
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    Integer,
    Number,
    Flag,
    Text,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailFault {
    NoAt,
    SeveralAts,
    Space,
    Brackets,
    NoLocal,
    LongLocal,
    QuotedLocal,
    LocalDots,
    LocalCharacter,
    DotBeforeAt,
    NoDomain,
    IpAddress,
    OnePart,
    DigitsOnly,
    EmptyPart,
    DomainCharacter,
    EdgeHyphen,
    LongPart,
}

/// The number of characters that a message shows of a text.
pub const NAMED: usize = 40;

/// The beginning of a text that a message needs: [`NAMED`] characters, and one more if there are more.
pub fn excerpt(text: &str) -> &str {
    text.char_indices().nth(NAMED + 1).map_or(text, |(end, _)| &text[..end])
}

impl<T> Problem<T> {
    /// The stable name of the problem.
    pub fn code(&self) -> Code {
        match self {
            Problem::NotUtf8 { .. } => Code::InvalidUtf8,
            Problem::ExtraCells { .. } | Problem::MovedCells { .. } | Problem::SeveralRecords => Code::ExtraCell,
            Problem::MissingCells { .. } => Code::MissingCell,
            Problem::TextAfterQuote { .. } => Code::MalformedQuote,
            Problem::OpenQuote { .. } => Code::UnterminatedQuote,
            Problem::RecordTooLarge { .. } | Problem::CutOff => Code::RecordTooLarge,
            Problem::InvalidJson { .. } | Problem::HalfCharacter { .. } => Code::InvalidJson,
            Problem::NotAnObject { .. } => Code::NotAnObject,
            Problem::RepeatedKey { .. } => Code::RepeatedJsonKey,
            Problem::RepeatedHeader { .. } | Problem::OtherHeader => Code::RepeatedHeader,
            Problem::Unreadable { code, .. } => *code,
            Problem::Missing { .. } => Code::Required,
            Problem::TooShort { .. } => Code::TooShort,
            Problem::TooLong { .. } => Code::TooLong,
            Problem::Characters { .. } => Code::InvalidCharacters,
            Problem::ControlCharacter { .. } => Code::ControlCharacter,
            Problem::Email(_) => Code::InvalidEmail,
            Problem::PhoneCharacter { .. } | Problem::PhoneWithoutDigits => Code::InvalidPhone,
            Problem::SpreadsheetNumber { .. } => Code::SpreadsheetNumber,
            Problem::NotAnInteger { .. } => Code::InvalidInteger,
            Problem::OutOfRange { .. } => Code::OutOfRange,
            Problem::NotADecimal { .. } => Code::InvalidDecimal,
            Problem::NotADate { .. } => Code::InvalidDate,
            Problem::NotAUrl { .. } => Code::InvalidUrl,
            Problem::Pattern { .. } => Code::PatternMismatch,
            Problem::NotAChoice { .. } | Problem::NotListed { .. } => Code::InvalidChoice,
            Problem::NotAFlag { .. } => Code::InvalidFlag,
            Problem::NotAList | Problem::ListItem { .. } => Code::InvalidList,
            Problem::WrongType { .. } => Code::WrongType,
            Problem::Nested { .. } => Code::NestedValue,
            Problem::CellError { .. } | Problem::TooNarrow { .. } | Problem::NotCalculated => Code::CellError,
            Problem::DuplicateOfCustomer { .. } | Problem::DuplicateOfRecord { .. } => Code::DuplicateKey,
            Problem::ValueOfCustomer { .. } | Problem::ValueOfRecord { .. } => Code::DuplicateValue,
            Problem::NoSuchKey => Code::NoSuchKey,
            Problem::AmbiguousKey { .. } => Code::AmbiguousKey,
            Problem::NoKey => Code::NoKey,
            Problem::CheckFailed { .. } | Problem::CheckOpen { .. } => Code::CheckFailed,
            Problem::NoSuchParent { .. } | Problem::ParentMeansNothing { .. } => Code::NoSuchParent,
            Problem::ParentRejected { .. } => Code::ParentRejected,
            Problem::ParentCycle { .. } => Code::ParentCycle,
            Problem::UnknownCountry { .. } => Code::UnknownCountry,
            Problem::NullWord { .. } => Code::NullWord,
        }
    }

    /// The same problem with each text converted.
    #[rustfmt::skip] // a variant a line
    pub fn map<'s, U>(&'s self, mut text: impl FnMut(&'s T) -> U) -> Problem<U> {
        use Problem::*;
        match self {
            NotUtf8 { byte, position } => NotUtf8 { byte: *byte, position: *position },
            ExtraCells { cells, expected } => ExtraCells { cells: *cells, expected: *expected },
            MissingCells { cells, expected } => MissingCells { cells: *cells, expected: *expected },
            MovedCells { header } => MovedCells { header: text(header) },
            SeveralRecords => SeveralRecords,
            TextAfterQuote { column } => TextAfterQuote { column: *column },
            OpenQuote { column } => OpenQuote { column: *column },
            RecordTooLarge { limit } => RecordTooLarge { limit: *limit },
            CutOff => CutOff,
            InvalidJson { reason } => InvalidJson { reason: text(reason) },
            HalfCharacter { key } => HalfCharacter { key: text(key) },
            NotAnObject { found } => NotAnObject { found: *found },
            RepeatedKey { key } => RepeatedKey { key: text(key) },
            RepeatedHeader { line, is_reordered } => RepeatedHeader { line: *line, is_reordered: *is_reordered },
            OtherHeader => OtherHeader,
            Unreadable { code, why } => Unreadable { code: *code, why: *why },
            Missing { only_if_new } => Missing { only_if_new: *only_if_new },
            TooShort { length, limit } => TooShort { length: *length, limit: *limit },
            TooLong { length, limit, kind } => TooLong { length: *length, limit: *limit, kind: *kind },
            Characters { found, allowed, country } => Characters { found: *found, allowed: *allowed, country: country.as_ref().map(text) },
            ControlCharacter { character, position } => ControlCharacter { character: *character, position: *position },
            Email(fault) => Email(*fault),
            PhoneCharacter { found } => PhoneCharacter { found: *found },
            PhoneWithoutDigits => PhoneWithoutDigits,
            SpreadsheetNumber { json } => SpreadsheetNumber { json: json.as_ref().map(text) },
            NotAnInteger { found } => NotAnInteger { found: text(found) },
            OutOfRange { found, range } => OutOfRange { found: text(found), range: range.map(text) },
            NotADecimal { found, fault } => NotADecimal { found: text(found), fault: *fault },
            NotADate { found, fault } => NotADate { found: text(found), fault: fault.map(text) },
            NotAUrl { found } => NotAUrl { found: text(found) },
            Pattern { found, message, pattern } => Pattern { found: text(found), message: message.as_ref().map(&mut text), pattern: text(pattern) },
            NotListed { found, listed } => NotListed { found: text(found), listed: text(listed) },
            NotAChoice { found, choices } => NotAChoice { found: text(found), choices: text(choices) },
            NotAFlag { found } => NotAFlag { found: text(found) },
            NotAList => NotAList,
            ListItem { found } => ListItem { found: *found },
            WrongType { found, wanted } => WrongType { found: *found, wanted: *wanted },
            Nested { found } => Nested { found: *found },
            CellError { error } => CellError { error: text(error) },
            TooNarrow { shown } => TooNarrow { shown: text(shown) },
            NotCalculated => NotCalculated,
            DuplicateOfCustomer { customer, name, origin } => DuplicateOfCustomer {
                customer: *customer, name: name.as_ref().map(&mut text), origin: origin.as_ref().map(|(record, path)| (*record, text(path))),
            },
            DuplicateOfRecord { record, line, path } => DuplicateOfRecord { record: *record, line: *line, path: text(path) },
            ValueOfCustomer { customer, name, origin } => ValueOfCustomer {
                customer: *customer, name: name.as_ref().map(&mut text), origin: origin.as_ref().map(|(record, path)| (*record, text(path))),
            },
            ValueOfRecord { record, line, path } => ValueOfRecord { record: *record, line: *line, path: text(path) },
            NoSuchKey => NoSuchKey,
            AmbiguousKey { customers } => AmbiguousKey { customers: *customers },
            NoKey => NoKey,
            CheckFailed { check, rule, message } => CheckFailed { check: text(check), rule: text(rule), message: message.as_ref().map(text) },
            CheckOpen { check, fault } => CheckOpen { check: text(check), fault: *fault },
            NoSuchParent { parent, referenced } => NoSuchParent { parent: text(parent), referenced: referenced.as_ref().map(text) },
            ParentMeansNothing { parent } => ParentMeansNothing { parent: text(parent) },
            ParentRejected { parent, referenced } => ParentRejected { parent: text(parent), referenced: text(referenced) },
            ParentCycle { parent, circle, records } => ParentCycle { parent: text(parent), circle: text(circle), records: *records },
            UnknownCountry { found } => UnknownCountry { found: text(found) },
            NullWord { found } => NullWord { found: text(found) },
        }
    }
}

impl<T> Range<T> {
    fn map<'s, U>(&'s self, text: impl FnOnce(&'s T) -> U) -> Range<U> {
        match self {
            Range::Bits => Range::Bits,
            Range::Digits(digits) => Range::Digits(*digits),
            Range::AtLeast(least) => Range::AtLeast(text(least)),
            Range::AtMost(most) => Range::AtMost(text(most)),
            Range::NotBefore(first) => Range::NotBefore(text(first)),
            Range::NotAfter(last) => Range::NotAfter(text(last)),
        }
    }
}

impl<T> DateFault<T> {
    fn map<'s, U>(&'s self, mut text: impl FnMut(&'s T) -> U) -> DateFault<U> {
        match self {
            DateFault::Form { formats } => DateFault::Form { formats: text(formats) },
            DateFault::Two { one, other } => DateFault::Two { one: text(one), other: text(other) },
            DateFault::NoSuchTime { zone } => DateFault::NoSuchTime { zone: text(zone) },
            DateFault::Twice { zone } => DateFault::Twice { zone: text(zone) },
        }
    }
}

impl<T> Handling<T> {
    /// Whether the finding costs the record.
    pub fn severity(&self) -> Severity {
        if matches!(self, Handling::Rejected(_)) { Severity::Error } else { Severity::Warning }
    }

    /// The same handling with its text converted.
    pub fn map<'s, U>(&'s self, text: impl FnOnce(&'s T) -> U) -> Handling<U> {
        match self {
            Handling::Rejected(retry) => Handling::Rejected(*retry),
            Handling::Kept { judged } => Handling::Kept { judged: judged.as_ref().map(text) },
            Handling::Cleared => Handling::Cleared,
            Handling::ClearedIfNew => Handling::ClearedIfNew,
            Handling::Default(value) => Handling::Default(text(value)),
            Handling::Noted => Handling::Noted,
        }
    }
}
