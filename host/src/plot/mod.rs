//! Pictures of a run, each one a standalone SVG in a `String`.
//!
//! Every picture has a white ground, a fixed view box, axes with units, its legend outside of the data, and colours
//! that the colour-blind tell apart. None refers to anything outside of itself or carries an `id`, so that many fit
//! into one HTML document. Text from the user's data is escaped.
//!
//! How charts are drawn is this module's own affair: no type of the drawing library leaves it.

mod chart;
mod comparison;
mod confusion;
mod fit;
mod histogram;
mod learning;
mod network;
mod palette;
mod pixels;
mod placement;
mod power;
mod scale;
mod slack;
mod study;
mod svg;
#[cfg(test)]
pub(crate) mod tests;

pub use comparison::comparison;
pub use confusion::confusion_matrix;
pub use fit::fit;
pub use histogram::conductance_histogram;
pub use learning::{determination_curve, error_curve, learning_curve};
pub use network::{left_out, network};
pub use pixels::pixel_weights;
pub use placement::placement;
pub use power::power_curve;
pub(crate) use scale::grouped;
pub use slack::slack_histogram;
pub use study::{Curves, Drawn, Line, curves};

use wheatstone_learn::snapshot::conductance;
