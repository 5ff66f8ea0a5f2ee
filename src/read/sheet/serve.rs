//! The child's side: [`serve`].

use std::fs::File;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use super::book;
use super::patience::{Lively, Patience};
use super::protocol::{Limits, SheetEnd};
use super::refusal::Refusal;
use super::rows::Rows;

/// Writes a sheet of the spreadsheet at `path` to `out`: the one with that name or number, or else the first visible
/// one. Returns the exit status: 0 if all of it was written, else 1, with the reason on standard error.
///
/// This must be all that a process does: it limits the memory of the whole process, which may end it.
pub fn serve(out: &mut impl Write, path: &Path, sheet: Option<&str>, limits: Limits) -> i32 {
    // A library's panic message is for its authors.
    std::panic::set_hook(Box::new(|_| ()));
    let sent = catch_unwind(AssertUnwindSafe(|| send(out, path, sheet, limits)));
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

fn send(out: &mut impl Write, path: &Path, sheet: Option<&str>, limits: Limits) -> Result<SheetEnd, Refusal> {
    let file = File::open(path)?;
    let patience = Patience::confine(limits, file.metadata()?.len())?;
    let out = Lively::new(out, patience);
    let mut rows = Rows::new(out, limits.max_inflated_bytes, limits.first_row);
    book::send(file, sheet, limits, patience, &mut rows)?;
    rows.finish()
}

/// Writes the first visible sheet of a spreadsheet to `out` in a process that does other things. Only `limits` bound
/// what it costs, so it is for trusted files, and for fuzzing.
#[cfg(feature = "internals")]
pub fn serve_unconfined(out: &mut impl Write, file: File, limits: Limits) -> Result<SheetEnd, String> {
    let mut rows = Rows::new(out, limits.max_inflated_bytes, limits.first_row);
    let sent = book::send(file, None, limits, Patience::ENDLESS, &mut rows).and_then(|()| rows.finish());
    sent.map_err(|refusal| refusal.to_string())
}
