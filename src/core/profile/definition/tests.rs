//! What may stand in a profile, and what is refused.

use super::*;

fn message(text: &str) -> String {
    Profile::parse("own.toml", text).unwrap_err().to_string()
}

#[test]
fn the_three_files_are_read_whole() {
    let found: Vec<(&str, usize)> =
        Profile::all().unwrap().iter().map(|profile| (profile.name.as_str(), profile.fields.len())).collect();
    assert_eq!(found, [("basic", 4), ("billing", 60), ("contact", 12)]);
}

#[test]
fn patterns_are_bounded_together() {
    for (pattern, fields, is_right) in [
        ("K[0-9]{3}", 512, true),
        (r"[A-Z]{2}\\d{5}", 100, true),
        (r"[\\w.-]+", 20, true),
        ("a{10000}", 500, false),
        (r"(?i)\\w{20}", 500, false),
        (".{500}", 500, false),
    ] {
        let fields = (0..fields).map(|field| format!("[fields.f{field}]\npattern = \"{pattern}\"\n"));
        let read = Profile::parse("own.toml", &fields.collect::<String>());
        let found = read.map(|_| ()).map_err(|error| error.to_string());
        let is_expected = match &found {
            Ok(()) => is_right,
            Err(why) => !is_right && why.contains("take more than 8 MiB together"),
        };
        assert!(is_expected, "{pattern}: {found:?}");
    }
}

#[test]
fn a_text_that_is_no_profile_is_refused() {
    for (text, expected) in [
        ("name = ", "own.toml: line 1, column"),
        ("name = 7", "own.toml: line 1, column 8: name: it is the number 7, but must be a text"),
        ("", "own.toml: fields: a profile has 1 to 512 fields, and this one has 0"),
        ("kye = \"id\"\n[fields.id]\n", "line 1, column 1: kye: there is no key `kye` here; did you mean key?"),
        ("xyz = 1\n[fields.id]\n", "there is no key `xyz` here; known are name, title"),
        ("name = \" \"\n[fields.id]\n", "line 1, column 8: name: it must not be empty"),
        ("key = \"di\"\n[fields.id]\n", "line 1, column 7: key: there is no field \"di\""),
        ("key = [\"id\", \"id\"]\n[fields.id]\n", "line 1, column 7: key: it names id twice"),
        ("table = \"SQLite\"\n[fields.id]\n", "table: names that begin with import_, sqlite, custload_ are"),
        ("key_fallback = \"no\"\n[fields.id]\n", "key_fallback: there is no field \"no\""),
        ("extends = \"contcat\"\n", "extends: there is no built-in profile \"contcat\""),
        ("[fields]\nid = 7\n", "fields.id: it is the number 7, but must be a table"),
        ("[file]\nencodin = \"x\"\n[fields.id]\n", "line 2, column 11: file.encodin: there is no such key here"),
        ("[feed]\ndb = \"\"\n[fields.id]\n", "line 2, column 6: feed.db: it must not be empty"),
        ("[file]\nsheet = \"\"\n[fields.id]\n", "line 2, column 9: file.sheet: it must not be empty"),
        ("[file]\ncolumns = []\n[fields.id]\n", "line 2, column 11: file.columns: it must not be empty"),
        ("[feed]\nmode = {}\n[fields.id]\n", "it must be one value, not a table"),
    ] {
        let message = message(text);
        assert!(message.starts_with("own.toml: ") && message.contains(expected), "{text}\n{message}");
    }
    for text in ["table = \"{}\"\n[fields.id]\n", "[fields.{}]\n", "[fields.a]\nfrom = [\"b\"]\njoin = \"{}\"\n"] {
        let message = message(&text.replace("{}", &"x".repeat(129)));
        assert!(message.contains("characters, and this one has more"), "{text}\n{message}");
    }
    // A long text is cut.
    let text = "x".repeat(100_000);
    for text in [format!("key = \"{text}\"\n[fields.a]\n"), format!("[fields.a]\nmin = \"{text}\"\n")] {
        assert!(message(&text).len() < 700, "{}", message(&text));
    }
    let long = "x".repeat(1 << 20);
    assert!(message(&format!("name = \"{long}\"")).contains("at most 1048576 bytes"));
}

#[test]
fn a_field_that_cannot_be_is_refused() {
    for (column, field, expected) in [
        ("a", "type = 'txet'", "fields.a.type: it cannot be `txet`; did you mean text?"),
        ("a", "rule = 1", "fields.a.rule: there is no key `rule` here; known are"),
        ("a", "min = '1'", "fields.a.min: it is the text \"1\", but must be a whole number"),
        (
            "a",
            "min = -1",
            "fields.a.min: it is the number -1, but must be a whole number from 0 to 9223372036854775807",
        ),
        ("a", "type = 'decimal'\nscale = -1", "scale: it is the number -1, but must be a whole number from 0 to 18"),
        (
            "a",
            "max = 99999999999999999999",
            "it is the number 99999999999999999999, but must be a whole number from 0 to 9223372036854775807",
        ),
        ("a", "characters = 'x'", "fields.a.characters: it cannot be `x`, only "),
        ("a", "compare = 'x'", "fields.a.compare: it cannot be `x`, only "),
        ("' '", "", "it must not be empty"),
        ("\"a\\u0000\"", "", "it must not contain NUL"),
        ("ID", "", "fields.ID: the field id has the same name"),
        ("created_at", "", "fields.created_at: every table of customers has"),
        ("a", "label = ' i d '", "fields.a.label: the header \" i d \" also means the field id"),
        ("a", "aliases = ['b','I.D.']", "fields.a.aliases: the header \"I.D.\" also means the field id"),
        ("a", "aliases = ['']", "fields.a.aliases: it must not be empty"),
        ("a", "min = 3\nmax = 2", "fields.a.min: min is 3 and max is 2, so no value fits; change one of them"),
        ("a", "min = 5000", "fields.a.min: min is 5000 and max is 4096"),
        ("a", "type = 'choice'", "fields.a.choices: a choice needs at least one word"),
        ("a", "type = 'choice'\nchoices = ['']", "fields.a.choices: it must not be empty"),
        ("a", "choices = ['b']", "choices: it has no effect on this type"),
        ("a", "type = 'choice'\nchoices = ['ä', 'b', 'Ä']", "choices: \"ä\" and \"Ä\" are one word"),
        ("a", "max = 0", "fields.a.max: no value has at most 0 characters; write a number from 1"),
        ("a", "type = 'integer'\nat_least = 9\nat_most = 5", "fields.a.at_least: at_least is 9 and at_most is 5"),
        ("a", "type = 'decimal'\nat_least = 0.3\nat_most = 0.25", "at_least is 0.3 and at_most is 0.25"),
        (
            "a",
            "type = 'date'\nnot_before = 2000-01-02\nnot_after = 2000-01-01",
            "fields.a.not_before: not_before is 2000-01-02 and not_after is 2000-01-01, so no value fits",
        ),
        ("a", "pattern = ''", "fields.a.pattern: it must not be empty"),
        ("a", "type = 'date'\nformats = []", "fields.a.formats: the list is empty; name something in it"),
        ("a", "from = []", "fields.a.from: the list is empty"),
        ("a", "from = ['b', 'B.']", "fields.a.from: \"b\" and \"B.\" are one header"),
        ("a", "from = ['b', '?']", "fields.a.from: it has no letter or digit, by which headers are compared"),
        ("a", "aliases = ['?']", "fields.a.aliases: it has no letter or digit"),
        ("'!!!'", "", "fields.!!!: it has no letter or digit, by which headers are compared; choose another name"),
        ("_reject_run", "", "fields._reject_run: reject reports have a column _reject_run, which means the same"),
        ("rejectCodes", "", "fields.rejectCodes: reject reports have a column _reject_codes, which means the same"),
        ("a", "label = 'Reject file'", "fields.a.label: reject reports have a column _reject_file"),
        ("_reject", "", "fields._reject: reject reports have a column _reject,"),
        ("''", "", "fields.\"\": it must not be empty"),
        ("a", "default = '#N/A'", "fields.a.default: \"#N/A\" means that there is no value, so it cannot be stored"),
        ("a", "default = 'k.A.'", "fields.a.default: \"k.A.\" means that there is no value"),
        ("a", "type = 'email'\ndefault = 'none'", "fields.a.default: \"none\" means that there is no value"),
        ("a", "values = { a = 'x', ' a ' = 'y' }", "fields.a.values: it names a twice"),
        ("a", "values = { x = 'k.A.' }", "fields.a.values: \"k.A.\" means that there is no value"),
        (
            "a",
            "values = { ' ' = 'x' }",
            "fields.a.values: it replaces an empty value, which is a missing one; use default",
        ),
        (
            "a",
            "type = 'list'\nmax = 3",
            "fields.a.max: it has no effect on this type; it is for types that are one text; a check counts",
        ),
        ("a", "type = 'list'\nmin = 3", "fields.a.min: it has no effect on this type"),
        (
            "a",
            "type = 'integer'\non_invalid = 'keep'",
            "on_invalid: an invalid value is no number, and this field is stored as one; write clear",
        ),
        (
            "a",
            "type = 'date'\nformats = ['%Y%Y-%m-%d']",
            "formats: \"%Y%Y-%m-%d\" has one part of a date or time twice",
        ),
        ("a", "type = 'date'\nformats = ['%F %-d']", "formats: \"%F %-d\" has one part of a date or time twice"),
        ("a", "default = 'x'\nvalues = { y = 'z', '*' = 'reject' }", "default: \"x\" is no value that `values` stores"),
        ("id", "on_invalid = 'keep'", "fields.id.on_invalid: this field is the key, and an invalid key cannot"),
        (
            "a",
            "references = 'parent_customer_id'",
            "references: records do not say which ID their parent gets; name the field that has the parent's own",
        ),
        ("a", "at_least = 1", "it is for the types integer and decimal"),
        ("a", "type = 'integer'\nat_least = 1.5", "fields.a.at_least: \"1.5\" is no number that this type can have"),
        (
            "a",
            "type = 'integer'\ndefault = 'x'",
            "fields.a.default: it breaks the field's own rules: a is \"x\", but must be",
        ),
        (
            "a",
            "type = 'integer'\nat_most = 3\ndefault = 4",
            "default: it breaks the field's own rules: a is \"4\", but may",
        ),
        (
            "a",
            "type = 'choice'\nchoices = ['b']\nvalues = { X = 'c' }",
            "fields.a.values: it breaks the field's own rules",
        ),
        ("a", "values = { '*' = 'x' }", "\"*\" stands for all other values, and can only be \"reject\", not \"x\""),
        ("a", "type = 'date'\nformats = ['%d.%m']", "fields.a.formats: \"%d.%m\" does not say which day it is"),
        ("a", "type = 'date'\nformats = ['%d/%m/%Y', '%m/%d/%Y']", "so the formats are ambiguous; leave out one"),
        ("a", "type = 'date'\nnot_before = 'yesterday'", "\"yesterday\" is neither a day such as 2000-01-31 nor"),
        ("a", "type = 'timestamp'\ntime_zone = 'Berlin'", "there is no time zone \"Berlin\"; write it like"),
        ("a", "formats = ['%d']", "formats: it has no effect on this type; it is for the types date and timestamp"),
        ("a", "type = 'decimal'\ndecimal = '1'", "decimal: '1' cannot stand there in a number"),
        ("a", "type = 'decimal'\ndecimal = ','\ngroup = ','", "group: ',' cannot stand there in a number"),
        ("a", "type = 'decimal'\nstore = 'minor'", "store: a number in its smallest units needs a scale"),
        ("a", "type = 'decimal'\nscale = 19", "scale: a number has at most 18 decimals"),
        ("a", "scale = 2", "scale: it has no effect on this type; it is for the type decimal"),
        ("a", "pattern = '('", "fields.a.pattern: it is no regular expression: unclosed group"),
        ("a", "pattern = '((a{999}){999}){999}'", "it is no regular expression: it is too large"),
        ("a", "type = 'flag'\npattern = 'x'", "pattern: it has no effect on this type"),
        (
            "a",
            "pattern_message = 'x'",
            "pattern_message: it has no effect on this type; it is for fields with a pattern",
        ),
        ("a", "case = 'title'", "fields.a.case: it cannot be `title`, only upper, lower"),
        ("a", "required = true\non_invalid = 'clear'", "on_invalid: invalid values of this field can only be rejected"),
        ("a", "type = 'date'\nmax = 3", "max: it has no effect on this type"),
        ("a", "type = 'flag'\nmax = 1", "it is for types that are stored as text"),
        ("a", "type = 'phone'\nrepair = true", "the types text, postal-code and state"),
        ("a", "parts = [['b']]", "parts: no part or two are allowed, and there are 1"),
        ("a", "parts = [['b'],[]]", "fields.a.parts: it must not be empty"),
        ("a", "from = ['ID']", "fields.a.from: the header \"ID\" also means the field id"),
        ("a", "from = ['1','2','3','4','5','6','7']", "from: at most six columns are allowed, and there are 7"),
        ("a", "from = ['b', 'c']\njoin = \"\\u0000\"", "fields.a.join: it must not contain a control character"),
        ("a", "required = true\ndefault = ''", "fields.a.default: \"\" means that there is no value"),
        ("a", "default = '\\N'", "means that there is no value"),
        ("a", "default = \"a\\u0007\"", "fields.a.default: it must not contain a control character"),
        ("a", "join = '-'", "join: it has no effect on this type; it is for fields with `from`"),
        ("a", "stand_ins = [[]]", "one field or two are allowed, and there are 0"),
        ("a", "stand_ins = [['b']]", "stand_ins: there is no field \"b\""),
    ] {
        let other = if column == "id" { "" } else { "[fields.id]\n" };
        let message =
            message(&format!("key = 'id'\n{other}[fields.{column}]\n{field}\n[file]\nnull_tokens = ['k.A.']\n"));
        assert!(message.starts_with("own.toml: line ") && message.contains(expected), "{field}\n{message}");
    }
}

#[test]
fn an_error_marks_its_place() {
    let message = message("name = \"own\"\n[fields.id]\n\tmin = 3 # three\n\tmxa = 7\n");
    assert_eq!(
        message,
        "own.toml: line 4, column 2: fields.id.mxa: there is no key `mxa` here; did you mean max?\n\
             4 |  mxa = 7\n  |  ^^^"
    );
}

#[test]
fn a_profile_extends_another_key_by_key() {
    let own = "extends = \"contact\"\ndrop = [\"description\"]\nkey = \"code\"\n[fields.email]\nmax = 99\n\
                   [fields.code]\naliases = [\"Notes\"]\n[fields.cc_email]\nlabel = \"Town\"\n";
    let own = Profile::parse("some/own.toml", own).unwrap();
    let contact = Profile::named("contact").unwrap();
    assert_eq!((own.name.as_str(), own.title.as_str(), &own.key[..]), ("own", "own", &["code".to_string()][..]));
    let columns: Vec<&str> = own.fields.iter().map(|field| field.column.as_str()).collect();
    let base = contact.fields.iter().map(|field| field.column.as_str()).filter(|column| *column != "description");
    assert_eq!(columns, base.chain(["code"]).collect::<Vec<_>>());
    let field = |column: &str| &own.fields[own.field_index(column).unwrap()];
    assert_eq!((field("email").max, field("email").required), (Some(99), true));
    // The name of an own field is taken from the field that had it.
    assert!(!field("city").aliases.contains(&"town".to_string()));
    assert_eq!(own.digest.len(), 32);
    assert!(contact.digest.is_empty());
    // What is printed is the whole profile.
    let again = Profile::parse("own.toml", &own.toml).unwrap();
    assert_eq!(format!("{:?}", again.fields), format!("{:?}", own.fields));
}

#[test]
fn files_extend_files_but_not_in_a_circle() {
    let files = [
        ("a.toml", "extends = \"b.toml\"\n[fields.one]\nmax = 1\n"),
        ("b.toml", "extends = \"c.toml\"\n[fields.two]\nmax = 2\n[fields.one]\nmin = 1\nmax = 5\n"),
        ("c.toml", "key = \"one\"\n[fields.one]\nlabel = \"Eins\"\n[file]\nencoding = \"cp850\"\n"),
        ("keyless.toml", "extends = \"c.toml\"\nkey = []\n"),
        ("self.toml", "extends = \"self.toml\"\n"),
        ("x.toml", "extends = \"y.toml\"\n"),
        ("y.toml", "extends = \"x.toml\"\n"),
        ("wrong.toml", "extends = \"min.toml\"\n"),
        ("min.toml", "[fields.one]\nmin = 9\nmax = 5\n"),
        ("drops.toml", "extends = \"c.toml\"\ndrop = [\"tow\"]\n"),
        ("key.toml", "extends = \"c.toml\"\ndrop = [\"one\"]\n[fields.other]\n"),
        ("all.toml", "extends = \"c.toml\"\ndrop = [\"one\"]\n"),
        ("most.toml", "extends = \"tall.toml\"\n[fields.one]\nmax = 3\n"),
        ("typed.toml", "extends = \"tall.toml\"\n[fields.one]\ntype = \"integer\"\n"),
        ("tall.toml", "[fields.one]\nmin = 5\n"),
    ];
    let text = |name: &str| files.iter().find(|(file, _)| *file == name).map(|(_, text)| text.to_string());
    let parse = |name: &str| {
        let mut read = |base: &str, _: &str| Ok((base.to_string(), text(base).ok_or("there is no such file")?));
        Profile::parse_with(name, &text(name).unwrap(), &mut read).map_err(|error| error.to_string())
    };
    assert!(parse("keyless.toml").unwrap().key.is_empty());
    let profile = parse("a.toml").unwrap();
    let one = &profile.fields[0];
    assert_eq!((one.label.as_str(), one.min, one.max, profile.fields.len()), ("Eins", Some(1), Some(1), 2));
    assert_eq!((profile.key.as_slice(), profile.file.0.len()), (&["one".to_string()][..], 1));
    for (name, expected) in [
        ("self.toml", "self.toml: line 1, column 11: extends: the files extend one another in a circle"),
        ("x.toml", "x.toml, y.toml, x.toml"),
        ("wrong.toml", "min.toml, which wrong.toml extends: line 2, column 7: fields.one.min: min is 9 and max is 5"),
        (
            "key.toml",
            "key.toml: line 2, column 9: drop: key of c.toml names one; change key here too, or do not drop one",
        ),
        ("all.toml", "all.toml: line 2, column 8: drop: a profile has 1 to 512 fields, and this one has 0"),
        (
            "typed.toml",
            "typed.toml: line 3, column 8: fields.one.type: min of tall.toml has no effect on this type; drop the field and",
        ),
        ("most.toml", "most.toml: line 3, column 7: fields.one.max: min is 5 and max is 3"),
        ("drops.toml", "drops.toml: line 2, column 9: drop: the extended profile has no field or check \"tow\""),
    ] {
        let message = parse(name).unwrap_err();
        assert!(message.contains(expected), "{name}: {message}");
    }
}
