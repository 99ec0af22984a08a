//! The report's pictures with what one sees in them.

use super::Report;
use crate::plot::{self, grouped};
use wheatstone_learn::metrics::{Detail, Fit};
use wheatstone_sim::Nudge;

/// Most outputs of a regression that get a picture.
const MAX_FITS: usize = 12;

/// A picture of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// What to call it as a file.
    pub file_name: String,
    /// Its subject in a few words.
    pub title: String,
    /// What one sees, in plain text.
    pub caption: String,
    /// A standalone SVG.
    pub svg: String,
}

impl Picture {
    /// The picture to be put into an HTML document, which knows the name space of an SVG.
    pub(crate) fn inline(mut self) -> Picture {
        self.svg = self.svg.replacen(" xmlns=\"http://www.w3.org/2000/svg\"", "", 1);
        self
    }
}

fn picture(file_name: &str, title: &str, caption: impl Into<String>, svg: String) -> Picture {
    Picture { file_name: file_name.to_owned(), title: title.to_owned(), caption: caption.into(), svg }
}

impl Report<'_> {
    /// The share of right answers that guessing reaches, where there are classes.
    fn chance(&self) -> Option<f64> {
        match self.evaluation.map(|evaluation| &evaluation.detail) {
            #[expect(clippy::cast_precision_loss, reason = "a handful of classes")]
            Some(Detail::Confusion { classes, .. }) => Some(1.0 / classes.len().max(1) as f64),
            _ => None,
        }
    }

    /// The pictures in the order of the report; what there is no data for is left out.
    pub fn pictures(&self) -> Vec<Picture> {
        let mut pictures = Vec::new();
        let held_out = self.metrics.iter().any(|e| e.test.is_some());
        if !self.metrics.is_empty() {
            let compared = if held_out {
                " Where the test samples fall behind the training samples, the network fits what it has seen better \
                 than what it has not."
            } else {
                ""
            };
            if self.metrics.iter().any(|e| e.train.accuracy.is_some()) {
                pictures.push(picture(
                    "accuracy.svg",
                    "Accuracy",
                    format!(
                        "Share of samples answered with the right class, epoch by epoch; the axis begins at the share that guessing \
                         reaches, or below it where an epoch is worse. Thin lines bound the share of all such samples that would be answered right, with 95 % \
                         confidence, where there are few test samples.{compared}"
                    ),
                    plot::learning_curve(self.metrics, self.chance(), self.dataset.test),
                ));
            }
            if self.metrics.last().is_some_and(|e| e.test_outputs.iter().any(|output| output.r2.is_some())) {
                pictures.push(picture(
                    "r2.svg",
                    "R\u{b2}",
                    "How much of the test values' spread the answers explain, epoch by epoch: 1 is perfect, 0 is what the mean of \
                     the values answers. An output that is worse than that lies below, at \u{2212}1 however much worse it is.",
                    plot::determination_curve(self.metrics),
                ));
            }
            pictures.push(picture(
                "error.svg",
                "Error",
                format!(
                    "Mean squared distance of the output voltages from the wanted ones, on a logarithmic axis: a \
                     straight descent is exponential learning, a plateau is where the network, its precision or its \
                     rule allows no better.{compared}"
                ),
                plot::error_curve(self.metrics),
            ));
        }
        match self.evaluation.map(|e| (e, &e.detail)) {
            Some((evaluation, Detail::Confusion { classes, counts })) => pictures.push(picture(
                "confusion.svg",
                "Confusion matrix",
                format!(
                    "How each wanted class (row) was answered (column) on {} {} samples; what lies off the diagonal is \
                     a mistake, and the colour is the share of its row.",
                    grouped(evaluation.samples as u64),
                    evaluation.part
                ),
                plot::confusion_matrix(classes, counts),
            )),
            Some((evaluation, Detail::Fits { fits })) => {
                for (i, fit) in fits.iter().take(MAX_FITS).enumerate() {
                    let file = if fits.len() == 1 { "fit.svg".to_owned() } else { format!("fit-{}.svg", i + 1) };
                    let caption = fit_caption(fit, &evaluation.part);
                    pictures.push(picture(&file, &format!("Fit of {}", fit.name), caption, plot::fit(fit)));
                }
            }
            None => {}
        }
        let (network, format) = (self.design.network(), self.design.format());
        pictures.push(match plot::pixel_weights(network, self.state, format) {
            // Thousands of crossing edges would show nothing.
            Some(maps) => picture(
                "pixels.svg",
                "What looks at which pixels",
                "A map for each node that the pixels lead to: the conductance to each pixel at the end, less the conductance to the \
                 pixel's negative where it has one. Red pulls the node up with a bright pixel, blue down.",
                maps,
            ),
            None => {
                let thinned = plot::left_out(network).map(|note| format!(" {note}")).unwrap_or_default();
                picture(
                    "network.svg",
                    "The network",
                    format!(
                        "What was learned is in the edges: width and colour show each one's conductance at the end, and the \
                         fill of a node its free voltage after the last sample.{thinned}"
                    ),
                    plot::network(network, self.state, format),
                )
            }
        });
        pictures.push(picture(
            "conductances.svg",
            "Conductances",
            "How the learned conductances are distributed; a pile at either end means that edges ran into the limits \
             of their range.",
            plot::conductance_histogram(network, self.state, format),
        ));
        if !self.metrics.is_empty() {
            pictures.push(picture(
                "power.svg",
                "Power",
                power_caption(self.design.rules().nudge),
                plot::power_curve(self.metrics),
            ));
        }
        pictures
    }
}

/// What the difference of the two powers means; it depends on what pulls at the outputs.
fn power_caption(nudge: Nudge) -> String {
    let difference = match nudge {
        Nudge::Clamped { .. } => {
            "the cost of pulling the outputs to the wanted voltages, which coupled learning lowers by changing conductances"
        }
        Nudge::Modulated { .. } => {
            "nothing: a modulated nudge needs the free state alone, and the other stands still"
        }
        Nudge::Dithered { .. } => {
            "the cost of dithering conductances up in one state and down in the other, of either sign and no measure of the error"
        }
        Nudge::Current { centred: false, .. } => {
            "what the current that the nudge drives into the outputs changes; it can have either sign, and learning brings it near zero"
        }
        Nudge::Current { centred: true, .. } => {
            "what is left of two nudges in opposite directions, in one state up and in the other down; it can have either sign and tells \
             little of the error"
        }
    };
    format!(
        "Mean dissipated power in the free and in the clamped state, and below it their difference: {difference}."
    )
}

/// What [`Report::pictures`] leaves out, as a sentence.
pub(super) fn left_out(report: &Report<'_>) -> Option<String> {
    match report.evaluation.map(|e| &e.detail) {
        Some(Detail::Fits { fits }) if fits.len() > MAX_FITS => {
            Some(format!("The fits of the first {MAX_FITS} of {} outputs are drawn.", fits.len()))
        }
        _ => None,
    }
}

fn fit_caption(fit: &Fit, part: &str) -> String {
    match &fit.feature {
        Some(feature) if fit.points.iter().all(|p| p.x.is_some()) => format!(
            "Answers of the network over {feature} on the {part} samples, beside what was wanted; the line only joins \
             the answers."
        ),
        _ => format!(
            "Each ring is one of the {part} samples, its answer against what was wanted; the nearer the diagonal, the \
             better."
        ),
    }
}
