//! Cells by row and column, from 0, and by their names in a spreadsheet.

use super::refusal::{Refusal, short};

/// The size of the largest sheet, in every program that writes these files.
pub(super) const MAX_ROWS: u32 = 1_048_576;
pub(super) const MAX_COLUMNS: u32 = 16_384;

/// The row of a number, from 0.
pub(super) fn row_of(number: &str) -> Result<u32, Refusal> {
    let is_number = || !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    match number.parse::<u32>() {
        Ok(row) if (1..=MAX_ROWS).contains(&row) && !number.starts_with('+') => Ok(row - 1),
        Ok(0) => Err(Refusal::damaged("it has a row 0")),
        _ if is_number() => {
            Err(Refusal::damaged(format!("it has a row {}; a sheet has {MAX_ROWS} rows", short(number))))
        }
        _ => Err(Refusal::damaged(format!("it has a row named {:?}", short(number)))),
    }
}

/// The row and column, from 0, of a cell by its name: `B7`, `$B$7`.
pub(super) fn parse_position(name: &str) -> Result<(u32, u32), Refusal> {
    let name = name.trim();
    let bare = name.strip_prefix('$').unwrap_or(name);
    let letters = bare.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (column, row) = bare.split_at(letters);
    let column = column.bytes().fold(0_u32, |column, letter| {
        column.saturating_mul(26).saturating_add(u32::from(letter.to_ascii_uppercase() - b'A') + 1)
    });
    if column == 0 {
        return Err(Refusal::damaged(format!("it has a cell named {:?}", short(name))));
    }
    if column > MAX_COLUMNS {
        return Err(Refusal::damaged(format!(
            "it has a cell {:?} beyond the {MAX_COLUMNS} columns of a sheet",
            short(name)
        )));
    }
    Ok((row_of(row.strip_prefix('$').unwrap_or(row))?, column - 1))
}

/// The name of a cell: `B7` in the seventh row and second column.
pub(super) fn position_name((row, column): (u32, u32)) -> String {
    let mut letters = Vec::new();
    let mut left = column + 1;
    while left > 0 {
        letters.push(char::from(b'A' + ((left - 1) % 26) as u8));
        left = (left - 1) / 26;
    }
    letters.iter().rev().collect::<String>() + &(row + 1).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_has_its_name() {
        for (name, position) in [("A1", (0, 0)), ("B7", (6, 1)), ("AA10", (9, 26)), ("XFD1048576", (1_048_575, 16_383))]
        {
            assert_eq!((parse_position(name).unwrap(), position_name(position)), (position, name.to_string()));
        }
        assert_eq!(parse_position(" $b$7 ").unwrap(), (6, 1));
        for wrong in
            ["", "A", "1", "A0", "A-1", "A+1", "XFE1", "ZZZZZZZZZZ1", "A1048577", "A4294967297", "Ä1", "A1B", "A 1"]
        {
            assert!(parse_position(wrong).is_err(), "{wrong}");
        }
    }
}
