//! Whole reports: complete, self-contained and safe to open.

use super::*;
use crate::plot::tests::assert_well_formed;
use wheatstone_learn::metrics::{Detail, Fit, FitPoint, Power, Score};
use wheatstone_sim::network::{EdgeKind, crossbar};
use wheatstone_sim::{Format, Initial, Nudge, Omega, Rules};

fn design() -> (Design, State) {
    let rules =
        Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Clamped { eta: 0 }, g_min: 1, lowest_rail: -32767 };
    let design = Design::new(crossbar(4, 3, EdgeKind::Linear).unwrap(), Format::WIDE, rules).unwrap();
    let state = State::initial(&design, &[Initial::Uniform { low: 0.1, high: 0.9 }], 1);
    (design, state)
}

fn metrics() -> Vec<EpochMetrics> {
    let score = |e: u32| Score {
        accuracy: Some(0.9 - 0.5 / f64::from(e + 1)),
        mse: 0.1 / f64::from(e + 1),
        ..Score::default()
    };
    (0..30)
        .map(|epoch| EpochMetrics {
            epoch,
            samples: 120 * u64::from(epoch),
            steps: 960 * u64::from(epoch),
            alpha_offset: 0,
            train: score(epoch),
            test: Some(score(epoch)),
            test_outputs: Vec::new(),
            power: Some(Power { free: 0.2, clamped: 0.21 }),
        })
        .collect()
}

fn confusion() -> Evaluation {
    Evaluation {
        part: "test".to_owned(),
        samples: 30,
        score: Score { accuracy: Some(29.0 / 30.0), mse: 0.01, ..Score::default() },
        detail: Detail::Confusion {
            classes: ["setosa", "<img src=x>", "virginica"].map(str::to_owned).to_vec(),
            counts: vec![vec![10, 0, 0], vec![0, 9, 1], vec![0, 0, 10]],
        },
    }
}

fn fits(outputs: usize) -> Evaluation {
    let point = |i: i32| FitPoint { x: Some(f64::from(i)), wanted: f64::from(i * i), answered: f64::from(i) };
    let fit = |i: usize| Fit {
        name: format!("y{i}"),
        feature: Some("t".to_owned()),
        points: (0..8).map(point).collect(),
    };
    Evaluation {
        part: "train".to_owned(),
        samples: 8,
        score: Score { accuracy: None, mse: 0.0004, ..Score::default() },
        detail: Detail::Fits { fits: (0..outputs).map(fit).collect() },
    }
}

fn with<T>(
    metrics: &[EpochMetrics],
    evaluation: Option<&Evaluation>,
    use_it: impl FnOnce(&Report<'_>) -> T,
) -> T {
    let (design, state) = design();
    use_it(&Report {
        title: "Iris <b>",
        command: "wheatstone train iris.toml --seed 1 && echo \"done\"",
        device: DeviceKind::Model,
        versions: &[("wheatstone", "0.1.0")],
        seeds: &[("the initial conductances", 1), ("the order of samples", 2)],
        config_toml: "[data]\nname = \"</pre><script>alert(1)</script>\"\n",
        dataset: Dataset {
            name: "<script>alert(1)</script>",
            summary: "",
            citation: "Fisher, 1936, https://example.org/iris",
            licence: "CC BY 4.0",
            train: 120,
            test: 30,
        },
        metrics,
        evaluation,
        baselines: "linear model <u>96</u> %",
        warning: Some("the network <i>is</i> near chance"),
        design: &design,
        state: &state,
    })
}

#[test]
fn a_report_fetches_nothing_and_runs_nothing() {
    let html = with(&metrics(), Some(&confusion()), |r| r.html().unwrap());
    // Of the class called `<img src=x>` only the escaped name may be there.
    let html = html.replace("&#60;img src=x&#62;", "").replace("&lt;img src=x&gt;", "");
    for unwanted in
        ["<script", "<img", " src=", " href=", "url(", "@import", "<link", "<iframe", " onload", "xmlns"]
    {
        assert!(!html.contains(unwanted), "{unwanted}");
    }
    assert!(html.contains("&#60;script&#62;alert(1)&#60;/script&#62;"), "{html}");
    assert_eq!(html.matches("<svg ").count(), 6);
    assert!(html.contains("near chance") && !html.contains("<i>is") && !html.contains("<u>96"), "{html}");
    assert!(!html.contains(" id="), "ids of several pictures would collide");
}

#[test]
fn a_report_tells_the_whole_run() {
    let html = with(&metrics(), Some(&confusion()), |r| {
        let html = r.html().unwrap();
        let digest: String = r.state.digest().iter().map(|b| format!("{b:02x}")).collect();
        assert!(html.contains(&digest));
        html
    });
    for wanted in [
        "bit-exact software model",
        "Nothing in this report was measured on a board",
        "96.7 %",
        "30 test samples, held out from training",
        "crossbar-4-3",
        "16/8/16/16",
        "Seed of the order of samples",
        "Fisher, 1936",
        "CC BY 4.0",
        "120 for training, 30 held out",
        "wheatstone train iris.toml",
        "<th scope=\"col\">epoch</th>",
    ] {
        assert!(html.contains(wanted), "{wanted}");
    }
    // The first epoch and the last ten.
    assert_eq!(html.matches("<tr><td>").count(), 11);
}

#[test]
fn pictures_suit_the_task() {
    let names = |metrics: &[EpochMetrics], evaluation: Option<&Evaluation>| -> Vec<String> {
        with(metrics, evaluation, |r| {
            let pictures = r.pictures();
            pictures.iter().for_each(|p| assert_well_formed(&p.svg));
            assert!(pictures.iter().all(|p| p.caption.ends_with('.')));
            pictures.into_iter().map(|p| p.file_name).collect()
        })
    };
    assert_eq!(names(&[], None), ["network.svg", "conductances.svg"]);
    assert_eq!(
        names(&metrics(), Some(&confusion())),
        ["accuracy.svg", "error.svg", "confusion.svg", "network.svg", "conductances.svg", "power.svg"]
    );
    assert_eq!(names(&[], Some(&fits(1)))[0], "fit.svg");
    assert_eq!(names(&[], Some(&fits(2)))[..2], ["fit-1.svg", "fit-2.svg"]);
    assert_eq!(names(&[], Some(&fits(40))).len(), 14);
}

#[test]
fn a_regression_is_headed_by_its_error() {
    let html = with(&[], Some(&fits(13)), |r| r.html().unwrap());
    assert!(html.contains("<strong>0.0200 V</strong>"), "{html}");
    assert!(html.contains("8 training samples (none were held out)"));
    assert!(html.contains("The fits of the first 12 of 13 outputs are drawn."));
    assert!(!html.contains("Last epochs"));
}
