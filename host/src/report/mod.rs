//! The report of a run: one HTML file that holds everything and fetches nothing.
//!
//! A [`Report`] borrows what the run left behind. [`Report::html`] renders it; [`Report::pictures`] gives the same
//! pictures one by one, for SVG files beside the report. All text that comes from the user's files is escaped.

mod facts;
mod pictures;
mod study;
#[cfg(test)]
mod tests;

pub use pictures::Picture;
pub use study::Study;

use askama::Template;
use facts::Highlight;
use thiserror::Error;
use wheatstone_learn::device::DeviceKind;
use wheatstone_learn::metrics::{EpochMetrics, Evaluation};
use wheatstone_sim::{Design, State, categorize};

/// The data a network learned from.
#[derive(Clone, Copy, Debug)]
pub struct Dataset<'a> {
    /// What it is called.
    pub name: &'a str,
    /// What it was taken to be when it was read, in one line; may be empty.
    pub summary: &'a str,
    /// Who is to be cited for it; may be empty.
    pub citation: &'a str,
    /// Under which terms it is used; may be empty.
    pub licence: &'a str,
    /// Number of samples trained on.
    pub train: usize,
    /// Number of samples held out.
    pub test: usize,
}

/// All that is told of a run.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// Its heading.
    pub title: &'a str,
    /// The command that repeats the run.
    pub command: &'a str,
    /// What ran the network.
    pub device: DeviceKind,
    /// Programs and their versions.
    pub versions: &'a [(&'a str, &'a str)],
    /// What each seed is for, and the seed.
    pub seeds: &'a [(&'a str, u64)],
    /// The full configuration of the run, as TOML.
    pub config_toml: &'a str,
    /// The data.
    pub dataset: Dataset<'a>,
    /// One record an epoch; may be empty if nothing was trained.
    pub metrics: &'a [EpochMetrics],
    /// The answers at the end, if they were asked for.
    pub evaluation: Option<&'a Evaluation>,
    /// What needs no network, in a few words; may be empty.
    pub baselines: &'a str,
    /// What is to be said of a network that has not learned what there is.
    pub warning: Option<&'a str>,
    /// The network, its format and rules.
    pub design: &'a Design,
    /// The state at the end; it must belong to the design.
    pub state: &'a State,
}

/// A report that could not be rendered.
#[derive(Debug, Error)]
pub enum ReportError {
    /// The template failed.
    #[error("the HTML report could not be rendered: {0}; the pictures and metrics beside it are complete")]
    Template(#[from] askama::Error),
}

categorize! {
    ReportError {
        Failed: Template;
    }
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    report: &'a Report<'a>,
    network_name: &'a str,
    headline: Vec<Highlight>,
    pictures: Vec<Picture>,
    pictures_left_out: Option<String>,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
    facts: Vec<(String, String, bool)>,
    samples: String,
}

impl Report<'_> {
    /// The report as one self-contained HTML document.
    ///
    /// # Errors
    /// [`ReportError::Template`] if the template fails.
    pub fn html(&self) -> Result<String, ReportError> {
        let (columns, rows) = facts::last_epochs(self.metrics);
        let page = Page {
            report: self,
            network_name: self.design.network().name(),
            headline: facts::headline(self),
            pictures: self.pictures().into_iter().map(Picture::inline).collect(),
            pictures_left_out: pictures::left_out(self),
            columns,
            rows,
            facts: facts::provenance(self),
            samples: facts::samples(&self.dataset),
        };
        Ok(page.render()?)
    }
}
