//! A test bench that speaks over the pins of the serial line.

use super::{CHIP, Transcript};
use crate::routed::{NetId, Routed};
use std::fmt::Write;
use wheatstone_hdl::island::IslandOptions;

/// Microseconds after power-up before anything is said: the controller counts to 256 first.
const POWER_UP_US: u32 = 30;

/// Microseconds to wait for a byte of a reply.
const PATIENCE_US: u32 = 3000;

/// The bench of an annotated chip: module `bench`, to be compiled with it. At its end it prints one line, `equal` or what differs,
/// and one with the number of violations; and for every net of `watched`, how often it rose during the run and when first and
/// last.
///
/// ```text
/// equal
/// violations 0
/// rose node_0 21 first 1234567 last 2345678
/// ```
pub fn testbench(
    transcript: &Transcript,
    options: IslandOptions,
    watched: &[(String, NetId)],
    routed: &Routed,
) -> String {
    // Operation in the upper half: 0 sends a byte, 1 expects one, 2 waits for microseconds, 3 begins the run.
    let mut script: Vec<(u8, u16)> = Vec::new();
    for (number, exchange) in transcript.exchanges.iter().enumerate() {
        if exchange.wait_us > 0 {
            script.push((2, exchange.wait_us));
        }
        if transcript.exchanges.get(number + 1).is_some_and(|next| next.wait_us > 0) {
            script.push((3, 0));
        }
        script.extend(exchange.request.iter().map(|&byte| (0, byte.into())));
        script.extend(exchange.reply.iter().map(|&byte| (1, byte.into())));
    }
    let count = script.len();
    let half_ps = 500_000_000_000 / u64::from(options.clock_hz.max(1));
    let bit_ps = 1_000_000_000_000 / u64::from(options.baud.max(1));
    let mut text = String::from("module bench;\n    reg clk = 0, rx = 1;\n    wire tx;\n");
    let ports: Vec<String> = routed.ports.iter().map(|port| format!(".{0}({0})", port.name)).collect();
    let _ = writeln!(text, "    {CHIP} chip ({});\n    always #{half_ps} clk = ~clk;", ports.join(", "));
    let _ = writeln!(
        text,
        "    reg [19:0] script [0:{last}];\n    reg [7:0] came [0:65535];\n    reg [7:0] coming;\n\
         \x20   integer i, k, b, patience, head = 0, tail = 0, wrong = 0, running = 0;\n\
         \x20   always begin\n        @(negedge tx);\n        #{start};\n        for (b = 0; b < 8; b = b + 1) begin coming[b] = tx; if (b < 7) #{bit_ps}; end\n\
         \x20       came[head] = coming;\n        head = head + 1;\n    end",
        last = count - 1,
        start = bit_ps * 3 / 2
    );
    for (number, (_, net)) in watched.iter().enumerate() {
        let _ = writeln!(
            text,
            "    integer rose{number} = 0;\n    time first{number} = 0, last{number} = 0;\n\
             \x20   always @(posedge chip.n{net}) if (running) begin\n        if (rose{number} == 0) first{number} = $time;\n\
             \x20       last{number} = $time;\n        rose{number} = rose{number} + 1;\n    end",
            net = net.0
        );
    }
    text += "    initial begin\n";
    for (place, (operation, value)) in script.iter().enumerate() {
        let _ = writeln!(text, "        script[{place}] = 20'h{operation:x}{value:04x};");
    }
    let _ = writeln!(
        text,
        "        for (i = 0; i < {POWER_UP_US}; i = i + 1) #1000000;\n\
         \x20       for (i = 0; i < {count} && wrong == 0; i = i + 1) case (script[i][19:16])\n\
         \x20           0: begin\n                rx = 0;\n                #{bit_ps};\n\
         \x20               for (k = 0; k < 8; k = k + 1) begin rx = script[i][k]; #{bit_ps}; end\n\
         \x20               rx = 1;\n                #{bit_ps};\n            end\n\
         \x20           1: begin\n                patience = 0;\n\
         \x20               while (head == tail && patience < {PATIENCE_US}) begin #1000000; patience = patience + 1; end\n\
         \x20               if (head == tail) begin wrong = 1; $display(\"no byte at %0d of the script\", i); end\n\
         \x20               else if (came[tail] !== script[i][7:0]) begin\n                    wrong = 1;\n\
         \x20                   $display(\"byte %0d of the script: %h instead of %h\", i, came[tail], script[i][7:0]);\n                end\n\
         \x20               tail = tail + 1;\n            end\n\
         \x20           2: begin for (k = 0; k < script[i][15:0]; k = k + 1) #1000000; running = 0; end\n\
         \x20           default: running = 1;\n        endcase\n\
         \x20       if (wrong == 0) $display(\"equal\");\n        $display(\"violations %0d\", chip.violations);"
    );
    for (number, (name, _)) in watched.iter().enumerate() {
        let _ = writeln!(
            text,
            "        $display(\"rose {name} %0d first %0d last %0d\", rose{number}, first{number}, last{number});"
        );
    }
    text += "        $finish;\n    end\nendmodule\n";
    text
}
