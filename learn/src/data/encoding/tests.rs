use proptest::prelude::*;

use super::*;
use crate::data::tasks::Task;
use crate::preset::Preset;

const WIDE: Format = Format::WIDE;

fn names(list: &[&str]) -> Vec<String> {
    list.iter().map(|name| (*name).to_owned()).collect()
}

fn classified(columns: &[&str], values: &[f64], classes: &[&str], labels: &[usize]) -> Dataset {
    let targets = Targets::Classes { names: names(classes), labels: labels.to_vec() };
    Dataset::new("c", names(columns), values.to_vec(), targets).unwrap()
}

fn valued(values: &[f64], wanted: &[f64]) -> Dataset {
    let targets = Targets::Values { names: names(&["y"]), rows: wanted.to_vec() };
    Dataset::new("v", names(&["x"]), values.to_vec(), targets).unwrap()
}

/// Only the features, one input each.
fn bare() -> EncodingConfig {
    EncodingConfig { pairs: false, rails: vec![], ..EncodingConfig::default() }
}

fn volts(encoder: &Encoder, features: &[f64]) -> Vec<f64> {
    encoder.encode_features(WIDE, features).unwrap().into_iter().map(|v| WIDE.to_volts(v)).collect()
}

fn assert_near(found: &[f64], wanted: &[f64]) {
    let near = found.len() == wanted.len() && found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 2e-5);
    assert!(near, "{found:?} is not {wanted:?}");
}

fn three() -> Dataset {
    classified(&["x", "c"], &[0.0, 7.0, 10.0, 7.0, 30.0, 7.0], &["p", "q", "r"], &[0, 1, 2])
}

#[test]
fn minmax_fits_on_the_training_rows_and_saturates_beyond() {
    let encoder = Encoder::fit(&bare(), &three(), &[0, 1]).unwrap();
    assert_near(&volts(&encoder, &[0.0, 7.0]), &[-1.0, 0.0]);
    assert_near(&volts(&encoder, &[2.5, 7.0]), &[-0.5, 0.0]);
    assert_near(&volts(&encoder, &[30.0, 9.0]), &[1.0, 0.0]);
    assert_near(&volts(&encoder, &[f64::NAN, 7.0]), &[0.0, 0.0]);
}

#[test]
fn standard_scales_by_mean_and_deviation() {
    let config = EncodingConfig { scale: Scale::Standard, gain: 0.5, ..bare() };
    let set = classified(&["x", "c"], &[0.0, 0.1, 4.0, 0.1, 9.0, 0.1], &["p", "q"], &[0, 1, 1]);
    let encoder = Encoder::fit(&config, &set, &[0, 1]).unwrap();
    // Mean 2, deviation 2; the constant column stays at 0 V though 0.1 is not exact.
    assert_near(&volts(&encoder, &[4.0, 0.1]), &[0.5, 0.0]);
    assert_near(&volts(&encoder, &[3.0, 0.1]), &[0.25, 0.0]);
    assert_near(&volts(&encoder, &[-9.0, 5.0]), &[-1.0, 0.0]);
}

#[test]
fn a_fixed_range_is_the_same_for_all_columns() {
    let config = EncodingConfig {
        scale: Scale::Fixed,
        low: Some(0.0),
        high: Some(16.0),
        to: [0.0, 1.0],
        span: 0.5,
        pairs: true,
        rails: vec![-0.25, 0.75],
        ..EncodingConfig::default()
    };
    let encoder = Encoder::fit(&config, &three(), &[0]).unwrap();
    assert_near(&volts(&encoder, &[16.0, 4.0]), &[0.5, -0.5, 0.125, -0.125, -0.25, 0.75]);
    assert_near(&volts(&encoder, &[0.0, 99.0]), &[0.0, 0.0, 0.5, -0.5, -0.25, 0.75]);
    assert_eq!(encoder.inputs(), 6);
    assert_eq!(encoder.input_names(), ["+x", "-x", "+c", "-c", "-0.25 V", "+0.75 V"]);
}

#[test]
fn classes_get_one_output_each() {
    let set = three();
    let encoder = Encoder::fit(&bare(), &set, &[0, 1, 2]).unwrap();
    assert_eq!((encoder.outputs(), encoder.output_names()), (3, names(&["p", "q", "r"])));
    let right = Target { voltage: WIDE.quantise_volts(0.1), sense: Sense::AtLeast };
    let wrong = Target { voltage: WIDE.quantise_volts(-0.1 / 2f64.sqrt()), sense: Sense::AtMost };
    assert_eq!(encoder.sample(WIDE, &set, 1).unwrap().targets, [Some(wrong), Some(right), Some(wrong)]);

    let config = EncodingConfig { off_label: Some(0.0), hinge: false, ..bare() };
    let targets = Encoder::fit(&config, &set, &[0]).unwrap().sample(WIDE, &set, 2).unwrap().targets;
    let equal = |voltage| Some(Target { voltage, sense: Sense::Equal });
    assert_eq!(targets, [equal(0), equal(0), equal(right.voltage)]);
}

#[test]
fn the_highest_answer_wins_and_the_first_of_equal_ones() {
    let encoder = Encoder::fit(&bare(), &three(), &[0]).unwrap();
    let index = |outputs: &[i32]| match encoder.decode(WIDE, outputs).unwrap() {
        Answer::Class { index, scores } => {
            assert_eq!(scores, outputs.iter().map(|&v| WIDE.to_volts(v)).collect::<Vec<_>>());
            index
        }
        Answer::Values(_) => panic!("these are classes"),
    };
    assert_eq!([index(&[1, 2, 3]), index(&[-5, -3, -4]), index(&[7, 7, 7]), index(&[0, 4, 4])], [2, 1, 0, 1]);
}

#[test]
fn two_classes_may_share_one_output() {
    let config = EncodingConfig { classes: ClassOutputs::Single, ..bare() };
    let set = classified(&["x"], &[0.0, 1.0], &["no", "yes"], &[0, 1]);
    let encoder = Encoder::fit(&config, &set, &[0, 1]).unwrap();
    assert_eq!((encoder.outputs(), encoder.output_names()), (1, names(&["yes"])));
    let voltage = WIDE.quantise_volts(0.1);
    let targets = encoder.samples(WIDE, &set, &[1, 0]).unwrap();
    assert_eq!(targets[0].targets, [Some(Target { voltage, sense: Sense::AtLeast })]);
    assert_eq!(targets[1].targets, [Some(Target { voltage: -voltage, sense: Sense::AtMost })]);
    for (output, class) in [(1, 1), (0, 0), (-1, 0)] {
        let answer = encoder.decode(WIDE, &[output]).unwrap();
        assert!(matches!(answer, Answer::Class { index, .. } if index == class), "{output}: {answer:?}");
    }
    assert_eq!(Encoder::fit(&config, &three(), &[0]), Err(EncodingError::SingleNeedsTwo { classes: 3 }));
}

#[test]
fn differential_outputs_want_opposites_and_answer_by_half_the_difference() {
    let config = EncodingConfig { differential: true, ..bare() };
    let set = three();
    let encoder = Encoder::fit(&config, &set, &[0]).unwrap();
    assert_eq!(encoder.output_names(), ["+p", "-p", "+q", "-q", "+r", "-r"]);
    let targets = encoder.sample(WIDE, &set, 0).unwrap().targets;
    for pair in targets.chunks_exact(2) {
        let (plus, minus) = (pair[0].unwrap(), pair[1].unwrap());
        assert_eq!(plus.voltage, -minus.voltage);
        assert!(plus.sense != minus.sense && plus.sense != Sense::Equal);
    }
    let answer = encoder.decode(WIDE, &[100, 90, 200, 100, 0, 0]).unwrap();
    let scores = vec![WIDE.to_volts(5), WIDE.to_volts(50), 0.0];
    assert_eq!(answer, Answer::Class { index: 1, scores });
}

/// The score of one sample answered so.
fn score(encoder: &Encoder, targets: &[Option<Target>], class: Option<u16>, outputs: &[i32]) -> Score {
    let mut tally = Tally::default();
    tally.count(encoder.coding(), targets, class, outputs);
    encoder.score(WIDE, tally)
}

#[test]
fn the_score_counts_what_the_targets_miss() {
    let set = three();
    let encoder = Encoder::fit(&bare(), &set, &[0]).unwrap();
    let targets = encoder.sample(WIDE, &set, 0).unwrap().targets;
    let [right, wrong] = [0, 1].map(|i| targets[i].unwrap().voltage);
    let missed = WIDE.to_volts(300);
    for (outputs, class, accuracy, mse) in [
        ([right, wrong, wrong], 0, 1.0, 0.0),
        ([right + 9, wrong - 9, wrong], 1, 0.0, 0.0),
        ([right - 300, wrong, wrong - 1], 0, 1.0, missed * missed / 3.0),
    ] {
        let score = score(&encoder, &targets, Some(class), &outputs);
        assert_eq!(score, Score { accuracy: Some(accuracy), mse, ..Score::default() }, "{outputs:?}");
    }

    let set = valued(&[0.0, 1.0], &[0.0, 1.0]);
    let both = Encoder::fit(&EncodingConfig { differential: true, ..bare() }, &set, &[0, 1]).unwrap();
    let targets = both.sample(WIDE, &set, 1).unwrap().targets;
    let voltage = targets[0].unwrap().voltage;
    let half = WIDE.to_volts(50) / 2.0;
    for (outputs, mse) in [([voltage + 50, -voltage + 50], 0.0), ([voltage + 50, -voltage], half * half)] {
        assert_eq!(
            score(&both, &targets, None, &outputs),
            Score { accuracy: None, mse, ..Score::default() },
            "{outputs:?}"
        );
    }
}

#[test]
fn values_are_scaled_from_the_training_rows_and_back() {
    let set = valued(&[0.0, 1.0, 2.0], &[100.0, 200.0, 400.0]);
    let config = EncodingConfig { target_to: Some([0.0, 0.5]), ..bare() };
    let encoder = Encoder::fit(&config, &set, &[0, 1]).unwrap();
    let target = |row| WIDE.to_volts(encoder.sample(WIDE, &set, row).unwrap().targets[0].unwrap().voltage);
    assert_near(&[target(0), target(1)], &[0.0, 0.5]);
    assert_near(&[target(2)], &[1.0]); // a test row beyond the training range is not cut, only full scale is
    let Answer::Values(back) = encoder.decode(WIDE, &[WIDE.quantise_volts(0.25)]).unwrap() else { panic!() };
    assert!((back[0] - 150.0).abs() < 0.02, "{back:?}");

    let flat = valued(&[0.0, 1.0], &[3.0, 3.0]);
    let encoder = Encoder::fit(&bare(), &flat, &[0, 1]).unwrap();
    assert_eq!(encoder.sample(WIDE, &flat, 0).unwrap().targets[0].unwrap().voltage, 0);
    assert_eq!(encoder.decode(WIDE, &[1234]).unwrap(), Answer::Values(vec![3.0]));
}

#[test]
fn an_encoder_survives_its_run_folder_bit_for_bit() {
    let set = classified(&["x"], &[0.1, 1.0 / 3.0, 0.7], &["p", "q"], &[0, 1, 1]);
    let config = EncodingConfig { scale: Scale::Standard, ..EncodingConfig::default() };
    for encoder in [
        Encoder::fit(&config, &set, &[0, 1, 2]).unwrap(),
        Encoder::fit(&bare(), &valued(&[0.0, 0.1], &[1e-17, 0.3]), &[0, 1]).unwrap(),
    ] {
        let text = serde_json::to_string(&encoder).unwrap();
        assert_eq!(serde_json::from_str::<Encoder>(&text).unwrap(), encoder);
        let text = toml::to_string(&encoder).unwrap();
        assert_eq!(toml::from_str::<Encoder>(&text).unwrap(), encoder);
    }
}

#[test]
fn data_that_does_not_fit_is_named() {
    let set = three();
    let wrong = EncodingConfig { span: 0.0, ..bare() };
    assert!(matches!(Encoder::fit(&wrong, &set, &[0]), Err(EncodingError::Setting(e)) if e.field == "span"));
    assert_eq!(Encoder::fit(&bare(), &set, &[]), Err(EncodingError::NoTrainingRows));
    let text = Encoder::fit(&bare(), &set, &[3]).unwrap_err().to_string();
    assert!(text.contains("row 3") && text.contains("3 rows"), "{text}");

    let vast = valued(&[f64::MAX, -f64::MAX], &[0.0, 1.0]);
    assert!(Encoder::fit(&bare(), &vast, &[0, 1]).is_ok(), "half the ends before adding");
    let config = EncodingConfig { scale: Scale::Standard, ..bare() };
    let text = Encoder::fit(&config, &vast, &[0, 1]).unwrap_err().to_string();
    assert!(text.contains("column x") && text.contains("unit"), "{text}");

    let config = EncodingConfig { values: ValueOutputs::Raw, ..bare() };
    let text = Encoder::fit(&config, &valued(&[0.0, 1.0], &[0.5, 1.5]), &[0]).unwrap_err().to_string();
    assert!(text.contains("target y of row 1 is 1.5 V") && text.contains("range"), "{text}");

    let encoder = Encoder::fit(&bare(), &set, &[0]).unwrap();
    assert_eq!(
        encoder.encode_features(WIDE, &[1.0]),
        Err(EncodingError::FeatureCount { found: 1, expected: 2 })
    );
    assert!(matches!(encoder.sample(WIDE, &set, 9), Err(EncodingError::NoSuchRow { row: 9, rows: 3, .. })));
    let other = Targets::Values { names: names(&["y"]), rows: vec![1.0] };
    let other = Dataset::new("o", names(&["x", "c"]), vec![1.0, 2.0], other).unwrap();
    let text = encoder.sample(WIDE, &other, 0).unwrap_err().to_string();
    assert!(text.contains("data set o") && text.contains("classes p, q, r"), "{text}");
    let counted = Err(EncodingError::AnswerCount { found: 2, expected: 3 });
    assert_eq!(encoder.decode(WIDE, &[1, 2]).map(|_| ()), counted);
    assert!(matches!(encoder.align(&other), Err(EncodingError::Dataset(DatasetError::OtherTargets { .. }))));
}

#[test]
fn another_file_is_encoded_by_its_names() {
    let set = three();
    let encoder = Encoder::fit(&EncodingConfig::default(), &set, &[0, 1, 2]).unwrap();
    let shuffled = classified(&["c", "extra", "x"], &[7.0, 5.0, 30.0], &["q", "r"], &[1]);
    let aligned = encoder.align(&shuffled).unwrap();
    assert_eq!(encoder.sample(WIDE, &aligned, 0), encoder.sample(WIDE, &set, 2));
}

proptest! {
    #[test]
    fn pairs_are_exact_opposites(x in -50.0..50.0f64, span in 0.01..1.0f64, standard: bool, compact: bool) {
        let scale = if standard { Scale::Standard } else { Scale::Minmax };
        let config = EncodingConfig { scale, span, ..EncodingConfig::default() };
        let format = if compact { Format::COMPACT } else { WIDE };
        let encoder = Encoder::fit(&config, &three(), &[0, 1, 2]).unwrap();
        let inputs = encoder.encode_features(format, &[x, 7.0]).unwrap();
        prop_assert_eq!(inputs[0], -inputs[1]);
        prop_assert!(inputs[0].abs() <= format.quantise_volts(span));
        prop_assert_eq!(&inputs[2..], &[0, 0, -format.one_volt(), format.one_volt()]);
    }

    #[test]
    fn values_come_back_within_one_lsb(
        wanted in prop::collection::vec(-1e6..1e6f64, 2..20),
        low in -1.0..0.0f64,
        width in 0.05..1.0f64,
        differential: bool,
        compact: bool,
    ) {
        let format = if compact { Format::COMPACT } else { WIDE };
        let rows: Vec<usize> = (0..wanted.len()).collect();
        let set = valued(&vec![0.0; wanted.len()], &wanted);
        let config = EncodingConfig { target_to: Some([low, low + width]), differential, ..bare() };
        let encoder = Encoder::fit(&config, &set, &rows).unwrap();
        let spread = wanted.iter().fold(f64::MIN, |a, &b| a.max(b)) - wanted.iter().fold(f64::MAX, |a, &b| a.min(b));
        let lsb = format.to_volts(1) / width * spread;
        for (row, value) in wanted.iter().enumerate() {
            let targets = encoder.sample(format, &set, row).unwrap().targets;
            let met: Vec<i32> = targets.iter().map(|target| target.unwrap().voltage).collect();
            let Answer::Values(back) = encoder.decode(format, &met).unwrap() else { panic!("these are values") };
            prop_assert!((back[0] - value).abs() <= lsb, "{} came back as {}", value, back[0]);
            prop_assert_eq!(score(&encoder, &targets, None, &met).mse, 0.0);
        }
    }
}

#[test]
fn a_task_in_volts_comes_back_in_volts() {
    let set = Task::LinearRegression.load().unwrap();
    let encoder =
        Encoder::fit(&Preset::find("linear-regression").unwrap().config().unwrap().encoding, &set, &[0])
            .unwrap();
    let targets = encoder.sample(WIDE, &set, 70).unwrap().targets;
    let met: Vec<i32> = targets.iter().map(|target| target.unwrap().voltage).collect();
    let Answer::Values(back) = encoder.decode(WIDE, &met).unwrap() else { panic!("these are values") };
    assert_near(&back, set.target_values(70).unwrap());
}
