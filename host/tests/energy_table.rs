//! `wheatstone energy-table`: what it shows, and what it says of files that are none.
mod common;

use common::Place;

const TABLE: &str = "energy-table linear-regression --format compact --board ulx3s-25f";

#[test]
fn every_line_has_kind_extent_and_source() {
    let place = Place::new();
    // A meter at a GPU, in a result that another machine has left.
    let row = r#"{"contender":"torch-cuda-eager","quantity":"training_step_energy","value":0.01,"unit":"J","kind":"measured","low":0.009,
        "high":0.011,"source":"a meter","extent":"board"}"#;
    // Of an older program, whose meter is known by words alone.
    let old = row.replace("torch-cuda-eager", "torch-cuda-graph").replace(r#","extent":"board""#, "");
    let results = format!(
        r#"{{"preset":"iris","goal":{{"accuracy":0.9}},"validation_rows":30,"test_rows":30,"date":"2026-05-06T07:08:09Z","version":"0.1.0",
        "machine":{{"processor":"P","threads":2,"system":"linux"}},"effort":{{"seconds":1.0,"blocks":18,"runs":6}},"contenders":[],
        "rows":[{row},{old}],"missing":[]}}"#
    );
    std::fs::write(place.path("results.json"), results).unwrap();
    let table = place.json(&format!("{TABLE} --results results.json"));
    let lines = table["lines"].as_array().unwrap();
    for line in lines {
        for field in ["name", "unit", "kind", "extent", "scope", "source"] {
            assert!(line[field].as_str().is_some_and(|text| !text.is_empty()), "{field} of {line}");
        }
    }
    let find = |name: &str| {
        lines
            .iter()
            .find(|line| line["name"].as_str().unwrap().starts_with(name))
            .unwrap_or_else(|| panic!("{name}"))
    };
    assert_eq!(find("this chip, a training step")["kind"], "estimated");
    let gpu = find("torch-cuda-eager, iris");
    assert_eq!((gpu["extent"].as_str(), gpu["year"].as_u64()), (Some("board"), Some(2026)));
    assert!(!lines.iter().any(|line| line["name"].as_str().unwrap().contains("torch-cuda-graph")), "guessed");
    assert_eq!(table["missing"].as_array().unwrap().len(), 0);

    let shown = place.run("energy-table iris --board ulx3s-25f");
    for wanted in
        ["Levy and Calvert", "this chip: missing, the network has no place on ulx3s-25f", "--results"]
    {
        assert!(shown.code == 0 && shown.out.contains(wanted), "{wanted}: {}", shown.out);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_file_without_end_is_given_up() {
    let ended = Place::new().run(&format!("{TABLE} --results /dev/zero"));
    assert!(ended.code == 2 && ended.err.contains("more than 64 MiB"), "{}", ended.err);
}

#[test]
fn a_file_that_is_none_is_named() {
    let place = Place::new();
    std::fs::write(place.path("other.json"), "{\"rows\": 3}").unwrap();
    for (file, wanted) in [("other.json", "no results of a bench"), ("nothing.json", "cannot be read")] {
        let ended = place.run(&format!("{TABLE} --results {file}"));
        assert!(ended.code == 2 && ended.err.contains(wanted) && ended.err.contains(file), "{}", ended.err);
    }
}
