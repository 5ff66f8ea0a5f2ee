//! DOS code pages that the WHATWG list of encodings does not have: [`CodePage`].
//!
//! The tables are Unicode's (<https://www.unicode.org/Public/MAPPINGS/VENDORS/MICSFT/PC/>): a letter or sign for each
//! byte from 80 to FF; the others are ASCII.

/// A single-byte encoding.
#[derive(Debug, PartialEq, Eq)]
pub struct CodePage {
    /// Its name in options and reports.
    pub name: &'static str,
    upper: [char; 128],
}

impl CodePage {
    /// The character for a byte.
    pub fn character(&self, byte: u8) -> char {
        match byte.checked_sub(0x80) {
            Some(upper) => self.upper[usize::from(upper)],
            None => char::from(byte),
        }
    }
}

/// DOS in the United States.
pub static CP437: CodePage = CodePage {
    name: "cp437",
    upper: characters(
        "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒ\
         áíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
         └┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
         αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}",
    ),
};

/// DOS in Western Europe.
pub static CP850: CodePage = CodePage {
    name: "cp850",
    upper: characters(
        "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒ\
         áíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐\
         └┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀\
         ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}",
    ),
};

/// DOS in Central Europe.
pub static CP852: CodePage = CodePage {
    name: "cp852",
    upper: characters(
        "ÇüéâäůćçłëŐőîŹÄĆÉĹĺôöĽľŚśÖÜŤťŁ×č\
         áíóúĄąŽžĘę¬źČş«»░▒▓│┤ÁÂĚŞ╣║╗╝Żż┐\
         └┴┬├─┼Ăă╚╔╩╦╠═╬¤đĐĎËďŇÍÎě┘┌█▄ŢŮ▀\
         ÓßÔŃńňŠšŔÚŕŰýÝţ´\u{ad}˝˛ˇ˘§÷¸°¨˙űŘř■\u{a0}",
    ),
};

/// DOS in Denmark and Norway.
pub static CP865: CodePage = CodePage {
    name: "cp865",
    upper: characters(
        "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø₧ƒ\
         áíóúñÑªº¿⌐¬½¼¡«¤░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
         └┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
         αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}",
    ),
};

static ALL: [&CodePage; 4] = [&CP437, &CP850, &CP852, &CP865];

/// The code page with this label: `cp850`, `ibm850`, `850`.
pub fn by_label(label: &str) -> Option<&'static CodePage> {
    let label = label.to_ascii_lowercase();
    let number =
        label.strip_prefix("cp").or_else(|| label.strip_prefix("ibm")).unwrap_or(&label).trim_start_matches('-');
    ALL.into_iter().find(|page| page.name[2..] == *number)
}

/// The characters of a text, each of two or three bytes in UTF-8.
const fn characters(text: &str) -> [char; 128] {
    let bytes = text.as_bytes();
    let mut found = ['\u{fffd}'; 128];
    let (mut at, mut count) = (0, 0);
    while at < bytes.len() {
        let (length, first) = if bytes[at] < 0xe0 { (2, bytes[at] & 0x1f) } else { (3, bytes[at] & 0x0f) };
        let mut code = first as u32;
        let mut next = 1;
        while next < length {
            code = code << 6 | (bytes[at + next] & 0x3f) as u32;
            next += 1;
        }
        if let Some(character) = char::from_u32(code) {
            found[count] = character;
        }
        at += length;
        count += 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_is_another_character() {
        for page in ALL {
            let mut found: Vec<char> = (0..=255).map(|byte| page.character(byte)).collect();
            found.sort_unstable();
            found.dedup();
            assert_eq!((found.len(), found.contains(&'\u{fffd}')), (256, false), "{}", page.name);
        }
    }

    #[test]
    fn letters_are_where_dos_has_them() {
        for (page, bytes, text) in [
            (&CP437, &b"M\x81ller \x9b5 \xe1"[..], "Müller ¢5 ß"),
            (&CP850, b"M\x81ller \x9b5 \xe1 S\xc6o \xd5", "Müller ø5 ß São ı"),
            (&CP852, b"\x9d\xa2d\xab W\xa9\xbe \x88", "Łódź Węż ł"),
            (&CP865, b"J\x9brgensen \x9d \xaf", "Jørgensen Ø ¤"),
        ] {
            let found: String = bytes.iter().map(|byte| page.character(*byte)).collect();
            assert_eq!(found, text, "{}", page.name);
        }
        for (label, name) in [("cp850", "cp850"), ("IBM437", "cp437"), ("865", "cp865"), ("cp-852", "cp852")] {
            assert_eq!(by_label(label).map(|page| page.name), Some(name), "{label}");
        }
        assert!(by_label("cp1252").is_none() && by_label("50").is_none() && by_label("").is_none());
    }
}
