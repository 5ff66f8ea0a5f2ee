//! How decimals are written: which mark stands before the decimals, and which between groups of three digits.

/// A way to write decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) decimal: u8,
    pub(super) group: Option<u8>,
}

const fn form(decimal: u8, group: Option<u8>) -> Form {
    Form { decimal, group }
}

/// The ways that are tried; those without groups first.
pub(super) const FORMS: [Form; 7] = [
    form(b'.', None),
    form(b',', None),
    form(b'.', Some(b',')),
    form(b',', Some(b'.')),
    form(b'.', Some(b' ')),
    form(b',', Some(b' ')),
    form(b'.', Some(b'\'')),
];

/// More significant digits are not exact in a database's floating-point number.
pub(super) const MOST_DIGITS: u8 = 15;

/// A value as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number {
    /// The forms in which it can be read.
    pub(super) forms: u8,
    /// Its last mark; 0 if it is digits alone.
    pub(super) mark: u8,
    /// The digits after that, and all.
    pub(super) after: u8,
    pub(super) digits: u8,
}

/// Reads a value in all forms.
pub(super) fn read(value: &str) -> Option<Number> {
    let bytes = value.as_bytes();
    // A minus may follow the digits.
    let signed = bytes.strip_prefix(b"-").or(bytes.strip_prefix(b"+")).or(bytes.strip_suffix(b"-"));
    let unsigned = signed.unwrap_or(bytes);
    let (first, last) = (unsigned.first()?, unsigned.last()?);
    if !first.is_ascii_digit() || !last.is_ascii_digit() || unsigned.len() > 60 {
        return None;
    }
    let mut forms = 0;
    for (index, form) in FORMS.iter().enumerate() {
        forms |= u8::from(fits(unsigned, *form)) << index;
    }
    let digits = unsigned.iter().filter(|byte| byte.is_ascii_digit()).count() as u8;
    let after = unsigned.iter().rev().position(|byte| !byte.is_ascii_digit());
    let mark = after.map_or(0, |after| unsigned[unsigned.len() - 1 - after]);
    (forms != 0).then_some(Number { forms, mark, after: after.unwrap_or_default() as u8, digits })
}

/// Whether a value is written as amounts are: with decimals, or in brackets, which stand for a minus. Phone numbers have a plus.
pub(super) fn is_amount(value: &str) -> bool {
    let in_brackets = value.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    let number = if value.starts_with('+') { None } else { read(in_brackets.unwrap_or(value)) };
    number.is_some_and(|number| in_brackets.is_some() || matches!(number.mark, b'.' | b','))
}

fn fits(unsigned: &[u8], form: Form) -> bool {
    let mut marks = unsigned.split(|byte| *byte == form.decimal);
    let (Some(whole), decimals, None) = (marks.next(), marks.next(), marks.next()) else { return false };
    let are_digits = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    if !decimals.is_none_or(are_digits) {
        return false;
    }
    let Some(group) = form.group else { return are_digits(whole) };
    let mut groups = whole.split(|byte| *byte == group);
    let is_first = |part: &[u8]| are_digits(part) && (part.len() <= 3 || part.len() == whole.len());
    let first = groups.next().filter(|first| is_first(first));
    // A number with groups does not begin with zeros: `0.500` has decimals.
    let begins = first.is_some_and(|first| first.len() == whole.len() || first[0] != b'0');
    begins && groups.all(|part| part.len() == 3 && are_digits(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_no_phone_numbers() {
        for value in ["(0.50)", "(1.234,50)", "(12)", "1.50-", "-1,5", "00.30"] {
            assert!(is_amount(value), "{value}");
        }
        for value in ["(030) 1234", "+49.301234", "+1 234 567", "0301234", "00 49 30", "-", "(a)"] {
            assert!(!is_amount(value), "{value}");
        }
    }

    #[test]
    fn numbers_are_read_in_all_forms() {
        for (value, forms) in [
            ("12", vec![0, 1, 2, 3, 4, 5, 6]),
            ("-12.5", vec![0, 2, 4, 6]),
            ("12,50", vec![1, 3, 5]),
            ("12,50-", vec![1, 3, 5]),
            ("1.234", vec![0, 2, 3, 4, 6]),
            ("1,234", vec![1, 2, 3, 5]),
            ("0.500", vec![0, 2, 4, 6]),
            ("-0,001", vec![1, 3, 5]),
            ("0.123.456", vec![]),
            ("007", vec![0, 1, 2, 3, 4, 5, 6]),
            ("1.234,50", vec![3]),
            ("1,234,567.5", vec![2]),
            ("1 234,5", vec![5]),
            ("1'234.50", vec![6]),
            ("12345.5", vec![0, 2, 4, 6]),
            ("12.34.5", vec![]),
            ("1.2345,5", vec![]),
            ("1.234.567", vec![3]),
            ("", vec![]),
            ("-", vec![]),
            ("12.", vec![]),
            (".5", vec![]),
            ("1e5", vec![]),
            ("12 €", vec![]),
        ] {
            let found = read(value).map_or(0, |number| number.forms);
            let found: Vec<usize> = (0..FORMS.len()).filter(|form| found >> form & 1 == 1).collect();
            assert_eq!(found, forms, "{value:?}");
        }
        let number = read("-1.234,50").map(|number| (number.mark, number.after, number.digits));
        assert_eq!(number, Some((b',', 2, 6)));
        assert_eq!(read("007").map(|number| (number.mark, number.after)), Some((0, 0)));
    }
}
