//! What the cells of the netlist are: gates, flip-flops, latches, delay primitives.
//!
//! The list of what is allowed is closed. A cell that is on none of the lists is [`Kind::Unknown`], which is a
//! violation in itself and counts as a gate everywhere else, so that nothing hides behind a new name.

use super::convention::DELAY_PRIMITIVES;
use crate::netlist::text;
use serde_json::Value;
use std::collections::BTreeMap;

/// What a cell of the netlist is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An edge-triggered flip-flop.
    Flop(Pins),
    /// Anything level-sensitive that stores.
    Latch,
    /// One bit of logic.
    Gate(Gate),
    /// Combinational: every output may depend on every input.
    Word,
    /// Combinational: an output bit depends on the input bits no higher than itself.
    Carry,
    /// A LUT of the delay chains, with the output for each of its 16 inputs. The lowest bit is for all inputs low.
    DelayPrimitive(u16),
    /// None of these.
    Unknown,
}

/// The pins of a flip-flop. All other inputs are data, enables or synchronous resets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pins {
    pub clock: &'static str,
    /// Those that change the output without a clock.
    pub asynchronous: &'static [&'static str],
}

/// The gates whose outputs can be computed from known inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gate {
    Buf,
    Not,
    And,
    Nand,
    Or,
    Nor,
    Xor,
    Xnor,
    AndNot,
    OrNot,
    Mux,
}

/// Combinational cells that yosys leaves as words, and gates that are not worth computing.
const WORDS: [&str; 53] = [
    "CCU2C",
    "$not",
    "$pos",
    "$and",
    "$or",
    "$xor",
    "$xnor",
    "$reduce_and",
    "$reduce_or",
    "$reduce_xor",
    "$reduce_xnor",
    "$reduce_bool",
    "$logic_not",
    "$logic_and",
    "$logic_or",
    "$eq",
    "$ne",
    "$eqx",
    "$nex",
    "$lt",
    "$le",
    "$gt",
    "$ge",
    "$shl",
    "$shr",
    "$sshl",
    "$sshr",
    "$shift",
    "$shiftx",
    "$mux",
    "$pmux",
    "$bmux",
    "$demux",
    "$div",
    "$mod",
    "$divfloor",
    "$modfloor",
    "$pow",
    "$alu",
    "$lcu",
    "$macc",
    "$macc_v2",
    "$fa",
    "$lut",
    "$sop",
    "$concat",
    "$slice",
    "$_NMUX_",
    "$_AOI3_",
    "$_OAI3_",
    "$_AOI4_",
    "$_OAI4_",
    "SB_CARRY",
];

/// What a cell of that type and those parameters is.
pub(super) fn kind(name: &str, parameters: &BTreeMap<String, Value>) -> Kind {
    let gate = match name {
        "$_BUF_" => Gate::Buf,
        "$_NOT_" => Gate::Not,
        "$_AND_" => Gate::And,
        "$_NAND_" => Gate::Nand,
        "$_OR_" => Gate::Or,
        "$_NOR_" => Gate::Nor,
        "$_XOR_" => Gate::Xor,
        "$_XNOR_" => Gate::Xnor,
        "$_ANDNOT_" => Gate::AndNot,
        "$_ORNOT_" => Gate::OrNot,
        "$_MUX_" => Gate::Mux,
        "$add" | "$sub" | "$mul" | "$neg" => return Kind::Carry,
        _ if DELAY_PRIMITIVES.contains(&name) => {
            return table(parameters).map_or(Kind::Unknown, Kind::DelayPrimitive);
        }
        _ if WORDS.contains(&name) => return Kind::Word,
        _ if ["$_DLATCH", "$_SR_", "$dlatch", "$adlatch", "$sr"].iter().any(|p| name.starts_with(p)) => {
            return Kind::Latch;
        }
        _ => return flop(name, parameters).map_or(Kind::Unknown, Kind::Flop),
    };
    Kind::Gate(gate)
}

/// The truth table of a LUT.
fn table(parameters: &BTreeMap<String, Value>) -> Option<u16> {
    let digits = ["INIT", "LUT_INIT"].iter().find_map(|name| text(parameters, name))?;
    let low = &digits[digits.len().saturating_sub(16)..];
    u16::from_str_radix(low, 2).ok()
}

fn flop(name: &str, parameters: &BTreeMap<String, Value>) -> Option<Pins> {
    if name == "TRELLIS_FF" {
        let asynchronous: &[&str] = if text(parameters, "SRMODE") == Some("ASYNC") { &["LSR"] } else { &[] };
        return Some(Pins { clock: "CLK", asynchronous });
    }
    if let Some(rest) = name.strip_prefix("SB_DFF") {
        let rest = rest.strip_prefix('N').unwrap_or(rest);
        let asynchronous: &[&str] = match rest.strip_prefix('E').unwrap_or(rest) {
            "" | "SR" | "SS" => &[],
            "R" => &["R"],
            "S" => &["S"],
            _ => return None,
        };
        return Some(Pins { clock: "C", asynchronous });
    }
    let (base, flags) = name.strip_prefix("$_")?.strip_suffix('_')?.split_once('_')?;
    let asynchronous: &[&str] = match (base, flags.len()) {
        ("DFF", 1) | ("DFFE", 2) | ("SDFF" | "SDFFE" | "SDFFCE", _) => &[],
        ("DFF", 3) | ("DFFE", 4) => &["R"],
        ("ALDFF" | "ALDFFE", _) => &["L"],
        ("DFFSR" | "DFFSRE", _) => &["S", "R"],
        _ => return None,
    };
    Some(Pins { clock: "C", asynchronous })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Kind {
        kind(name, &BTreeMap::new())
    }

    #[test]
    fn flops_have_their_asynchronous_pins() {
        for (name, asynchronous) in [
            ("$_DFF_P_", &[][..]),
            ("$_DFF_NP0_", &["R"]),
            ("$_DFFE_PN_", &[]),
            ("$_DFFE_PP1P_", &["R"]),
            ("$_SDFFE_PP0P_", &[]),
            ("$_ALDFF_PP_", &["L"]),
            ("$_DFFSR_PPP_", &["S", "R"]),
            ("SB_DFFESR", &[]),
            ("SB_DFFNES", &["S"]),
        ] {
            assert_eq!(named(name), Kind::Flop(Pins { clock: "C", asynchronous }), "{name}");
        }
        let parameters = BTreeMap::from([("SRMODE".to_owned(), Value::from("ASYNC"))]);
        let pins = Pins { clock: "CLK", asynchronous: &["LSR"] };
        assert_eq!(kind("TRELLIS_FF", &parameters), Kind::Flop(pins));
    }

    #[test]
    fn a_lut_has_its_table() {
        let init = |name: &str, digits: &str| BTreeMap::from([(name.to_owned(), Value::from(digits))]);
        let parameters = init("LUT_INIT", "1111100011111000");
        assert_eq!(kind("SB_LUT4", &parameters), Kind::DelayPrimitive(0xf8f8));
        let parameters = init("INIT", "00000000000000001000100010001000");
        assert_eq!(kind("LUT4", &parameters), Kind::DelayPrimitive(0x8888));
        assert_eq!(named("LUT4"), Kind::Unknown);
    }

    #[test]
    fn what_is_not_listed_is_unknown() {
        assert_eq!(named("$_DLATCH_P_"), Kind::Latch);
        assert_eq!(named("$_DLATCHSR_PPP_"), Kind::Latch);
        for name in ["$mem_v2", "$_TBUF_", "$_FF_", "EHXPLLL", "SB_DFFX", "join_2"] {
            assert_eq!(named(name), Kind::Unknown, "{name}");
        }
    }
}
