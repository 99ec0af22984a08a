//! Tables as people have them: read as they are meant, or refused with what to do. Never a wrong answer.

#![expect(clippy::unwrap_used, reason = "a test helper that fails is a failed test")]

mod common;

use common::Place;
use serde_json::Value;
use std::path::Path;

/// A place with the committed cases and some tables more.
fn place(tables: &[(&str, &str)]) -> Place {
    let place = Place::new();
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/tables");
    for entry in std::fs::read_dir(cases).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            place.write(&name, std::fs::read(&path).unwrap());
        }
    }
    tables.iter().for_each(|(name, text)| place.write(name, text));
    place
}

/// What training said the table was.
#[track_caller]
fn trained(place: &Place, arguments: &str, out: &str) -> Value {
    let result = place.json(&format!("train {arguments} --epochs 1 --out {out}"));
    result["data"].clone()
}

#[track_caller]
fn refused(place: &Place, arguments: &str, fragments: &[&str]) {
    place.refused_without_trace(arguments, 2, fragments);
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

/// Twelve rows of two features and a class, with the given header and cells between.
fn rows(separator: &str) -> String {
    let row = |i: usize| {
        let class = ["alba", "rubra"][i % 2];
        [format!("{}.5", i % 7), format!("{}.25", i * 5 % 11), class.to_owned()].join(separator) + "\n"
    };
    (0..12).map(row).collect()
}

#[test]
fn a_table_without_a_header_is_refused_by_every_verb() {
    let with_header = format!("a,b,kind\n{}", rows(","));
    let place = place(&[
        ("rows.tsv", &rows("\t")),
        ("text.data", "p,x,s\nx,p,s\np,x,s\nx,x,s\n"),
        ("good.csv", &with_header),
    ]);
    for file in ["headerless.data", "rows.tsv", "text.data"] {
        refused(&place, &format!("train --data {file} --out run"), &[file, ":1: ", "--no-header"]);
    }
    trained(&place, "--data good.csv", "run");
    refused(&place, "predict run --data rows.tsv", &["rows.tsv:1: ", "--no-header"]);
    refused(&place, "eval run --data rows.tsv", &["rows.tsv:1: ", "--no-header"]);

    let data = trained(&place, "--data headerless.data --no-header", "bare");
    assert_eq!((&data["rows"], strings(&data["target"])), (&Value::from(60), vec!["c4"]));
    assert_eq!(strings(&data["classes"]), ["alba", "nigra", "rubra"]);
    assert_eq!(place.json("eval bare --data headerless.data")["samples"], 60);
    let answers = place.json("predict bare --data headerless.data");
    assert_eq!(answers["answers"].as_array().unwrap().len(), 60, "no row is taken for names");
}

#[test]
fn the_target_is_told_everywhere_or_asked_for() {
    let place = place(&[
        ("first.csv", "colour,a,b\nred,1,2\nblue,3,4\nred,5,6\n"),
        ("pixels.csv", "q0,q1,q2\n1,2,3\n4,5,6\n7,8,9\n"),
        ("two.csv", "label,a,class\n1,2,3\n4,5,6\n7,8,9\n"),
    ]);
    let ended = place.run("train --data labelfirst.csv --epochs 1 --out run");
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(
        ended.err.contains("labelfirst.csv: 200 rows, 4 features; target \"label\" (called like a label)"),
        "{}",
        ended.err
    );
    let config = String::from_utf8(place.read("run/config.toml")).unwrap();
    for resolved in
        ["targets = [\"label\"]", "kind = \"classification\"", "separator = \"comma\"", "header = true"]
    {
        assert!(config.contains(resolved), "{config}");
    }
    let report = String::from_utf8(place.read("run/report.html")).unwrap();
    assert!(report.contains("Read as") && report.contains("called like a label"));
    let data = trained(&place, "--data labelfirst.csv", "again");
    assert_eq!((strings(&data["target"]), strings(&data["classes"]).len()), (vec!["label"], 4));
    assert_eq!(place.run("train --data labelfirst.csv --epochs 1 --out quiet -q").err, "");
    for (file, candidates) in
        [("first.csv", ["colour", "b"]), ("pixels.csv", ["q0", "q2"]), ("two.csv", ["label", "class"])]
    {
        let fragments = [candidates[0], candidates[1], "--target", file];
        refused(&place, &format!("train --data {file} --out r"), &fragments);
    }
}

#[test]
fn a_missing_value_is_no_class_and_no_number() {
    let place = place(&[
        ("question.csv", &format!("a,b,kind\n1,?,alba\n{}", rows(","))),
        ("dash.csv", &format!("a,b,kind\n1,2,-\n{}", rows(","))),
        ("empty.csv", &format!("a,b,kind\n,2,alba\n{}", rows(","))),
    ]);
    for (file, place_of) in [
        ("na_class.csv", "na_class.csv:"),
        ("integers-with-NA.csv", "integers-with-NA.csv:5: column \"y\""),
        ("question.csv", "question.csv:2: column \"b\""),
        ("dash.csv", "dash.csv:2: column \"kind\""),
        ("empty.csv", "empty.csv:2: column \"a\" is empty"),
    ] {
        refused(&place, &format!("train --data {file} --out run"), &[place_of, "--missing drop"]);
        let data = trained(&place, &format!("--data {file} --missing drop"), &format!("{file}.run"));
        assert!(data["rows_left_out"].as_u64().unwrap() >= 1, "{data}");
        assert!(!strings(&data["classes"]).iter().any(|class| ["NA", "-", ""].contains(class)), "{data}");
    }
}

/// Means are those of the training rows, stored with the run, and the same for one row as for many.
#[test]
fn what_fills_a_gap_belongs_to_the_run() {
    let table = format!("a,b,kind\n{}100,,alba\n", rows(","));
    let place =
        place(&[("gaps.csv", &table), ("one.csv", "a,b\n3,\n"), ("more.csv", "a,b\n3,\n1,9\n1,1000\n")]);
    trained(&place, "--data gaps.csv --missing mean --set data.test_fraction=0", "run");
    let encoding: Value = serde_json::from_slice(&place.read("run/encoding.json")).unwrap();
    let fill = encoding["features"][1]["fill"].as_f64().unwrap();
    let mean = (0..12).map(|i| f64::from(i * 5 % 11) + 0.25).sum::<f64>() / 12.0;
    assert!((fill - mean).abs() < 1e-9, "{fill} is not {mean}");
    place.write("filled.csv", format!("a,b\n3,{fill}\n"));
    let first = |file: &str| place.json(&format!("predict run --data {file}"))["answers"][0].clone();
    assert_eq!(first("one.csv"), first("filled.csv"));
    assert_eq!(first("one.csv"), first("more.csv"));
    trained(&place, "--data gaps.csv --missing drop", "dropped");
    refused(&place, "predict dropped --data one.csv --missing mean", &["--missing mean", "--missing drop"]);
    refused(&place, "predict run --data one.csv --missing error", &["one.csv:2: ", "\"b\" is empty"]);
    let answers = place.json("predict dropped --data more.csv");
    let answered: Vec<u64> =
        answers["answers"].as_array().unwrap().iter().map(|a| a["row"].as_u64().unwrap()).collect();
    assert_eq!(answered, [2, 3], "the rows answered are named");
}

#[test]
fn quotes_indexes_and_texts_are_what_they_mean() {
    let place = place(&[(
        "types.csv",
        "Unnamed: 0,flag,colour,kind\n0,True,red,x\n1,False,blue,y\n2,True,green,x\n3,False,red,y\n4,True,red,x\n5,True,blue,y\n",
    )]);
    assert_eq!(strings(&trained(&place, "--data quote_split.csv", "quotes")["classes"]), ["blue", "red"]);
    let data = trained(&place, "--data pandas_index.csv", "index");
    assert_eq!(
        (&data["features"], &data["left_out"][0]["why"]),
        (&Value::from(3), &Value::from("counts the rows"))
    );
    let data = trained(&place, "--data types.csv", "types");
    assert_eq!(data["features"], 4, "{data}");
    place.write("new.csv", "colour,flag\nred,no\nmauve,yes\n");
    refused(
        &place,
        "predict types --data new.csv",
        &["new.csv:3: ", "\"colour\"", "mauve", "blue, green, red"],
    );
    place.write("new.csv", "colour,flag\nred,no\ngreen,yes\n");
    assert_eq!(place.json("predict types --data new.csv")["answers"].as_array().unwrap().len(), 2);
    refused(&place, "train --data quote_split.csv --drop c --out r", &["\"c\"", "--drop"]);
    let text = "name,kind\n".to_owned()
        + &(0..30).map(|i| format!("n{i},{}\n", ["x", "y"][i % 2])).collect::<String>();
    place.write("keys.csv", text);
    refused(&place, "train --data keys.csv --out r", &["keys.csv:2: ", "\"name\"", "--drop", "--target"]);
}

#[test]
fn a_run_evaluates_its_own_training_file() {
    let integers = format!(
        "a,b,y\n{}",
        (0..40).map(|i| format!("{}.5,{},{}\n", i % 7, i % 5, i % 3)).collect::<String>()
    );
    let place = place(&[
        ("integers.csv", &integers),
        ("one.csv", "a,b,y\n1,2,1\n3,4,1\n"),
        ("swapped.csv", "y,b,a\n2.0,.5,.5\n0.0,-.5,-.5\n"),
    ]);
    trained(&place, "--data eval-train.csv --kind regression", "number");
    trained(&place, "--data eval-train.csv", "classes");
    trained(&place, "--data integers.csv --kind regression", "integers");
    for (run, file, samples) in [
        ("number", "eval-train.csv", 200),
        ("classes", "eval-train.csv", 200),
        ("classes", "eval-few.csv", 3),
        ("classes", "eval-float.csv", 50),
        ("classes", "one.csv", 2),
        ("classes", "swapped.csv", 2),
        ("number", "one.csv", 2),
        ("integers", "integers.csv", 40),
    ] {
        let result = place.json(&format!("eval {run} --data {file}"));
        assert_eq!(result["samples"], samples, "{run} {file}");
        assert_eq!(result["score"]["accuracy"].is_number(), run == "classes", "{run} {file}");
    }
    place.write("unknown.csv", "a,b,y\n1,2,1\n3,4,9\n");
    refused(&place, "eval classes --data unknown.csv", &["unknown.csv:3: ", "\"y\"", "\"9\"", "0, 1, 2"]);
    place.write("none.csv", "a,b,z\n1,2,1\n3,4,2\n");
    refused(&place, "eval classes --data none.csv", &["none.csv: ", "\"y\"", "--target"]);
    assert_eq!(place.json("eval classes --data none.csv --target z")["samples"], 2);
}

#[test]
fn predict_says_how_it_reads_a_file() {
    let place = place(&[
        ("table.csv", &format!("a,b,kind\n{}", rows(","))),
        ("semi.csv", "a;b\n1,5;2,25\n3,5;4\n"),
        ("tabs.csv", "b\ta\n1.5\t2\n# note\n3\t4\n"),
        ("one.csv", "a,b\n1,2\n"),
        ("text.csv", "a,b\n1,oops\n"),
        ("bare.csv", &rows(",")),
        ("wide.csv", "1,2,3,alba\n4,5,6,rubra\n"),
        ("single.csv", "a,kind\n1,x\n2,x\n3,x\n4,y\n"),
    ]);
    trained(&place, "--data table.csv", "run");
    for (file, said, decimal) in [
        ("semi.csv", "semi.csv: 2 rows, 2 features; separated by semicolons; decimal commas", "comma"),
        ("tabs.csv", "tabs.csv: 2 rows, 2 features; separated by tabs; 1 comment line\n", "point"),
        ("one.csv", "one.csv: 1 row, 2 features\n", "point"),
    ] {
        let ended = place.run(&format!("predict run --data {file}"));
        assert!(ended.code == 0 && ended.err.contains(said), "{}", ended.err);
        assert_eq!(place.run(&format!("predict run --data {file} -q")).err, "");
        assert_eq!(place.json(&format!("predict run --data {file}"))["data"]["decimal"], decimal);
    }
    let ended = place.run("predict run --data text.csv");
    assert!(ended.code == 2 && !ended.err.contains("--drop"), "{}", ended.err);
    trained(&place, "--data bare.csv --no-header", "bare");
    assert_eq!(place.json("predict bare --data bare.csv")["answers"].as_array().unwrap().len(), 12);
    refused(&place, "predict bare --data wide.csv", &["wide.csv", "4 columns", "all 3 of the table"]);
    refused(&place, "eval bare --data wide.csv", &["wide.csv", "4 columns", "all 3 of the table"]);
    let ended = place.run("train --data single.csv --out r");
    assert!(
        ended.code == 2 && ended.err.contains("single row") && !ended.err.contains("fold"),
        "{}",
        ended.err
    );
}

/// Neither `eval --data` nor `predict` looks for what the run was trained on.
#[test]
fn a_run_answers_where_its_data_are_gone() {
    let place = place(&[
        ("table.csv", &format!("a,b,kind\n{}", rows(","))),
        ("given.csv", &format!("b,a,kind\n{}", rows(","))),
    ]);
    trained(&place, "--data table.csv", "run");
    std::fs::rename(place.path("run"), place.path("elsewhere")).unwrap();
    std::fs::remove_file(place.path("table.csv")).unwrap();
    assert_eq!(place.json("eval elsewhere --data given.csv")["samples"], 12);
    assert_eq!(place.json("predict elsewhere --data given.csv")["answers"].as_array().unwrap().len(), 12);
    refused(&place, "eval elsewhere", &["table.csv"]);
}

/// The encodings and configurations of before the decisions were stored.
#[test]
fn an_earlier_run_still_opens() {
    let place = place(&[("table.csv", &format!("a,b,kind\n{}", rows(",")))]);
    trained(&place, "--data table.csv", "run");
    let config = String::from_utf8(place.read("run/config.toml")).unwrap();
    let start = config.find("[data.source.csv.options]").unwrap();
    let end = start + config[start..].find("\n[").unwrap();
    let old = "[data.source.csv.options]\ntargets = []\nkind = \"auto\"\n";
    place.write("run/config.toml", format!("{}{old}{}", &config[..start], &config[end..]));
    let encoding = String::from_utf8(place.read("run/encoding.json")).unwrap();
    assert!(
        !encoding.contains("fill") && !encoding.contains("columns"),
        "plain numbers are stored as before"
    );
    assert_eq!(place.json("eval run --data table.csv")["samples"], 12);
    assert_eq!(place.json("predict run --data table.csv")["answers"].as_array().unwrap().len(), 12);
}

/// Each answer is read from the checkpoint's voltages: rows in another order, or alone, are answered alike.
#[test]
fn answers_do_not_depend_on_the_order_of_rows() {
    let place = place(&[]);
    place.json("train iris --epochs 1 --out run");
    let table = place.run("data export iris").out;
    let (header, body) = table.split_once('\n').unwrap();
    let lines: Vec<&str> = body.lines().collect();
    let scores = |order: &[usize], more: &str| -> Vec<Value> {
        let text: Vec<&str> = std::iter::once(header).chain(order.iter().map(|&row| lines[row])).collect();
        place.write("part.csv", text.join("\n"));
        let answers = place.json(&format!("predict run --data part.csv{more}"));
        answers["answers"].as_array().unwrap().iter().map(|answer| answer["scores_volts"].clone()).collect()
    };
    let order: Vec<usize> = (0..lines.len()).collect();
    let whole = scores(&order, "");
    let mixed: Vec<usize> = order.iter().map(|row| row * 67 % 150).collect();
    let answered = scores(&mixed, "");
    assert!(mixed.iter().zip(&answered).all(|(&row, scores)| *scores == whole[row]));
    assert_eq!(scores(&[140], "")[0], whole[140]);
    assert_ne!(
        scores(&[140], " --start previous")[0],
        scores(&order, " --start previous")[140],
        "it does matter there"
    );
    place.write("iris.csv", &table);
    let mixed: Vec<&str> = std::iter::once(header).chain(mixed.iter().map(|&row| lines[row])).collect();
    place.write("mixed.csv", mixed.join("\n"));
    let evaluated = |file: &str| place.json(&format!("eval run --data {file}"))["score"].clone();
    assert_eq!(evaluated("iris.csv"), evaluated("mixed.csv"));
}
