use std::io::Write;

use super::*;
use crate::data::column::{CellKind, TableColumn};
use crate::data::dataset::{TargetNames, Targets};

fn read(text: &str) -> Result<Dataset, CsvError> {
    parse_csv("t.csv", text.as_bytes(), &CsvOptions::default())
}

fn read_as(text: &str, targets: &[&str], kind: TargetKind) -> Result<Dataset, CsvError> {
    let targets = targets.iter().map(|t| (*t).to_owned()).collect();
    parse_csv("t.csv", text.as_bytes(), &CsvOptions { targets, kind, ..CsvOptions::default() })
}

/// The error must show every part of what its reader needs: place, what is wrong, what to do.
fn assert_says<T: std::fmt::Debug>(result: Result<T, CsvError>, parts: &[&str]) {
    let text = result.unwrap_err().to_string();
    for part in parts {
        assert!(text.contains(part), "{text:?} does not say {part:?}");
    }
}

/// Reads with some options changed.
fn read_with(text: &str, change: impl FnOnce(&mut CsvOptions)) -> Result<Dataset, CsvError> {
    let mut options = CsvOptions::default();
    change(&mut options);
    parse_csv("t.csv", text.as_bytes(), &options)
}

fn values(set: &Dataset) -> Vec<&[f64]> {
    (0..set.rows()).map(|row| set.row(row)).collect()
}

fn class_names(set: &Dataset) -> (Vec<&str>, &[usize]) {
    match set.targets() {
        Targets::Classes { names, labels } => (names.iter().map(String::as_str).collect(), labels),
        Targets::Values { .. } => panic!("these are values"),
    }
}

#[test]
fn a_table_with_names_is_a_classification() {
    let set = read("a,b,kind\n1,2.5,cat\n-3e2,.5, ant \n5.,+6,cat\n").unwrap();
    assert_eq!((set.name(), set.features()), ("t.csv", &["a".to_owned(), "b".to_owned()][..]));
    assert_eq!((set.row(0), set.row(1), set.row(2)), (&[1.0, 2.5][..], &[-300.0, 0.5][..], &[5.0, 6.0][..]));
    assert_eq!(class_names(&set), (vec!["ant", "cat"], &[1, 0, 1][..]));
}

#[test]
fn numeric_classes_are_sorted_as_numbers_and_by_value() {
    let set =
        read_as("x,y\n0,10\n0,9\n0,-2\n0,9.0\n0,-0\n0,0\n0,-30\n", &[], TargetKind::Classification).unwrap();
    assert_eq!(class_names(&set), (vec!["-30", "-2", "-0", "9", "10"], &[4, 3, 1, 3, 2, 2, 0][..]));
    // One text among them, and they are all text.
    let set = read_as("x,y\n0,10\n0,9\n0,b\n", &[], TargetKind::Classification).unwrap();
    assert_eq!(class_names(&set).0, ["10", "9", "b"]);
}

#[test]
fn the_kind_of_target_follows_the_rule() {
    let kind = |cells: &[&str]| {
        let rows: String = cells.iter().map(|cell| format!("0,{cell}\n")).collect();
        matches!(read(&format!("x,y\n{rows}")).unwrap().targets(), Targets::Classes { .. })
    };
    assert!(kind(&["a", "b"]));
    assert!(kind(&["0", "1", "1", "0"]));
    assert!(kind(&["a", "1"]), "text and integers");
    assert!(kind(&["True", "false"]), "truth values");
    assert!(!kind(&["0", "1", "2"]), "more than half of the integers are distinct");
    assert!(!kind(&["0.5", "1", "0.5", "1"]), "a fraction");
    let many = |distinct: usize| (0..100).map(|i| (i % distinct).to_string()).collect::<Vec<_>>();
    let borrowed = |cells: &[String]| kind(&cells.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(borrowed(&many(FEW_DISTINCT)));
    assert!(!borrowed(&many(FEW_DISTINCT + 1)));
}

#[test]
fn saying_the_kind_overrides_the_rule() {
    let set = read_as("x,y\n0,1\n0,0\n0,1\n0,0\n", &[], TargetKind::Regression).unwrap();
    assert_eq!(set.target_values(2), Some(&[1.0][..]));
    let set = read_as("x,y\n0,1.5\n0,0.5\n", &[], TargetKind::Classification).unwrap();
    assert_eq!(class_names(&set).0, ["0.5", "1.5"]);
}

#[test]
fn targets_are_found_by_name_or_number() {
    let text = "y,2,x\n5.5,6,7\n8.5,9,10\n";
    assert_eq!(read_as(text, &["y"], TargetKind::Auto).unwrap().features(), ["2", "x"]);
    assert_eq!(read_as(text, &["1"], TargetKind::Auto).unwrap().features(), ["2", "x"]);
    assert_eq!(
        read_as(text, &["2"], TargetKind::Regression).unwrap().features(),
        ["y", "x"],
        "by name first"
    );
    let two = read_as(text, &["x", "y"], TargetKind::Auto).unwrap();
    assert_eq!((two.features(), two.row(1)), (&["2".to_owned()][..], &[9.0][..]));
    assert_eq!((two.targets().names()[0].as_str(), two.target_values(1).unwrap()), ("x", &[10.0, 8.5][..]));
}

#[test]
fn the_target_is_guessed_where_one_column_can_be_meant() {
    for (header, row, target) in [
        ("y,2,x", "1.5,2.5,3.5", "y"),
        ("x,y,class", "1,2,3", "class"),
        ("Label,p0,p1", "1,2,3", "Label"),
        ("a,b,price", "1,2,3", "price"),
        ("digit,p0,p1,p2", "1,2,3,4", "digit"),
        ("a,colour,b,sort", "1,red,2,x", "sort"),
        ("flag,a,quality", "yes,2,3", "quality"),
    ] {
        let set = read(&format!("{header}\n{row}\n{row}\n{}\n", row.replace(['x', '1', '3'], "8"))).unwrap();
        assert_eq!(set.summary().unwrap().target, [target], "{header}");
    }
    for (header, row, candidates) in [
        ("label,a,class", "1,2,3", ["\"label\"", "\"class\""]),
        ("brand,km,price", "vw,2,3", ["\"brand\"", "\"price\""]),
        ("p0,p1,p2", "1,2,3", ["\"p0\"", "\"p2\""]),
        ("s,p1,p2,t,p3,p4", "1,2,3,4,5,6", ["\"s\"", "\"t\""]),
    ] {
        assert_says(
            read(&format!("{header}\n{row}\n{row}\n")),
            &["t.csv: ", candidates[0], candidates[1], "--target"],
        );
    }
}

#[test]
fn blank_lines_marks_quotes_and_line_ends_do_not_matter() {
    let plain = read("a,b\n1,x\n2,y\n").unwrap();
    for same in [
        "\u{feff}a,b\r\n1,x\r\n2,y",
        "\n\na,b\n\n1,x\n   \n2,y\n\n",
        "a,b\r1,x\r2,y\r",
        "\"a\",\"b\"\n\"1\",x\n 2 ,\"y\"\n",
    ] {
        assert_eq!(read(same).unwrap(), plain, "{same:?}");
    }
}

#[test]
fn errors_point_at_the_line_of_the_file() {
    let wrong = ["a,b\n1,x\noops,y\n", "a,b\r\n1,x\r\noops,y\r\n", "a,b\r1,x\roops,y\r"];
    for text in wrong {
        assert_says(read(text), &["t.csv:3: "]);
    }
    assert_says(read("\n\na,b\n1,x\n\n\r\n\noops,y\n"), &["t.csv:8: "]);
    assert_says(read("\u{feff}a,b\n\"1\",\"two\nlines\"\noops,y\n"), &["t.csv:4: "]);
}

#[test]
fn missing_cells_are_named_or_left_out_or_filled() {
    for mark in ["", "NA", "N/A", "NaN", "nan", "null", "None", "?", "-"] {
        let remedies: &[&str] = &["t.csv:3: ", "--missing drop"];
        assert_says(
            read(&format!("a,b\n1,x\n{mark},y\n2,x\n")),
            &[remedies, &["\"a\"", "--missing mean"]].concat(),
        );
        assert_says(read(&format!("a,b\n1,x\n1,{mark}\n2,y\n")), &[remedies, &["\"b\"", mark]].concat());
        let text = format!("a,b\n1,x\n{mark},y\n2,y\n5,{mark}\n4,x\n");
        let set = read_with(&text, |o| o.missing = Missing::Drop).unwrap();
        assert_eq!(values(&set), [[1.0], [2.0], [4.0]]);
        assert_eq!(class_names(&set), (vec!["x", "y"], &[0, 1, 0][..]), "{mark:?} is no class");
        assert_eq!(set.summary().unwrap().rows_left_out, 2);
        let set = read_with(&text, |o| o.missing = Missing::Mean).unwrap();
        assert!(set.rows() == 4 && set.row(1)[0].is_nan(), "filled by the encoder, from the training rows");
        assert_eq!((set.summary().unwrap().rows_left_out, set.summary().unwrap().cells_filled), (1, 1));
    }
    assert_says(read_with("a,b\n,x\n1,\n", |o| o.missing = Missing::Drop), &["none is left", "--drop"]);
}

#[test]
fn truth_values_and_texts_become_numbers() {
    let set = read("flag,colour,sex,kind\nTrue,red,m,x\nfalse,blue,f,y\nTRUE,green,m,x\n").unwrap();
    let names = ["flag", "colour=blue", "colour=green", "colour=red", "sex=m"];
    assert_eq!(set.features(), names);
    assert_eq!(values(&set), [[1., 0., 0., 1., 1.], [0., 1., 0., 0., 0.], [1., 0., 1., 0., 1.]]);
    let said = set.summary().unwrap().to_string();
    assert!(said.contains("\"colour\" is 3 features") && said.contains("\"sex\" is 1 at \"m\""), "{said}");
    for pair in [["yes", "No"], ["T", "f"], ["TRUE", "False"]] {
        let set =
            read(&format!("a,b\n{},x\n{},y\n{},x\n", pair[0], pair[1], pair[0].to_lowercase())).unwrap();
        assert_eq!(values(&set), [[1.0], [0.0], [1.0]]);
        let set =
            read(&format!("a,b\n1,{}\n2,{}\n3,{}\n", pair[0], pair[1], pair[0].to_lowercase())).unwrap();
        assert_eq!(class_names(&set).1, [1, 0, 1], "one class in any case");
    }
    let keys: String = (0..40).map(|i| format!("k{i},{}\n", ["x", "y"][i % 2])).collect();
    assert_says(
        read(&format!("name,kind\n{keys}")),
        &["t.csv:2: ", "\"name\"", "40 different texts", "--drop"],
    );
}

#[test]
fn an_index_is_left_out() {
    for header in [",a,kind", "Unnamed: 0,a,kind", "id,a,kind", "\"\",\"a\",\"kind\""] {
        for from in [0, 1] {
            let rows: String =
                (0..4).map(|i| format!("{},{}.5,{}\n", i + from, 7 * i % 4, ["x", "y"][i % 2])).collect();
            let set = read(&format!("{header}\n{rows}")).unwrap();
            assert_eq!(set.features(), ["a"], "{header}");
            assert!(set.summary().unwrap().to_string().contains("counts the rows"));
        }
    }
    assert_says(read(",a,kind\n3,1,x\n1,2,y\n"), &["t.csv:1: ", "column 1 has no name", "--drop 1"]);
    assert_says(read("Unnamed: 0,a,kind\n3,1,x\n1,2,y\n"), &["\"Unnamed: 0\"", "--drop 1"]);
    let set = read_with(",a,kind\n3,1,x\n1,2,y\n", |o| o.drop = vec!["1".into()]).unwrap();
    assert_eq!(set.features(), ["a"]);
    // As R writes row names.
    let set = read("a b kind\n\"Mazda RX4\" 1 2 x\n\"Datsun 710\" 3 4 y\n").unwrap();
    assert_eq!(
        (set.features(), values(&set)),
        (&["a", "b"].map(str::to_owned)[..], vec![&[1.0, 2.0][..], &[3.0, 4.0]])
    );
    let set = read("a,b,kind\n1,2,x,\n3,4,y,\n").unwrap();
    assert_eq!(
        (set.features().len(), set.row(1)),
        (2, &[3.0, 4.0][..]),
        "a separator at the end of each row"
    );
    let set = read("t,a,kind\n0,1,x\n1,5,y\n2,7,x\n").unwrap();
    assert_eq!(set.features(), ["t", "a"], "a column of another name may count as well");
}

#[test]
fn a_table_without_anything_to_learn_is_refused() {
    assert_says(read(",id\n0,1\n1,2\n"), &["no column left to be the target", "--target"]);
    assert_says(
        read_with("a,kind\n1,x\n2,y\n", |o| o.drop = vec!["a".into()]),
        &["no feature column", "\"kind\""],
    );
}

#[test]
fn constant_features_are_told() {
    let set = read("a,b,c,kind\n1,5,7,x\n2,5,7,y\n3,5,7,x\n").unwrap();
    assert_eq!(set.summary().unwrap().constant, ["b", "c"]);
    assert!(set.summary().unwrap().to_string().contains("of no use: b, c"));
}

#[test]
fn dialects_are_read_alike() {
    let plain = read("a,b,kind\n1.5,2,x y\n-0.25,30,z\n7,4.125,x y\n").unwrap();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(b"a,b,kind\n1.5,2,x y\n-0.25,30,z\n7,4.125,x y\n").unwrap();
    let packed = packed.finish().unwrap();
    let texts = [
        "a;b;kind\n1,5;2;x y\n-0,25;30;z\n7;4,125;x y\n",
        "a\tb\tkind\r\n1.5\t2\tx y\r\n-0.25\t30\tz\r\n7\t4.125\tx y\r\n",
        "a|b|kind\n1.5|2|x y\n-0.25|30|z\n7|4.125|x y\n",
        "a b kind\n 1.5  2 \"x y\"\n-0.25 30\tz\n7 4.125 \"x y\" \n",
        "a, b, kind\n1.5, 2, \"x y\"\n-0.25, 30, \"z\"\n7, 4.125, \"x y\"\n",
        "# from somewhere\na,b,kind\n# 1 2 3\n1.5,2,x y\n-0.25,30,z\n7,4.125,x y\n#end",
        "\u{feff}\"a\";\"b\";\"kind\"\n\"1,5\";\"2\";\"x y\"\n\"-0,25\";\"30\";\"z\"\n\"7\";\"4,125\";\"x y\"\n",
        "a\tb\tkind\r1,5\t2\tx y\r-0,25\t30\tz\r7\t4,125\tx y\r",
    ];
    let same = |bytes: &[u8]| {
        let set = parse_csv("t.csv", bytes, &CsvOptions::default()).unwrap();
        assert_eq!(
            (values(&set), set.targets(), set.features()),
            (values(&plain), plain.targets(), plain.features())
        );
        let again = parse_csv("t.csv", bytes, set.resolved().unwrap()).unwrap();
        assert_eq!(values(&again), values(&set), "what was found out reads the same");
    };
    same(&packed);
    texts.iter().for_each(|text| same(text.as_bytes()));
}

#[test]
fn what_may_mean_two_things_is_refused() {
    assert_says(
        read("a\tb\tkind\n1,234\t2\tx\n5,678\t3\ty\n"),
        &["t.csv:2: ", "\"1,234\"", "thousands", "--decimal comma"],
    );
    let set =
        read_with("a\tb\tkind\n1,234\t2\tx\n5,678\t3\ty\n", |o| o.decimal = Some(Decimal::Comma)).unwrap();
    assert_eq!(set.row(0), [1.234, 2.0]);
    assert_says(read("a;b;kind\n1,5;2.5;x\n3;4;y\n"), &["t.csv:2: ", "\"2.5\"", "one way"]);
    assert_says(read("a;b;kind\n1.234,5;2;x\n3;4;y\n"), &["t.csv:2: ", "thousands"]);
    assert_says(read("a,b,kind\n\"1,234,567\",2,x\n3,4,y\n"), &["t.csv:2: ", "thousands"]);
    assert_says(read("c,b,kind\n1,2,x\n#ff0000,2,x\n2,3,y\n"), &["t.csv:3: ", "#", "quote its first cell"]);
}

#[test]
fn a_first_line_like_the_rows_below_is_no_header() {
    for text in [
        "5.39,3.29,alba\n5.77,2.48,rubra\n6.69,2.11,alba\n",
        "1,2\n3,4\n5,6\n",
        "p,x,s\nx,p,s\np,x,s\nx,x,s\n",
        "0,1,1\n1,0,1\n1,1,0\n",
        "5.1,n.a.,3,alba\n5.77,2.48,1,rubra\n6.69,2.11,4,alba\n",
        "True,1,x\nFalse,2,y\nTrue,3,x\n",
        "# a,b\n1,2\n3,4\n",
    ] {
        assert_says(read(text), &["t.csv:", "looks like the rows below", "--no-header", "--header"]);
    }
    for text in [
        "0,1,2,species\n5,6,7,a\n8,9,1,b\n",
        "2019,region,kind\n5,6,x\n8,9,y\n",
        "no,maybe,kind\na,b,x\nc,b,y\na,d,x\n",
    ] {
        read(text).unwrap();
    }
    let set = read_with("5.39,3.29,alba\n5.77,2.48,rubra\n", |o| o.header = Some(false)).unwrap();
    assert_eq!((set.features(), set.rows()), (&["c1", "c2"].map(str::to_owned)[..], 2));
    let set = read_with("2019,2020\n5,6\n8,9\n", |o| {
        (o.header, o.targets) = (Some(true), vec!["2020".into()]);
    })
    .unwrap();
    assert_eq!((set.features(), set.rows()), (&["2019".to_owned()][..], 2));
}

#[test]
fn rows_longer_than_the_header_are_row_names_or_refused() {
    for (text, cell) in [
        ("temperature,label\n18,6,on\n19,2,off\n21,0,on\n", "18"),
        ("rooms,area,price\n1,40,200,000\n2,55,250,000\n3,70,310,500\n", "1"),
        ("city,people,label\nParis, France,2,on\nBonn, Germany,1,off\nRome, Italy,3,on\n", "Paris"),
        ("a,b\n5,1,x\n6,2,y\n9,3,x\n", "5"),
        ("a,b\nred,1,x\nred,2,y\nblue,3,x\n", "red"),
        ("a,b\nNA,1,x\nk,2,y\nl,3,x\n", "NA"),
        ("name,a,b\nk,1,2,x\nl,3,4,y\nm,3,5,x\n", "k"),
        ("id,a,b\n1,5,2,x\n2,3,4,y\n3,3,5,x\n", "1"),
        ("Sample;a;b\nk;1;2;x\nl;3;4;y\nm;3;5;x\n", "k"),
    ] {
        let parts =
            ["t.csv:2: ", "column 1", &format!("{cell:?}"), "quote", "name the missing column", "--decimal"];
        assert_says(read(text), &parts);
    }
    for text in [
        "a,kind\n1,5,x\n2,7,y\n3,9,x\n",
        "a,kind\n0,5,x\n1,7,y\n2,9,x\n",
        "a,kind\n\"Fiat, red\",5,x\nVolvo,7,y\nLada,9,x\n",
    ] {
        assert_eq!(values(&read(text).unwrap()), [[5.0], [7.0], [9.0]], "{text:?}");
    }
}

#[test]
fn a_row_that_begins_like_a_comment_is_refused() {
    for (text, line) in [
        ("c,b,kind\n1,2,x\n#ff0000,2,x\n2,3,y\n", 3),
        ("c,b,kind\nred,2,x\nblue,3,y\n#ff0000,4,x\n", 4),
        ("c,b,kind\nred,2,x\n#00ff00,3,y\n#ff0000,4,x\n# note\nred,5,y\n", 3),
        ("c b kind\nred 2 x\n#ff0000 4 x\nblue 3 y\n", 3),
        ("c,b,kind\nred,2,x\n# 5,2,x\nblue,3,y", 3),
        ("#c,b,kind\nred,u,x\nblue,v,y\n", 1),
    ] {
        let place = format!("t.csv:{line}: ");
        assert_says(read(text), &[&place, "row or a comment", "quote its first cell", "delete the line"]);
    }
    for note in ["# 1 2", "#", "# a, b", "#a,b,c,d", "#------"] {
        let set = read(&format!("# c,b,kind\nc,b,kind\n1,2,x\n{note}\n2,3,y\n{note}")).unwrap();
        assert_eq!(set.rows(), 2, "{note}");
    }
    let bare = |text: &str| read_with(text, |o| o.header = Some(false));
    assert_says(bare("#ff0000,4,B\nred,2,A\nred,3,B\n"), &["t.csv:1: ", "row or a comment"]);
}

#[test]
fn numbers_grouped_by_blanks_are_refused() {
    for text in [
        "area m,price e\n1 100,2 113\n1 250,2 900\n",
        "area m;price e\n1 100;2 113\n1 250;2 900\n",
        "area,price\n1 100,2 113\n950,1 800\n",
        "area,price\n1\u{a0}100,2\u{a0}113\n1\u{202f}100,1\u{2009}800\n",
    ] {
        assert_says(read(text), &["t.csv:2: ", "column \"area", "thousands are parted"]);
    }
}

#[test]
fn classes_that_would_merge_or_split_are_apart_or_refused() {
    for pair in [
        ["9007199254740992", "9007199254740993"],
        ["-9007199254740992", "-9007199254740993"],
        ["12345678901234567890", "12345678901234567891"],
    ] {
        let rows = format!("1,{}\n2,{}\n3,{}\n4,{}\n", pair[0], pair[1], pair[0], pair[1]);
        let set = read_as(&format!("x,y\n{rows}"), &[], TargetKind::Classification).unwrap();
        assert_eq!(class_names(&set), (pair.to_vec(), &[0, 1, 0, 1][..]));
    }
    for cells in [["True", "yes", "False", "No"], ["True", "1", "False", "0"], ["T", "no", "f", "yes"]] {
        let rows: String = cells.iter().map(|cell| format!("1,{cell}\n")).collect();
        let (first, second) = (format!("{:?}", cells[0]), format!("{:?}", cells[1]));
        assert_says(read(&format!("x,kind\n{rows}")), &["t.csv:3: ", "\"kind\"", &first, &second, "in one"]);
    }
}

#[test]
fn more_marks_stand_for_missing_values() {
    for mark in ["none", "NONE", "n.a.", "--", "#DIV/0!", "#VALUE!", "#REF!", "nUlL"] {
        assert_says(read(&format!("a,b\n1,x\n1,{mark}\n2,y\n")), &["t.csv:3: ", "\"b\"", mark, "--missing"]);
        assert_says(
            read(&format!("c,a,b\n5,1,x\n5,{mark},x\n7,2,y\n")),
            &["t.csv:3: ", "\"a\"", mark, "--missing"],
        );
    }
}

#[test]
fn a_place_called_y_is_no_target() {
    for (header, row, other) in [
        ("x,y,color", "1,2,red", "color"),
        ("x,y,z", "1,2,3", "z"),
        ("a,y,b,alive", "1,2,3,yes", "alive"),
        ("X,Y,w,h", "1,2,3,4", "h"),
    ] {
        let other = format!("{other:?}");
        assert_says(read(&format!("{header}\n{row}\n{row}\n")), &["which column", &other, "--target"]);
    }
    for header in ["x,z,y", "y,x,z", "a,y,b"] {
        let set = read(&format!("{header}\n1,2,3.5\n2,2.5,1\n")).unwrap();
        assert_eq!(set.summary().unwrap().target, ["y"], "{header}");
    }
}

#[test]
fn a_first_line_of_numbers_that_counts_the_columns_is_a_header() {
    for text in ["0,1,2\n5.5,6,7.5\n8,9.5,1\n", "1,2,3\n5,6,7\n8,9,1\n", "0,1,2,3\n0,1,2,3\n1,0,2,5\n"] {
        let set = read_as(text, &["2"], TargetKind::Regression).unwrap();
        assert_eq!(set.rows(), 2, "{text:?}");
    }
    for text in ["0,1,3\n5,6,7\n8,9,1\n", "1,2\n5,6\n8,9\n", "2,1,0\n5,6,7\n8,9,1\n"] {
        assert_says(read(text), &["--no-header"]);
    }
}

#[test]
fn lines_above_the_header_are_named() {
    for text in ["sep=;\na;kind\n1;x\n2;y\n", "sep=,\na,b\n1,x\n2,y\n", "SEP=\t\na\tkind\n1\tx\n2\ty\n"] {
        assert_says(read(text), &["t.csv:1: ", "delete line 1"]);
    }
    for text in ["My measurements\na,kind\n1,x\n2,y\n", "Sheet1,,\na,b,kind\n1,2,x\n2,3,y\n", "T\na;b\n1;x\n"]
    {
        assert_says(read(text), &["delete line 1", "title"]);
    }
}

#[test]
fn wrong_cells_are_named_with_line_column_and_remedy() {
    assert_says(read("a,b\n1,x\n1;5,y\n"), &["t.csv:3: ", "\"a\"", "\"1;5\"", "not a number", "correct it"]);
    for bad in ["inf", "-infinity", "1e999"] {
        let text = format!("a,b\n{bad},x\n1,y\n");
        assert_says(read(&text), &["t.csv:2: ", "\"a\"", bad, "not a finite number", "correct it"]);
    }
    let long = format!("a,b\n{},x\n1,y\n", "z".repeat(5000));
    assert!(read(&long).unwrap_err().to_string().len() < 250);
    assert_says(read("a,b\n1,x\n1,2,3\n"), &["t.csv:3: ", "3 cells", "first has 2", "comma"]);
    assert_says(read("a,b\n1\n"), &["t.csv:2: ", "1 cell "]);
    assert_says(read("a,b,c\n1,\"x,y\n2,3,z\n"), &["t.csv:2: ", "quote is opened", "close it"]);
    assert_says(read("a,b,c\n1,\"x\"y,2\n2,3,z\n"), &["t.csv:2: ", "column 2", "closing quote"]);
}

#[test]
fn wrong_targets_are_named() {
    let table = "sepal,petal,species\n1,2,a\n1,2,b\n";
    assert_says(
        read_as(table, &["Spices"], TargetKind::Auto),
        &["t.csv: ", "\"Spices\"", "did you mean \"species\"?", "sepal, petal, species"],
    );
    for missing in ["0", "4", "-1"] {
        assert_says(read_as(table, &[missing], TargetKind::Auto), &[missing, "counted from 1"]);
    }
    let far = read_as(table, &["quality"], TargetKind::Auto).unwrap_err().to_string();
    assert!(!far.contains("did you mean"), "{far}");
    assert_says(read_as(table, &["petal", "2"], TargetKind::Auto), &["\"petal\"", "twice"]);
    assert_says(
        read_with(table, |o| (o.targets, o.drop) = (vec!["1".into()], vec!["sepal".into()])),
        &["\"sepal\"", "twice"],
    );
    assert_says(read_with(table, |o| o.drop = vec!["petel".into()]), &["\"petel\"", "\"petal\"", "--drop"]);
    assert_says(
        read_as(table, &["sepal", "petal"], TargetKind::Classification),
        &["one target column", "2 were given", "regression"],
    );
    assert_says(
        read_as(table, &["species"], TargetKind::Regression),
        &["t.csv:2: ", "\"species\"", "\"a\"", "not a number"],
    );
    assert_says(read("x,y\n1,0.5\n1,0.7\n1,o.8\n"), &["t.csv:4: ", "\"y\"", "\"o.8\"", "classification"]);
    assert_says(read("x,y\n1,a\n1,a\n"), &["\"y\"", "of class \"a\"", "another --target"]);
    let keys: String = (0..=MAX_CLASSES).map(|i| format!("1,k{i}\n")).collect();
    assert_says(read(&format!("x,y\n{keys}")), &["\"y\"", "more than 1000", "regression"]);
}

#[test]
fn wrong_files_are_named() {
    for empty in ["", "\n\n", "\u{feff}", "  \n"] {
        assert_says(read(empty), &["t.csv: ", "empty", "header"]);
    }
    assert_says(read("a,b\n"), &["t.csv: ", "not a single row", "add rows"]);
    assert_says(read("a,,c\n1,2,3\n"), &["t.csv:1: ", "column 2", "no name"]);
    assert_says(read("a,b,c,b,a\n1,2,3,4,5\n"), &["t.csv:1: ", "columns 2 and 4", "\"b\"", "rename"]);
    assert_says(read("y\n1\n2\n"), &["no feature column", "\"y\"", "add at least one"]);
    let bytes = |bytes: &[u8]| parse_csv("t.csv", bytes, &CsvOptions::default());
    assert_says(bytes(b"a,b\n1,caf\xe9\n"), &["t.csv:2: ", "cell 2", "0xe9", "UTF-8"]);
    for (start, name) in [
        (&b"\xff\xfea\0,\0"[..], "UTF-16"),
        (b"\xfe\xff\0a\0,", "UTF-16"),
        (b"a\0,\0b\0\n\0", "UTF-16"),
        (b"PK\x03\x04", "Excel"),
        (b"PAR1", "Parquet"),
        (b"BZh9", "bzip2"),
        (b"\xfd7zXZ\0", "xz"),
        (b"<!DOCTYPE html>", "web page"),
        (b"{\"a\": 1}", "JSON"),
    ] {
        assert_says(bytes(start), &["t.csv: ", name]);
    }
    assert_says(bytes(b"a,b\n1,\0\n"), &["t.csv:2: ", "NUL"]);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(b"a,b\n1,x\n2,y\n").unwrap();
    let packed = packed.finish().unwrap();
    assert_says(bytes(&packed[..packed.len() - 6]), &["t.csv: ", "cannot be unpacked", "fetch it again"]);
}

#[test]
fn what_cannot_be_read_is_named() {
    let nowhere = Path::new("no/such/table.csv");
    assert_says(
        read_csv_file(nowhere, &CsvOptions::default()),
        &["no/such/table.csv: ", "cannot be read", "path"],
    );
    let known = numbers(&["a"], TargetNames::Values(vec!["y".into()]));
    assert_says(
        read_features_file(nowhere, &known, &CsvOptions::default()),
        &["no/such/table.csv: ", "cannot be read"],
    );
}

#[test]
fn a_table_that_is_no_data_set_says_so() {
    let problem: CsvProblem = crate::data::DatasetError::NoRows { name: "t".to_owned() }.into();
    assert!(CsvError::whole("t.csv", problem).to_string().contains("t.csv: data set t has no rows"));
}

/// A network trained on columns of numbers.
fn numbers(names: &[&str], targets: TargetNames) -> KnownTable {
    let number = |name: &&str| TableColumn { name: (*name).to_owned(), cells: CellKind::Number };
    KnownTable { columns: names.iter().map(number).collect(), targets, separator: None, fills_gaps: false }
}

fn classes(names: &[&str]) -> TargetNames {
    TargetNames::Classes(names.iter().map(|name| (*name).to_owned()).collect())
}

#[test]
fn features_are_found_by_name_in_any_order() {
    let known = numbers(&["a", "b"], classes(&["x", "y"]));
    let read = |text: &str| parse_features("p.csv", text.as_bytes(), &known, &CsvOptions::default());
    let rows = read("species,b,remark,a\n?,2,,1\n\n,4,\"no, none\",3\n").unwrap();
    assert_eq!((rows.rows(), rows.row(0), rows.row(1)), (2, &[1.0, 2.0][..], &[3.0, 4.0][..]));
    assert_eq!((rows.line(0), rows.line(1)), (2, 4));
    assert_says(read("a,c\n1,2\n"), &["p.csv: ", "no column \"b\"", "the columns are a, c"]);
    assert_says(read("a,B\n1,2\n"), &["did you mean \"B\"?"]);
    assert_says(read("a,b\n1,\n"), &["p.csv:2: ", "\"b\" is empty"]);
    assert_says(read("a,b\n"), &["not a single row"]);
    assert_says(read("1.5,2\n3,4\n"), &["looks like the rows below", "--no-header"]);
    assert_says(read("1.5,2\n"), &["--no-header"]);
    let bare = |text: &str| {
        let options = CsvOptions { header: Some(false), ..CsvOptions::default() };
        parse_features("p.csv", text.as_bytes(), &known, &options)
    };
    assert_eq!(bare("1.5,2\n3,4\n").unwrap().row(0), [1.5, 2.0]);
    assert_says(bare("1.5,2,3\n3,4,5\n"), &["3 columns", "these 2", "a, b"]);
    for wrong in ["a,b\n1,\n", "a,b\n1,oops\n", "a,b\nNA,1\n"] {
        let text = read(wrong).unwrap_err().to_string();
        assert!(
            text.starts_with("p.csv:2: ") && !text.contains("mean") && !text.contains("--drop"),
            "{text}"
        );
    }
}

#[test]
fn a_table_without_a_header_keeps_its_width() {
    let known = numbers(&["c1", "c2"], classes(&["x", "y"]));
    let read = |text: &str, targets: &[&str]| {
        let targets = targets.iter().map(|name| (*name).to_owned()).collect();
        let options = CsvOptions { header: Some(false), width: Some(4), targets, ..CsvOptions::default() };
        parse_features("p.csv", text.as_bytes(), &known, &options)
    };
    for same in ["1,2,9,x\n3,4,9,y\n", "1,2,9\n3,4,9\n", "1,2\n3,4\n"] {
        assert_eq!(read(same, &["c4"]).unwrap().row(1), [3.0, 4.0], "{same:?}");
    }
    for other in ["1,2,9,9,x\n", "7,1,2,9,x,5\n", "1,2,9,x,5,6,7\n"] {
        assert_says(read(other, &["c4"]), &["columns without names", "all 4 of the table"]);
    }
    assert_says(read("1,2,9\n3,4,9\n", &["c3"]), &["3 columns without names"]);
}

#[test]
fn rows_to_predict_are_left_out_or_filled_as_told() {
    let known = numbers(&["a", "b"], classes(&["x", "y"]));
    let text = "a,b\n1,2\n,4\n5,6\n";
    let read = |missing| {
        parse_features("p.csv", text.as_bytes(), &known, &CsvOptions { missing, ..CsvOptions::default() })
            .unwrap()
    };
    let rows = read(Missing::Drop);
    assert_eq!((rows.rows(), rows.left_out(), rows.number(1), rows.row(1)), (2, 1, 3, &[5.0, 6.0][..]));
    let rows = read(Missing::Mean);
    assert!(rows.rows() == 3 && rows.row(1)[0].is_nan() && rows.row(1)[1] == 4.0);
}

#[test]
fn categories_are_those_of_the_training() {
    let texts = ["blue", "green", "red"].map(str::to_owned).to_vec();
    let columns = vec![
        TableColumn { name: "c".into(), cells: CellKind::Categories(texts) },
        TableColumn { name: "f".into(), cells: CellKind::Boolean },
    ];
    let known = KnownTable { columns, targets: classes(&["x", "y"]), separator: None, fills_gaps: false };
    let read = |text: &str| parse_features("p.csv", text.as_bytes(), &known, &CsvOptions::default());
    assert_eq!(read("f,c\nyes,red\n").unwrap().row(0), [0.0, 0.0, 1.0, 1.0]);
    assert_eq!(read("f,c\n0,blue\n").unwrap().row(0), [1.0, 0.0, 0.0, 0.0]);
    assert_says(read("f,c\nyes,red\nno,mauve\n"), &["p.csv:3: ", "\"c\"", "\"mauve\"", "blue, green, red"]);
    assert_says(read("f,c\nperhaps,red\n"), &["p.csv:2: ", "\"f\"", "\"perhaps\"", "truth values"]);
}

#[test]
fn labelled_rows_keep_the_kind_and_classes_of_the_network() {
    let labelled = |known: &KnownTable, text: &str, target: &[&str]| {
        let targets = target.iter().map(|t| (*t).to_owned()).collect();
        parse_labelled("e.csv", text.as_bytes(), known, &CsvOptions { targets, ..CsvOptions::default() })
    };
    let digits = numbers(&["a"], classes(&["0", "1", "2"]));
    for (text, labels) in [
        ("a,y\n1,2\n2,0\n3,1\n", vec![2, 0, 1]),
        ("a,y\n1,2.0\n2,0.0\n", vec![2, 0]),
        ("a,y\n1,1\n2,1\n", vec![1, 1]),
        ("y,a\n1,5\n", vec![1]),
    ] {
        let set = labelled(&digits, text, &["y"]).unwrap();
        assert_eq!((0..set.rows()).filter_map(|row| set.label(row)).collect::<Vec<_>>(), labels, "{text}");
    }
    assert_says(labelled(&digits, "a,y\n1,2\n2,7\n", &[]), &["e.csv:3: ", "\"y\"", "\"7\"", "0, 1, 2"]);
    let named = numbers(&["a"], classes(&["x", "y"]));
    let earlier = numbers(&["a"], classes(&["none", "some"]));
    assert_eq!(labelled(&earlier, "a,kind\n1,none\n2,some\n", &[]).unwrap().label(0), Some(0));
    assert_says(labelled(&named, "a,kind\n1,x\n2,Y\n", &[]), &["e.csv:3: ", "\"Y\"", "x, y"]);
    let numbers_wanted = numbers(&["a"], TargetNames::Values(vec!["y".into()]));
    let set = labelled(&numbers_wanted, "a,y\n1,2\n2,0\n3,1\n4,1\n", &[]).unwrap();
    assert_eq!(set.target_values(0), Some(&[2.0][..]), "integers are numbers for a regression");
    assert!(matches!(set.targets(), Targets::Values { .. }));
}
