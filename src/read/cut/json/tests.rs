//! Texts and the elements that are cut out of them.

use super::*;
use crate::read::{BlockSize, Source};

/// The elements with the lines on which they start.
fn cut(text: &str, limit: u64) -> Vec<(u64, String)> {
    let mut window = Window::new(Box::new(std::io::Cursor::new(text.as_bytes().to_vec())));
    let mut cutter = JsonCutter::new(limit, b'\n', None);
    let (start, lines) = cutter.start(&mut window).unwrap();
    window.drop_until(start);
    let (mut at, mut line) = (start, lines + 1);
    let mut found = Vec::new();
    while let Ok(Some(cut)) = cutter.cut(&mut window, at) {
        let offset = window.offset();
        let held = &window.held()[(at - offset) as usize..(cut.end - offset) as usize];
        found.push((line, String::from_utf8_lossy(held).into_owned()));
        if cut.extent == Extent::TooLarge {
            break;
        }
        at = cut.next;
        line += cut.lines;
    }
    found
}

fn elements(text: &str) -> Vec<String> {
    cut(text, 1000).into_iter().map(|(_, element)| element).collect()
}

#[test]
fn elements_are_cut_out() {
    for (text, expected) in [
        ("[]", vec![]),
        ("[{}]", vec!["{}"]),
        (" [ {\"a\":1} , {\"b\":[1,{}]} ] \n", vec!["{\"a\":1}", "{\"b\":[1,{}]}"]),
        ("[{\"a\":\"]},{\"},{\"b\":\"\\\"}\"}]", vec!["{\"a\":\"]},{\"}", "{\"b\":\"\\\"}\"}"]),
        ("[1,\"x,y\",null,[2,3]]", vec!["1", "\"x,y\"", "null", "[2,3]"]),
        ("{\"a\":1}\n{\"a\":2}", vec!["{\"a\":1}", "{\"a\":2}"]),
        ("{\n \"a\": 1\n}\n{\n}\n", vec!["{\n \"a\": 1\n}", "{\n}"]),
        ("[{\"a\":1}][{\"a\":2}]", vec!["{\"a\":1}", "{\"a\":2}"]),
        ("[{\"a\":1},", vec!["{\"a\":1}"]),
    ] {
        assert_eq!(elements(text), expected, "{text}");
    }
}

#[test]
fn a_slip_on_a_long_line_costs_its_element() {
    for broken in [
        "{\"name\":\"A1,\"tax_id\":\"T1\"}",
        "{\"name\":\"A1\",\"tax_id\":\"T1\"",
        "{\"name\":\"A1\",\"tags\":[\"x\"",
        "{\"name\":A\"}",
    ] {
        let text = format!("[{{\"name\":\"A\"}},{broken},{{\"name\":\"B\"}}, {{\"name\" : \"C\"}}]");
        assert_eq!(elements(&text), ["{\"name\":\"A\"}", broken, "{\"name\":\"B\"}", "{\"name\" : \"C\"}"], "{text}");
    }
    // Objects within objects that are whole are no elements.
    let nested = "{\"name\":\"A\",\"kids\":[{\"name\":\"B\"},{\"name\":\"C\"}]}";
    assert_eq!(elements(&format!("[{nested},{nested}]")), [nested, nested]);
}

#[test]
fn whatever_comes_it_goes_on() {
    for text in [
        "{\n\"a\":1\n},\n{\n\"a\":2\n}",
        "[{\"a\":1}],{\"a\":2}",
        "[{\"a\":1}]],",
        "name,tax\nA,1\n",
        ",,]:]",
        "[[[",
        "}}{",
    ] {
        assert!(cut(text, 1000).len() < 10, "{text}");
    }
    let hostile = format!("[\n{}", " {\"name\":{]\n\"".repeat(50_000));
    assert!(!cut(&hostile, 1 << 20).is_empty());
    let hostile = format!("[{}", "{\"x\"y,".repeat(50_000));
    assert!(!cut(&hostile, 1 << 20).is_empty());
}

#[test]
fn white_space_without_end_is_not_held() {
    let gap = " \n".repeat(LONGEST_GAP as usize);
    let text = format!("{gap}[{gap}{{\"a\":1}},{gap}{{\"a\":2}}{gap}]{gap}");
    let found = cut(&text, 1000);
    let elements: Vec<&(u64, String)> = found.iter().filter(|(_, element)| !element.is_empty()).collect();
    let gap_lines = LONGEST_GAP;
    let expected = [(1 + 2 * gap_lines, "{\"a\":1}"), (1 + 3 * gap_lines, "{\"a\":2}")];
    assert_eq!(elements, expected.map(|(line, element)| (line, element.to_string())).iter().collect::<Vec<_>>());
    assert!(found.len() > 4);
}

#[test]
fn a_slip_costs_its_line() {
    assert_eq!(elements("[\n{\"a\":\"x},\n{\"b\":2}\n]\n"), ["{\"a\":\"x}", "{\"b\":2}"]);
    assert_eq!(elements("[\n{\"a\":{\"x\":1},\n{\"b\":2}\n"), ["{\"a\":{\"x\":1}", "{\"b\":2}"]);
    // Over several lines, the one in the middle broken in a text, or without its end.
    for broken in ["  {\n    \"b\": \"x\n  },\n", "  {\n    \"b\": {\"x\": 1,\n  },\n"] {
        let text = format!("[\n  {{\n    \"a\": 1\n  }},\n{broken}  {{\n    \"c\": 3\n  }}\n]\n");
        let found = elements(&text);
        assert_eq!((found.len(), found[2].as_str()), (3, "{\n    \"c\": 3\n  }"), "{text}: {found:?}");
    }
    // Without an end, however many: linear.
    let many = format!("[\n{}{{\"a\":1}},\n{{\"a\":2}}\n]", "{\n".repeat(100_000));
    assert_eq!(elements_of(&many, 1 << 20).len(), 3);
}

/// The elements as a run gets them, in blocks of one and of many; of one that is too large, `...`.
fn elements_of(text: &str, limit: u64) -> Vec<String> {
    let cut = |size: BlockSize| {
        let mut window = Window::new(Box::new(std::io::Cursor::new(text.as_bytes().to_vec())));
        let mut cutter = JsonCutter::new(limit, b'\n', None);
        let (start, lines) = cutter.start(&mut window).unwrap();
        window.drop_until(start);
        let mut source = Source::new(window, Box::new(cutter), size, 1 + lines, None);
        let mut found = Vec::new();
        while let Some(block) = source.next_block().unwrap_or_else(|error| panic!("{text}: {error}")) {
            for (span, (position, _)) in block.spans.iter().zip(block.positions()) {
                let element = &block.bytes[span.start as usize..span.end as usize];
                let line = 1 + text[..position.byte_offset as usize].matches('\n').count() as u64;
                assert_eq!(position.line, line, "{text}");
                found.push(match span.extent {
                    Extent::TooLarge => "...".to_string(),
                    _ => String::from_utf8_lossy(element).into_owned(),
                });
            }
        }
        found
    };
    let found = cut(BlockSize::default());
    assert_eq!(cut(BlockSize::Records(1)), found, "{text}");
    found
}

const B: &str = "{\"k\":\"2\",\"n\":\"B\"}";
const C: &str = "{\"k\":\"3\",\"n\":\"C\"}";
const KIDS: &str = "{\"k\":\"x\",\"n\":\"x\"},{\"k\":\"y\",\"n\":\"y\"},{\"k\":\"z\",\"n\":\"z\"}";

#[test]
fn an_element_that_is_too_large_is_followed_to_its_end() {
    let large = format!("{{\"k\":\"1\",\"n\":\"}}]{{\",\"kids\":[{KIDS}],\"more\":[[{{}}]]}}");
    let other = "{\"n\":\"B\",\"k\":\"2\"}";
    for large in [
        large.clone(),
        large.replace(",{", ",\n{"),
        large.replace(',', ",\n  "),
        "[\n".to_string() + &KIDS.replace(',', ",\n") + "]",
    ] {
        assert_eq!(elements_of(&format!("[{large},{other},{C}]"), 60), ["...", other, C]);
        assert_eq!(elements_of(&format!("[\n{large},\n{other},\n{C}\n]\n"), 60), ["...", other, C]);
        assert_eq!(elements_of(&format!("[{B},{large}]"), 60), [B, "..."]);
        assert_eq!(elements_of(&format!("[\n{B},\n{large}\n]\n"), 60), [B, "..."]);
    }
    assert_eq!(elements_of(&format!("{large}{other}{C}"), 60), ["...", other, C]);
    // Its last byte passes the limit.
    let last = "{\"k\":\"1\",\"n\":\"A\"}";
    for limit in 18..22 {
        let first = if limit < last.len() as u64 { "..." } else { last };
        assert_eq!(elements_of(&format!("{last}{{\"k\":2}}"), limit), [first, "{\"k\":2}"]);
    }
}

#[test]
fn what_may_be_nested_in_a_broken_element_is_none() {
    for broken in [
        // A quote that is missing.
        format!("{{\"k\":\"1\",\"n\":\"A,\"kids\":[{KIDS}]}}"),
        format!("{{\"k\":\"1\",\"n\":A\",\"kids\":[{KIDS}]}}"),
        format!("{{\"k\":\"1\",n\":\"A\",\"kids\":[{KIDS}]}}"),
        format!("{{\"k\":\"1\",\"n:\"A\",\"kids\":[{KIDS}]}}"),
        format!("{{\"k\":\"1\",\"n\":\"A \"x\" A\",\"kids\":[{KIDS}]}}"),
        format!("{{\"k\":\"1\",\"kids\":[{},{KIDS}]}}", "{\"k\":\"w\",\"n\":\"w}"),
        // A bracket that is missing, too many, or another.
        format!("{{\"k\":\"1\",\"kids\":[{KIDS}]]"),
        format!("{{\"k\":\"1\",\"kids\":[{},{KIDS}]}}", "{\"k\":\"w\",\"n\":\"w\""),
        format!("{{\"k\":\"1\",\"kids\":[{},{KIDS}]}}", "{\"k\":\"w\",\"n\":\"w\"}}"),
        format!("{{\"k\":\"1\",{}}}", "{\"k\":\"x\",\"n\":\"x\"}"),
    ] {
        assert_eq!(elements_of(&format!("[{B},{broken},{C},{B}]"), 1000), [B, &broken, C, B]);
        let lines = broken.replace(",{", ",\n{").replace("[{", "[\n{");
        let text = format!("[\n{B},\n{lines},\n{C},\n{B}\n]\n");
        assert_eq!(elements_of(&text, 1000), [B, &lines, C, B]);
        let indented = format!("[\n  {B},\n  {},\n  {C},\n  {B}\n]\n", lines.replace('\n', "\n    "));
        assert_eq!(elements_of(&indented, 1000).len(), 4, "{indented}");
        // Likewise where it is too large.
        let too_large = elements_of(&text, 25);
        assert_eq!(too_large, [B, "...", C, B], "{text}");
    }
}

#[test]
fn what_cannot_be_told_from_a_broken_element_is_lost_with_it() {
    // Either the array is not closed, or there is a brace too many.
    let unclosed = format!("{{\"k\":\"1\",\"kids\":[{KIDS}}},{C},{B}");
    assert_eq!(elements_of(&format!("[{B},{unclosed}]"), 1000).len(), 2);
    assert_eq!(elements_of(&format!("[{B},{unclosed}]"), 30), [B, "..."]);
    // The objects of the array begin differently, or in another column.
    let unclosed = unclosed.replace("{\"k\":\"x\",", "{").replace("{\"k\":\"y\",", "{").replace("{\"k\":\"z\",", "{");
    assert_eq!(elements_of(&format!("[{B},{unclosed}]"), 1000)[2..], [C, B]);
    let unclosed = format!("{{\"k\":\"1\",\"kids\":[{KIDS}}},\n{C},\n{B}");
    assert_eq!(elements_of(&format!("[\n{B},\n{unclosed}\n]"), 1000)[2..], [C, B]);
}

#[test]
fn elements_without_an_end_are_an_error() {
    for text in ["[\n{\"k\":\"1\",\"kids\":[\n{\"k\":\"x\"},\n{\"k\":\"y\"}\n]\n", "{\"k\":[1", "[{\"k\":\"}]"] {
        for limit in [8, 1000] {
            let window = Window::new(Box::new(std::io::Cursor::new(text.as_bytes().to_vec())));
            let mut source =
                Source::new(window, Box::new(JsonCutter::new(limit, b'\n', None)), BlockSize::default(), 1, None);
            let end = std::iter::repeat_with(|| source.next_block()).find(|block| !matches!(block, Ok(Some(_))));
            let is_whole = text.ends_with("\"}]");
            assert_eq!(end.unwrap().is_ok(), is_whole, "{text}");
        }
    }
}

#[test]
fn lines_are_counted() {
    let found = cut("\n[\n{\"a\":1},\n\n{\n\"b\":2\n},{\"c\":3}\n]\n", 1000);
    assert_eq!(found.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [3, 5, 7]);
}
