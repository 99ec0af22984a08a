use super::*;
use proptest::prelude::*;
use std::fmt::Write as _;

fn tolerance() -> Tolerance {
    Tolerance { max_gap: Duration::from_millis(500), accuracy: 0.01, lag: Duration::ZERO }
}

/// A log of a board that takes 0.5 W and, from 100 s to 110 s, 1.5 W; its clock began 1000 s before the run's.
fn log() -> String {
    let mut text = "# bench supply\ntime_s;voltage_V;current_mA\n".to_owned();
    for i in 0..3000 {
        let at = 1000.0 + f64::from(i) * 0.1;
        let current = if (1100.0..1110.0).contains(&at) { 300 } else { 100 };
        writeln!(text, "{at:.1};5.0;{current}").unwrap();
    }
    text
}

fn meter(text: &str) -> (tempfile::TempDir, Result<LogMeter, LogError>) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("supply.csv");
    fs::write(&file, text).unwrap();
    let scope = Scope::Supply("ulx3s-85f".to_owned());
    let meter = LogMeter::open(LogOptions { file, scope, offset_s: -1000.0, tolerance: tolerance() });
    (folder, meter)
}

fn energy(meter: &mut LogMeter, from: f64, to: f64) -> Result<Bounded<Joule>, SourceError> {
    let [from, to] = [from, to].map(|at| meter.mark(Duration::from_secs_f64(at)).unwrap());
    meter.energy(from, to)
}

#[test]
fn energy_comes_from_the_log_by_the_runs_clock() {
    let (_folder, meter) = meter(&log());
    let mut meter = meter.unwrap();
    assert_eq!(meter.describe().scope, Scope::Supply("ulx3s-85f".to_owned()));
    let quiet = energy(&mut meter, 10.05, 60.05).unwrap();
    assert!((quiet.value.0 - 25.0).abs() < 1e-6 && (quiet.high.0 - 25.25).abs() < 1e-6, "{quiet:?}");
    let whole = energy(&mut meter, 50.0, 200.0).unwrap();
    assert!((whole.value.0 - (75.0 + 10.0)).abs() < 0.11, "{whole:?}");
}

#[test]
fn a_log_may_grow_while_the_run_goes_on() {
    let text = log();
    let half = text.len() / 2;
    let (folder, meter) = meter(&text[..half]);
    let mut meter = meter.unwrap();
    let error = energy(&mut meter, 10.0, 250.0).unwrap_err().to_string();
    assert!(error.contains("is not within the readings"), "{error}");
    fs::write(folder.path().join("supply.csv"), &text).unwrap();
    assert!(energy(&mut meter, 10.0, 250.0).is_ok());
}

#[test]
fn a_block_of_a_few_readings_is_too_short() {
    let (_folder, meter) = meter(&log());
    let error = energy(&mut meter.unwrap(), 10.0, 11.5).unwrap_err();
    assert!(matches!(error, SourceError::TooShort { .. }), "{error}");
}

/// Replaces the line of that number.
fn with_line(number: usize, line: &str) -> String {
    let mut lines: Vec<String> = log().lines().map(str::to_owned).collect();
    lines[number - 1] = line.to_owned();
    lines.join("\n") + "\n"
}

#[test]
fn what_is_wrong_is_told_with_file_line_and_field() {
    let cases = [
        (with_line(2, "time_s;volts"), "supply.csv:2: the header `time_s,volts` has no column for power"),
        (
            with_line(2, "time_s;voltage_V;current"),
            "supply.csv:2: the column `current` has no unit of current",
        ),
        (with_line(50, "1004.7;5.0;NaN"), "supply.csv:50: `NaN` in the column `current_mA`"),
        (with_line(50, "1004.7;5.0"), "supply.csv:50: there are 2 fields"),
        (
            with_line(50, "1004.6;5.0;100"),
            "supply.csv:50: its time, 1004.6 s, is not behind the 1004.6 s of line 49",
        ),
        (with_line(50, "3.0;5.0;100"), "supply.csv:50: its time, 3 s, is not behind the 1004.6 s of line 49"),
        // A jump forwards makes the next line a step back.
        (
            with_line(50, "99999;5.0;100"),
            "supply.csv:51: its time, 1004.8 s, is not behind the 99999 s of line 50",
        ),
        (String::new(), "supply.csv: it is empty"),
        ("time_s,power_W\n1,2\n".to_owned(), "supply.csv: it has a header and 1 readings"),
        // Excel's comma for a point.
        (
            "time_s,power_W\n1,5,0,2\n1,6,0,2\n".to_owned(),
            "supply.csv:3: its time, 1 s, is not behind the 1 s of line 2",
        ),
    ];
    for (text, expected) in cases {
        let message = meter(&text).1.unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }
    let missing = LogOptions {
        file: "/no/such/supply.csv".into(),
        scope: Scope::Wall,
        offset_s: 0.0,
        tolerance: tolerance(),
    };
    let message = LogMeter::open(missing).unwrap_err().to_string();
    assert!(message.starts_with("/no/such/supply.csv: it cannot be read"), "{message}");
}

#[test]
fn readings_that_are_missing_matter_only_within_a_run() {
    let lines: Vec<String> = log().lines().map(str::to_owned).collect();
    let holed = [&lines[..402], &lines[412..]].concat().join("\n") + "\n";
    let (_folder, meter) = meter(&holed);
    let mut meter = meter.unwrap();
    let message = energy(&mut meter, 10.0, 60.0).unwrap_err().to_string();
    assert!(message.contains("no reading for 1.100 s between lines 402 and 403"), "{message}");
    assert!(energy(&mut meter, 45.0, 95.0).is_ok());
}

#[test]
fn a_line_that_is_still_being_written_is_left_out() {
    let whole = parse_log("x", b"t_s,p_W\n1,2\n2,2\n").unwrap();
    assert_eq!(parse_log("x", b"t_s,p_W\n1,2\n2,2\n3,0.").unwrap(), whole);
    assert_eq!(parse_log("x", b"\xef\xbb\xbft_s,p_W\r\n1,2\r\n\r\n2,2\r\n").unwrap().readings().len(), 2);
    assert!(
        parse_log("x", b"t_s,p_W\n1,2\n2,\xff\n")
            .unwrap_err()
            .to_string()
            .starts_with("x:3: it is not UTF-8")
    );
}

proptest! {
    #[test]
    fn any_bytes_are_a_trace_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse_log("x", &bytes);
    }

    #[test]
    fn anything_like_a_log_is_a_trace_or_an_error(
        header in prop::sample::select(vec!["t_s,p_W", "time_ms;bus_mV;current_uA", "t_s\tp_W", "t_s"]),
        lines in prop::collection::vec("[-+0-9.eE,;\t#naif ]{0,20}", 0..20),
        from in -1e3f64..1e3,
        length in 0.0f64..1e3,
    ) {
        let text = format!("{header}\n{}\n", lines.join("\n"));
        if let Ok(trace) = parse_log("x", text.as_bytes()) {
            prop_assert!(trace.readings().windows(2).all(|pair| pair[0].at < pair[1].at));
            if let Ok(energy) = trace.integrate(from, from + length, &tolerance(), "x") {
                prop_assert!(energy.low <= energy.value && energy.value <= energy.high);
            }
        }
    }
}
