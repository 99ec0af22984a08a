//! Tables on terminals.

use super::output::visible;
use comfy_table::{Table, presets};

/// A table without a frame, under these headings.
pub fn plain<const N: usize>(headings: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(headings);
    table
}

/// A table of names and values.
pub fn facts<'n>(rows: impl IntoIterator<Item = (&'n str, String)>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    for (name, value) in rows {
        table.add_row([name.to_owned(), visible(&value).into_owned()]);
    }
    table
}
