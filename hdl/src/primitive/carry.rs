//! Rows of carry cells, and rows of LUTs, that do more than an adder.
//!
//! A carry cell of the ECP5 (half a `CCU2C`) has a full LUT in front of its carry: bit `i` computes `P = INIT(a, b, c, d)`,
//! gives `P ^ carry`, and hands on the carry if `P` is 1 and `INIT(a, b, 0, 0)` if it is 0. So an adder whose one
//! operand is `a` can have any function `f(b, c, d)` as the other for nothing, provided `f(b, 0, 0) = 0`: a gate, a
//! two-way multiplexer, a choice of sign. Synthesis does not find these; they are written out here. Other devices get
//! the same function as plain Verilog, from the leaf that uses the row.

use std::fmt::Write;

/// A row of carry cells. `operands` are four Verilog expressions of `bits` bits; the result is a new wire `name`.
pub(crate) struct CarryRow<'a> {
    /// The wire it declares; helpers are called `name_...`.
    pub name: &'a str,
    /// Width of the row in bits.
    pub bits: u32,
    /// The LUT of every bit, index `{d, c, b, a}`.
    pub init: u16,
    /// The LUT of bit 0, where that only makes a carry.
    pub first: u16,
    /// The carry into bit 0.
    pub carry_in: bool,
    /// `a`, `b`, `c`, `d`.
    pub operands: [String; 4],
}

impl CarryRow<'_> {
    /// The Verilog.
    pub fn verilog(&self) -> String {
        let CarryRow { name, bits, init, first, carry_in, operands } = self;
        let cells = bits.div_ceil(2);
        let top = 2 * cells - 1;
        let mut text = String::new();
        for (letter, operand) in ["a", "b", "c", "d"].iter().zip(operands) {
            let pad = if bits % 2 == 1 { "1'b0, " } else { "" };
            let _ = writeln!(text, "wire [{top}:0] {name}_{letter} = {{{pad}{operand}}};");
        }
        let _ = writeln!(
            text,
            "wire [{top}:0] {name}_s;\nwire [{cells}:0] {name}_k;\nassign {name}_k[0] = 1'b{};\n\
             genvar {name}_i;\ngenerate for ({name}_i = 0; {name}_i < {cells}; {name}_i = {name}_i + 1) begin : {name}_cells\n\
             \x20   CCU2C #(\n\
             \x20       .INIT0({name}_i == 0 ? 16'h{first:04x} : 16'h{init:04x}), .INIT1(16'h{init:04x}), .INJECT1_0(\"NO\"), .INJECT1_1(\"NO\")\n\
             \x20   ) pair (\n\
             \x20       .CIN({name}_k[{name}_i]), .COUT({name}_k[{name}_i + 1]), .S0({name}_s[2*{name}_i]), .S1({name}_s[2*{name}_i + 1]),\n\
             \x20       .A0({name}_a[2*{name}_i]), .B0({name}_b[2*{name}_i]), .C0({name}_c[2*{name}_i]), .D0({name}_d[2*{name}_i]),\n\
             \x20       .A1({name}_a[2*{name}_i + 1]), .B1({name}_b[2*{name}_i + 1]), .C1({name}_c[2*{name}_i + 1]), .D1({name}_d[2*{name}_i + 1])\n\
             \x20   );\nend endgenerate\n\
             wire [{}:0] {name} = {name}_s[{}:0];",
            u8::from(*carry_in),
            bits - 1,
            bits - 1
        );
        text
    }
}

/// A row of LUTs that chooses, bit by bit: 0 gives `value`, 1 the constant `high`, 2 the constant `low`, 3 `scanned`. The
/// result is a new wire `name`; all are Verilog names of `bits` bits, `code` of 2.
///
/// As primitives, since synthesis would split each of these four-input functions into two LUTs.
pub(crate) struct SaturationRow<'a> {
    /// The wire it declares.
    pub name: &'a str,
    /// Width of the row in bits.
    pub bits: u32,
    /// Taken where `code` is 0.
    pub value: &'a str,
    /// Taken where `code` is 3.
    pub scanned: &'a str,
    /// Verilog expression of two bits that choose among the four values.
    pub code: &'a str,
    /// Taken where `code` is 1.
    pub high: i64,
    /// Taken where `code` is 2.
    pub low: i64,
}

impl SaturationRow<'_> {
    /// The Verilog, with LUTs as primitives of the ECP5 or without.
    pub fn verilog(&self, primitives: bool) -> String {
        let SaturationRow { name, bits, value, scanned, code, high, low } = self;
        let top = bits - 1;
        let literal = |value: &i64| crate::bus::Shape::unsigned(*bits).literal(*value);
        if !primitives {
            return format!(
                "wire [{top}:0] {name} = {code}[1] ? ({code}[0] ? {scanned} : {}) : ({code}[0] ? {} : {value});\n",
                literal(low),
                literal(high)
            );
        }
        format!(
            "wire [{top}:0] {name};\ngenvar {name}_i;\n\
             generate for ({name}_i = 0; {name}_i < {bits}; {name}_i = {name}_i + 1) begin : {name}_luts\n\
             \x20   localparam [{top}:0] HIGH = {}, LOW = {};\n\
             \x20   LUT4 #(.INIT({{4'hc, {{4{{LOW[{name}_i]}}}}, {{4{{HIGH[{name}_i]}}}}, 4'ha}})) lut (\n\
             \x20       .A({value}[{name}_i]), .B({scanned}[{name}_i]), .C({code}[0]), .D({code}[1]), .Z({name}[{name}_i])\n\
             \x20   );\nend endgenerate\n",
            literal(high),
            literal(low)
        )
    }
}
