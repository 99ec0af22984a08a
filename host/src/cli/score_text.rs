//! Scores in words: of a regression in the units of its values first, then in volts.

use wheatstone_learn::metrics::{EpochMetrics, Evaluation, OutputScore, Score, mean_r2};

/// How an evaluation ended.
pub fn result_text(evaluation: &Evaluation) -> String {
    with_outputs(&evaluation.outputs(), evaluation.score)
}

/// How an epoch ended: on the held-out rows, or else on the training rows.
pub fn epoch_text(epoch: &EpochMetrics) -> String {
    match test_text(epoch) {
        Some(test) => format!("test: {test}"),
        None => format!("training: {}", score_text(epoch.train)),
    }
}

/// How an epoch ended on the held-out rows, if there are any.
pub fn test_text(epoch: &EpochMetrics) -> Option<String> {
    epoch.test.map(|score| with_outputs(&epoch.test_outputs, score))
}

fn with_outputs(outputs: &[OutputScore], score: Score) -> String {
    format!("{}{}", outputs_text(mean_r2(outputs), outputs), score_text(score))
}

/// R^2 and the errors of a regression's outputs, to stand before something else; nothing for classes.
pub fn outputs_text(r2: Option<f64>, outputs: &[OutputScore]) -> String {
    let determination = r2.map_or(String::new(), |r2| format!("R^2 {r2:.3}, "));
    let errors = match errors_text(outputs) {
        errors if errors.is_empty() => errors,
        errors => format!("RMSE {errors}, "),
    };
    determination + &errors
}

/// Root mean squared errors of a regression's outputs with their names; of more than a few the first ones.
pub fn errors_text(outputs: &[OutputScore]) -> String {
    const MOST: usize = 4;
    let text = |OutputScore { name, rmse, .. }: &OutputScore| {
        if *rmse == 0.0 || (1e-3..1e5).contains(rmse) {
            format!("{rmse:.4} ({name})")
        } else {
            format!("{rmse:.3e} ({name})")
        }
    };
    let mut texts: Vec<String> = outputs.iter().take(MOST).map(text).collect();
    if outputs.len() > MOST {
        texts.push(format!("... of {}", outputs.len()));
    }
    texts.join(", ")
}

/// A score alone.
pub fn score_text(score: Score) -> String {
    match score.accuracy {
        Some(accuracy) => format!("{:.2} % right", 100.0 * accuracy),
        None => format!("mean squared error {}{:.3e} V^2", score.mse_bound(), score.mse),
    }
}
