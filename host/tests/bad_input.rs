//! Bad input: one clear message that says what, where and what to do; the documented exit code; nothing half written.

mod common;

use common::Place;

const NETWORK: &str = r#"
wheatstone_network = 1
inputs = ["a", "b"]
outputs = ["y"]
nodes = [{ name = "a" }, { name = "b" }, { name = "y" }]
edges = [{ ends = ["a", "y"] }, { ends = ["b", "y"] }]
"#;

#[test]
fn tables() {
    let place = Place::new();
    for (name, text, fragments) in [
        ("missing.csv", "a,b,kind\n1,2,x\n3,,y\n", ["missing.csv:3", "\"b\"", "fill"].as_slice()),
        ("word.csv", "a,b,kind\n1,2,x\n3,oops,y\n", &["word.csv:3", "\"b\"", "oops", "correct"]),
        ("nan.csv", "a,b,kind\n1,NaN,x\n3,4,y\n", &["nan.csv:2", "\"b\"", "NaN", "--missing"]),
        ("inf.csv", "a,b,kind\n1,2,x\ninf,4,y\n", &["inf.csv:3", "\"a\"", "inf"]),
        ("one.csv", "a,b,kind\n1,2,x\n3,4,x\n", &["one.csv", "class", "kind"]),
        ("empty.csv", "", &["empty.csv", "empty"]),
        ("ragged.csv", "a,b,kind\n1,2,x\n3,4\n", &["ragged.csv:3"]),
    ] {
        place.write(name, text);
        place.refused_without_trace(&format!("train --data {name} --out run"), 2, fragments);
    }
    place.write("good.csv", "a,b,kind\n1,2,x\n3,4,y\n");
    place.refused_without_trace(
        "train --data good.csv --target knid --out run",
        2,
        &["good.csv", "knid", "kind"],
    );
    place.refused_without_trace("train --data absent.csv --out run", 2, &["absent.csv"]);
    place.refused_without_trace("train --data good.csv --out run", 2, &["class", "single row"]);
}

#[test]
fn network_files() {
    let place = Place::new();
    let edges = r#"edges = [{ ends = ["a", "y"] }, { ends = ["b", "y"] }]"#;
    for (name, new_edges, fragments) in [
        ("unknown", r#"edges = [{ ends = ["a", "z"] }]"#, ["edges[0].ends[1]", "`z`", "declare"].as_slice()),
        ("loop", r#"edges = [{ ends = ["a", "a"] }]"#, &["edges[0]", "`a`", "remove"]),
        (
            "twice",
            r#"edges = [{ ends = ["a", "y"] }, { ends = ["y", "a"] }]"#,
            &["edges[1]", "edges[0]", "keep one"],
        ),
        ("open", r#"edges = [{ ends = ["a", "b"] }]"#, &["output `y`", "not connected", "join"]),
        ("syntax", "edges = [", &["line 6", "syntax.toml"]),
        ("key", "edges = []\nedgse = 1", &["edgse"]),
    ] {
        place.write(&format!("{name}.toml"), NETWORK.replace(edges, new_edges));
        place.refused_without_trace(&format!("inspect {name}.toml"), 2, fragments);
        place.refused_without_trace(
            &format!("train xor --set network.shape.file={name}.toml --out run"),
            2,
            fragments,
        );
    }
    place.write(
        "triangle.toml",
        NETWORK.replace(
            edges,
            r#"edges = [{ ends = ["a", "y"] }, { ends = ["b", "y"] }, { ends = ["a", "b"] }]"#,
        ),
    );
    assert_eq!(place.run("inspect triangle.toml").code, 0, "the model colours any graph");
    place.refused_without_trace(
        "inspect triangle.toml --for-hardware",
        2,
        &["odd length 3", "bipartite", "remove"],
    );
    place.refused_without_trace(
        "train wine --set network.shape.file=triangle.toml --out run",
        2,
        &["2 inputs", "28"],
    );
    place.refused_without_trace("inspect absent.toml", 2, &["absent.toml"]);
}

#[test]
fn checkpoints() {
    let place = Place::new();
    place.json("train iris --epochs 1 --out good");
    place.json("train wine --epochs 1 --out wine");
    place.json("train iris --epochs 1 --format compact --out compact");
    let whole = place.read("good/checkpoint.bin");
    for (bytes, fragments) in [
        (
            whole[..whole.len() - 40].to_vec(),
            ["good/checkpoint.bin", "ends after", "earlier checkpoint"].as_slice(),
        ),
        (whole[..9].to_vec(), &["ends after 9 bytes"]),
        (Vec::new(), &["not a checkpoint"]),
        (b"something else entirely".to_vec(), &["byte 0", "not a checkpoint"]),
        ([&whole[..600], &[whole[600] ^ 1], &whole[601..]].concat(), &["digest", "damaged"]),
        (place.read("wine/checkpoint.bin"), &["network is crossbar-28-3", "layered-10-16-3"]),
        (place.read("compact/checkpoint.bin"), &["format is 12/8/10/14", "16/8/16/16"]),
    ] {
        place.write("good/checkpoint.bin", bytes);
        place.refused_without_trace("resume good --epochs 2", 2, fragments);
        place.refused_without_trace("eval good", 2, fragments);
    }
    place.refused_without_trace("resume nowhere", 2, &["nowhere/config.toml", "name the folder of a run"]);
    place.refused_without_trace("inspect nowhere.bin", 2, &["nowhere.bin"]);
}

#[test]
fn configurations() {
    let place = Place::new();
    place.refused_without_trace("train irsi", 2, &["no preset `irsi`", "iris"]);
    place.refused_without_trace("train iris --set epochs=none", 2, &["epochs", "preset iris"]);
    place.refused_without_trace("train iris --set epcohs=3", 2, &["epcohs"]);
    place.refused_without_trace("train iris --set epochs", 2, &["key.path=value"]);
    place.refused_without_trace("train iris --epochs 0", 2, &["epochs = 0"]);
    place.refused_without_trace("train iris --set omega=16", 2, &["omega", "4 to 15"]);
    place.refused_without_trace("train wine --set nudge.eta=99", 2, &["nudge.eta = 99", "0..="]);
    place.refused_without_trace("train wine --set network.alpha=[1,2]", 2, &["2 learning shifts", "all"]);
    place.refused_without_trace("train iris --set data.source.builtin=irises", 2, &["irises", "iris, wine"]);
    place.refused_without_trace("train iris --format huge", 2, &["huge", "wide"]);
    place.refused_without_trace("train iris --format 16/8/16/99", 2, &["k_guard = 99"]);
    place.refused_without_trace("train iris --nonsense", 2, &["--nonsense"]);
    place.refused_without_trace(
        "train digits --set network.shape.layered.hidden=[99999999999]",
        2,
        &["edges", "smaller"],
    );
    place.refused_without_trace(
        "train allostery --set network.shape.lattice.rows=9999999999",
        2,
        &["edges", "smaller"],
    );
    place.write("broken.toml", "extends = \"iris\"\nepochs = = 2\n");
    place.refused_without_trace("train --config broken.toml", 2, &["broken.toml", "line 2"]);
    place.refused_without_trace("train --config absent.toml", 2, &["absent.toml"]);
    place.refused_without_trace("cross-validate iris --folds 1", 2, &["folds"]);
    place.refused_without_trace("cross-validate iris --folds 80", 2, &["class", "50"]);
}

#[test]
fn a_part_without_rows() {
    let place = Place::new();
    place.json("train xor --epochs 1 --out run");
    place.refused_without_trace("eval run --part test", 2, &["no test rows", "choose another part"]);
}

#[test]
fn data_that_changed_under_a_run() {
    let place = Place::new();
    let table = "a,b,kind\n1,2,x\n3,4,y\n5,1,x\n2,2,y\n7,1,x\n2,9,y\n1,7,x\n6,4,y\n3,3,x\n4,4,y\n";
    place.write("table.csv", table);
    place.json("train --data table.csv --epochs 2 --out run");
    place.write("table.csv", table.replace("7,1,x", "70,1,x"));
    place.refused_without_trace("resume run --epochs 3", 2, &["data have changed"]);
    place.write("other.csv", "a,c,kind\n1,2,x\n3,4,y\n");
    place.refused_without_trace(
        "eval run --data other.csv --target kind",
        2,
        &["other.csv: ", "no column \"b\"", "a feature"],
    );
    place.refused_without_trace("predict run --data other.csv", 2, &["\"b\"", "other.csv"]);
}

#[test]
fn folders_that_cannot_be_written() {
    let place = Place::new();
    place.write("file", "");
    place.refused_without_trace("train iris --epochs 1 --out file/run", 1, &["file/run", "--out"]);
    place.json("train iris --epochs 1 --out run");
    place.refused_without_trace("train iris --epochs 1 --out run", 2, &["already holds a run", "resume"]);
    place.write("rows.csv", place.run("data export iris").out);
    place.refused_without_trace(
        "predict run --data rows.csv --output no/such/folder.csv",
        1,
        &["no/such/folder.csv"],
    );
}

/// A limit on the size of files stands for a full disk: writing fails in the middle.
#[test]
#[cfg(unix)]
fn a_full_disk() {
    let place = Place::new();
    let ended = assert_cmd::Command::new("sh")
        .current_dir(place.path(""))
        .args(["-c", "trap '' XFSZ; ulimit -f 64; exec \"$@\"", "sh"])
        .arg(common::program())
        .args(["train", "digits", "--epochs", "1", "--out", "run"])
        .output()
        .unwrap();
    let message = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{message}");
    assert!(
        message.contains("run/network.json: cannot write") && message.contains("free space"),
        "{message}"
    );
    let files = place.files();
    assert!(
        !files.iter().any(|f| f.contains("network") || f.contains(".tmp")),
        "something half written: {files:?}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn what_has_no_end_is_not_read_to_it() {
    let place = Place::new();
    for (arguments, fragments) in [
        ("load /dev/zero --board ulx3s-12f --dry-run", ["/dev/zero", "more than 16 MiB"]),
        ("load /dev/urandom --board icebreaker --dry-run", ["/dev/urandom", "more than 16 MiB"]),
        ("train --config /dev/zero", ["/dev/zero", "more than 16 MiB"]),
        ("data export /dev/zero", ["/dev/zero", "NUL"]),
        ("data export /dev/urandom", ["/dev/urandom", ""]),
        ("train --data /dev/zero", ["/dev/zero", "NUL"]),
        ("inspect /dev/zero", ["/dev/zero", "byte 0: not UTF-8 text"]),
        ("convert /dev/urandom out.dot", ["/dev/urandom", ""]),
    ] {
        place.refused_without_trace(arguments, 2, &fragments);
    }
}
