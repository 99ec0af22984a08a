//! How a table of the user's is to be read, the same for every verb that takes one by `--data`.

use clap::Args;
use wheatstone_learn::data::csv::{CsvOptions, Decimal, Missing, Separator, TargetKind};

/// What is told about a table; the rest is found out.
#[derive(Args, Clone, Debug)]
pub struct TableArguments {
    /// What parts the cells: comma, semicolon, tab, pipe or blank. Default: found out
    #[arg(long, value_name = "SEPARATOR", requires = "data")]
    separator: Option<Separator>,
    /// What stands before the fraction of a number: point or comma. Default: found out
    #[arg(long, value_name = "MARK", requires = "data")]
    decimal: Option<Decimal>,
    /// The first line is a row; the columns are called c1, c2, ...
    #[arg(long, requires = "data", conflicts_with = "header")]
    no_header: bool,
    /// The first line names the columns, even if it looks like a row
    #[arg(long, requires = "data")]
    header: bool,
    /// Rows with a missing cell (empty, NA, NaN, null, ?, -): an error, left out, or filled with the mean of the training
    /// rows. Default: an error, or as the run was trained
    #[arg(long, value_name = "WHAT", value_enum, requires = "data")]
    missing: Option<MissingCells>,
}

/// Whether a target holds classes or values.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum Kind {
    /// Every distinct cell is a class.
    Classification,
    /// Every cell is a number to be met.
    Regression,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum MissingCells {
    Error,
    Drop,
    Mean,
}

impl TableArguments {
    /// How a table to learn from is read.
    pub fn options(&self, targets: &[String], kind: Option<Kind>, dropped: &[String]) -> CsvOptions {
        let kind = match kind {
            None => TargetKind::Auto,
            Some(Kind::Classification) => TargetKind::Classification,
            Some(Kind::Regression) => TargetKind::Regression,
        };
        let (targets, drop) = (targets.to_vec(), dropped.to_vec());
        let mut options = CsvOptions { targets, kind, drop, ..CsvOptions::default() };
        self.apply(&mut options);
        options
    }

    /// Replaces in `options` what was told.
    pub fn apply(&self, options: &mut CsvOptions) {
        options.separator = self.separator.or(options.separator);
        options.decimal = self.decimal.or(options.decimal);
        if self.header || self.no_header {
            options.header = Some(self.header);
        }
        match self.missing {
            Some(MissingCells::Error) => options.missing = Missing::Error,
            Some(MissingCells::Drop) => options.missing = Missing::Drop,
            Some(MissingCells::Mean) => options.missing = Missing::Mean,
            None => {}
        }
    }
}
