//! Whole results: read back, drawn, and safe to open.

use super::*;
use crate::plot::tests::assert_well_formed;
use crate::quantity::{Kind, Missing, Quantity};
use wheatstone_measure::Machine;

fn row(baseline: &str, metric: &'static str, value: f64, kind: Kind) -> Row {
    let quantity = Quantity { value, unit: "s".into(), kind, low: 0.9 * value, high: 1.2 * value };
    Row {
        baseline: baseline.to_owned(),
        metric: metric.into(),
        quantity,
        source: None,
        extent: None,
        foreign_load: None,
    }
}

fn results() -> Results {
    Results {
        preset: "iris <b>".to_owned(),
        goal: Goal::Accuracy(0.9675),
        validation_rows: 30,
        test_rows: 30,
        versions: [("torch".to_owned(), "2.0".to_owned())].into(),
        date: "2026-01-02T03:04:05Z".to_owned(),
        version: "0.1.0".to_owned(),
        build: "release".to_owned(),
        machine: Machine { processor: "A & B".to_owned(), threads: 2, ..Machine::default() },
        effort: Effort { seconds: 60.0, blocks: 12, runs: 6 },
        baselines: vec![BaselineDescription { name: "model".to_owned(), description: "<script>".to_owned() }],
        rows: vec![
            row("model", metric::SAMPLE_TIME, 4.1e-6, Kind::Measured),
            row("device", metric::SAMPLE_TIME, 13.4e-6, Kind::Simulated),
            row("model", metric::TIME_TO_GOAL, 0.02, Kind::Measured),
            row("device", metric::PARAMETER_ENERGY, 1e-9, Kind::Estimated),
            Row {
                source: Some("Landauer 1961".to_owned()),
                ..row("one bit erased at 300 K", metric::OPERATION_ENERGY, 2.87e-21, Kind::Published)
            },
        ],
        meters: Vec::new(),
        missing: vec![Missing {
            name: "NVML".to_owned(),
            why: "no libnvidia-ml".to_owned(),
            remedy: "install the driver".to_owned(),
        }],
    }
}

#[test]
fn results_read_back() {
    let json = serde_json::to_value(results()).unwrap();
    for field in ["contender", "quantity", "value", "unit", "kind", "low", "high"] {
        assert!(json["rows"][0].get(field).is_some(), "{field} in {json}");
    }
    assert_eq!(serde_json::from_value::<Results>(json).unwrap(), results());
}

#[test]
fn a_task_that_holds_nothing_out_says_so() {
    let html = |results: &Results| results.html("wheatstone bench").unwrap();
    let held_out = html(&results());
    assert!(
        held_out
            .contains("30 validation rows, in every run other ones. Nothing was chosen on the 30 test rows.")
    );
    let xor = html(&Results { validation_rows: 4, test_rows: 0, ..results() });
    assert!(xor.contains("the 4 rows that are learned, since none are held out"), "{xor}");
    assert!(!xor.contains("test rows"), "{xor}");
}

#[test]
fn a_report_is_complete_and_safe() {
    let html = results().html("wheatstone bench iris").unwrap();
    for wanted in [
        "13.4 \u{b5}s",
        "simulated",
        "no libnvidia-ml",
        "2.87 zs",
        "96.75 %",
        "&#60;script&#62;",
        "A &#38; B",
    ] {
        assert!(html.contains(wanted), "{wanted}");
    }
    for unwanted in ["<script", "iris <b>", "NaN", "xmlns", "http://"] {
        assert!(!html.contains(unwanted), "{unwanted}");
    }
}

#[test]
fn pictures_are_of_what_there_is() {
    let pictures = results().pictures();
    let names: Vec<&str> = pictures.iter().map(|p| p.file_name.as_str()).collect();
    assert_eq!(names, ["sample-time.svg", "time-to-goal.svg", "parameter-energy.svg"]);
    for picture in &pictures {
        assert_well_formed(&picture.svg);
    }
    assert_eq!(pictures[0].svg.matches("<title>").count(), 3, "the picture's and one a dot");
}
