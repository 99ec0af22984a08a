//! The netlist that nextpnr writes after routing, as far as it is read here.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// A file of `--write`.
#[derive(Debug, Deserialize)]
pub(super) struct File {
    pub modules: BTreeMap<String, Module>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Module {
    #[serde(default)]
    pub ports: BTreeMap<String, Port>,
    #[serde(default)]
    pub cells: BTreeMap<String, Instance>,
    #[serde(default)]
    pub netnames: BTreeMap<String, NamedNet>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Port {
    pub direction: super::Direction,
    pub bits: Vec<Bit>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Instance {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub parameters: BTreeMap<String, Value>,
    #[serde(default)]
    pub attributes: BTreeMap<String, Value>,
    #[serde(default)]
    pub port_directions: BTreeMap<String, super::Direction>,
    #[serde(default)]
    pub connections: BTreeMap<String, Vec<Bit>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct NamedNet {
    pub bits: Vec<Bit>,
}

/// One bit: the number of a net, or a constant such as `"0"`.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Bit {
    Net(u64),
    Constant(String),
}

/// A parameter as text; numbers as decimal digits.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.trim().to_owned(),
        other => other.to_string(),
    }
}
