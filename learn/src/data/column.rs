//! How a column of a table becomes features: fixed when a network is trained, and the same for every later file.

use serde::{Deserialize, Serialize};

/// A column of a table a network learns from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableColumn {
    /// Its name in the header.
    pub name: String,
    /// What its cells are.
    pub cells: CellKind,
}

/// What the cells of a column are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CellKind {
    /// Numbers: one feature.
    Number,
    /// `True`/`False`, `yes`/`no` or `T`/`F` in any case: one feature, 0 or 1.
    Boolean,
    /// Texts, sorted: one feature that is 1 at the second of two, else one for each that is 1 there and 0 elsewhere.
    Categories(Vec<String>),
}

impl TableColumn {
    /// How many features it becomes.
    pub fn width(&self) -> usize {
        match &self.cells {
            CellKind::Number | CellKind::Boolean => 1,
            CellKind::Categories(texts) if texts.len() <= 2 => 1,
            CellKind::Categories(texts) => texts.len(),
        }
    }

    /// Names of its features: its own, or `name=text` of the category at which one is 1.
    pub fn features(&self) -> Vec<String> {
        let at = |text: &String| format!("{}={text}", self.name);
        match &self.cells {
            CellKind::Number | CellKind::Boolean => vec![self.name.clone()],
            CellKind::Categories(texts) if texts.len() <= 2 => texts.last().map(at).into_iter().collect(),
            CellKind::Categories(texts) => texts.iter().map(at).collect(),
        }
    }
}
