//! The report of a study of a network's physics: what was asked, what was found beside what is known, and pictures.

use super::{Picture, ReportError};
use askama::Template;

/// All that is told of a study.
#[derive(Clone, Debug, Default)]
pub struct Study {
    /// Its heading.
    pub title: String,
    /// What was studied, in one sentence.
    pub lead: String,
    /// What a reader has to know about where the figures come from.
    pub notice: String,
    /// The main results: a figure, and what it means.
    pub headline: Vec<(String, String)>,
    /// Pictures with captions.
    pub pictures: Vec<Picture>,
    /// Headings of the table; none, no table.
    pub columns: Vec<String>,
    /// Its rows.
    pub rows: Vec<Vec<String>>,
    /// The command that repeats it.
    pub command: String,
    /// Settings and digests, by name.
    pub facts: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "study.html")]
struct Page<'a> {
    study: &'a Study,
    pictures: Vec<Picture>,
}

impl Study {
    /// The report as one self-contained HTML document.
    ///
    /// # Errors
    /// [`ReportError::Template`] if the template fails.
    pub fn html(&self) -> Result<String, ReportError> {
        let pictures = self.pictures.iter().cloned().map(Picture::inline).collect();
        Ok(Page { study: self, pictures }.render()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_told_is_in_the_page_and_escaped() {
        let study = Study {
            title: "A <study>".into(),
            headline: vec![("1.000".into(), "equipartition".into())],
            columns: vec!["node".into()],
            rows: vec![vec!["n<1>".into()]],
            facts: vec![("seed".into(), "7".into())],
            ..Study::default()
        };
        let html = study.html().unwrap();
        for part in ["A &#60;study&#62;", "1.000", "equipartition", "n&#60;1&#62;", "seed"] {
            assert!(html.contains(part), "{part} in {html}");
        }
        assert!(!html.contains("<study>"));
    }
}
