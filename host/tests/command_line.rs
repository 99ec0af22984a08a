//! The verbs, from outside.

mod common;

use common::Place;

#[test]
fn train_with_no_argument_trains_iris() {
    let place = Place::new();
    let result = place.json("train");
    assert_eq!(result["run"], "runs/iris-seed1");
    assert_eq!(result["digest"].as_str().unwrap().len(), 64);
    assert!(result["accuracy"].as_f64().unwrap() > 0.8, "{result}");
    let count = |name: &str| result[name].as_u64().unwrap();
    assert!(count("samples") > 0 && count("steps") > count("samples") && count("edges") > count("nodes"));
    let again = place.json("train");
    assert_eq!(again["run"], "runs/iris-seed1-2", "an earlier run is not written over");
    assert_eq!(again["digest"], result["digest"]);
    let other = place.json("train --seed 2");
    assert_ne!(other["digest"], result["digest"]);
}

#[test]
fn a_run_folder_holds_everything() {
    let place = Place::new();
    place.json("train iris --epochs 3 --out run");
    let files = place.files();
    for name in [
        "checkpoint.bin",
        "config.toml",
        "encoding.json",
        "evaluation.json",
        "metrics.jsonl",
        "network.json",
        "report.html",
    ] {
        assert!(files.contains(&format!("run/{name}")), "{name} is missing: {files:?}");
    }
    assert!(files.iter().filter(|f| f.ends_with(".svg")).count() >= 4, "{files:?}");
    let metrics = String::from_utf8(place.read("run/metrics.jsonl")).unwrap();
    let epochs: Vec<u64> = metrics
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["epoch"].as_u64().unwrap())
        .collect();
    assert_eq!(epochs, [0, 1, 2, 3]);
}

#[test]
fn a_run_repeats_from_its_own_configuration() {
    let place = Place::new();
    let first = place.json("train wine --epochs 2 --seed 7 --format 14/6/12/12 --out first");
    let second = place.json("train --config first/config.toml --out second");
    assert_eq!(first["digest"], second["digest"]);
    assert_eq!(place.read("first/config.toml"), place.read("second/config.toml"));
}

#[test]
fn eval_agrees_with_train_and_predict_with_eval() {
    let place = Place::new();
    let trained = place.json("train iris --epochs 20 --out run");
    let evaluated = place.json("eval run");
    assert_eq!(evaluated["score"]["accuracy"], trained["accuracy"]);
    assert_eq!(evaluated["part"], "test");
    place.write("iris.csv", place.run("data export iris").out);
    let given = place.json("eval run --data iris.csv");
    let all = place.json("eval run --part all --start fixed");
    assert_eq!(given["score"], all["score"], "the exported table is the built-in one");
    assert_eq!(all["samples"], 150);

    let predicted = place.json("predict run --data iris.csv --output answers.csv");
    let answers = predicted["answers"].as_array().unwrap();
    assert_eq!(answers.len(), 150);
    let table = place.run("data export iris").out;
    let wanted = table.lines().skip(1).map(|line| line.rsplit(',').next().unwrap());
    let right = wanted.zip(answers).filter(|(class, answer)| answer["class"] == *class).count();
    let share = right as f64 / 150.0;
    assert_eq!(Some(share), all["score"]["accuracy"].as_f64(), "predict and eval give the same answers");
    let written = String::from_utf8(place.read("answers.csv")).unwrap();
    assert_eq!(written.lines().count(), 151);
    assert!(written.starts_with("row,class,score of setosa (V),"), "{written}");
}

#[test]
fn columns_are_found_by_name() {
    let place = Place::new();
    place.json("train iris --epochs 20 --out run");
    let table = place.run("data export iris").out;
    let reversed: Vec<String> =
        table.lines().map(|line| line.split(',').rev().collect::<Vec<_>>().join(",")).collect();
    place.write("iris.csv", &table);
    place.write("reversed.csv", reversed.join("\n"));
    let answers = |file: &str| place.json(&format!("predict run --data {file}"));
    assert_eq!(answers("iris.csv"), answers("reversed.csv"));
}

#[test]
fn any_table_can_be_learned() {
    let place = Place::new();
    let mut table = String::from("left,right,sum\n");
    for i in 0..60 {
        let (a, b) = (f64::from(i * 7 % 13), f64::from(i * 5 % 11));
        table.push_str(&format!("{a},{b},{}\n", 0.5 * a + b + 0.25));
    }
    place.write("sum.csv", table);
    let result = place.json("train --data sum.csv --target sum --epochs 30 --out run");
    assert!(result["accuracy"].is_null() && result["mse"].as_f64().unwrap() < 1e-3, "{result}");
    let evaluation = place.json("eval run");
    assert_eq!(evaluation["detail"]["kind"], "fits");
}

#[test]
fn inspect_describes_checkpoints_and_networks() {
    let place = Place::new();
    let trained = place.json("train iris --epochs 2 --out run");
    for path in ["run", "run/checkpoint.bin"] {
        let facts = place.json(&format!("inspect {path}"));
        assert_eq!(facts["state_digest"], trained["digest"]);
        assert_eq!(facts["fits_the_hardware"], "yes");
    }
    let network = place.json("inspect run/network.json");
    assert_eq!(network["edges"], trained["edges"]);
    assert_eq!(place.json("inspect run")["rules"]["nudge"]["kind"], "current");
}

#[test]
fn presets_and_data_are_listed_and_shown() {
    let place = Place::new();
    let presets = place.json("presets");
    for preset in presets["presets"].as_array().unwrap() {
        let name = preset["name"].as_str().unwrap();
        assert!(!preset["description"].as_str().unwrap().is_empty(), "{name}");
        place.write("shown.toml", place.run(&format!("presets show {name}")).out);
        let shown = place.json(&format!("presets show {name}"));
        assert_eq!(shown["name"], name);
    }
    let data = place.run("data").out;
    for text in ["breast-cancer", "569", "CC BY 4.0", "allostery"] {
        assert!(data.contains(text), "no `{text}` in {data}");
    }
}

#[test]
fn completions_and_man_pages_are_generated() {
    let place = Place::new();
    assert!(place.run("completions bash").out.contains("cross-validate"));
    assert!(place.run("man").out.contains(".TH wheatstone"));
    assert_eq!(place.run("man pages").code, 0);
    assert!(place.files().contains(&"pages/wheatstone-train.1".to_owned()));
}

#[test]
fn help_and_version_end_in_zero() {
    let place = Place::new();
    assert_eq!(place.run("--help").code, 0);
    assert!(place.run("--version").out.starts_with("wheatstone "));
    assert_eq!(place.run("").code, 2);
}

#[test]
fn cross_validation_does_not_depend_on_threads() {
    let place = Place::new();
    let run = |threads: u32| {
        place.json(&format!(
            "cross-validate iris --epochs 2 --seeds 2 --threads {threads} --write-splits s{threads}.json"
        ))
    };
    let (one, four) = (run(1), run(4));
    assert_eq!(one, four);
    assert_eq!(one["runs"].as_array().unwrap().len(), 10);
    assert_eq!(place.read("s1.json"), place.read("s4.json"));
    let accuracies: Vec<f64> =
        one["runs"].as_array().unwrap().iter().map(|r| r["accuracy"].as_f64().unwrap()).collect();
    let mean = accuracies.iter().sum::<f64>() / 10.0;
    assert!((mean - one["accuracy_mean"].as_f64().unwrap()).abs() < 1e-12);
    assert!(one["accuracy_sd"].as_f64().unwrap() >= 0.0);
}

#[test]
fn a_closed_pipe_is_no_error() {
    let place = Place::new();
    let ended = assert_cmd::Command::new("sh")
        .current_dir(place.path(""))
        .args(["-c", "{ \"$1\" data export digits; echo $? >code; } | head -1", "sh"])
        .arg(common::program())
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&ended.stdout).starts_with("pixel_0_0"));
    assert_eq!(place.read("code"), b"0\n");
    assert!(ended.stderr.is_empty());
}

#[test]
fn a_folder_of_idx_files_can_be_learned() {
    let place = Place::new();
    std::fs::create_dir(place.path("idx")).unwrap();
    for (part, count) in [("train", 30u8), ("t10k", 10)] {
        let mut images = vec![0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 28, 0, 0, 0, 28];
        let mut labels = vec![0, 0, 8, 1, 0, 0, 0, count];
        for image in 0..count {
            // Upper half bright or dark.
            let bright = image % 2;
            images.extend((0..28 * 28).map(|pixel| if pixel < 14 * 28 { bright * 255 } else { image }));
            labels.push(bright);
        }
        place.write(&format!("idx/{part}-images-idx3-ubyte"), images);
        place.write(&format!("idx/{part}-labels-idx1-ubyte"), labels);
    }
    let result = place.json("train --data idx --epochs 30 --set annealing.every=10 --set network.shape.layered.hidden=[8] --out run");
    assert_eq!(result["part"], "test");
    assert_eq!(result["accuracy"], 1.0, "{result}");
    assert_eq!(result["samples"], 900);
}

#[test]
fn a_file_that_extends_a_preset_says_only_what_differs() {
    let place = Place::new();
    let manual = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/runs.md")).unwrap();
    let example = manual.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    place.write("run.toml", example);
    place.json("train --config run.toml --epochs 1 --out run");
    let config = String::from_utf8(place.read("run/config.toml")).unwrap();
    for line in
        ["name = \"iris-strong-nudge\"", "kind = \"clamped\"", "label = 0.2", "hidden = [16]", "epochs = 1"]
    {
        assert!(config.contains(line), "no `{line}` in\n{config}");
    }
}
