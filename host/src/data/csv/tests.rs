use super::*;

fn read(text: &str) -> Result<Dataset, CsvError> {
    parse_csv("t.csv", text.as_bytes(), &CsvOptions::default())
}

fn read_as(text: &str, targets: &[&str], kind: TargetKind) -> Result<Dataset, CsvError> {
    let targets = targets.iter().map(|t| (*t).to_owned()).collect();
    parse_csv("t.csv", text.as_bytes(), &CsvOptions { targets, kind })
}

/// The error must show every part of what its reader needs: place, what is wrong, what to do.
fn assert_says<T: std::fmt::Debug>(result: Result<T, CsvError>, parts: &[&str]) {
    let text = result.unwrap_err().to_string();
    for part in parts {
        assert!(text.contains(part), "{text:?} does not say {part:?}");
    }
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
    assert_eq!(read(text).unwrap().features(), ["y", "2"], "the last column");
    let two = read_as(text, &["x", "y"], TargetKind::Auto).unwrap();
    assert_eq!((two.features(), two.row(1)), (&["2".to_owned()][..], &[9.0][..]));
    assert_eq!((two.targets().names()[0].as_str(), two.target_values(1).unwrap()), ("x", &[10.0, 8.5][..]));
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
fn wrong_cells_are_named_with_line_column_and_remedy() {
    assert_says(read("a,b\n1,x\n,y\n"), &["t.csv:3: ", "\"a\" is empty", "fill the cell"]);
    assert_says(read("a,b\n1,x\n2,\n"), &["t.csv:3: ", "\"b\" is empty"]);
    assert_says(read("a,b\n1,x\n1;5,y\n"), &["t.csv:3: ", "\"a\"", "\"1;5\"", "not a number", "correct it"]);
    for bad in ["NaN", "inf", "-infinity", "1e999"] {
        let text = format!("a,b\n{bad},x\n1,y\n");
        assert_says(read(&text), &["t.csv:2: ", "\"a\"", bad, "not a finite number", "correct it"]);
    }
    let long = format!("a,b\n{},x\n", "z".repeat(5000));
    assert!(read(&long).unwrap_err().to_string().len() < 200);
    assert_says(read("a,b\n1,x\n1,2,3\n"), &["t.csv:3: ", "3 cells", "header has 2", "comma"]);
    assert_says(read("a,b\n1\n"), &["t.csv:2: ", "1 cells"]);
    assert_says(read("a,b,c\n1,\"x,y\n2,3,z\n"), &["t.csv:2: ", "2 cells", "unclosed quote"]);
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
        read_as(table, &["sepal", "petal"], TargetKind::Classification),
        &["one target column", "2 were given", "regression"],
    );
    assert_says(
        read_as(table, &["species"], TargetKind::Regression),
        &["t.csv:2: ", "\"species\"", "\"a\"", "not a number"],
    );
    assert_says(read("x,y\n1,0.5\n1,0.7\n1,o.8\n"), &["t.csv:4: ", "\"y\"", "\"o.8\"", "classification"]);
    assert_says(read("x,y\n1,0.5\n1,nan\n"), &["t.csv:3: ", "not a finite number"]);
    assert_says(read("x,y\n1,a\n1,a\n"), &["\"y\"", "of class \"a\"", "another target"]);
    let keys: String = (0..=MAX_CLASSES).map(|i| format!("1,k{i}\n")).collect();
    assert_says(read(&format!("x,y\n{keys}")), &["\"y\"", "1001 distinct", "1000", "regression"]);
}

#[test]
fn wrong_files_are_named() {
    for empty in ["", "\n\n", "\u{feff}", "  \n"] {
        assert_says(read(empty), &["t.csv: ", "empty", "header"]);
    }
    assert_says(read("a,b\n"), &["t.csv: ", "not a single row", "add rows"]);
    assert_says(read("1,2\n3,4\n"), &["t.csv:1: ", "only numbers", "header"]);
    assert_says(read("a,,c\n1,2,3\n"), &["t.csv:1: ", "column 2", "no name"]);
    assert_says(read("a,b,c,b,a\n1,2,3,4,5\n"), &["t.csv:1: ", "columns 2 and 4", "\"b\"", "rename"]);
    assert_says(read("y\n1\n2\n"), &["no feature column", "\"y\"", "add at least one"]);
    assert_says(read("x;y\n1;2\n"), &["no feature column", "semicolons", "commas"]);
    let latin = parse_csv("t.csv", b"a,b\n1,caf\xe9\n", &CsvOptions::default());
    assert_says(latin, &["t.csv:2: ", "byte 9", "UTF-8"]);
}

#[test]
fn what_cannot_be_read_is_named() {
    let nowhere = Path::new("no/such/table.csv");
    assert_says(
        read_csv_file(nowhere, &CsvOptions::default()),
        &["no/such/table.csv: ", "cannot be read", "path"],
    );
    assert_says(read_features_file(nowhere, &[]), &["no/such/table.csv: ", "cannot be read"]);

    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("unplugged"))
        }
    }
    assert_says(read_csv("stdin", Failing, &CsvOptions::default()), &["stdin: ", "unplugged"]);
    assert_eq!(read_csv("t.csv", &b"a,b\n1,x\n2,y\n"[..], &CsvOptions::default()).unwrap().rows(), 2);
}

#[test]
fn a_table_that_is_no_data_set_says_so() {
    let problem: CsvProblem = crate::data::DatasetError::NoRows { name: "t".to_owned() }.into();
    assert!(CsvError::whole("t.csv", problem).to_string().contains("t.csv: data set t has no rows"));
}

#[test]
fn features_are_found_by_name_in_any_order() {
    let features = ["a", "b"].map(str::to_owned);
    let read = |text: &str| parse_features("p.csv", text.as_bytes(), &features);
    let rows = read("species,b,remark,a\n?,2,,1\n\n,4,\"no, none\",3\n").unwrap();
    assert_eq!((rows.rows(), rows.row(0), rows.row(1)), (2, &[1.0, 2.0][..], &[3.0, 4.0][..]));
    assert_eq!((rows.line(0), rows.line(1)), (2, 4));
    assert_says(read("a,c\n1,2\n"), &["p.csv: ", "no column \"b\"", "the columns are a, c"]);
    assert_says(read("a,B\n1,2\n"), &["did you mean \"B\"?"]);
    assert_says(read("a,b\n1,\n"), &["p.csv:2: ", "\"b\" is empty"]);
    assert_says(read("a,b\n"), &["not a single row"]);
}
