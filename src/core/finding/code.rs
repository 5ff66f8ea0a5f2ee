//! The codes of what can be wrong with a record ([`Code`]), and what `custload explain`, the reports and the documentation say
//! of each ([`REGISTRY`]).

use serde::Serialize;

/// Defines [`Code`] and [`REGISTRY`]: a code, its name, its scope and its title; then its other texts.
macro_rules! codes {
    ($($code:ident $name:literal $scope:ident $title:literal
        explanation: $explanation:literal example: $example:literal hint: $hint:literal)*) => {
        /// A reject or warning code. Codes are stable: none is ever renamed or used for another thing.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[serde(rename_all = "kebab-case")]
        #[repr(u8)]
        #[allow(missing_docs)] // each is documented by its entry in REGISTRY
        pub enum Code {
            $($code,)*
        }

        impl Code {
            /// The name that reports, options and other programs use.
            pub fn name(self) -> &'static str {
                match self {
                    $(Code::$code => $name,)*
                }
            }
        }

        /// All codes, in the order of the enum.
        pub static REGISTRY: [CodeInfo; [$(Code::$code),*].len()] = [$(CodeInfo {
            code: Code::$code,
            scope: Scope::$scope,
            title: $title,
            explanation: $explanation,
            example: $example,
            hint: $hint,
        },)*];
    };
}

codes! {
    InvalidUtf8 "invalid-utf8" Record "bytes that are not UTF-8"
        explanation: "The record holds bytes that are not text in UTF-8. A guess would store a wrong name, so the record is rejected."
        example: "M\\xFCller, where the file was written in windows-1252: the byte FC is not UTF-8"
        hint: "Name the file's encoding (for example --encoding windows-1252), or write the text of the cells into the reject report's row."
    ExtraCell "extra-cell" Record "more cells than the header has"
        explanation: "The record has more cells than the header has names. Nobody can know which cell is the extra one, so no cell is moved to another column."
        example: "ann@example.com,Smith, Ann under the header email,name: three cells for two names"
        hint: "Put the cell that contains a delimiter into double quotes, or remove the extra cell."
    MissingCell "missing-cell" Record "fewer cells than the header has"
        explanation: "The record has fewer cells than the header has names. Nobody can know which cell is missing, so no cell is moved to another column."
        example: "ann@example.com under the header email,name: one cell for two names"
        hint: "Join the lines of a broken record, or add delimiters."
    MalformedQuote "malformed-quote" Record "text after a closing quote"
        explanation: "After the quote that closes a cell only a delimiter or the end of the record may follow. A quote that is part of a quoted text is written twice."
        example: "\"The \"Big\" Shop\",shop@example.com"
        hint: "Write each quote inside the cell twice: \"The \"\"Big\"\" Shop\". If no cell of the file is quoted, read it with --quote none."
    UnterminatedQuote "unterminated-quote" Record "a quote that is never closed"
        explanation: "A cell opens a quote that is not closed before the file ends or the record reaches its greatest length. Only the line on which the record began is rejected; reading continues at the next line."
        example: "ann@example.com,\"Ann, with no quote after it"
        hint: "Close the quote, or remove it. If no cell of the file is quoted, read it with --quote none."
    RecordTooLarge "record-too-large" Record "a record longer than the limit"
        explanation: "The record is longer than --max-record-bytes (1 MiB by default). Customer records are not that long: the file probably has no line breaks, or is of another kind."
        example: "a line of 3,000,000 bytes"
        hint: "Check the line in the file; if it is right, load the file again with a larger --max-record-bytes."
    InvalidJson "invalid-json" Record "a line that is not JSON"
        explanation: "In NDJSON each line is one JSON value. This line is not, or something follows its value."
        example: "{\"email\": \"ann@example.com\",}: a comma before the closing brace"
        hint: "Correct the line at the place that the message names."
    NotAnObject "not-an-object" Record "a JSON value that is not an object"
        explanation: "A record in NDJSON is an object, with a key for each field. This line is JSON, but it is a string, a number, an array or the like."
        example: "[\"ann@example.com\", \"Ann Smith\"]"
        hint: "Write the record as an object: {\"email\": \"ann@example.com\", \"name\": \"Ann Smith\"}."
    RepeatedJsonKey "repeated-json-key" Record "two keys for one field"
        explanation: "The object has one key twice, or two keys that fit the same field equally well. Nobody can know which value is meant."
        example: "{\"email\": \"ann@example.com\", \"email\": \"ann@example.org\"}"
        hint: "Remove one of the two keys."
    RepeatedHeader "repeated-header" Record "the header again"
        explanation: "The record repeats the header, as happens where files were joined into one. It is not a customer."
        example: "a second line email,name under the header email,name"
        hint: "Remove the line. If it is in another order, move what follows it into a file of its own."
    Required "required" Field "a required value that is missing"
        explanation: "The profile requires this field, and the record has no value for it: the cell is empty, is \\N, or holds nothing but spaces."
        example: "an empty email in the profile contact"
        hint: "Fill in the value. If the field is not needed, another profile may fit the file better."
    TooShort "too-short" Field "a value shorter than allowed"
        explanation: "The value has fewer characters than the profile allows. Lengths count characters after normalisation."
        example: "Al as a name in the profile contact: 2 characters, at least 3"
        hint: "Write the value out, or empty the cell; --on-invalid FIELD=clear empties it for every record."
    TooLong "too-long" Field "a value longer than allowed"
        explanation: "The value has more characters than the profile allows. Lengths count characters after normalisation. Nothing is ever cut off to make it fit."
        example: "an e-mail address of 45 characters in the profile contact, which allows 40"
        hint: "Shorten the value, or empty the cell; --on-invalid FIELD=clear empties it for every record."
    InvalidCharacters "invalid-characters" Field "characters that the field does not allow"
        explanation: "The profile allows only certain characters in this field: in a name, for example, letters and spaces. The message names the first other one."
        example: "O'Brien as a name in the profile contact: the apostrophe is not a letter"
        hint: "Write the value without them, or load the file with --relax FIELD, which drops this rule for the field."
    ControlCharacter "control-character" Field "a control character in a value"
        explanation: "The value holds a control character other than a tab or a line break, such as NUL or escape. It is invisible, and some programs act on it."
        example: "Ann\\u{0}Smith"
        hint: "Remove the character."
    InvalidEmail "invalid-email" Field "not an e-mail address"
        explanation: "No mail system would deliver to this. An address is a name, one @, and a domain of at least two parts. A field holds one address, without a display name."
        example: "ann@example, ann.example.com, Ann <ann@example.com>, ann@example.com; bob@example.com"
        hint: "Correct the address, or keep one of several."
    InvalidPhone "invalid-phone" Field "not a phone number"
        explanation: "After spaces, brackets, dots, dashes and a leading + are removed, something other than digits is left: a letter, an extension, a second number, or no digit at all."
        example: "541-754-3010 ext. 5"
        hint: "Keep one number and its digits; put an extension elsewhere."
    SpreadsheetNumber "spreadsheet-number" Field "a number that a spreadsheet has rewritten"
        explanation: "A spreadsheet took a phone number, postal code, tax ID or key for a number and rewrote it. Digits may be lost, so the value is not accepted: 1.23457E+12 can stand for many keys."
        example: "5.41754E+09, or 5417543010.0, as a phone number"
        hint: "Format the column as text in the spreadsheet, enter the original digits, and export it again."
    InvalidInteger "invalid-integer" Field "not a whole number"
        explanation: "The field holds a whole number: digits, with or without a sign. No decimals, no thousands separators."
        example: "1,200 or 12.5 as a parent_customer_id"
        hint: "Write the number with digits alone."
    OutOfRange "out-of-range" Field "a number or date outside its range"
        explanation: "The number or date is smaller or greater than the profile allows, or the number does not fit into 64 bits. A number with decimals has at most 15 significant digits, unless the profile stores it as text."
        example: "0 as a parent_customer_id, which starts at 1"
        hint: "Correct the number or date, or empty the cell."
    InvalidChoice "invalid-choice" Field "not one of the choices"
        explanation: "The field allows certain words only, in upper or lower case. The message lists them."
        example: "fax as an invoice_delivery, which is email or print"
        hint: "Use one of the words that the message lists."
    InvalidFlag "invalid-flag" Field "neither yes nor no"
        explanation: "The field is a flag: true or false, yes or no, y or n, t or f, on or off, 1 or 0, in upper or lower case."
        example: "maybe as no_taxes"
        hint: "Write yes or no."
    InvalidList "invalid-list" Field "not a list"
        explanation: "The value starts with [ and so must be a JSON array of texts and numbers, and it is not one."
        example: "[\"wholesale\", as tags: the array is not closed"
        hint: "Write the list as text with commas (wholesale, export), or as a JSON array."
    WrongType "wrong-type" Field "a JSON value of the wrong type"
        explanation: "The JSON value is of a type that the field cannot take: true or false in a text, say, or a number with decimals or an exponent."
        example: "{\"name\": true}"
        hint: "Write the value as the JSON type that the message names."
    NestedValue "nested-value" Field "an object or array where a value is expected"
        explanation: "The key belongs to a field, and its value is an object or an array. Only tags take an array."
        example: "{\"address\": {\"city\": \"Bonn\"}}"
        hint: "Write its parts as keys of their own, such as \"address_line_1\" and \"city\" for an address."
    CellError "cell-error" Field "an error in a spreadsheet's cell"
        explanation: "A spreadsheet could not calculate the cell and shows an error such as #N/A or #REF!; or its column was too narrow when the file was exported, and shows ####; or the cell is a formula that the program that wrote the file did not calculate. In other formats such a word is an error too, because they are exported from spreadsheets."
        example: "postal_code: #N/A, from a VLOOKUP that found nothing"
        hint: "Correct the formula in the spreadsheet, or write the value in its place. Make a column of #### wider, and export the file again. A formula without a stored result is calculated when a spreadsheet program opens and saves the file."
    CheckFailed "check-failed" Record "a record that breaks a rule of the profile"
        explanation: "The record's values are right one by one, but together they break a rule of the profile ([[checks]]). The message is that of the rule, or its name and text. A rule that cannot be decided, because it would divide by zero for example, rejects the record, too."
        example: "neither e-mail nor phone, under the rule email != null || phone != null"
        hint: "Correct the values that the rule names, or the rule in the profile."
    DuplicateKey "duplicate-key" Set "a key that an earlier record or a customer has"
        explanation: "Another record of this run, or a customer in the database, has the same key. The message names it. Keys are compared without regard to case."
        example: "ANN@example.com after ann@example.com"
        hint: "Keep one of the two records, or correct the key; --key none loads records without this check."
    DuplicateValue "duplicate-value" Set "a value that an earlier record or a customer has"
        explanation: "The profile says that no two customers share a value of this field (unique = true), and another record of this run, or another customer in the database, has the same one. The message names it. Values are compared without regard to case, like keys."
        example: "the tax ID DE 123 of a customer with another key"
        hint: "Keep one of the two records, correct the value, or empty the cell."
    NoSuchKey "no-such-key" Set "a key that no customer has"
        explanation: "The run changes customers (--mode update), and no customer in the database has the record's key."
        example: "ann@exmaple.com, where the customer has ann@example.com"
        hint: "Correct the key, or load the record with --mode upsert, which creates missing customers."
    AmbiguousKey "ambiguous-key" Set "a key that several customers have"
        explanation: "The run changes customers, and more than one customer in the database has the record's key, so nobody can know which one is meant. The message names two of them."
        example: "info@example.com, an address that customers 12 and 80 share"
        hint: "Give all but one of these customers another key in the database, or load with a key that tells them apart (--key)."
    NoKey "no-key" Set "no key to find a customer by"
        explanation: "The run changes customers (--mode update or upsert) by their key, and the record has none, or a word for none, such as n/a. Every run would create a new customer for it."
        example: "an empty external_key, or n/a, with --mode upsert"
        hint: "Fill in the key, choose another one with --key, or load the record with --mode create."
    InvalidDate "invalid-date" Field "not a date"
        explanation: "The value is no day of the calendar in the form that the profile says (YYYY-MM-DD, or YYYY-MM-DDTHH:MM:SSZ for a timestamp, unless it has formats), or it is a time that its zone does not have, or has twice. A day that two formats read differently is refused too."
        example: "31.02.2024, or 2024-03-31 02:30 in Europe/Berlin"
        hint: "Correct the date, or add its form to the profile's formats."
    InvalidDecimal "invalid-decimal" Field "not a number with decimals"
        explanation: "The value is not written as the profile says: digits, with its character before the decimals, its character between groups of three digits, and no more decimals than its scale."
        example: "unlimited; or 1.5 where a comma stands before the decimals and a point between groups"
        hint: "Write the number alone, without a currency or words."
    InvalidUrl "invalid-url" Field "not a web address"
        explanation: "The value is not a web address: http:// or https://, or neither, and a host of at least two parts."
        example: "see our website"
        hint: "Write the address alone, for example https://www.example.com."
    PatternMismatch "pattern-mismatch" Field "a value that does not match the pattern"
        explanation: "The profile has a regular expression that the whole value must match, and it does not."
        example: "K-12, where the pattern is K[0-9]{6}"
        hint: "Correct the value as the message says."
    NoSuchParent "no-such-parent" Set "a parent that does not exist"
        explanation: "The record names its parent, by a value such as the parent's key or by its customer ID, and neither a record of the run nor a customer in the database has that. A customer ID can only be that of a customer that was there before the run."
        example: "C-1O7 as a parent_external_key, where the parent's external_key is C-107"
        hint: "Correct the value, or load the parent too: in this run, before or after the record, or in an earlier one."
    ParentRejected "parent-rejected" Set "a parent that was rejected"
        explanation: "The record that the parent's value belongs to was rejected, and no other record and no customer has that value. So the record cannot be stored with its parent, and what is below it in the tree cannot either."
        example: "C-107 as a parent_external_key, where the record C-107 has an invalid e-mail address"
        hint: "Correct the parent's record, and load both together."
    ParentCycle "parent-cycle" Set "a record that is above itself"
        explanation: "The record is its own parent, or the parent of its parent, and so on: following the parents leads back to it. The message names the records of the circle, which are all rejected."
        example: "C-1 with the parent C-2, and C-2 with the parent C-1"
        hint: "Correct the parent of one of them, or empty that cell, and load them together."
    UnknownCountry "unknown-country" Warning "a country that is not in ISO 3166"
        explanation: "The value is not an English name or code of a country in ISO 3166. It is stored as it is; known countries are stored as their two-letter code."
        example: "Untied States"
        hint: "Correct the spelling, or use the two-letter code."
    NullWord "null-word" Warning "a word that stands for a missing value"
        explanation: "The field cannot hold a word, and the value is one of null, nil, none, n/a, na, unknown, - and --, in upper or lower case. It is treated as a missing value. In text these words are values: Null is a surname, and NA is Namibia."
        example: "N/A as a phone number"
        hint: "Empty the cell, or write the value."
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// The record as a whole; it is the record's only fault, and `_reject_raw` holds the record.
    Record,
    Field,
    /// A record among the others.
    Set,
    /// A value that is accepted but may be wrong.
    Warning,
}

/// The texts of a code.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct CodeInfo {
    /// The code itself.
    pub code: Code,
    /// What it applies to.
    pub scope: Scope,
    /// A few words, in the singular, without a full stop.
    pub title: &'static str,
    /// What it means and why it is a fault: one or two sentences.
    pub explanation: &'static str,
    /// A value or line that has it, and what is wrong with it.
    pub example: &'static str,
    /// How to correct it.
    pub hint: &'static str,
}

impl Code {
    /// The number of codes.
    pub const COUNT: usize = REGISTRY.len();

    /// The entry of this code in the registry.
    pub fn info(self) -> &'static CodeInfo {
        &REGISTRY[self as usize]
    }

    /// Whether it is about the key, which may have several columns.
    pub fn is_about_key(self) -> bool {
        matches!(self, Code::DuplicateKey | Code::NoSuchKey | Code::AmbiguousKey | Code::NoKey)
    }

    /// The code with this name, if there is one.
    pub fn from_name(name: &str) -> Option<Code> {
        REGISTRY.iter().map(|info| info.code).find(|code| code.name() == name)
    }
}

/// Whether a finding costs the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The record is rejected.
    Error,
    /// The record is loaded all the same.
    Warning,
}

impl Severity {
    /// The word that the reports use.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registry_is_in_the_order_of_the_enum_and_complete() {
        for (index, info) in REGISTRY.iter().enumerate() {
            assert_eq!(info.code as usize, index);
            assert_eq!(Code::from_name(info.code.name()), Some(info.code));
            for text in [info.title, info.explanation, info.example, info.hint] {
                assert!(!text.is_empty(), "{} lacks a text", info.code.name());
            }
            assert!(!info.title.ends_with('.') && info.explanation.ends_with('.') && info.hint.ends_with('.'));
            assert!(!info.hint.ends_with(".."), "{}", info.code.name());
        }
    }

    #[test]
    fn names_are_unknown_unless_listed() {
        assert_eq!(Code::from_name("Invalid-Email"), None);
        assert_eq!(Code::from_name(""), None);
    }
}
