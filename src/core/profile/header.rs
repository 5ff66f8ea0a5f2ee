//! The columns of one input by their names: [`Header`].

use std::collections::{HashMap, HashSet};

use super::header_name::letters_and_digits;

/// The names of an input's columns, with their compared forms.
#[derive(Debug)]
pub struct Header<'h> {
    names: &'h [String],
    compared: Vec<String>,
    /// The names as they are written.
    pub(super) spelt: HashSet<&'h str>,
    /// The names of second and further columns of one name, as a map has them: `Phone#2`.
    numbered: Vec<Option<String>>,
}

impl<'h> Header<'h> {
    pub fn new(names: &'h [String]) -> Header<'h> {
        let compared = names.iter().map(|name| letters_and_digits(name)).collect();
        let mut counts: HashMap<&str, u32> = HashMap::new();
        let mut numbered = |name: &'h String| {
            let number = counts.entry(name.trim()).and_modify(|number| *number += 1).or_insert(1);
            (*number > 1).then(|| format!("{}#{number}", name.trim()))
        };
        let mut numbered: Vec<Option<String>> = names.iter().map(&mut numbered).collect();
        // A column that is really named `Phone#2` has that name.
        for name in &mut numbered {
            name.take_if(|name| counts.contains_key(name.as_str()));
        }
        Header { names, compared, spelt: counts.into_keys().collect(), numbered }
    }

    /// What a map calls each column: its name, with a number from the second of that name on.
    pub fn map_names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().zip(&self.numbered).map(|(name, numbered)| numbered.as_deref().unwrap_or(name.trim()))
    }

    pub fn compared(&self) -> impl Iterator<Item = &str> {
        self.compared.iter().map(String::as_str)
    }
}
