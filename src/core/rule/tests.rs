//! Rules and records, as a table.

use super::*;
use crate::core::finding::RuleFault;

const FIELDS: [(&str, ValueType); 8] = [
    ("email", ValueType::Text),
    ("phone", ValueType::Text),
    ("visits", ValueType::Integer),
    ("limit", ValueType::Real),
    ("opt_in", ValueType::Flag),
    ("tags", ValueType::List),
    ("birth_date", ValueType::Text),
    ("void", ValueType::Text),
];

fn rule(text: &str) -> Result<Rule, RuleError> {
    Rule::new(text, &|name| FIELDS.iter().position(|(field, _)| *field == name).map(|index| (index, FIELDS[index].1)))
}

const FULL: [Value<'static>; 8] = [
    Value::Text("ann@example.com"),
    Value::Missing,
    Value::Integer(5),
    Value::Real(12.5),
    Value::Flag(true),
    Value::List(r#"["a","b \"c\"",3,1.5]"#),
    Value::Text("2001-02-03"),
    Value::Missing,
];

fn holds(text: &str, values: &[Value<'_>]) -> Result<bool, RuleFault> {
    let fields: Vec<usize> = (0..values.len()).collect();
    rule(text).unwrap_or_else(|error| panic!("{text}: {error}")).holds(&fields, values)
}

#[test]
fn rules_hold_or_not() {
    for (text, full, empty) in [
        ("email != null || phone != null", true, false),
        ("email != null && phone != null", false, false),
        ("phone == null", true, true),
        ("null == phone", true, true),
        ("visits > 3", true, false),
        ("visits > 3.5 && visits < 5.5", true, false),
        ("!(visits > 3)", false, true),
        ("visits != 4", true, true),
        ("visits == 5", true, false),
        ("visits + 1 == 6", true, false),
        ("visits + 1 != 7", true, true),
        ("-visits < 0", true, false),
        ("visits % 2 == 1", true, false),
        ("limit <= 12.5", true, false),
        ("limit == 12.5", true, false),
        ("limit > 12", true, false),
        ("double(visits) * 2.5 == limit", true, false),
        ("opt_in", true, false),
        ("!opt_in", false, true),
        ("opt_in == false", false, false),
        ("opt_in ? email != null : phone == null", true, true),
        ("(opt_in ? visits : 0) > 4", true, false),
        ("(visits == null ? 0 : visits) < 3", false, true),
        ("(null != visits ? visits : 0) < 3", false, true),
        ("(visits != null ? visits : 0) in [0, 5]", true, true),
        ("(visits == null ? 0 : visits + 1) < 3", false, true),
        ("(visits == null ? limit : double(visits)) < 3.0", false, false),
        ("(visits == null ? visits : 2) < 3", true, false),
        ("(visits == null ? 0 : limit == null ? 1 : visits) == 0", false, true),
        ("visits in (opt_in ? [4, 5] : [6]) && visits in (opt_in ? [5] : [])", true, false),
        ("visits in [4, 5] && limit in [5, 12.5]", true, false),
        ("visits in []", false, false),
        ("3 in tags && 1.5 in tags && size(tags) == 4", true, false),
        ("email == phone", false, true),
        ("email.endsWith(\".com\")", true, false),
        ("email.matches('^[a-z]+@')", true, false),
        ("matches(email, 'x{3}')", false, false),
        ("!email.contains('x')", false, true),
        ("email.startsWith('ann') && email.size() == 15", true, false),
        ("size(email) > 3", true, false),
        ("size(phone) > 3 || true", true, true),
        ("phone < 'a'", false, false),
        ("email in ['ann@example.com', 'b']", true, false),
        ("!(phone in ['a'])", true, true),
        ("'a' in tags && 3 in tags && 'b \"c\"' in tags", true, false),
        ("tags.exists(t, t == 'a')", true, false),
        ("tags.all(t, t != 'z')", true, false),
        ("tags.exists_one(t, t == 'a')", true, false),
        ("size(tags.filter(t, t in ['a', 3])) == 2", true, false),
        ("size(tags.map(t, t)) == 4", true, false),
        ("tags.map(email, email)[0] == 'a'", true, false),
        ("tags[2] == 3", true, false),
        ("birth_date < '2010-01-01'", true, false),
        (
            "'2024-07-01T10:00:00Z' < '2024-07-01T10:00:00.25Z' && !('2024-07-01T10:00:00Z' > '2024-07-01T10:00:00Z')",
            true,
            true,
        ),
        ("'A Z' > 'A'", true, true),
        ("string(visits) + 'x' == '5x'", true, false),
        ("int('7') > visits", true, false),
        ("visits / (visits - 5) > 1 || email != null", true, false),
        ("\"Zoë\".size() == 3", true, true),
    ] {
        assert_eq!(holds(text, &FULL), Ok(full), "{text}");
        assert_eq!(holds(text, &[Value::Missing; 8]), Ok(empty), "{text} without values");
    }
}

#[test]
fn values_can_leave_a_rule_open() {
    let long = format!("[{}]", vec!["1"; 1_001].join(","));
    let with = |field: usize, value| {
        let mut values = FULL;
        values[field] = value;
        values
    };
    // What would take long, or much memory: a long list, and a long text or a long rule.
    let (list, text) = (format!("[{}]", vec!["\"a\""; 1_000].join(",")), "x".repeat(100_000));
    let with_long = |length: usize| {
        let mut values = with(5, Value::List(&list));
        values[0] = Value::Text(&text[..length]);
        values
    };
    let items = format!("size(tags.map(t, [{}])) > 1", vec!["t"; 300].join(","));
    let sum = format!("size({}) > 1", vec!["(email + email + email + email)"; 45].join(" + "));
    assert_eq!(holds("tags.all(t, t != email) && size(tags.map(t, email + t)) == 1000", &with_long(7_000)), Ok(true));
    for (text, values, fault) in [
        ("visits / (visits - 5) == 1", FULL, RuleFault::DivisionByZero),
        ("100 % (visits - 5) == 1", FULL, RuleFault::DivisionByZero),
        ("visits * 9223372036854775807 > 1", FULL, RuleFault::Overflow),
        ("-(visits - 9223372036854775807) > 1", with(2, Value::Integer(-1)), RuleFault::Overflow),
        ("int(email) > 3", FULL, RuleFault::NotANumber),
        ("double(email) > 3.0", FULL, RuleFault::NotANumber),
        ("tags[9] == 'a'", FULL, RuleFault::NoSuchItem),
        ("tags.all(t, t > 0)", FULL, RuleFault::Types),
        ("tags.all(t, t > 0)", with(5, Value::List(&long)), RuleFault::LongList { most: 1_000 }),
        ("'a' in tags", with(5, Value::List(&long)), RuleFault::LongList { most: 1_000 }),
        ("tags.all(t, t != email)", with_long(20_000), RuleFault::TooMuch { most_mib: 16 }),
        ("size(tags.map(t, email + email)) > 1", with_long(9_000), RuleFault::TooMuch { most_mib: 16 }),
        (&items, with_long(1), RuleFault::TooMuch { most_mib: 16 }),
        (&sum, with(0, Value::Text(&text[..100_000])), RuleFault::TooMuch { most_mib: 16 }),
    ] {
        assert_eq!(holds(text, &values), Err(fault), "{}", &text[..text.len().min(60)]);
    }
    assert_eq!(holds("limit / 0.0 > 1.0", &FULL), Ok(true));
}

#[test]
fn what_is_no_rule_is_refused() {
    let nested = |open: &str, middle: &str, close: &str, times: usize| {
        format!("{}{middle}{}", open.repeat(times), close.repeat(times))
    };
    for (text, expected) in [
        ("", "the rule ends too early"),
        ("email !=", "the rule ends too early"),
        ("visits / 0 == 1 || email != null", "it divides a whole number by zero"),
        ("5 % 0 == 1", "it divides a whole number by zero"),
        ("email !=  \n", "the rule ends too early"),
        ("email != null or phone", "write || for or"),
        ("email != null AND phone != null", "write && for and"),
        ("email != null & opt_in", "write && for and"),
        ("email != null | opt_in", "write || for or"),
        ("not opt_in", "write ! for not"),
        ("email = 'a'", "write == for is equal to"),
        ("email <> 'a'", "write != for <>"),
        ("email is null", "write == null, or != null"),
        ("email like 'a%'", "write name.matches('pattern')"),
        ("`email` == 'a'", "names are written without `"),
        ("email == 'a", "a text begins here, and its closing quote is missing"),
        ("email == 'a\\q'", "a text has a \\ that means nothing there"),
        ("(email == null", "a bracket is not closed"),
        ("visits in [1, 2", "a bracket is not closed"),
        ("(visits > 1]", "\"]\" cannot stand here"),
        ("email == null)", "\")\" cannot stand here"),
        ("in", "\"in\" cannot stand here"),
        ("email ; phone", "\";\" cannot stand here"),
        ("while == 1", "\"while\" cannot stand here"),
        ("visits > 12ab", "12"),
        ("visits > 99999999999999999999", "\"99999999999999999999\" is no number that a rule can have"),
        ("tags.all(1, true)", "a macro names the item first"),
        ("emial != null", "there is no field \"emial\""),
        (".email != null", "there is no field \".email\""),
        ("has(email)", "write `email != null` for has()"),
        ("has(email.x)", "write `email != null` for has()"),
        ("email.x == 1", "fields have no parts"),
        ("email", "the rule must be true or false"),
        ("visits + 1", "the rule must be true or false"),
        ("null", "the rule must be true or false"),
        ("email && true", "a text where true or false is needed"),
        ("visits > 'a'", "> does not work with a whole number and a text"),
        ("visits == '5'", "== does not work with a whole number and a text"),
        ("email > null", "> does not work with a text and null"),
        ("size(email) == null", "only a field can be compared with null"),
        ("size(tags + tags) > 1", "+ does not work with a list and a list"),
        ("tags.all(t, size([1] + [t]) > 1)", "+ does not work with a list and a list"),
        ("visits + limit > 1", "+ does not work with a whole number and a decimal"),
        ("opt_in > false", "> does not work with true or false and true or false"),
        ("limit % 2.0 == 1.0", "% does not work with a decimal and a decimal"),
        ("size(visits) > 1", "size does not work with a whole number"),
        ("email.size('x') > 1", "size does not work with a text and a text"),
        ("visits in email", "in does not work with a whole number and a text"),
        ("(opt_in ? null : email) == 'a'", "?: does not work with null and a text"),
        ("{'a': 1} == {'a': 1}", "maps and messages have no use"),
        ("Point{x: 1} == 1", "maps and messages have no use"),
        ("1u == 1u", "write numbers without u"),
        ("b'a' == b'a'", "texts without b"),
        ("now() > 1", "there is no function now()"),
        ("timestamp('2020-01-01T00:00:00Z') == 1", "there is no function timestamp()"),
        ("type(email) == string", "there is no"),
        ("email.all(t, true)", "works on a field of the type list alone"),
        ("[1, 2].all(t, t > 1)", "works on a field of the type list alone"),
        ("tags.all(t, tags.exists(u, u == t))", "and not within another"),
        ("tags.all(t, t in tags)", "name the item, not a list field"),
        ("tags.map(t, size(tags))[0] == 4", "name the item, not a list field"),
        ("visits in ['5']", "in does not work with a whole number and a text"),
        ("visits in [1, '5']", "in does not work with a whole number and a text"),
        ("visits in (opt_in ? [5] : ['5'])", "in does not work with a whole number and a text"),
        ("email in (opt_in ? (opt_in ? ['a'] : [1]) : ['5'])", "in does not work with a text and a whole number"),
        ("email in [null]", "in does not work with a text and null"),
        ("email in [['a']]", "in does not work with a text and a list"),
        (&vec!["email.matches('a')"; 21].join(" || "), "a rule has at most 20 patterns, and this one has more"),
        ("tags.filter(t, t != 'a').all(t, t != 'b')", "works on a field of the type list alone"),
        ("email.matches(phone)", "must be a text in quotes"),
        ("email.matches('(')", "the pattern is not a regular expression: unclosed group"),
        ("email.matches('(a{1000}){1000}')", "the pattern is not a regular expression: it is too large"),
        (&nested("(", "true", ")", 100_000), "a rule has at most 4096 bytes"),
        (&nested("!(", "opt_in", ")", 1_000), "nested more than 96 deep"),
        (&nested("[", "1", "]", 1_000), "nested more than 96 deep"),
        (&nested("true?true:", "true", "", 400), "nested more than 96 deep"),
        (&nested("1+", "1", "", 1_500), "nested more than 96 deep"),
        (&format!("visits in [{}]", vec!["1"; 1_100].join(",")), "at most 1000 names, values and operators"),
    ] {
        let error = rule(text).err().map(|error| error.to_string());
        let shown = &text[..text.len().min(60)];
        let error = error.unwrap_or_else(|| panic!("{shown} is a rule"));
        assert!(error.contains(expected), "{shown}\n{error}");
        let jargon = ["<EOF>", "mismatched", "Syntax", "token", "literal", "identifier"];
        assert!(!jargon.iter().any(|word| error.contains(word)), "{error}");
    }
    assert!(rule(&nested("(", "opt_in", ")", 2_000)).is_ok());
}

#[test]
fn a_rule_knows_its_fields() {
    assert_eq!(rule("phone != null || email != null && phone > email").unwrap().fields, [0, 1]);
    assert!(rule("1 < 2").unwrap().fields.is_empty());
}
