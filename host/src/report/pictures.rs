//! The report's pictures with what one sees in them.

use super::Report;
use crate::plot::{self, grouped};
use wheatstone_learn::metrics::{Detail, Fit};

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
                    format!("Share of samples answered with the right class, epoch by epoch.{compared}"),
                    plot::learning_curve(self.metrics),
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
        let thinned = plot::left_out(network).map(|note| format!(" {note}")).unwrap_or_default();
        pictures.push(picture(
            "network.svg",
            "The network",
            format!(
                "What was learned is in the edges: width and colour show each one's conductance at the end, and the \
                 fill of a node its free voltage after the last sample.{thinned}"
            ),
            plot::network(network, self.state, format),
        ));
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
                "Mean dissipated power in the free and in the clamped state, and below it their difference: the cost of \
                 pulling the outputs to the wanted voltages, which coupled learning lowers by changing conductances.",
                plot::power_curve(self.metrics),
            ));
        }
        pictures
    }
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
