//! What the cells of the netlist are: gates, flip-flops, latches, delay primitives.
//!
//! The list of what is allowed is closed. A cell that is on none of the lists is [`Kind::Unknown`], which is a
//! violation in itself and counts as a gate everywhere else, so that nothing hides behind a new name.

use super::convention::DELAY_PRIMITIVES;
use super::netlist::text;
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
    /// A LUT of the delay chains.
    DelayPrimitive,
    /// None of these.
    Unknown,
}

/// The pins of a flip-flop. All other inputs are data, enables or synchronous resets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pins {
    pub clock: &'static str,
    pub falling: bool,
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
const WORDS: [&str; 52] = [
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
        _ if DELAY_PRIMITIVES.contains(&name) => return Kind::DelayPrimitive,
        _ if WORDS.contains(&name) => return Kind::Word,
        _ if ["$_DLATCH", "$_SR_", "$dlatch", "$adlatch", "$sr"].iter().any(|p| name.starts_with(p)) => {
            return Kind::Latch;
        }
        _ => return flop(name, parameters).map_or(Kind::Unknown, Kind::Flop),
    };
    Kind::Gate(gate)
}

fn flop(name: &str, parameters: &BTreeMap<String, Value>) -> Option<Pins> {
    if name == "TRELLIS_FF" {
        let asynchronous: &[&str] = if text(parameters, "SRMODE") == Some("ASYNC") { &["LSR"] } else { &[] };
        return Some(Pins { clock: "CLK", falling: text(parameters, "CLKMUX") == Some("INV"), asynchronous });
    }
    if let Some(rest) = name.strip_prefix("SB_DFF") {
        let (falling, rest) = rest.strip_prefix('N').map_or((false, rest), |rest| (true, rest));
        let asynchronous: &[&str] = match rest.strip_prefix('E').unwrap_or(rest) {
            "" | "SR" | "SS" => &[],
            "R" => &["R"],
            "S" => &["S"],
            _ => return None,
        };
        return Some(Pins { clock: "C", falling, asynchronous });
    }
    let (base, flags) = name.strip_prefix("$_")?.strip_suffix('_')?.split_once('_')?;
    let asynchronous: &[&str] = match (base, flags.len()) {
        ("DFF", 1) | ("DFFE", 2) | ("SDFF" | "SDFFE" | "SDFFCE", _) => &[],
        ("DFF", 3) | ("DFFE", 4) => &["R"],
        ("ALDFF" | "ALDFFE", _) => &["L"],
        ("DFFSR" | "DFFSRE", _) => &["S", "R"],
        _ => return None,
    };
    Some(Pins { clock: "C", falling: flags.starts_with('N'), asynchronous })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Kind {
        kind(name, &BTreeMap::new())
    }

    #[test]
    fn flops_have_their_asynchronous_pins() {
        for (name, falling, asynchronous) in [
            ("$_DFF_P_", false, &[][..]),
            ("$_DFF_NP0_", true, &["R"]),
            ("$_DFFE_PN_", false, &[]),
            ("$_DFFE_PP1P_", false, &["R"]),
            ("$_SDFFE_PP0P_", false, &[]),
            ("$_ALDFF_PP_", false, &["L"]),
            ("$_DFFSR_PPP_", false, &["S", "R"]),
            ("SB_DFFESR", false, &[]),
            ("SB_DFFNES", true, &["S"]),
        ] {
            assert_eq!(named(name), Kind::Flop(Pins { clock: "C", falling, asynchronous }), "{name}");
        }
        let parameters = BTreeMap::from([("SRMODE".to_owned(), Value::from("ASYNC"))]);
        let pins = Pins { clock: "CLK", falling: false, asynchronous: &["LSR"] };
        assert_eq!(kind("TRELLIS_FF", &parameters), Kind::Flop(pins));
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
