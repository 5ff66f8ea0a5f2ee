//! The child's side: [`serve`].
//!
//! Zip formats are read row by row, so that only the table of texts is in memory ([`xlsx`](super::xlsx),
//! [`xlsb`](super::xlsb), [`ods`]); [`xls`] is read as a whole.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use super::package::Package;
use super::patience::{Lively, Patience};
use super::protocol::{Limits, Refusal, SheetEnd};
use super::rows::Rows;
use super::workbook::{self, relations_of};
use super::xlsb::Xlsb;
use super::xlsx::Xlsx;
use super::{ods, xls};

/// Writes a sheet of the spreadsheet at `path` to `out`: the one with that name or number, or else the first visible
/// one. Returns the exit status: 0 if all of it was written, else 1, with the reason on standard error.
///
/// This must be all that a process does: it limits the memory of the whole process, which may end it.
pub fn serve(out: &mut impl Write, path: &Path, sheet: Option<&str>, limits: Limits) -> i32 {
    // A library's panic message is for its authors.
    std::panic::set_hook(Box::new(|_| ()));
    let sent = catch_unwind(AssertUnwindSafe(|| {
        let file = File::open(path)?;
        let patience = Patience::confine(limits, file.metadata()?.len())?;
        send(Lively { inner: out, patience }, file, sheet, limits, patience)
    }));
    let refusal = match sent {
        Ok(Ok(end)) => {
            // If this fails, only the notice is lost.
            let _ = serde_json::to_writer(io::stderr(), &end);
            return 0;
        }
        Ok(Err(refusal)) => refusal,
        Err(_) => Refusal::damaged("its content makes no sense"),
    };
    let _ = writeln!(io::stderr(), "{refusal}");
    1
}

/// Writes the first visible sheet of a spreadsheet to `out` in a process that does other things. Only `limits` bound
/// what it costs, so it is for trusted files, and for fuzzing.
#[cfg(feature = "internals")]
pub fn serve_unconfined(out: &mut impl Write, file: File, limits: Limits) -> Result<SheetEnd, String> {
    send(out, file, None, limits, Patience::ENDLESS).map_err(|refusal| refusal.to_string())
}

/// Writes the [`SheetInfo`](super::SheetInfo), and then the rows of a sheet.
fn send(
    out: impl Write,
    mut file: File,
    sheet: Option<&str>,
    limits: Limits,
    patience: Patience,
) -> Result<SheetEnd, Refusal> {
    let mut rows = Rows::new(out, limits.max_inflated_bytes, limits.first_row);
    let mut start = Vec::new();
    (&mut file).take(2).read_to_end(&mut start)?;
    file.rewind()?;
    if start != b"PK" {
        const CHUNK: usize = 64 * 1024;
        xls::send(BufReader::with_capacity(CHUNK, Lively { inner: file, patience }), sheet, &mut rows)?;
        return rows.finish();
    }
    let package = Package::open(file, limits, patience)?;
    match workbook_part(&package)? {
        None => ods::send(&package, sheet, &mut rows)?,
        Some(part) if part.to_ascii_lowercase().ends_with(".bin") => {
            workbook::send::<Xlsb>(&package, &part, sheet, &mut rows)?;
        }
        Some(part) => workbook::send::<Xlsx>(&package, &part, sheet, &mut rows)?,
    }
    rows.finish()
}

/// The part that lists the sheets of Excel's zip formats; `None` for OpenDocument, where it has a fixed name.
fn workbook_part(package: &Package) -> Result<Option<String>, Refusal> {
    if package.has("mimetype") {
        return Ok(None);
    }
    if package.has("_rels/.rels") {
        let workbook = relations_of(package, "")?.into_iter().find(|relation| relation.is("officeDocument"));
        let workbook = workbook.ok_or_else(|| Refusal::damaged("it does not say where its workbook is"))?;
        return Ok(Some(workbook.target));
    }
    match ["xl/workbook.xml", "xl/workbook.bin"].into_iter().find(|part| package.has(part)) {
        Some(part) => Ok(Some(part.to_string())),
        None if package.has("[Content_Types].xml") => Err(Refusal::damaged("_rels/.rels is missing")),
        None => Err(Refusal::new("it is a zip file, but not a spreadsheet; unpack it")),
    }
}
