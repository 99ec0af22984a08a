//! The JSON netlist of yosys, as far as the checks read it.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// A file of `write_json`.
#[derive(Debug, Deserialize)]
pub(super) struct Netlist {
    pub modules: BTreeMap<String, Module>,
}

/// One module; the array is flattened into a single one.
#[derive(Debug, Deserialize)]
pub(super) struct Module {
    pub ports: BTreeMap<String, Port>,
    pub cells: BTreeMap<String, Instance>,
    pub netnames: BTreeMap<String, Net>,
}

/// A port of the top module.
#[derive(Debug, Deserialize)]
pub(super) struct Port {
    pub direction: Direction,
    pub bits: Vec<Bit>,
}

/// One cell of the library, or the mark a flattened instance left behind.
#[derive(Debug, Deserialize)]
pub(super) struct Instance {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub parameters: BTreeMap<String, Value>,
    #[serde(default)]
    pub attributes: BTreeMap<String, Value>,
    #[serde(default)]
    pub port_directions: BTreeMap<String, Direction>,
    #[serde(default)]
    pub connections: BTreeMap<String, Vec<Bit>>,
}

/// A named net. Several names can have the same bits.
#[derive(Debug, Deserialize)]
pub(super) struct Net {
    pub bits: Vec<Bit>,
    #[serde(default)]
    pub attributes: BTreeMap<String, Value>,
}

/// Which way a port points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Direction {
    Input,
    Output,
    Inout,
}

/// One bit: the number of a net, or a constant such as `"0"`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(super) enum Bit {
    Net(usize),
    Constant(String),
}

/// Whether an attribute is there and not zero. Numbers come as binary digits.
pub(super) fn is_set(attributes: &BTreeMap<String, Value>, name: &str) -> bool {
    match attributes.get(name) {
        Some(Value::String(digits)) => digits.contains('1'),
        Some(Value::Number(number)) => number.as_u64() != Some(0),
        _ => false,
    }
}

/// An attribute or parameter that is a text.
pub(super) fn text<'a>(values: &'a BTreeMap<String, Value>, name: &str) -> Option<&'a str> {
    values.get(name).and_then(Value::as_str).map(str::trim)
}
