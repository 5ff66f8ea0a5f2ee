//! Before any record is read: choosing the profile, and binding the columns of each input to its fields.

use std::sync::Arc;

use super::advice::{
    guessed_header, listed, named, near_misses, nearest_header, proposal, refuse_guessed_header,
    refuse_maps_without_a_header, refuse_unknown_columns, shortened, tried, typed,
};
use super::options::{Observer, Options};
use super::{inputs::absolute_path, report_paths::Stems};
use crate::core::judge::plan::{FieldOptions, Plan};
use crate::core::judge::{CsvShape, JsonShape, Shape};
use crate::core::mode::Duplicates;
use crate::core::profile::{Binding, Candidates, Column, FieldSet, Fit, HeaderNames, Profile};
use crate::core::text::visible;
use crate::error::{Error, Result};
use crate::read::input::{Format, Input};
use crate::read::sheet::SheetEnd;
use crate::report::summary::{ColumnSummary, Counts, Ignored, InputSummary};

pub(super) struct Prepared {
    pub(super) input: Input,
    pub(super) shape: Shape,
    /// The stem of its reports' names.
    pub(super) stem: String,
    pub(super) summary: InputSummary,
}

/// The profiles to choose from: the one that was named, or all.
pub(super) fn candidates(options: &Options) -> Result<Candidates> {
    let mapping = &options.fields.mapping;
    let (mode, key) = (options.fields.mode, options.fields.key.clone());
    let profiles = match &options.profile {
        Some(profile) => std::slice::from_ref(profile),
        None => Profile::all()?,
    };
    // A field that no profile has is a mistake, whichever profile is chosen.
    let checks: Vec<_> = profiles.iter().map(|profile| mapping.check(profile)).collect();
    if checks.iter().all(Result::is_err) {
        checks.into_iter().next_back().unwrap_or(Ok(()))?;
    }
    Ok(Candidates::new(profiles, mapping).for_mode(mode, key))
}

/// The profile of a run: the one that was named, or the one that fits the first input best.
pub(super) fn profile(
    options: &Options,
    inputs: &[Input],
    candidates: &Candidates,
    observer: &mut dyn Observer,
) -> Result<Arc<Profile>> {
    if let Some(profile) = &options.profile {
        for note in &profile.notes {
            observer.note(&format!("profile {}: {}", visible(&profile.name), visible(note)));
        }
        return Ok(Arc::clone(profile));
    }
    let Some(first) = inputs.first() else {
        return Err(Error::Usage("name at least one input file, or - for standard input".into()));
    };
    let profile = choose(first, options, candidates)?;
    let from = if first.dialect.format.is_table() { "header" } else { "keys" };
    let fits = candidates.fits(&first.names).into_iter().filter(|fit| fit.missing.is_empty());
    let others: Vec<&str> = fits.map(|fit| fit.profile.name.as_str()).filter(|name| *name != profile.name).collect();
    let others = match others.as_slice() {
        [] => "change with --profile".to_string(),
        [other] => format!("{other} fits too: --profile {other}"),
        others => format!("{} fit too; choose with --profile", others.join(" and ")),
    };
    let path = first.path.to_string_lossy();
    observer.note(&format!("profile {}, chosen from the {from} of {} ({others})", profile.name, visible(&path)));
    Ok(profile)
}

/// The profile that fits an input best. An error if none fits, or several equally well.
pub(super) fn choose(input: &Input, options: &Options, candidates: &Candidates) -> Result<Arc<Profile>> {
    let fits: Vec<Fit> = candidates.fits(&input.names);
    let best = fits.iter().filter(|fit| fit.missing.is_empty()).max_by_key(|fit| fit.rank());
    let Some(best) = best else { return Err(no_profile_fits(input, options, candidates, &fits)) };
    refuse_guessed_header(input)?;
    let rivals: Vec<&Profile> = fits.iter().filter(|fit| fit.rank() == best.rank()).map(|fit| &**fit.profile).collect();
    if rivals.len() > 1 {
        let titles: Vec<String> = rivals.iter().map(|rival| format!("{} ({})", rival.name, rival.title)).collect();
        let names: Vec<&str> = rivals.iter().map(|rival| rival.name.as_str()).collect();
        let message = format!(
            "{}: the profiles {} fit equally well. Found: {}. Choose with --profile {}",
            visible(&input.path.to_string_lossy()),
            titles.join(" and "),
            listed(&input.names),
            names.join(" or --profile ")
        );
        return Err(Error::unfit(&input.path, "several profiles fit it equally well", message));
    }
    Ok(Arc::clone(best.profile))
}

fn no_profile_fits(input: &Input, options: &Options, candidates: &Candidates, fits: &[Fit]) -> Error {
    let path = visible(&input.path.to_string_lossy()).into_owned();
    let is_table = input.dialect.format.is_table();
    if !is_table && input.names.is_empty() {
        let what = "no keys were found in its first records";
        let message = format!("{path}: {what}, so no profile can be chosen; name one with --profile");
        return Error::unfit(&input.path, what, message);
    }
    let needs: Vec<String> =
        fits.iter().map(|fit| format!("{} needs {}", fit.profile.name, fit.missing.join(", "))).collect();
    let notes: String = input.notes.iter().map(|note| format!(" Note: {}.", visible(note))).collect();
    let key = if is_table { "header" } else { "key" };
    let proposal = match typed(&proposal(input, candidates)) {
        proposal if proposal.is_empty() => format!("--map 'Their {key}=field'"),
        proposal => format!("--map, for example {proposal}"),
    };
    let message = format!(
        "{path}: no profile fits. Found: {}. Missing: {}.{notes}{}{}{} Map a {key} with {proposal}{}, or name the \
         profile with --profile; `custload profiles NAME` lists the fields of one",
        listed(&input.names),
        needs.join("; "),
        guessed_header(input),
        near_misses(fits, &input.names),
        tried(input, options),
        if is_table { ", or name the columns with --no-header --columns" } else { "" },
    );
    Error::unfit(&input.path, "no profile fits it", message)
}

/// The plan of a run over these inputs: which columns they have can decide on the key.
pub(super) fn plan(profile: Arc<Profile>, inputs: &[Input], options: &FieldOptions) -> Result<Plan> {
    let mut filled = FieldSet::default();
    if !profile.key_fallback.is_empty() {
        let names = HeaderNames::new(&profile, &options.mapping);
        for input in inputs {
            let sources = Binding::new(&names, input.names.clone(), false).sources;
            (0..profile.fields.len()).filter(|field| !sources.lack(*field)).for_each(|field| filled.insert(field));
        }
    }
    Ok(Plan::for_columns(profile, options, |field| filled.has(field))?)
}

/// Notes that the key is a fallback.
pub(super) fn note_fallback(plan: &Plan, options: &Options, observer: &mut dyn Observer) {
    let (own, key) = (plan.profile.key.join(", "), plan.key.as_ref().map_or("", |key| &key.name));
    if options.fields.key.is_none() && key != own {
        observer.note(&format!("no input has a column for the key {own}, so {key} is the key (--key names another)"));
    }
}

/// Binds every input to the plan's profile. An error if one does not fit.
pub(super) fn bind(
    inputs: Vec<Input>,
    plan: &Plan,
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<Vec<Prepared>> {
    let mut stems = Stems::default();
    let mut prepared = Vec::with_capacity(inputs.len());
    for (index, input) in inputs.into_iter().enumerate() {
        let path = visible(&input.path.to_string_lossy()).into_owned();
        observer.found(&format!("{path}: {}", visible(&input.described())));
        for note in &input.notes {
            observer.note(&format!("{path}: {}", visible(note)));
        }
        let stem = stems.of(&input.path);
        let (shape, summary) = bind_one(&input, index, plan, options)?;
        let one = Prepared { input, shape, stem, summary };
        observer.found(&format!("{path}: {}", where_columns_go(&one.summary)));
        require_key(&one, plan, options, observer)?;
        note_missing_parts(&one, plan, observer);
        if options.unknown_columns_are_errors {
            refuse_unknown_columns(&one.input, &one.summary, &plan.profile)?;
        }
        prepared.push(one);
    }
    refuse_maps_without_a_header(prepared.iter().map(|one| &one.input), &options.fields.mapping, observer)?;
    Ok(prepared)
}

/// Whether an input is a reject report of an earlier run, by its columns or its name.
fn is_reject_report(input: &Input) -> bool {
    let name = input.path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    name.contains(".rejects.") || input.is_report()
}

/// The summary of an input, the `index`-th of a run from 0, before its columns are bound.
pub(super) fn summary_of(input: &Input, index: usize) -> InputSummary {
    let dialect = &input.dialect;
    let is_csv = dialect.format == Format::Csv;
    InputSummary {
        file: index as u64 + 1,
        path: input.path.to_string_lossy().into_owned(),
        absolute_path: absolute_path(&input.path),
        is_reject_report: is_reject_report(input),
        format: dialect.format.name(),
        delimiter: is_csv.then(|| char::from(dialect.csv.delimiter).to_string()),
        quote: is_csv.then(|| dialect.csv.quote_name()),
        escape: dialect.csv.quote.filter(|_| is_csv).map(|_| dialect.csv.escape.name()),
        encoding: dialect.encoding.clone(),
        bom: dialect.has_bom,
        compression: dialect.compression,
        sheet: dialect.sheet.clone(),
        records: dialect.records.clone(),
        header_line: dialect.header_line,
        lines_above_header: input.lines_above_header,
        counts: Counts { read: input.blank_before_header, blank: input.blank_before_header, ..Counts::default() },
        ..InputSummary::default()
    }
}

/// Notes what is known of a sheet after its rows were read.
pub(super) fn note_sheet(summary: &mut InputSummary, sheet: Option<SheetEnd>) {
    summary.merged_filled = sheet.map(|sheet| sheet.merged_filled);
    summary.hidden_rows = sheet.map(|sheet| sheet.hidden_rows);
}

pub(super) fn bind_one(input: &Input, index: usize, plan: &Plan, options: &Options) -> Result<(Shape, InputSummary)> {
    let dialect = &input.dialect;
    let mut summary = summary_of(input, index);
    let shape = if dialect.format.is_table() {
        let binding = bind_header(input, plan, options)?;
        summary.columns = columns(&binding, &plan.profile, true);
        let is_sheet = dialect.format == Format::Spreadsheet;
        Shape::Csv(Box::new(
            CsvShape::new(dialect.csv, binding, dialect.is_padded, is_sheet).with_header(dialect.header_line),
        ))
    } else {
        let (shape, binding) = JsonShape::new(plan, input.names.clone());
        let is_unfit = binding.columns.iter().all(|column| !matches!(column, Column::Field(_)));
        if is_unfit && !input.names.is_empty() {
            return Err(nothing_fits(input, &plan.profile, &visible(&input.path.to_string_lossy())));
        }
        summary.columns = columns(&binding, &plan.profile, false);
        Shape::Json(Box::new(shape))
    };
    summary.note_names();
    Ok((shape, summary))
}

/// Which column, or key, fills which field, and how it was matched unless by the field's own name.
fn where_columns_go(summary: &InputSummary) -> String {
    let filling = summary.columns.iter().filter(|column| column.ignored.is_none());
    let filled = filling.filter_map(|column| {
        let how = column.how.filter(|how| *how != "name").map(|how| format!(" ({how})")).unwrap_or_default();
        Some(format!("{} → {}{how}", named(&column.header), column.field.as_deref()?))
    });
    let filled: Vec<String> = filled.collect();
    if filled.is_empty() { "nothing fills a field".to_string() } else { shortened(filled) }
}

fn bind_header(input: &Input, plan: &Plan, options: &Options) -> Result<Binding> {
    let mut path = visible(&input.path.to_string_lossy()).into_owned();
    if let Some(line) = input.dialect.header_line {
        path.push_str(&format!(": line {line}"));
    }
    let profile = &plan.profile;
    let binding = Binding::new(&plan.names, input.names.clone(), false);
    let unfilled = |field: &usize| binding.sources.lack(*field) && !plan.can_do_without(*field);
    let Some(field) = (0..profile.fields.len()).find(unfilled) else {
        refuse_guessed_header(input)?;
        if (0..profile.fields.len()).all(|field| binding.sources.lack(field)) {
            return Err(nothing_fits(input, profile, &path));
        }
        return Ok(binding);
    };
    let field = &profile.fields[field];
    let near = nearest_header(field, &input.names).map(|near| format!(" Is it {}?", named(near))).unwrap_or_default();
    let candidates = Candidates::new(std::slice::from_ref(profile), &options.fields.mapping);
    let proposal = match typed(&proposal(input, &candidates.for_mode(plan.mode, options.fields.key.clone()))) {
        proposal if proposal.is_empty() => format!("--map 'Their header={}'", field.column),
        proposal => format!("--map, for example {proposal}"),
    };
    let message = format!(
        "{path}: the profile {0} requires a column {1}, but none matches. Found: {2}.{3}{near}{4} Map one with \
         {proposal}; `custload profiles {0}` lists the accepted headers",
        profile.name,
        field.column,
        listed(&input.names),
        guessed_header(input),
        tried(input, options)
    );
    Err(Error::unfit(&input.path, "it has no column for a required field", message))
}

/// The error of an input of which nothing would be stored.
fn nothing_fits(input: &Input, profile: &Profile, path: &str) -> Error {
    let message = format!(
        "{path}: no column or key matches a field of the profile {0}. Found: {1}. Map one with --map 'Their header=field'; \
         `custload profiles {0}` lists the accepted headers",
        profile.name,
        listed(&input.names)
    );
    Error::unfit(&input.path, "nothing matches a field of the profile", message)
}

/// Notes the columns that are missing of those that the profile joins into one field.
fn note_missing_parts(one: &Prepared, plan: &Plan, observer: &mut dyn Observer) {
    let Shape::Csv(shape) = &one.shape else { return };
    for (index, field) in plan.profile.fields.iter().enumerate().filter(|(_, field)| !field.from.is_empty()) {
        let missing = shape.binding.sources.missing_parts(&plan.names.layout, index);
        let missing: Vec<String> = missing.map(|part| field.from[part].clone()).collect();
        if !missing.is_empty() {
            let (path, column) = (visible(&one.summary.path), &field.column);
            let missing = listed(&missing);
            observer.note(&format!("{path}: no column matches {missing}, so {column} is joined without it"));
        }
    }
}

/// An error if the last of several records with a key is to be stored, and records of other keys may not share its values: whether they
/// do is known only when all are read.
pub(super) fn refuse_last_of_unique(plan: &Plan, options: &Options) -> Result<()> {
    match plan.unique.first().filter(|_| options.duplicates == Duplicates::Last) {
        None => Ok(()),
        Some(unique) => Err(Error::Usage(format!(
            "--duplicates last: no two customers may share a value of {}, and which records have one is known only when all are \
             read. Leave out --duplicates last",
            unique.name
        ))),
    }
}

/// Notes that no column is the key, so that duplicates are not found. An error if the run needs the key: each of its columns, so that
/// no record is taken for another customer's.
fn require_key(one: &Prepared, plan: &Plan, options: &Options, observer: &mut dyn Observer) -> Result<()> {
    let Shape::Csv(shape) = &one.shape else { return Ok(()) };
    let binding = &shape.binding;
    let is_missing = |field: usize| binding.sources.lack(field) && plan.fields[field].default.is_none();
    let Some(key) = &plan.key else { return Ok(()) };
    let missing: Vec<&str> =
        key.fields().filter(|field| is_missing(*field)).map(|field| plan.fields[field].column.as_str()).collect();
    let Some(column) = missing.first() else { return Ok(()) };
    let path = visible(&one.summary.path).into_owned();
    let name = &key.name;
    let has_column =
        |column: &&String| plan.profile.field_index(column).is_some_and(|field| !binding.sources.lack(field));
    let fallback = plan.profile.key_fallback.iter().find(has_column);
    // What is missing: the key, or a column of it.
    let what = if key.parts.len() == 1 { format!("the key {name}") } else { format!("{column} of the key {name}") };
    if options.fields.key.is_some() || plan.mode.changes() {
        let problem = match options.fields.key {
            Some(_) => format!(
                "--key {}: no column matches {}; name one with --map 'Their header={column}', or choose another key",
                name.replace(", ", ","),
                if key.parts.len() == 1 { "it" } else { *column }
            ),
            None => format!(
                "--mode {}: no column matches {what}, which identifies the customer; name one with --map \
                 'Their header={column}', or choose another key with --key{}",
                plan.mode.name(),
                fallback.map(|fallback| format!(" {fallback}")).unwrap_or_default()
            ),
        };
        return Err(Error::unfit(&one.input.path, "it has no column for the key", format!("{path}: {problem}")));
    }
    observer.note(&match missing.len() == key.parts.len() {
        true => format!("{path}: no column matches the key {name}, so duplicates are not detected (--key names another key)"),
        false => format!(
            "{path}: no column matches {} of the key {name}, so duplicates are found by the others (--key names another \
             key)",
            missing.join(", ")
        ),
    });
    Ok(())
}

/// The columns, or keys, and the fields that they fill. Only columns `have_index`.
fn columns(binding: &Binding, profile: &Profile, have_index: bool) -> Vec<ColumnSummary> {
    let own = binding.columns.iter().zip(&binding.headers).enumerate();
    let own = own.filter(|(_, (column, _))| !matches!(column, Column::Report(_)));
    own.map(|(index, (column, header))| {
        let summary = ColumnSummary::new(header);
        let summary = if have_index { summary.at(index) } else { summary };
        match column {
            Column::Field(found) => {
                let target = profile.target_of(found.field, found.part);
                summary.filling(&profile.fields[found.field].column, target, found.how())
            }
            Column::Outranked(found, winner) => summary.ignored(Ignored::Outranked(format!(
                "{} already fills {}",
                binding.headers[*winner], profile.fields[found.field].column
            ))),
            Column::Alone(found) => summary.ignored(Ignored::Outranked(format!(
                "the other part of {} is missing",
                profile.fields[found.field].column
            ))),
            Column::Ignored => summary.ignored(Ignored::Mapped),
            Column::Unknown | Column::Report(_) => summary.ignored(Ignored::Unknown),
        }
    })
    .collect()
}
