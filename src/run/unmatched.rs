//! Columns that match no field, and mapped headers that no input has.

use std::collections::HashSet;
use std::path::Path;

use super::advice::{MOST_SHOWN, listed, name_of, named, unknown_names, with_nearest};
use super::options::Observer;
use crate::core::profile::{Header, Mapping, Profile, letters_and_digits, nearest};
use crate::core::text::visible;
use crate::error::{Error, Result};
use crate::read::input::Input;
use crate::report::summary::{Ignored, InputSummary};

/// An error if the map names a header that no input has. Keys of JSON may come later. If all inputs are reject reports it is only
/// noted: they may be those of one of several inputs that were loaded with the map.
pub(super) fn refuse_maps_without_a_header<'i>(
    inputs: impl Iterator<Item = &'i Input> + Clone,
    mapping: &Mapping,
    observer: &mut dyn Observer,
) -> Result<()> {
    if inputs.clone().any(|input| !input.dialect.format.is_table()) {
        return Ok(());
    }
    let headers = inputs.clone().map(|input| input.names.as_slice());
    let Some(header) = missing_header(mapping, headers) else { return Ok(()) };
    let names = || inputs.clone().flat_map(|input| &input.names);
    let near = nearest(header, names().map(String::as_str)).map(|near| format!(" Is it {}?", named(near)));
    if inputs.clone().all(Input::is_report) {
        let near = near.unwrap_or_default();
        observer.note(&format!("no input has the header {:?}, which the map names.{near}", visible(header)));
        return Ok(());
    }
    Err(Error::Usage(format!(
        "no input has the header {:?}, which the map names. Found: {}.{}",
        visible(header),
        listed(&names().cloned().collect::<Vec<_>>()),
        near.unwrap_or_default()
    )))
}

/// The first header of the map that is in none of these.
fn missing_header<'m>(mapping: &'m Mapping, headers: impl Iterator<Item = &'m [String]>) -> Option<&'m str> {
    if mapping.columns.is_empty() {
        return None;
    }
    let headers: Vec<Header<'_>> = headers.map(Header::new).collect();
    let written: HashSet<&str> = headers.iter().flat_map(Header::map_names).collect();
    let mut compared: HashSet<&str> = headers.iter().flat_map(Header::compared).collect();
    // A header without letters and digits is only compared as it is written.
    compared.remove("");
    let is_there = |header: &str| written.contains(header.trim()) || compared.contains(&*letters_and_digits(header));
    mapping.columns.iter().map(|(header, _)| header.as_str()).find(|header| !is_there(header))
}

/// An error if a column matches no field.
pub(super) fn refuse_unknown_columns(input: &Input, summary: &InputSummary, profile: &Profile) -> Result<()> {
    let what = if input.dialect.format.is_table() { "column" } else { "key" };
    let filled = summary.filled_fields();
    let mut unknown = Vec::new();
    for column in summary.columns.iter().filter(|column| column.ignored == Some(Ignored::Unknown)) {
        let name = name_of(column);
        let is_shown = unknown.len() < MOST_SHOWN;
        unknown.push(if is_shown { with_nearest(name, &column.header, &filled, profile) } else { name });
    }
    if unknown.is_empty() { Ok(()) } else { Err(unknown_columns(&summary.path, what, unknown, profile)) }
}

/// The error of columns or keys that match no field.
pub(super) fn unknown_columns(path: &str, what: &str, names: Vec<String>, profile: &Profile) -> Error {
    let names = unknown_names(&visible(path), what, names, profile);
    let message = format!("{names}; ignore such {what}s with --unknown-columns warn");
    Error::unfit(Path::new(path), "it has columns or keys that match no field", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::profile::steps;

    fn mapping(headers: &[String]) -> Mapping {
        let mut mapping = Mapping::default();
        headers.iter().for_each(|header| mapping.add(&format!("{header}=city")).unwrap());
        mapping
    }

    #[test]
    fn a_header_of_the_map_that_no_input_has_is_found() {
        for (mapped, names, expected) in [
            (vec!["E-Mail", "Town"], vec!["email", "town "], None),
            (vec!["E-Mail", "Twon"], vec!["email", "town"], Some("Twon")),
            (vec!["#"], vec!["!"], Some("#")),
            (vec!["#"], vec![" # "], None),
            (vec!["Phone", "Phone#2"], vec!["Phone", "Phone"], None),
            (vec!["Phone#3"], vec!["Phone", "Phone"], Some("Phone#3")),
            (vec![], vec![], None),
        ] {
            let [mapped, names] = [mapped, names].map(|names| names.into_iter().map(String::from).collect::<Vec<_>>());
            assert_eq!(
                missing_header(&mapping(&mapped), [names.as_slice()].into_iter()),
                expected,
                "{mapped:?} {names:?}"
            );
        }
    }

    #[test]
    fn the_work_grows_with_the_names_alone() {
        let headers = |size: usize| (0..size).map(|at| format!("column {at}")).collect::<Vec<_>>();
        steps::assert_linear("a map of all headers", |size| {
            assert_eq!(missing_header(&mapping(&headers(size)), [headers(size).as_slice()].into_iter()), None);
        });
    }
}
