//! Netlists in the JSON of yosys, which nextpnr writes too: the parts that this project reads.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A file of `write_json`, or of nextpnr's `--write`.
#[derive(Debug, Deserialize)]
pub struct Netlist {
    /// The design's modules, by name.
    pub modules: BTreeMap<String, Module>,
}

/// One module. A flattened design is a single one.
#[derive(Debug, Deserialize)]
pub struct Module {
    /// Its ports by name.
    #[serde(default)]
    pub ports: BTreeMap<String, Port>,
    /// What it is made of, by name.
    #[serde(default)]
    pub cells: BTreeMap<String, Instance>,
    /// Named nets of the module.
    #[serde(default)]
    pub netnames: BTreeMap<String, Net>,
}

/// A port of a module.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Port {
    /// Which way it points.
    pub direction: Direction,
    /// Its bits, the lowest first.
    pub bits: Vec<Bit>,
}

/// One cell of the library, or the mark a flattened instance left behind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Instance {
    /// The module or primitive it is one of.
    #[serde(rename = "type")]
    pub kind: String,
    /// Parameters of the instance, by name.
    #[serde(default)]
    pub parameters: BTreeMap<String, Value>,
    /// Its attributes.
    #[serde(default)]
    pub attributes: BTreeMap<String, Value>,
    /// Which way its ports point.
    #[serde(default)]
    pub port_directions: BTreeMap<String, Direction>,
    /// The bits at its ports.
    #[serde(default)]
    pub connections: BTreeMap<String, Vec<Bit>>,
}

/// A named net. Several names can have the same bits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Net {
    /// Its bits, the lowest first.
    pub bits: Vec<Bit>,
    /// Its attributes.
    #[serde(default)]
    pub attributes: BTreeMap<String, Value>,
}

/// Which way a pin or port points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Into the cell, or into the chip.
    Input,
    /// Out of the cell, or out of the chip.
    Output,
    /// Both ways.
    Inout,
}

/// One bit: the number of a net, or a constant such as `"0"`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Bit {
    /// A net, by its number in the module.
    Net(usize),
    /// A constant: `0`, `1`, `x` or `z`.
    Constant(String),
}

/// Whether an attribute is there and not zero. Numbers come as binary digits.
pub(crate) fn is_set(attributes: &BTreeMap<String, Value>, name: &str) -> bool {
    match attributes.get(name) {
        Some(Value::String(digits)) => digits.contains('1'),
        Some(Value::Number(number)) => number.as_u64() != Some(0),
        _ => false,
    }
}

/// An attribute or parameter that is a text.
pub fn text<'a>(values: &'a BTreeMap<String, Value>, name: &str) -> Option<&'a str> {
    values.get(name).and_then(Value::as_str).map(str::trim)
}
