//! Messages about values of a configuration, in terms of TOML rather than of the library that reads them.

/// Ways to write a value, by the type that reads it and the key it stands at.
const EXAMPLES: [(&str, &str, &str); 14] = [
    (
        "Nudge",
        "nudge",
        "a table like { kind = \"clamped\", eta = 2 } or { kind = \"current\", beta = 2 }, { kind = \"modulated\", beta = 2, half = 2 } or { kind = \"dithered\", delta = 9 }",
    ),
    (
        "LearningSchedule",
        "learning",
        "a table like { mode = \"quasistatic\" }, { mode = \"continuous\", every = 4 } or { mode = \"desynchronous\", rarity = 1 }",
    ),
    (
        "Initial",
        "initial",
        "a table like { kind = \"uniform\", low = 0.1, high = 0.9 } or { kind = \"half_normal\", scale = 0.5 }",
    ),
    ("Annealing", "annealing", "a table like { start = 3, every = 10 }"),
    (
        "Shape",
        "shape",
        "\"crossbar\" or a table like { layered = { hidden = [16] } } or { file = \"network.toml\" }",
    ),
    ("DataSource", "source", "a table like { builtin = \"iris\" } or { csv = { path = \"table.csv\" } }"),
    ("DataConfig", "data", "a table with test_fraction and source"),
    ("Validation", "validation", "a table like { fraction = 0.2, draw = 0 }"),
    ("EncodingConfig", "encoding", "a table of the encoding's keys"),
    ("NetworkConfig", "network", "a table with shape, edge, alpha and initial"),
    ("Waves", "waves", "\"alternating\" or \"together\""),
    ("EdgeKind", "edge", "\"linear\" or \"transistor\""),
    ("Boundary", "boundary", "\"open\" or \"periodic\""),
    ("CsvOptions", "options", "a table of the options of a table file"),
];

/// A message of the library, as `message`, perhaps followed by `in KEY` on a line of its own.
pub(super) fn in_words(message: &str) -> String {
    let mut key = None;
    let mut lines = Vec::new();
    for line in message.trim().lines() {
        match line.strip_prefix("in `").and_then(|rest| rest.strip_suffix('`')) {
            Some(path) => key = Some(path),
            None => lines.push(line),
        }
    }
    let said = lines.join(", ");
    let said = rephrased(&said, key.unwrap_or_default()).unwrap_or(said);
    match key {
        Some(key) => format!("{key}: {said}"),
        None => said,
    }
}

fn rephrased(message: &str, key: &str) -> Option<String> {
    if message.contains("path contains invalid UTF-8") {
        let said = "the path of the data is not UTF-8, and a configuration is: rename the file, or give it by a link";
        return Some(said.to_owned());
    }
    if let Some(rest) = message.strip_prefix("unknown field `") {
        let (name, rest) = rest.split_once('`')?;
        let known = rest.strip_prefix(", expected ").map(|known| known.trim_start_matches("one of "));
        return Some(match known {
            Some(known) => format!("there is no key `{name}` here; there are {known}"),
            None => format!("there is no key `{name}` here, and no other; leave it out"),
        });
    }
    if let Some(rest) = message.strip_prefix("missing field `") {
        let (name, _) = rest.split_once('`')?;
        return Some(format!("the key `{name}` is missing; give it"));
    }
    if let Some(rest) = message.strip_prefix("unknown variant `") {
        let (name, rest) = rest.split_once('`')?;
        let known = rest.strip_prefix(", expected ")?.trim_start_matches("one of ");
        return Some(format!("there is no `{name}`; choose from {known}"));
    }
    let rest = message.strip_prefix("invalid type: ").or_else(|| message.strip_prefix("invalid value: "))?;
    let (found, expected) = rest.rsplit_once(", expected ")?;
    Some(format!("{} stands there; give {}", found_in_words(found), expected_in_words(expected, key)))
}

fn found_in_words(found: &str) -> String {
    for (kind, word) in [
        ("string ", "the text "),
        ("integer ", ""),
        ("floating point ", ""),
        ("boolean ", ""),
        ("map", "a table"),
        ("sequence", "a list"),
        ("unit variant", "another kind of value"),
    ] {
        if let Some(value) = found.strip_prefix(kind) {
            return format!("{word}{}", value.replace('`', ""));
        }
    }
    found.to_owned()
}

fn expected_in_words(expected: &str, key: &str) -> String {
    let range = |low: &str, high: &str| format!("a whole number from {low} to {high}");
    let whole = match expected {
        "u8" => range("0", "255"),
        "u16" => range("0", "65535"),
        "u32" => range("0", "4294967295"),
        "u64" | "usize" => range("0", "9223372036854775807"),
        "i8" => range("-128", "127"),
        "i16" => range("-32768", "32767"),
        "i32" => range("-2147483648", "2147483647"),
        "i64" | "isize" => "a whole number".to_owned(),
        "f64" | "f32" => "a number".to_owned(),
        "a string" | "string" | "path string" => "a text in quotes".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a sequence" => "a list in brackets".to_owned(),
        "a map" => "a table".to_owned(),
        _ => String::new(),
    };
    if !whole.is_empty() {
        return whole;
    }
    let type_name = expected.rsplit(' ').next().unwrap_or_default();
    let type_name = type_name.split("::").next().unwrap_or_default();
    let last_key = key.rsplit('.').next().unwrap_or_default();
    match EXAMPLES.iter().find(|(name, key, _)| *name == type_name || *key == last_key) {
        Some((.., example)) => (*example).to_owned(),
        None => "what docs/runs.md says of this key".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Draft;

    fn said(preset: &str, text: &str) -> String {
        let mut draft = Draft::preset(preset).unwrap();
        draft.set(text).unwrap();
        draft.finish().unwrap_err().to_string()
    }

    #[test]
    fn wrong_values_are_told_in_the_words_of_the_configuration() {
        for (text, fragments) in [
            (
                "epochs=none",
                ["epochs: the text \"none\" stands there", "a whole number from 0 to 4294967295"].as_slice(),
            ),
            ("epochs=-1", &["epochs", "-1", "a whole number from 0"]),
            ("epochs=1.5", &["epochs", "1.5", "a whole number"]),
            ("nudge=3", &["nudge", "3 stands there", "{ kind = \"clamped\", eta = 2 }"]),
            ("nudge={kind=\"pull\"}", &["there is no `pull`", "clamped", "current"]),
            ("learning=fast", &["learning", "\"fast\"", "mode = \"quasistatic\""]),
            ("lowest_rail=low", &["lowest_rail", "\"low\"", "a number"]),
            ("network.alpha=2", &["network.alpha", "a list"]),
            ("network.edge=copper", &["there is no `copper`", "linear", "transistor"]),
            ("network.initial=[3]", &["network.initial", "half_normal"]),
            ("network.shape=5", &["network.shape"]),
            ("data=5", &["data", "test_fraction"]),
            ("annealing=5", &["annealing", "start"]),
            ("epcohs=3", &["there is no key `epcohs`", "`epochs`"]),
            ("name=7", &["name", "7 stands there", "a text in quotes"]),
            ("encoding=7", &["encoding", "a table"]),
        ] {
            let said = said("iris", text);
            for fragment in fragments {
                assert!(said.contains(fragment), "{text}: no `{fragment}` in: {said}");
            }
            for word in
                ["internally tagged", "enum ", "struct ", "u32", "invalid type", "invalid value", "variant"]
            {
                assert!(!said.contains(word), "{text}: `{word}` in: {said}");
            }
            assert!(said.contains("presets show iris"), "{said}");
        }
        assert!(said("wine", "epochs=none").contains("presets show wine"));
    }
}
